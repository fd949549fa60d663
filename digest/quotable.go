package digest

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tidings/digest/text"
)

// The least and the most words of a sentence that is quoted.
const (
	leastWords = 5
	mostWords  = 60
)

// quotable returns a sentence as it may stand in a letter, or nothing: complete, in the language lang (of an
// unknown one any will do), a statement that tells something and does not merely lure, credit or give orders. A
// place and agency before its first word is left off; what remains is verbatim, with runs of white space made
// one space.
func quotable(sentence, lang string) string {
	s := strings.Join(strings.Fields(undated(sentence)), " ")
	n := len(text.Words(s))
	if n < leastWords || n > mostWords && !cjk(s) || !complete(s) || !speaks(s, lang) || !states(s, lang) {
		return ""
	}
	if strings.Contains(s, "://") || lures(s) || CommandsMachine(s) {
		return ""
	}
	return s
}

// complete says whether a sentence can stand alone: begun and ended as sentences are, with all that it opens
// closed. What ends in an ellipsis was cut off somewhere; a question is no news, and what is exclaimed, but for
// quotations, is advertising.
func complete(s string) bool {
	if utf8.RuneCountInString(s) > summaryLen || !begun(s) || !balanced(s) {
		return false
	}
	bare := strings.TrimRight(s, `"'”’»)]」』）`)
	last, _ := utf8.DecodeLastRuneInString(strings.TrimSpace(bare))
	ends := ".。"
	if bare != s {
		ends += "!！"
	}
	return strings.ContainsRune(ends, last) && !strings.HasSuffix(bare, "...")
}

// begun says whether a sentence begins as one: not with a small letter, unless that is a name's as in iPhone
// and phi-1.5.
func begun(s string) bool {
	s = strings.TrimLeft(s, `"'“‘«„([「『（ `)
	first, _ := utf8.DecodeRuneInString(s)
	if !unicode.IsLetter(first) && !unicode.IsDigit(first) && !unicode.Is(unicode.Sc, first) {
		return false
	}
	if !unicode.IsLower(first) {
		return true
	}
	word, _, _ := strings.Cut(s, " ")
	return strings.IndexFunc(word[1:], func(r rune) bool { return unicode.IsUpper(r) || unicode.IsDigit(r) }) >= 0
}

// balanced says whether quotation marks and brackets are closed that were opened. German closes with the mark
// that opens in English.
func balanced(s string) bool {
	for _, pair := range []string{"«»", "()", "[]", "「」", "『』", "（）", "《》"} {
		marks := []rune(pair)
		if strings.Count(s, string(marks[0])) != strings.Count(s, string(marks[1])) {
			return false
		}
	}
	if low := strings.Count(s, "„"); low > 0 {
		return low == strings.Count(s, "“")+strings.Count(s, "”")+strings.Count(s, `"`)
	}
	return strings.Count(s, "“") == strings.Count(s, "”") && strings.Count(s, `"`)%2 == 0
}

// speaks says whether a sentence may be of a language; of an unknown one any may.
func speaks(s, lang string) bool {
	return lang == "" || text.Base(text.Language(s, lang)) == text.Base(lang)
}

// The share of a sentence's words that its headline may have told already.
const mostTold = 0.7

// Repeats says whether a sentence brings little that the headline has not said: seven in ten of its telling
// words stand there.
func Repeats(sentence, headline, lang string) bool {
	words, told := bag(sentence, lang), bag(headline, lang)
	n := 0
	for w := range words {
		if told[w] {
			n++
		}
	}
	return len(words) == 0 || float64(n) >= mostTold*float64(len(words))
}

// A dateline: a place in capitals or with a date, an agency in brackets, and a dash; what a Chinese or Japanese
// agency writes in the same place.
var dateline = pattern(`^(?:` +
	`\([\p{Lu}][\p{L}. ]{1,20}\)[\s,–—-]*(?:[\p{Lu}]{3,}[\p{Lu}\d .,'’/]{0,30})?` + // (ANSA) - ROMA, 12 SET
	`|[\p{Lu}]{3,}[\p{Lu} .'’/]{0,30}(?:,[^–—-]{1,25})?(?:\([\p{L}. /]{2,30}\))?` + // PARIS, Sept 12 (Reuters)
	`|\p{Lu}[\p{L} .'’/]{2,30}(?:,[^–—(-]{1,25})?\([\p{L}. /]{2,30}\)` + // Berlin (dpa)
	`)\s*(?:--|[–—-])\s+` +
	`|^(?:\p{Han}{2,8}社\p{Han}{2,12}\d{1,2}月\d{1,2}日电\s*(?:[（(]记者[^）)]{1,20}[）)])?|【[^】]{1,12}】)\s*`)

// undated takes the dateline off a sentence.
func undated(s string) string {
	s = strings.TrimSpace(s)
	return s[len(dateline().FindString(s)):]
}

// masthead is a newsletter's name with what it calls itself behind it.
var masthead = pattern(`^((?:[\p{Lu}\d]\S*|[-–&|]|and|of|the)(?: (?:[\p{Lu}\d]\S*|[-–&|]|and|of|the)){0,8}): `)

// unheaded takes off the masthead that ran into a newsletter's first sentence ("Courier News and Views: …").
func unheaded(s, publisher string) string {
	name, _, _ := strings.Cut(publisher, " |")
	head := masthead().FindStringSubmatch(s)
	if head == nil || name == "" || !strings.HasPrefix(text.Fold(head[1]), text.Fold(name)) {
		return s
	}
	return s[len(head[0]):]
}

// lures says whether a sentence only leads on to the article, sells it, or credits a picture.
func lures(s string) bool {
	folded := " " + strings.Join(strings.FieldsFunc(text.Fold(s), spaced), " ") + " "
	for _, p := range lurePhrases {
		if strings.Contains(folded, p) {
			return true
		}
	}
	if byline().MatchString(s) {
		return true
	}
	for _, p := range lureOpenings {
		if strings.HasPrefix(folded, " "+p+" ") {
			return true
		}
	}
	return false
}

// A byline that ran into a sentence: a name behind its preposition, and what follows names there.
var byline = pattern(`^(?:By|Di|Von|Par|Por) \p{Lu}\S+ \p{Lu}\S+(?: \p{Lu}\S+)?,? (?:\||•|·|Published|Updated|Staff|Pubblicato|Aggiornato|Veröffentlicht|Aktualisiert|Publié|Mis à jour|Publicado|Actualizado)`)

// spaced says whether a character parts words here: a colon does not, for it tells a credit from a sentence.
func spaced(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune(`.,;!?"'“”‘’«»„()[]，。！？、「」`, r)
}

// What stands in a sentence that leads on, sells or credits, folded; in English, Italian, German, French,
// Spanish, Chinese, Japanese.
var lurePhrases = []string{
	" read more ", " read on ", " read the full ", " full story here ", " here s why ", " here is why ", " here s what ", " here s how ",
	" here is what ", " here is how ", " here are the ", " find out more ", " find out here ", " click here ", " keep reading ", " continue reading ", " sign up for ",
	" you need to know ", " stay tuned ", " this article ", " this post ", " this essay ", " this guide ", " this blog ", " this tutorial ", " appeared first on ", " all rights reserved ",
	" affiliate commission ", " our newsletter ", " getty images ", " image credit", " photo by ", " photo: ", " image: ", " photograph: ", " watch the video ",
	" ecco perche ", " ecco come ", " ecco cosa ", " ecco chi ", " ecco quando ", " ecco tutto ", " leggi anche ", " leggi tutto ",
	" continua a leggere ", " clicca qui ", " in questo articolo ", " nella nostra guida ", " riproduzione riservata ", " da sapere su ", " foto: ",
	" lesen sie auch ", " lesen sie hier ", " weiterlesen ", " hier erfahren sie ", " mehr erfahren ", " mussen sie wissen ", " hier klicken ", " in diesem artikel ", " alle rechte vorbehalten ", " bild: ",
	" lire la suite ", " voici pourquoi ", " voici comment ", " voici ce que ", " en savoir plus ", " cliquez ici ", " a lire aussi ", " dans cet article ",
	" tout ce qu il faut savoir ", " credit photo ", " tous droits reserves ", " photo d illustration ",
	" sigue leyendo ", " seguir leyendo ", " leer mas ", " lee tambien ", " te contamos ", " te explicamos ", " haz clic ", " esto es lo que ", " en este articulo ",
	" debes saber ", " todos los derechos reservados ", " foto de archivo ",
	"阅读全文", "点击查看", "点击阅读", "了解更多", "详情请", "敬请关注", "关注公众号", "扫码关注", "微信扫码", "本文将", "原文链接", "图片来源", "图源", "责任编辑",
	"続きを読む", "詳しくは", "全文を読む", "こちらから", "記事はこちら", "本記事では", "会員登録", "画像提供", "写真:", "こちらをクリック", "クリックして",
}

// What a sentence begins with that speaks to the reader instead of telling, or is a byline.
var lureOpenings = []string{
	"read", "click", "subscribe", "sign up", "watch", "listen", "follow", "discover", "check out", "learn more", "learn how", "join us", "share this",
	"find out", "published on", "published at", "updated on", "last updated", "written by", "reporting by", "edited by", "advertisement", "sponsored", "disclosure", "correction", "dear friends", "dear readers", "welcome to",
	"scopri", "iscriviti", "seguici", "clicca", "guarda", "leggi", "pubblicato", "aggiornato", "a cura di", "vediamo",
	"jetzt lesen", "jetzt abonnieren", "jetzt anmelden", "abonnieren", "klicken", "lesen sie", "mehr dazu",
	"decouvrez", "abonnez-vous", "suivez", "cliquez", "lisez", "lire aussi", "publie le", "mis a jour",
	"descubre", "suscribete", "siguenos", "haz", "lee", "mira", "conoce", "publicado", "actualizado",
}

// cjk says whether a text is mostly written without spaces.
func cjk(s string) bool {
	n := 0
	for _, r := range s {
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) {
			n++
		}
	}
	return 2*n > utf8.RuneCountInString(s)
}
