package llm

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tidings/digest/text"
)

// capitals checks that every name in a text is one that the members tell. A name is what is written with a capital
// or, in Chinese and Japanese, in Latin letters, and what holds a digit besides letters.
//
// The first word of a sentence has a capital anyway. It may be a function word, or a word that articles in this
// language write small. German writes all nouns so: see [nounlike].
func (e evidence) capitals(s string) (int, error) {
	base := text.Base(e.lang)
	allowed := e.translated(s)
	words := text.Words(s)
	n := 0
	for i, w := range words {
		if !nameLike(w, base) || timeOrMoney(w, base) {
			continue
		}
		switch f := text.Fold(w); {
		case e.holds(w), allowed[f]:
			n++
		case i == 0 && e.opens(w):
		case base == "de" && !e.famous(w) && nounlike(w, words[:i]):
		default:
			return 0, fmt.Errorf("the name %q stands in no article", w)
		}
	}
	if err := e.versions(words, base); err != nil {
		return 0, err
	}
	for _, name := range append(e.known.Find(s), e.small(words)...) { // in whichever script
		if !e.names[name.Name] && !e.spells(name) {
			return 0, fmt.Errorf("the name %q stands in no article", name.Name)
		}
	}
	if base != "zh" && base != "ja" {
		return n, nil
	}
	for _, name := range dotted().FindAllString(s, -1) {
		if !strings.Contains(e.all, name) {
			return 0, fmt.Errorf("the name %q stands in no article", name)
		}
	}
	return n, nil
}

// small are the known names that a text writes without their capitals, so that they look like ordinary words.
func (e evidence) small(words []string) []text.Name {
	var out []text.Name
	for _, w := range words {
		if first := firstLen(w); !hasUpper(w) && !e.holds(w) {
			out = append(out, e.known.Find(strings.ToUpper(w[:first])+w[first:])...)
		}
	}
	return out
}

// dotted is a foreign person's name in Chinese or Japanese.
var dotted = pattern(`[\p{Han}\p{Katakana}ー]{1,8}[·・][\p{Han}\p{Katakana}ー]{1,8}`)

// spells says whether the members have all words of a name's spelling, for a name may be an everyday word.
func (e evidence) spells(name text.Name) bool {
	return slices.ContainsFunc(append([]string{name.Name}, name.Also...), func(spelling string) bool {
		words := text.Words(spelling)
		return len(words) > 0 && !slices.ContainsFunc(words, func(w string) bool { return !e.holds(w) })
	})
}

// nameLike says whether a word may be a name: one with a capital, with letters and digits, or with letters that the
// language does not write.
func nameLike(w, base string) bool {
	if hasUpper(w) {
		return true
	}
	letter, digit, latin, other := false, false, false, false
	for _, r := range w {
		letter, digit = letter || unicode.IsLetter(r), digit || unicode.IsDigit(r)
		latin, other = latin || unicode.Is(unicode.Latin, r), other || unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r)
	}
	switch {
	case letter && digit, latin && other:
		return true
	case text.Dense(base):
		return latin
	}
	return other && secondPerson(base) != nil // of the languages that we know, the other ones are written in Latin letters
}

// timeOrMoney says whether a word is a month, a weekday, a currency or a great number, which are checked with the
// numbers, or digits with such a word.
func timeOrMoney(w, base string) bool {
	if month(w, base) > 0 || weekday(w) >= 0 {
		return true
	}
	letters := strings.TrimLeft(w, "0123456789.,")
	return text.Measure(letters, base) || letters != w && text.Ordinal(strings.ToLower(letters)) || text.NumberWord(w, base)
}

// bareNumber says whether a word is digits alone.
func bareNumber(w string) bool { return strings.Trim(w, "0123456789.,") == "" }

// holds says whether the members have a word: as it is, in its parts, joined from two, or without the s of a
// plural or genitive.
func (e evidence) holds(w string) bool {
	f := text.Fold(w)
	if e.words[f] || e.joined[strings.ReplaceAll(f, "-", "")] || alike(f, e.words) {
		return true
	}
	if bare, ok := strings.CutSuffix(f, "s"); ok && utf8.RuneCountInString(bare) > 2 && e.words[bare] {
		return true
	}
	parts := strings.Split(w, "-")
	if len(parts) < 2 {
		return false
	}
	for _, p := range parts {
		digit := strings.IndexFunc(p, unicode.IsDigit) >= 0
		if digit || hasUpper(p) && !e.words[text.Fold(p)] && !alike(text.Fold(p), e.words) {
			return false
		}
	}
	return true
}

// alike says whether the members have a word's like in another language.
func alike(folded string, words map[string]bool) bool {
	for _, same := range [...]string{"ai ia ki", "eu ue", "us usa u.s eeuu ee.uu", "un onu uno", "uk gb", "nato otan"} {
		list := strings.Fields(same)
		if slices.Contains(list, folded) {
			return slices.ContainsFunc(list, func(w string) bool { return words[w] })
		}
	}
	return false
}

// translated are the words of known names in a text that the members tell by another spelling: Vereinigte Staaten,
// 谷歌.
func (e evidence) translated(s string) map[string]bool {
	out := map[string]bool{}
	for _, n := range e.known.Find(s) {
		if !e.names[n.Name] {
			continue
		}
		for _, spelling := range append([]string{n.Name}, n.Also...) {
			for _, w := range text.Words(spelling) {
				out[text.Fold(w)] = true
			}
		}
	}
	return out
}

// opens says whether a word may begin a sentence without being a name.
func (e evidence) opens(w string) bool {
	first := firstLen(w)
	if hasUpper(w[first:]) || strings.IndexFunc(w, unicode.IsDigit) >= 0 {
		return false
	}
	return text.Stop(w, e.lang) || e.ordinary[text.Fold(w)] && !e.famous(w)
}

// famous says whether a word alone is a known name.
func (e evidence) famous(w string) bool { return len(e.known.Find(w)) > 0 }

// versions checks that a name and the number right behind it belong together in a member, as in Llama 3. A year may
// stand behind any name.
func (e evidence) versions(words []string, base string) error {
	for i := 1; i < len(words); i++ {
		name, n := words[i-1], words[i]
		year := len(n) == 4 && (n[:2] == "19" || n[:2] == "20")
		if !bareNumber(n) || year || !hasUpper(name) || text.Stop(name, e.lang) || timeOrMoney(name, base) {
			continue
		}
		if i+1 < len(words) {
			if text.Measure(words[i+1], base) {
				continue
			}
		}
		if e.words[text.Fold(name)] && !e.joined[strings.ReplaceAll(text.Fold(name)+n, "-", "")] {
			return fmt.Errorf("%q stands in no article", name+" "+n)
		}
	}
	return nil
}

// nounlike says whether a German word with a capital is a noun and not a name, as far as its surroundings tell: an
// article, a pronoun, a number or an adjective stands before it, or it ends as only nouns do.
func nounlike(w string, before []string) bool {
	if hasUpper(w[firstLen(w):]) || strings.IndexFunc(w, unicode.IsDigit) >= 0 {
		return false
	}
	f := text.Fold(w)
	for _, end := range []string{"ung", "ungen", "heit", "heiten", "keit", "keiten", "schaft", "schaften", "tion", "tionen", "tat", "taten", "ismus", "nis", "nisse", "modell", "modelle", "modells"} {
		if strings.HasSuffix(f, end) && len(f) > len(end)+2 {
			return true
		}
	}
	if len(before) == 0 {
		return false
	}
	last := before[len(before)-1]
	if text.Measure(last, "de") || bareNumber(last) {
		return true // 14 Milliarden Parameter
	}
	if hasUpper(last) && len(before) > 1 {
		return false
	}
	l := text.Fold(last)
	for _, article := range strings.Fields("der die das des dem den ein eine einen einem einer eines im am zum zur beim vom ins ans kein keine keinen keiner sein seine seinen seiner seinem seines ihr ihre ihren ihrer ihrem ihres dieser diese dieses diesen diesem jeder jede jedes viele mehrere alle einige") {
		if l == article {
			return true
		}
	}
	return len(l) > 4 && !text.Stop(last, "de") && (strings.HasSuffix(l, "e") || strings.HasSuffix(l, "en") || strings.HasSuffix(l, "er") || strings.HasSuffix(l, "es") || strings.HasSuffix(l, "em"))
}

func hasUpper(w string) bool { return strings.IndexFunc(w, unicode.IsUpper) >= 0 }

// firstLen is the length of a word's first letter in bytes.
func firstLen(w string) int { _, size := utf8.DecodeRuneInString(w); return size }

// addresses says whether a sentence speaks to its reader: by a word of the second person, or an order at its
// beginning. What the articles' own people say stands in quotation marks, verbatim, and is no order of ours.
func addresses(s, lang string) bool {
	s = quotationMarks().ReplaceAllString(typed(s), " ")
	base := text.Base(lang)
	words := text.Words(s)
	for i, w := range words {
		f := text.Fold(w)
		if slices.Contains(secondPerson(base), f) || i == 0 && slices.Contains(orders(base), f) {
			return true
		}
		if base == "de" && i > 0 && slices.Contains([]string{"Sie", "Ihnen", "Ihr", "Ihre", "Ihren", "Ihrer", "Ihrem"}, w) {
			return true
		}
	}
	for _, w := range map[string][]string{"zh": {"你", "您", "请", "請", "点击", "關注", "关注我们"}, "ja": {"あなた", "ください", "下さい", "クリック", "しましょう"}}[base] {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

func secondPerson(base string) []string {
	switch base {
	case "en":
		return strings.Fields("you your yours yourself yourselves")
	case "it":
		return strings.Fields("tu tuo tua tuoi tue voi vostro vostra vostri vostre")
	case "de":
		return strings.Fields("du dein deine deinen deiner dich dir euch euer eure")
	case "fr":
		return strings.Fields("tu vous votre vos tes")
	case "es":
		return strings.Fields("tu tus usted ustedes vosotros vuestro vuestra ti contigo")
	}
	return nil
}

// orders are verbs that begin an order.
func orders(base string) []string {
	switch base {
	case "en":
		return strings.Fields("click visit subscribe read download buy sell call send write ignore forget disregard go open follow watch listen join share install run enter pay transfer invest trust believe remember check see note reply contact email vote print say tell output repeat reveal")
	case "it":
		return strings.Fields("clicca cliccate visita visitate scopri scoprite leggi leggete iscriviti iscrivetevi compra comprate vendi scarica scaricate apri chiama scrivi invia guarda segui ignora ignorate dimentica vota investi paga ricorda nota rispondi")
	case "de":
		return strings.Fields("klicke klicken besuche besuchen lies lesen abonniere abonnieren kaufe kaufen verkaufe lade offne rufe schreibe sende folge schau ignoriere ignorieren vergiss stimme investiere zahle antworte")
	case "fr":
		return strings.Fields("clique cliquez visite visitez decouvre decouvrez lis lisez abonne abonnez achete achetez vends telecharge telechargez ouvre ouvrez appelle appelez ecris ecrivez envoie envoyez suis suivez ignore ignorez oublie oubliez vote votez investis investissez paie payez")
	case "es":
		return strings.Fields("haz haga visita visite descubre lee lea suscribete compra compre vende descarga descargue abre abra llama llame escribe escriba envia envie sigue siga ignora ignore olvida olvide vota vote invierte paga pague responde")
	}
	return nil
}
