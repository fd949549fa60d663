package feed

// maxSalvage bounds what is parsed when a feed is read item by item, in bytes: with each item goes the head of
// the feed, and a hostile one has a long head and many items.
const maxSalvage = 32 << 20

// salvaged returns the items that are worth an attempt of their own.
func (m mended) salvaged() []span {
	if len(m.items) == 0 {
		return nil
	}
	around := len(m.text) - (m.items[len(m.items)-1].to - m.items[0].from)
	left := maxSalvage
	for i, it := range m.items {
		if left -= around + it.to - it.from; left < 0 || i == maxItems {
			return m.items[:i]
		}
	}
	return m.items
}
