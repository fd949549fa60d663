package digest

import (
	"slices"
	"strings"

	"tidings/digest/text"
)

// CommandsMachine says whether a text gives orders to a language model instead of telling people something. It
// knows the common phrases only, in English, Italian, German, French, Spanish, Chinese and Japanese; what it
// misses must fail elsewhere.
func CommandsMachine(s string) bool {
	folded := " " + strings.Join(strings.Fields(text.Fold(s)), " ") + " "
	if slices.ContainsFunc(machinePhrases, func(p string) bool { return strings.Contains(folded, p) }) {
		return true
	}
	return slices.ContainsFunc(machineOrders, func(o order) bool { return o.standsIn(folded) })
}

// order is a verb with what it is about not far behind, or before it where verbs come last.
type order struct {
	verbs, about []string
	reach        int // bytes between the beginnings of the two
}

func (o order) standsIn(s string) bool {
	for _, verb := range o.verbs {
		for at := 0; ; at += len(verb) {
			i := strings.Index(s[at:], verb)
			if i < 0 {
				break
			}
			at += i
			near := s[max(0, at-o.reach/2):min(len(s), at+o.reach)]
			if slices.ContainsFunc(o.about, func(a string) bool { return strings.Contains(near, a) }) {
				return true
			}
		}
	}
	return false
}

// Orders to forget what was said before, folded.
var machineOrders = []order{
	{[]string{" ignore ", " disregard ", " forget ", " override ", " bypass "}, []string{" instruction", " prompt", " guideline", " directive", " your rules", " all rules", " previous rules", " system message", " everything above", " the above"}, 80},
	{[]string{" ignora ", " ignorate ", " ignori ", " dimentica ", " dimenticate ", " tralascia "}, []string{" istruzion", " regole ", " indicazioni ", " prompt", " comandi "}, 80},
	{[]string{" ignorier", " vergiss ", " vergessen sie ", " missachte"}, []string{" anweisung", " anleitung", " regeln", " befehl", " vorgaben", " prompt"}, 80},
	{[]string{" ignore ", " ignorez ", " ignorer ", " oublie ", " oubliez "}, []string{" instruction", " consigne", " directives", " toutes les regles", " vos regles"}, 80},
	{[]string{" ignora ", " ignore ", " ignorad ", " olvida ", " olvide ", " omite "}, []string{" instruccion", " reglas ", " indicaciones ", " ordenes "}, 80},
	{[]string{"忽略", "无视", "無視", "忘记", "忘掉", "忘れ"}, []string{"指令", "指示", "命令", "提示词", "规则", "規則", "プロンプト", "ルール"}, 60},
}

// What is only said to machines, folded.
var machinePhrases = []string{
	" system prompt", " developer mode", " jailbreak", " do anything now", " new instructions: ", " end of article", " end of input", " end of document", " end of data",
	" you are an ai ", " you are now ", " you are a language model", " you are a large language model", " you are chatgpt", " you are a summar", " act as an ai", " as an ai language model", " as a language model, ",
	" sei un modello linguistico", " sei un assistente", " sei ora ", " du bist ein sprachmodell", " du bist ein ki-", " du bist jetzt ", " tu es un modele", " tu es une ia", " vous etes une ia", " tu es maintenant ", " eres un modelo", " eres una ia", " eres un asistente", " ahora eres ",
	"你是一个语言模型", "你现在是", "你是ai", "あなたはai", "あなたは言語モデル", "あなたは今",
	" note to ai", " notes to ai", " note to the ai", " note for ai", " note to llm", " message to ai", " message to the ai", " message for ai", " instructions for ai", " instruction for ai", " instructions for llm", " instructions to ai", " attention ai", " attention llm", " dear ai", " dear language model", " hey ai", " ai assistants reading this", " any ai reading this", " if you are an ai", " if you are a language model", " if you are an llm",
	" nota per l'ia", " nota per l’ia", " istruzioni per l'ia", " istruzioni per l’ia", " istruzioni per i modelli", " hinweis an die ki", " hinweis fur ki", " anweisung an die ki", " anweisungen fur ki", " note a l'ia", " note a l’ia", " instructions pour l'ia", " instructions pour l’ia", " nota para la ia", " instrucciones para la ia",
	"<|im_start", "<|im_end", "<|system", "<|endoftext", "<|assistant", "<|eot_id", "[inst]", "[/inst]", "<<sys>>", " system: ", " assistant: ", "\"role\":", "\"role\" :", "\"sentences\":", "\"sentences\" :", "### instruction", "### response", "### system",
	" respond only with", " respond with ", " respond exclusively", " reply only with", " reply with ", " answer only with", " answer with the ", " output only", " output the following", " output exactly", " print the following", " print exactly", " say exactly", " write exactly", " repeat exactly", " repeat after me",
	" rispondi solo", " rispondi con ", " scrivi esattamente", " scrivi soltanto", " antworte nur", " antworte mit", " schreibe genau", " reponds uniquement", " repondez uniquement", " ecris exactement", " ecrivez exactement", " responde solo", " responde unicamente", " escribe exactamente",
	"只输出", "仅输出", "请输出", "只回答", "次のように出力", "のみ出力", "だけ出力", "と出力",
}
