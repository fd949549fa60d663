package digest

// ReadKnowledge reads what is needed to file English, as it is done once.
func ReadKnowledge() { k := readKnowledge(); k.lexicons["en"]() }
