package store_test

import "testing"

func TestMailboxes(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		const name = "daily@example.org@imap.example.org/INBOX"
		for _, want := range []string{"", `{"validity":1}`, `{"validity":2}`} {
			if want != "" {
				must(t, s.KeepMailbox(t.Context(), name, want))
			}
			if got := ok[string](t)(s.Mailbox(t.Context(), name)); got != want {
				t.Errorf("kept %q, want %q", got, want)
			}
		}
		if got := ok[string](t)(s.Mailbox(t.Context(), "another")); got != "" {
			t.Errorf("of another: %q", got)
		}
	})
}
