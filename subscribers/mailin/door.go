package mailin

import (
	"strings"
)

// Door is an address of ours with what it is for: NAME+subscribe@, NAME+c-TOKEN@. With a hyphen instead of
// "+" it is understood as well, for servers that know no other.
type Door struct {
	Address string // without what it is for, as daily@example.org
	Word    string // as it stands in the address: "subscribe", "c"
	Order   Order  // what it orders, or none
	Purpose byte   // 'c' to confirm, 'u' to leave, 'b' for bounces, 'f' for complaints (feedback); or 0
	Token   string // in lower case, for servers fold the case of addresses
}

var (
	signed = pattern(`^([cubf])-([a-z2-7]{16,52})$`)
	worded = pattern(`^([a-z]+)((?:-[a-z0-9-]+)?)$`)
)

// doorWords are the words in addresses. Few, and none that may end a name of ours.
func doorWords(word string) Verb {
	switch word {
	case "subscribe", "join", "iscrivi", "iscriviti":
		return "subscribe"
	case "unsubscribe", "leave", "cancella", "disiscrivi":
		return "unsubscribe"
	case "help", "aiuto":
		return "help"
	case "status", "stato":
		return "status"
	}
	return ""
}

// door finds the address of ours that a mail came to. The envelope is asked first, since a header can lie and
// a copy lacks it.
func (reader Reader) door(l *letter) (plain Door) {
	all := []string{strings.ToLower(l.env.Recipient)}
	if l.env.Recipient == "" {
		all = l.addresses("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc")
	}
	for _, to := range all {
		d := reader.parse(to)
		if d.Word != "" {
			return d
		}
		if plain.Address == "" {
			plain = d
		}
	}
	return plain
}

// parse takes an address apart; one that is not ours gives nothing.
func (reader Reader) parse(to string) Door {
	at := strings.LastIndexByte(to, '@')
	if at < 0 {
		return Door{}
	}
	if len(reader.Addresses) > 0 && reader.ours(to) {
		return Door{Address: to}
	}
	local, domain := to[:at], to[at:]
	for i := 1; i < len(local); i++ {
		for _, delimiter := range []string{"+", "-", reader.Delimiter} {
			rest, ok := strings.CutPrefix(local[i:], delimiter)
			if !ok || delimiter == "" || !reader.ours(local[:i]+domain) {
				continue
			}
			if d, ok := purpose(rest); ok {
				d.Address = local[:i] + domain
				return d
			}
		}
	}
	if len(reader.Addresses) > 0 {
		return Door{}
	}
	return Door{Address: to}
}

// purpose reads what follows our name in an address.
func purpose(rest string) (d Door, ok bool) {
	if found := signed().FindStringSubmatch(rest); found != nil {
		d = Door{Word: found[1], Purpose: found[1][0], Token: found[2]}
		switch d.Purpose {
		case 'c':
			d.Order.Verb = "confirm"
		case 'u':
			d.Order.Verb = "unsubscribe"
		}
		return d, true
	}
	if found := worded().FindStringSubmatch(rest); found != nil && doorWords(found[1]) != "" {
		d = Door{Word: found[1], Order: Order{Verb: doorWords(found[1])}}
		if about := strings.Trim(found[2], "-"); about != "" {
			d.Order.Words = []string{about} // a topic's id, hyphens and all
		}
		return d, true
	}
	return d, false
}

// ours tells whether an address is one of ours, as any may be where none is known.
func (reader Reader) ours(a string) bool {
	if len(reader.Addresses) == 0 {
		return true
	}
	for _, own := range reader.Addresses {
		if strings.EqualFold(own, a) {
			return true
		}
	}
	return false
}
