package feed

import "testing"

// TestExcise takes paragraphs out of bodies that have no element for them.
func TestExcise(t *testing.T) {
	for _, c := range []struct{ body, gone, want string }{
		{`<p>A last word. The post <a href="/x">X</a> appeared first on <a href="/">Y</a>.</p>`, "The post X appeared first on Y.", `<p>A last word.</p>`},
		{`<p>A last word.</p> <p><em>The post X</em> appeared <b>first</b></p>`, "The post X appeared first", `<p>A last word.</p>`},
		{`One.<br/><br/>Read more<br/><br/>Two.`, "Read more", `One.<br/><br/><br/><br/>Two.`},
		{`<p>Shareholders share.</p><p>End</p>`, "Share", `<p>Shareholders share.</p><p>End</p>`},
		{`<p>Share the words that we share. More.</p>`, "More.", `<p>Share the words that we share.</p>`},
		{`<p>Nothing of it.</p>`, "Something", `<p>Nothing of it.</p>`},
		{"<p>Perché no? <a href=\"/\">Leggi\u00a0 tutto</a></p>", "Leggi tutto", `<p>Perché no? </p>`},
		{`<p>A picture. <a href="/x"><img src="/i"/> More</a></p>`, "More", `<p>A picture. <a href="/x"><img src="/i"/></a></p>`},
	} {
		root := fragment(c.body)
		excise(root, []string{c.gone})
		if got := rendered(root); got != c.want {
			t.Errorf("%s without %q:\n got %s\nwant %s", c.body, c.gone, got, c.want)
		}
	}
}
