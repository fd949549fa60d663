package feed

// The lines that stand beside articles in English, Italian, German, French and Spanish. Each pattern
// wants the beginning of a line, and where the words could begin an honest sentence as well, more of
// what follows. They are only asked about short lines.
var (
	bareNumber = pattern(`^[\s(\[💬🗨️#]*\d[\d.,'’ ]{0,8}[kKM]?[\s)\]]*$`)

	counterLine = leading(`(?i)^\W*(?:` +
		`\d[\d.,]*\s*[km]?\s*(?:comments?|repl(?:y|ies)|shares?|likes?|views?|commenti?|condivisioni|visualizzazioni|mi piace|letture|kommentare?|antworten|aufrufe|commentaires?|partages?|vues|r[ée]ponses?|comentarios?|respuestas?|compartidos?|visitas)` +
		`|(?:comments?|commenti|kommentare|commentaires?|comentarios)\s*[:(\[]?\s*\d[\d.,]*\s*[)\]]?` +
		`|no comments(?: yet)?|nessun commento|keine kommentare|aucun commentaire|sin comentarios|ning[uú]n comentario` +
		`|be the first to comment|commenta per primo|schreiben sie den ersten kommentar|soyez le premier à commenter|s[ée] el primero en comentar` +
		`|\d{1,3}[\s-]*min(?:ute)?[ns]?\.?\s*(?:read|reading time|de lecture|lesezeit|de lectura)|\d{1,3}\s*minut[oi] di lettura|\d{1,3}\s*minutos de lectura|\d{1,3}\s*minuten lesezeit` +
		`|(?:reading time|tempo di lettura|lesezeit|temps de lecture|tiempo de lectura)\s*:?\s*(?:ca\.?|circa|about|environ|unos)?\s*\d{1,3}\s*(?:min\w*\.?)?` +
		`)\W*$`)

	creditStart = leading(`(?i)^\W*(?:` +
		`(?:photo|image|picture|illustration|foto|fotografia|immagine|immagini|bild|bilder|illustrazione|abbildung|grafik|imagen|crédit|crédits|credit|credits|fotocredit|quelle|bildquelle|fonte|source|fuente|didascalia|caption|legende|légende)(?:\s+(?:credits?|source|courtesy|crédit|copertina|in evidenza|photo|foto|illustration))?\s*[:/©|]` +
		`|(?:photo(?:graph)?|image|picture|illustration|foto|immagine|imagen)\s+(?:by|di|von|par|de|via|courtesy)\s` +
		`|image courtesy|courtesy of|screenshot\s*[:/©(]` +
		`|©|copyright\s+(?:©|\d{4}|\(c\))` +
		`|(?:fig(?:ure|ura|\.)?|abb(?:ildung|\.)?|abbildung|tabella|grafik|image|bild|foto)\s*\.?\s*\d{1,3}\s*[:.–—-]` +
		`)`)

	creditEnd = pattern(`(?:Getty(?: Images)?|Shutterstock|iStock(?:photo)?|Unsplash|Pexels|Pixabay|Alamy|AP Photo|IMAGO|LaPresse|Depositphotos|Adobe Stock|Stock\.adobe\.com|picture alliance|Bloomberg via Getty)(?:\s*/\s*[\pL .-]{2,30})?\s*[)\].]*$|(?:[/(|©]|(?i:photos?|foto|bild|imagen|immagine)\s*:)\s*(?:Reuters|REUTERS|AFP|ANSA|dpa|DPA|AP|EPA|EFE|Keystone|Ritzau)\s*[)\].]*$|[.©(]\s*(?i:crédit photo|photo credit|credit)\s*:\s*\PP{2,40}[)\].]*$`)

	promotionLine = leading(`(?i)^[\W_]*(?:` + english + `|` + italian + `|` + german + `|` + french + `|` + spanish + `)`)

	cookieLine = pattern(`(?i)\b(?:we use|uses?|using|utilizziamo|utilizza|usa|usiamo|verwende[nt]|nutz(?:en|t)|setzen|utilisons|utilise|usamos|utilizamos|acept\w*|accept\w*|accett\w*|akzeptier\w*)\b.{0,60}\bcookies?\b`)

	networks = leading(`(?i)^\W*(?:` + network + `)\b\W*(?:\W*\b(?:` + network + `)\b\W*)+$`)

	bylineStart = pattern(`^(?:[Bb]y|BY|[Dd]i|[Vv]on|VON|[Pp]ar|PAR|[Pp]or|POR|A cura di|a cura di|Author:|Autore:|Auto[r]:|Auteur\s?:|Written by|Scritto da)\s+(\p{Lu}[\pL’'.-]+(?:\s+(?:de|di|von|van|del|della|da|la|le|der)?\s?\p{Lu}[\pL’'.-]*){1,3})$`)

	// What arXiv puts before each abstract.
	arxivHead = pattern(`^\s*(?:<p>)?\s*arXiv:\S+\s+Announce Type:\s+[\w-]+\s+Abstract:\s+`)

	recapStart = pattern(`(?i)^(?:in summary|in short|to sum up|in conclusion|overall|tl;dr|in sintesi|in breve|in conclusione|riassumendo|ricapitolando|in definitiva|zusammenfassend|kurz gesagt|fazit|insgesamt|en résumé|en bref|pour résumer|en conclusion|en resumen|en conclusión|en síntesis|en definitiva)\b`)
)

const (
	// Where a page may be shared, and how it is said.
	network = `facebook|twitter|linkedin|whatsapp|telegram|reddit|pinterest|instagram|tiktok|youtube|bluesky|mastodon|threads|flipboard|tumblr|pocket|e-?mail|x|print|stampa|drucken|imprimer|imprimir|copy link|copia link|link kopieren|copier le lien|copiar enlace|share|condividi|teilen|partager|compartir`

	english = `comments?\W*$|submitted by\s+/?u/|article url\s*:|(?:\(more\)|more)\W*$|read (?:also|next)\b|also read\b|see also\b|read more(?:\s*$|[:»…>]|\s+(?:on|at|about|from|here|stories)\b)|more on this\b|more from\b[^.]*:|` +
		`related (?:articles?|stor(?:y|ies)|reading|posts?|content|links?|topics?|coverage)\b|related\s*:|you (?:may|might) (?:also )?(?:like|be interested|enjoy)|recommended (?:for you|reading|stories)|` +
		`don['’]?t miss (?:out|our|a)\b|(?:sign|signing) up (?:for|to|here|now|today|with)\b|subscribe(?:\s*$|[!:]| (?:to|now|here|today|for)\b)|join (?:our|us on|thousands|over)\b|` +
		`follow (?:us|me|our)\b|share (?:this|on|via|the (?:article|story|post))\b|share\s*$|click here\b|continue reading\b|keep reading\b|(?:the|this) (?:post|article|story) .{0,200}(?:first appeared|appeared first|was originally published)|` +
		`originally published (?:on|at|in)\b|get (?:the|our) .{0,60}(?:inbox|newsletter)|support our (?:journalism|work)|(?:advertisement|sponsored|advertising|ad)\W*$|sponsored (?:content|by|post)\b|accept (?:all )?cookies|cookie (?:policy|settings|preferences)|` +
		`all rights reserved|©.*all rights reserved|leave a (?:comment|reply)|comments (?:are )?closed|(?:post|add) a comment|download (?:our|the) app\b|our newsletter\b|newsletter\W*$|tags?\s*:|filed under\b|topics?\s*:|article continues (?:below|after)|story continues below|skip (?:to|advert)|back to top|log ?in to\b|create a free account`
	italian = `legg(?:i|ete) (?:anche|di più|tutto|altro|l['’]articolo|la notizia|su|pure|qui)\b|leggi\s*$|vedi anche\b|guarda anche\b|ti potrebbe(?:ro)? (?:anche )?interessare|potrebbe(?:ro)? (?:anche )?interessart[ie]|iscriv(?:iti|etevi)\b|abbonati\b|` +
		`segui(?:ci|teci)\b|segui (?:il|la|i|le) nostr[oaie]\b|condivid[ia](?:\s*$|[:!]| (?:su|questo|l['’]articolo|con|la notizia)\b)|non perder(?:e|ti)\b.{0,80}(?:newsletter|canale|aggiornament|notizi|articol|offert)|continua a leggere|approfondisc[ie]\s*[:»]|approfondimenti?\s*:|` +
		`(?:pubblicità|annuncio|sponsorizzato)\W*$|contenuto sponsorizzato|accetta (?:tutti )?(?:i )?cookie|riproduzione riservata|©\s*riproduzione|tutti i diritti riservati|lascia un commento|scrivi un commento|scarica (?:la nostra |l['’])app\b|ricevi (?:ogni|le|la|gli)\b.{0,60}(?:newsletter|e-?mail|notizie)|` +
		`l['’]articolo .{0,200}(?:proviene da|è tratto da|sembra essere il primo)|articoli correlati|notizie correlate|argomenti\s*:|ti è piaciut[oa]|unisciti (?:al|alla|a|ai)\b|registrati\b|entra nel (?:nostro )?canale|la nostra newsletter`
	german = `lesen sie (?:auch|mehr|weiter|dazu|hier)\b|lies (?:auch|mehr)\b|mehr (?:dazu|zum thema|lesen|erfahren|von)\b[^.]*$|lesetipp|auch interessant|siehe auch\b|das könnte (?:sie|dich) (?:auch )?interessieren|weiterlesen\b|weitere (?:artikel|themen|nachrichten|meldungen)\b[^.]*$|` +
		`(?:jetzt|hier) (?:abonnieren|anmelden|registrieren|kostenlos)|abonnieren sie\b|melden sie sich\b.{0,80}(?:newsletter|an\b)|newsletter (?:abonnieren|bestellen)|unser(?:en)? newsletter\b|folgen sie (?:uns|dem)|folge uns\b|folgt uns\b|(?:artikel |beitrag |diesen artikel |diesen beitrag |jetzt )?teilen\W*$|teilen (?:auf|per|via)\b|` +
		`(?:anzeige|werbung|zurück|startseite)\W*$|alle cookies akzeptieren|alle rechte vorbehalten|kommentar (?:schreiben|hinterlassen|verfassen)|empfohlene(?:r)? (?:redaktionelle(?:r)? )?inhalt|zur startseite|(?:der|dieser) (?:beitrag|artikel) .{0,200}(?:erschien zuerst|erschien erstmals)|schlagw[oö]rte?r?\s*:|themen\s*:|laden sie (?:unsere|die) app`
	french = `(?:à )?lire (?:aussi|également|la suite|plus)\b|voir aussi\b|abonnez-vous\b|inscrivez-vous\b|s['’](?:abonner|inscrire)\b|suivez-nous\b|suivez (?:notre|nos)\b|partage[rz](?:\s*$|[:!]| (?:cet|sur|l['’]article|via)\b)|(?:publicité|sponsorisé|annonce)\W*$|tout accepter|accepter les cookies|` +
		`tous droits réservés|laisse[rz] un commentaire|sur le même (?:sujet|thème)|recevez (?:notre|nos|chaque|les)\b|(?:cet|l['’])\s?article .{0,200}(?:est apparu|a été publié|vous a plu)|articles? (?:liés|similaires|recommandés|associés)|continuer la lecture|cela (?:peut|pourrait) vous intéresser|mots[- ]clés\s*:|notre newsletter\b|rejoignez (?:notre|nos|nous)`
	spanish = `(?:lee|leer|lea) (?:también|más|además)\b|(?:también )?te (?:puede|podría) interesar|ver (?:también|más)\b|sigue leyendo|seguir leyendo|suscr[ií]b(?:ete|ase|irse)\b|s[ií]guenos\b|compart(?:e|ir|a)(?:\s*$|[:!]| (?:este|esta|en|por)\b)|(?:publicidad|patrocinado|anuncio)\W*$|aceptar (?:todas )?(?:las )?cookies|` +
		`todos los derechos reservados|deja(?:r)? un(?:a)? (?:comentario|respuesta)|reg[ií]strate\b|recibe (?:nuestr|cada|las|en tu)|(?:este|el|la) (?:artículo|entrada) .{0,200}(?:se publicó|apareció|aparece) (?:primero|originalmente)|artículos relacionados|noticias relacionadas|etiquetas\s*:|nuestr[oa] (?:boletín|newsletter)\b|[úu]nete (?:a|al)\b`
)
