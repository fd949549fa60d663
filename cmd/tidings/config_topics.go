package main

import (
	"maps"
	"slices"
)

// builtinTopics returns the topics that are always there, in the order of sections. Their words are the
// lexicon's in package digest; config.toml repeats the names, and a test compares the two.
func builtinTopics() []TopicConfig {
	topic := func(id, en, it, de, fr, es string) TopicConfig {
		return TopicConfig{ID: id, Name: map[string]string{"en": en, "it": it, "de": de, "fr": fr, "es": es}}
	}
	return []TopicConfig{
		topic("models", "Models", "Modelli", "Modelle", "Modèles", "Modelos"),
		topic("products", "Products", "Prodotti", "Produkte", "Produits", "Productos"),
		topic("research", "Research", "Ricerca", "Forschung", "Recherche", "Investigación"),
		topic("open-source", "Open source", "Open source", "Open Source", "Open source", "Código abierto"),
		topic("business", "Business", "Economia e aziende", "Wirtschaft", "Économie et entreprises", "Empresas y negocios"),
		topic("people", "People", "Persone", "Menschen", "Personnes", "Personas"),
		topic("policy", "Law and policy", "Leggi e politica", "Recht und Politik", "Droit et politique", "Leyes y política"),
		topic("chips", "Chips and compute", "Chip e calcolo", "Chips und Rechenleistung", "Puces et calcul", "Chips y cómputo"),
		topic("safety", "Safety and security", "Sicurezza e abusi", "Sicherheit und Missbrauch", "Sûreté et sécurité", "Seguridad y abusos"),
		topic("society", "Society", "Società", "Gesellschaft", "Société", "Sociedad"),
	}
}

// mergeTopics returns the built-in topics with what the operator says of them, then his own. A language
// that he gives no name in keeps the built-in one; a topic without any name is called by its id.
func mergeTopics(own []TopicConfig) []TopicConfig {
	all := builtinTopics()
	for _, t := range own {
		i := slices.IndexFunc(all, func(b TopicConfig) bool { return b.ID == t.ID })
		if i < 0 {
			all = append(all, t)
			continue
		}
		maps.Copy(all[i].Name, t.Name)
		all[i].Words, all[i].Phrases, all[i].Examples = t.Words, t.Phrases, t.Examples
	}
	return all
}
