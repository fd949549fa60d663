package main

import (
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tidings/digest"
	"tidings/digest/feed"
	"tidings/digest/llm"
	"tidings/digest/text"
)

// What names and languages look like. A name stands in edition keys, paths, addresses and variables.
var (
	nameForm = regexp.MustCompile(`^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$`)
	langForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
)

// resolve turns what is relative to the file into what can be opened, and reads the secrets.
func (r *configReader) resolve(c *Config) {
	c.Store.URL = r.locator("store.url", "sqlite:", c.Store.URL)
	c.Templates.Dir = r.path("templates.dir", c.Templates.Dir)
	c.Desk.Decisions = r.path("desk.decisions", c.Desk.Decisions)
	for i := range c.Source {
		c.Source[i].URL = r.locator(at("source", i, "url"), "file:", c.Source[i].URL)
	}
	for i, d := range c.Digest {
		for j, source := range d.Sources {
			d.Sources[j] = r.locator(at("digest", i, "sources"), "file:", source)
		}
	}
	r.secret("smtp.password", &c.SMTP.Password, &c.SMTP.PasswordFile)
	for i := range c.DKIM {
		r.secret(at("dkim", i, "key"), &c.DKIM[i].Key, &c.DKIM[i].KeyFile)
	}
	c.SMTP.URL = r.locator("smtp.url", "lmtp:", c.SMTP.URL)
	for i := range c.Relay {
		relay := &c.Relay[i]
		r.secret(at("relay", i, "password"), &relay.Password, &relay.PasswordFile)
		relay.URL = r.locator(at("relay", i, "url"), "lmtp:", relay.URL)
	}
	r.secret("desk.password", &c.Desk.Password, &c.Desk.PasswordFile)
	r.secret("llm.key", &c.LLM.Key, &c.LLM.KeyFile)
	r.secret("mail.imap.password", &c.Mail.IMAP.Password, &c.Mail.IMAP.PasswordFile)
	c.Mail.IMAP.TokenFile = r.path("mail.imap.token_file", c.Mail.IMAP.TokenFile)
	c.Mail.Listen = r.locator("mail.listen", "lmtp:", c.Mail.Listen)
}

// secret reads a secret from the file that the setting with _file behind it names, if it names one.
func (r *configReader) secret(setting string, value, file *string) {
	if *file == "" {
		return
	}
	inFile, noun := setting+"_file", setting[strings.LastIndex(setting, ".")+1:]
	*file = r.path(inFile, *file)
	if *value != "" {
		r.fault(inFile, "%s and %s are both given; keep one of them", plain(setting), plain(inFile))
		return
	}
	content, err := os.ReadFile(*file)
	if err != nil {
		r.fault(inFile, "the %s cannot be read from %s: %s", noun, *file, reason(err))
		return
	}
	if *value = lastLine(content); *value == "" {
		r.fault(inFile, "%s is empty; write the %s into it", *file, noun)
	}
}

// at returns the path of a key in the i-th table of a list.
func at(list string, i int, key string) string {
	return join(list+"["+strconv.Itoa(i)+"]", key)
}

// lastLine returns a secret file's content without its last newline.
func lastLine(content []byte) string {
	return strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
}

// path makes a relative path start from the file's folder. One from a variable starts where the program
// was started, as everything in a shell does.
func (r *configReader) path(setting, path string) string {
	if path == "" || filepath.IsAbs(path) || r.dir == "" || r.marks[setting].variable != "" {
		return path
	}
	return filepath.Join(r.dir, path)
}

// locator is path for an address of the given scheme: sqlite:PATH or file:PATH. Other addresses are
// returned as they are.
func (r *configReader) locator(setting, scheme, address string) string {
	path, ok := strings.CutPrefix(address, scheme)
	if !ok || path == "" || strings.HasPrefix(path, ":memory:") {
		return address
	}
	if strings.HasPrefix(path, "//") {
		return address // written as file:///PATH or sqlite:///PATH, it is absolute
	}
	return scheme + r.path(setting, path)
}

// configChecker tells what is wrong with a configuration that could be read.
type configChecker struct{ *configReader }

// check tells what is wrong in meaning. It sees defaults where the file gave something of a wrong type;
// what is told already is not told again.
func (r configChecker) check(c *Config) {
	r.checkStore(c.Store)
	c.checkWays(r)
	c.checkDKIM(r)
	c.Subscribe.check(r)
	c.Delivery.check(r)
	r.positive("gather.timeout", c.Gather.Timeout)
	r.least("gather.hosts", c.Gather.Hosts, 1)
	r.least("gather.per_host", c.Gather.PerHost, 1)
	if c.Gather.Often < time.Minute {
		r.fault("gather.often", `gather.often must be a minute or more: "1h" is polite`)
	}
	if c.Gather.Seldom < c.Gather.Often {
		r.fault("gather.seldom", "gather.seldom must not be less than gather.often")
	}
	if c.Gather.Gap < 0 {
		r.fault("gather.gap", `gather.gap must not be negative; "0s" is none`)
	}
	if c.Gather.MaxBytes < 1024 {
		r.fault("gather.max_bytes", `gather.max_bytes must be at least "1KB"; no feed is smaller`)
	}
	c.Mail.check(r)
	r.checkPages(c)
	if u, err := url.Parse(c.Discussion.URL); err != nil || !webAddress(u) {
		r.fault("discussion.url", "discussion.url must be an http or https address")
	}
	if f := c.Log.Format; f != "text" && f != "json" {
		r.fault("log.format", `log.format must be "text" or "json"`)
	}
	if dir := c.Templates.Dir; dir != "" {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			r.fault("templates.dir", "templates.dir: there is no folder %s; create it, or leave the setting empty", dir)
		}
	}
	r.checkLLM(c.LLM)
	topics := r.checkTopics(c.Topic)
	r.checkNames(c.Name)
	r.checkSources(c.Source, topics)
	r.checkDigests(c, topics)
}

// checkStore looks at the store's address, which may hold a password and is never quoted.
func (r configChecker) checkStore(s StoreConfig) {
	path, sqlite := strings.CutPrefix(s.URL, "sqlite:")
	u, err := url.Parse(s.URL)
	switch {
	case sqlite && strings.HasPrefix(path, ":memory:"):
		r.fault("store.url", "store.url must name a file: what is only in memory is forgotten between two commands")
	case sqlite && path != "" && (!strings.HasPrefix(path, "//") || strings.HasPrefix(path, "///")):
	case !sqlite && err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql"):
	default:
		r.fault("store.url", "store.url must be sqlite:PATH, such as \"sqlite:tidings.db\", "+
			"or postgres://USER@HOST/DATABASE with everything odd in it percent-encoded")
	}
}

// checkLLM looks at the endpoint of a language model. Nothing of it matters while there is none.
func (r configChecker) checkLLM(l LLMConfig) {
	if l.URL == "" {
		return
	}
	if _, err := llm.NewClient(l.URL, l.Key); err != nil {
		r.fault("llm.url", `llm.url must be the http or https address of the endpoint, such as "http://localhost:11434"; a key goes into llm.key_file`)
	}
	if l.Model == "" && l.Embeddings == "" {
		r.fault("llm.url", "llm.url names an endpoint, and neither llm.model nor llm.embeddings says what to ask there")
	}
	if strings.ContainsAny(l.Key, "\r\n") {
		r.fault("llm.key", "llm.key must be one line")
	}
	r.least("llm.max_calls", l.MaxCalls, 1)
	r.least("llm.max_tokens", l.MaxTokens, 1)
	r.positive("llm.timeout", l.Timeout)
}

// checkPages looks at where the readers' and the editor's pages listen.
func (r configChecker) checkPages(c *Config) {
	if _, ok := listenHost(c.Web.Listen); !ok {
		r.fault("web.listen", `web.listen must be ADDRESS:PORT, such as "127.0.0.1:8080", or ":8080" for all networks`)
	}
	u, err := url.Parse(c.Web.URL)
	if err != nil || !webAddress(u) || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		r.fault("web.url", `web.url must be the http or https address at which readers reach the pages, such as "https://news.example.org"`)
	}
	c.Web.URL = strings.TrimRight(c.Web.URL, "/")
	if c.Web.Robots != RobotsIndex && c.Web.Robots != RobotsNone {
		r.fault("web.robots", `web.robots must be "index" (search machines may list the pages) or "noindex" (they are asked to keep nothing), not %s`, shown(string(c.Web.Robots)))
	}
	c.Desk.URL = strings.TrimRight(c.Desk.URL, "/")
	c.Desk.check(r)
}

// leastPassword is how many characters the desk's password has at least: anybody may try who reaches the page.
const leastPassword = 12

// check looks at the editor's pages. Without a password they are for this machine alone.
func (d DeskConfig) check(r configChecker) {
	if d.Decisions == "" {
		r.fault("desk.decisions", `desk.decisions is empty; name a folder, such as "decisions"`)
	}
	if d.Editor != "" && mailbox(d.Editor) != nil {
		r.fault("desk.editor", `desk.editor must be a mailbox, such as "editor@example.org"`)
	}
	if n := utf8.RuneCountInString(d.Password); n > 0 && n < leastPassword {
		r.fault("desk.password", "desk.password has %d characters; it needs %d or more, since anybody may try who reaches the page", n, leastPassword)
	}
	host, ok := listenHost(d.Listen)
	ip := net.ParseIP(host)
	local := host == "localhost" || ip.IsLoopback()
	switch {
	case !ok:
		r.fault("desk.listen", `desk.listen must be ADDRESS:PORT, such as "127.0.0.1:8090"`)
	case !local && (d.Password == "" || d.URL == ""):
		r.fault("desk.listen", `desk.listen must be a loopback address and a port, such as "127.0.0.1:8090", unless desk.password_file and desk.url are set`)
	}
	if d.URL == "" {
		return
	}
	u, err := url.Parse(d.URL)
	switch {
	case err != nil || !webAddress(u) || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" || u.Scheme != "https":
		r.fault("desk.url", `desk.url must be the address at which a proxy of yours serves the desk, such as "https://desk.example.org": https, since a password goes over it, and without a path`)
	case d.Password == "":
		r.fault("desk.url", "desk.url lets editors elsewhere in; set desk.password_file, which they are asked for")
	}
}

// listenHost returns the host of ADDRESS:PORT; empty for all networks.
func listenHost(listen string) (string, bool) {
	host, port, err := net.SplitHostPort(listen)
	return host, err == nil && port != "" && portForm(port) && !strings.ContainsAny(host, "/@ ")
}

// portForm says whether a port is none or a number that can be one.
func portForm(port string) bool {
	_, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil
}

// webAddress says whether u is an http or https address with a host.
func webAddress(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && portForm(u.Port())
}

// checkTopics looks at the operator's topics and returns the ids of all there are.
func (r configChecker) checkTopics(topics []TopicConfig) []string {
	var ids, seen []string
	for _, t := range builtinTopics() {
		ids = append(ids, t.ID)
	}
	for i, t := range topics {
		path := at("topic", i, "id")
		switch {
		case t.ID == "":
			r.fault(path, `this [[topic]] has no id; write one, such as id = "robots"`)
		case !nameForm.MatchString(t.ID):
			r.fault(path, "topic.id must be letters, digits and single hyphens")
		case t.ID == digest.Brief:
			r.fault(path, "%q is where stories go that fit no topic and cannot be a topic itself", t.ID)
		case slices.Contains(seen, t.ID):
			r.fault(path, "there is another [[topic]] %q above; put the two together", t.ID)
		case !slices.Contains(ids, t.ID):
			ids = append(ids, t.ID)
			if len(t.Words)+len(t.Phrases)+len(t.Examples) == 0 {
				r.fault(path, "%q is not a built-in topic and has no words, phrases or examples, so nothing could be filed under it", t.ID)
			}
		}
		seen = append(seen, t.ID)
		checkLanguages(r, at("topic", i, "name"), t.Name)
		checkLanguages(r, at("topic", i, "words"), t.Words)
		checkLanguages(r, at("topic", i, "phrases"), t.Phrases)
		for lang, words := range t.Words {
			r.checkWords(join(at("topic", i, "words"), lang), words)
		}
		for lang, phrases := range t.Phrases {
			r.checkWords(join(at("topic", i, "phrases"), lang), phrases)
		}
		r.checkExamples(i, t)
	}
	return ids
}

// checkWords looks at words and phrases that are looked for in articles.
func (r configChecker) checkWords(path string, words []string) {
	for i, w := range words {
		if len(text.Words(w)) == 0 {
			r.fault(path+"["+strconv.Itoa(i)+"]", "%q is no word that could be found: it has neither letter nor digit", w)
		}
	}
}

// checkExamples looks at a topic's example headlines. One alone teaches no words but its own.
func (r configChecker) checkExamples(i int, t TopicConfig) {
	if len(t.Examples) == 1 && len(t.Words)+len(t.Phrases) == 0 {
		r.fault(at("topic", i, "examples"), "%q has a single example; write three or more headlines, so that their common words tell", t.ID)
	}
	for j, headline := range t.Examples {
		if path := at("topic", i, "examples") + "[" + strconv.Itoa(j) + "]"; len(headline) > mostHeadline || strings.TrimSpace(headline) == "" {
			r.fault(path, "an example of topic %q is a headline of at most %d bytes", t.ID, mostHeadline)
		}
	}
}

// mostHeadline bounds an example headline, in bytes.
const mostHeadline = 500

// checkLanguages looks at the keys of a table by language.
func checkLanguages[T any](r configChecker, path string, table map[string]T) {
	for lang := range table {
		r.checkLang(join(path, lang), lang)
	}
}

// checkLang looks at a language; none is fine.
func (r configChecker) checkLang(path, lang string) {
	if lang != "" && !langForm.MatchString(lang) {
		r.fault(path, `%s: a language is written as "en", "it" or "pt-BR"`, plain(path))
	}
}

// checkSources looks at the sources. Their addresses may hold keys and are never quoted.
func (r configChecker) checkSources(sources []SourceConfig, topics []string) {
	names, urls := make(map[string]bool), make(map[string]bool)
	for i, s := range sources {
		u, err := url.Parse(s.URL)
		switch path := at("source", i, "url"); {
		case s.URL == "":
			r.fault(path, `this [[source]] has no url; write one, such as url = "https://example.org/feed.xml"`)
		case !fileAddress(s.URL) && (err != nil || !webAddress(u)):
			r.fault(path, "source.url must be an http or https address, or file:PATH of a document or folder")
		case urls[s.URL]:
			r.fault(path, "there is another [[source]] with this url above; remove one of them")
		}
		if s.Name != "" && names[s.Name] {
			r.fault(at("source", i, "name"), "there is another [[source]] named %q above; give one of them another name", s.Name)
		}
		urls[s.URL], names[s.Name] = true, true
		r.checkLang(at("source", i, "lang"), s.Lang)
		if !(s.Weight > 0 && s.Weight <= 100) { // so that NaN does not pass
			r.fault(at("source", i, "weight"), "source.weight must be above 0 and at most 100; 1 is ordinary. To silence a source, remove it")
		}
		if s.Topic != "" && s.Topic != digest.Brief && !slices.Contains(topics, s.Topic) {
			r.fault(at("source", i, "topic"), "there is no topic %q; there are %s", s.Topic, strings.Join(topics, ", "))
		}
		r.checkReading(i, s)
	}
}

// checkReading looks at how a source's pages are read.
func (r configChecker) checkReading(i int, s SourceConfig) {
	switch s.FullText {
	case "", digest.Auto, digest.Never, digest.Always:
	default:
		r.fault(at("source", i, "full_text"), `source.full_text must be "auto", "never" or "always"`)
	}
	list := digest.List(s.List)
	if list == (digest.List{}) {
		return
	}
	path := at("source", i, "list")
	if fileAddress(s.URL) {
		r.fault(path, "source.list is for pages of the web; what lies in files is read as it is, so take the list out")
	}
	for _, bad := range feed.CheckList(list) {
		r.fault(join(path, bad.Key), "source.list.%s %s", bad.Key, bad.Why)
	}
}

// fileAddress says whether a source is a document or folder here: file:PATH, or file:///PATH with no host
// but this one.
func fileAddress(address string) bool {
	path, ok := strings.CutPrefix(address, "file:")
	host, absolute := strings.CutPrefix(path, "//")
	return ok && path != "" && (!absolute || strings.HasPrefix(host, "/") || strings.HasPrefix(host, "localhost/"))
}

// checkPolicy looks at what becomes of uncertain deliveries.
func (r configChecker) checkPolicy(path string, p digest.Policy) {
	if p != digest.Resend && p != digest.Hold {
		r.fault(path, `%s must be "resend" or "hold"`, plain(path))
	}
}

// least tells when a number is too small.
func (r configChecker) least(path string, n, least int) {
	if n < least {
		r.fault(path, "%s must be at least %d", plain(path), least)
	}
}

// positive tells when a length of time is none.
func (r configChecker) positive(path string, d time.Duration) {
	if d <= 0 {
		r.fault(path, "%s must be longer than nothing", plain(path))
	}
}

// mailbox returns what is wrong with a mailbox; nil when nothing is.
func mailbox(text string) error {
	a, err := mail.ParseAddress(text)
	if err != nil {
		return fmt.Errorf("mailbox: %w", err)
	}
	if _, domain, _ := strings.Cut(a.Address, "@"); strings.Trim(domain, ".") == "" {
		return fmt.Errorf("mailbox %q has no domain", text)
	}
	return nil
}
