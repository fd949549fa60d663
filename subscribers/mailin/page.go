package mailin

import (
	"strings"

	"golang.org/x/net/html"
)

// textOfPage is the text of a mail that was written as a page only, without what it quotes. It goes by the
// page's tags alone and builds no tree, so that no nesting is too deep for it.
func textOfPage(page string) string {
	var text strings.Builder
	var left string // the element being left out, as quoted or never seen
	depth := 0
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			return text.String()
		}
		token := z.Token()
		switch {
		case left != "":
			if token.Data == left && kind == html.StartTagToken {
				depth++
			} else if token.Data == left && kind == html.EndTagToken {
				if depth--; depth == 0 {
					left = ""
				}
			}
		case kind == html.TextToken:
			text.WriteString(strings.Join(strings.Fields(" "+token.Data+" "), " "))
			text.WriteString(" ")
		case kind == html.StartTagToken && leftOut(token):
			left, depth = token.Data, 1
			text.WriteString("\n")
		case token.Data == "hr":
			text.WriteString("\n__________\n")
		case in(token.Data, "br", "p", "div", "li", "tr", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "pre"):
			text.WriteString("\n")
		}
	}
}

// leftOut tells of an element that shows nothing, or holds what mail programs quote: Gmail, Outlook, Apple
// Mail, Thunderbird, Yahoo, Proton and Zimbra mark it so.
func leftOut(token html.Token) bool {
	if in(token.Data, "blockquote", "head", "style", "script", "title") {
		return true
	}
	for _, a := range token.Attr {
		if a.Key != "class" && a.Key != "id" {
			continue
		}
		for _, name := range strings.Fields(strings.ToLower(a.Val)) {
			if in(name, "gmail_quote", "gmail_attr", "gmail_signature", "divrplyfwdmsg", "appendonsend", "moz-cite-prefix", "moz-signature",
				"yahoo_quoted", "protonmail_quote", "protonmail_signature_block", "zwchr", "outlookmessageheader", "ms-outlook-mobile-signature", "replied-message") {
				return true
			}
		}
	}
	return false
}
