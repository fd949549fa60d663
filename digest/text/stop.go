package text

// Stop says whether a word is a function word of the language: one that stands in any text and tells
// nothing of what it is about. It knows English, Italian, German, French, Spanish and Portuguese; of
// any other language it knows none.
func Stop(word, lang string) bool {
	w := Fold(word)
	switch Base(lang) {
	case "en":
		return stopEnglish(w)
	case "it":
		return stopItalian(w)
	case "de":
		return stopGerman(w)
	case "fr":
		return stopFrench(w)
	case "es":
		return stopSpanish(w)
	case "pt":
		return stopPortuguese(w)
	}
	return false
}

func stopEnglish(w string) bool {
	switch w {
	case "a", "about", "after", "all", "also", "although", "am", "an", "and", "any", "are", "as", "at", "be", "because",
		"been", "before", "being", "between", "both", "but", "by", "can", "could", "did", "do", "does", "doing", "don",
		"down", "during", "each", "even", "for", "from", "further", "had", "has", "have", "having", "he", "her", "here",
		"hers", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its", "just", "ll", "may", "me", "might", "more",
		"most", "must", "my", "no", "nor", "not", "now", "of", "off", "on", "once", "only", "or", "other", "our", "out",
		"over", "own", "re", "s", "same", "she", "should", "since", "so", "some", "still", "such", "t", "than", "that",
		"the", "their", "them", "then", "there", "these", "they", "this", "those", "through", "to", "too", "under", "until",
		"up", "us", "ve", "very", "was", "we", "were", "what", "when", "where", "which", "while", "who", "whom", "why",
		"will", "with", "would", "you", "your", "yet", "according", "says", "said", "say", "via", "among", "against":
		return true
	}
	return false
}

func stopItalian(w string) bool {
	switch w {
	case "a", "ad", "agli", "ai", "al", "alla", "alle", "allo", "all", "anche", "ancora", "avere", "aveva", "c", "che", "chi",
		"ci", "col", "come", "con", "contro", "cosi", "cui", "d", "da", "dagli", "dai", "dal", "dalla", "dalle", "dallo", "dall",
		"degli", "dei", "del", "della", "delle", "dello", "dell", "di", "dopo", "dove", "due", "e", "ed", "era", "erano", "essere",
		"fa", "fra", "gia", "gli", "ha", "hanno", "ho", "i", "il", "in", "io", "l", "la", "le", "lei", "li", "lo", "loro", "lui",
		"ma", "mentre", "mi", "molti", "molto", "ne", "negli", "nei", "nel", "nella", "nelle", "nello", "nell", "no", "noi", "non",
		"nostro", "o", "ogni", "oltre", "per", "perche", "piu", "poi", "prima", "puo", "qual", "quale", "quando", "quanto",
		"quella", "quelle", "quelli", "quello", "questa", "queste", "questi", "questo", "qui", "quindi", "se", "secondo", "sempre",
		"senza", "si", "sia", "sono", "su", "sua", "sue", "sugli", "sui", "sul", "sulla", "sulle", "sullo", "sull", "suo", "suoi",
		"tra", "tutti", "tutto", "un", "una", "uno", "vi", "voi", "stato", "stata", "stati", "state", "tuttavia", "inoltre", "proprie",
		"propri", "propria", "proprio", "diversi", "diverse", "ecco", "dovuto", "fatto":
		return true
	}
	return false
}

func stopGerman(w string) bool {
	switch w {
	case "aber", "alle", "allem", "allen", "aller", "alles", "als", "also", "am", "an", "andere", "auch", "auf", "aus", "bei",
		"bereits", "bis", "bzw", "da", "damit", "dann", "das", "dass", "dem", "den", "denn", "der", "des", "deren", "die", "dies",
		"diese", "diesem", "diesen", "dieser", "dieses", "doch", "durch", "ein", "eine", "einem", "einen", "einer", "eines", "er",
		"es", "etwa", "etwas", "fur", "gegen", "gibt", "hat", "hatte", "haben", "habe", "hier", "ich", "ihm", "ihn", "ihr", "ihre",
		"ihrem", "ihren", "ihrer", "im", "immer", "in", "ins", "ist", "ja", "jetzt", "kann", "kein", "keine", "konnen", "laut", "man",
		"mehr", "mehrere", "mit", "muss", "nach", "neue", "nicht", "noch", "nun", "nur", "ob", "oder", "ohne", "rund", "sehr", "sei",
		"sein", "seine", "seinem", "seinen", "seiner", "seit", "sich", "sie", "sind", "so", "soll", "sollen", "sowie", "statt", "uber",
		"um", "und", "uns", "unter", "viele", "vom", "von", "vor", "wahrend", "war", "waren", "was", "weil", "wenn", "werden", "wer",
		"wie", "will", "wir", "wird", "wo", "wurde", "wurden", "zu", "zum", "zur", "zwei", "zwischen", "fuer", "ueber":
		return true
	}
	return false
}

func stopFrench(w string) bool {
	switch w {
	case "a", "afin", "ainsi", "apres", "au", "aussi", "autres", "aux", "avait", "avant", "avec", "avoir", "c", "ce", "ceci",
		"cela", "ces", "cet", "cette", "chez", "comme", "contre", "d", "dans", "de", "depuis", "des", "deux", "dont", "du", "elle",
		"elles", "en", "encore", "entre", "est", "et", "etait", "ete", "etre", "eu", "fait", "font", "il", "ils", "j", "je", "jusqu",
		"l", "la", "le", "les", "leur", "leurs", "lors", "lui", "m", "mais", "meme", "moins", "n", "ne", "ni", "non", "nos", "notre",
		"nous", "on", "ont", "ou", "par", "parce", "pas", "pendant", "peut", "plus", "plusieurs", "pour", "pourquoi", "qu", "quand",
		"que", "quel", "quelle", "qui", "quoi", "s", "sa", "sans", "se", "selon", "ses", "si", "son", "sont", "sous", "sur", "t",
		"tous", "tout", "toute", "toutes", "tres", "un", "une", "vers", "vient", "voici", "vos", "votre", "vous", "y", "va", "sera":
		return true
	}
	return false
}

func stopSpanish(w string) bool {
	switch w {
	case "a", "al", "algo", "algunos", "ante", "antes", "asi", "aunque", "cada", "como", "con", "contra", "cual", "cuando", "de",
		"del", "desde", "despues", "donde", "dos", "durante", "e", "el", "ella", "ellas", "ellos", "en", "entre", "era", "eran", "es",
		"esa", "ese", "eso", "esta", "estan", "estas", "este", "esto", "estos", "fue", "fueron", "ha", "habia", "han", "hasta", "hay",
		"la", "las", "le", "les", "lo", "los", "mas", "me", "mi", "mientras", "mucho", "muchos", "muy", "ni", "no", "nos", "o", "otra",
		"otro", "otros", "para", "pero", "poco", "por", "porque", "puede", "que", "quien", "se", "segun", "ser", "si", "sido", "sin",
		"sobre", "son", "su", "sus", "tambien", "tanto", "tiene", "tienen", "toda", "todas", "todo", "todos", "tras", "tu", "un", "una",
		"unos", "y", "ya", "yo", "sera":
		return true
	}
	return false
}

func stopPortuguese(w string) bool {
	switch w {
	case "a", "ainda", "algo", "alguns", "ante", "antes", "ao", "aos", "apos", "aquele", "as", "assim", "ate", "cada", "com", "como",
		"contra", "da", "das", "de", "dele", "depois", "desde", "do", "dois", "dos", "duas", "durante", "e", "ela", "elas", "ele",
		"eles", "em", "enquanto", "entre", "era", "eram", "essa", "esse", "esta", "estao", "estas", "este", "estes", "foi", "foram",
		"ha", "isso", "isto", "ja", "lhe", "mais", "mas", "mesmo", "muito", "muitos", "na", "nao", "nas", "nem", "no", "nos", "num",
		"numa", "o", "os", "ou", "outra", "outro", "outros", "para", "pela", "pelas", "pelo", "pelos", "pode", "por", "porque",
		"qual", "quando", "que", "quem", "sao", "se", "segundo", "seja", "sem", "ser", "seu", "seus", "sido", "sob", "sobre", "sua",
		"suas", "tambem", "tem", "toda", "todas", "todo", "todos", "um", "uma", "voce":
		return true
	}
	return false
}
