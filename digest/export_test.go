package digest

// ReadKnowledge reads what is needed to file English, as it is done once.
func ReadKnowledge() { k := readKnowledge(); k.lexicons["en"]() }

// Weights unpacks all.
func (l Learnt) Weights() map[string]ClueWeights {
	out := make(map[string]ClueWeights, len(l.rows))
	for name := range l.rows {
		out[name], _ = l.of([]byte(name))
	}
	return out
}
