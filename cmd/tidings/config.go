package main

import (
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tidings/digest"
	"tidings/subscribers"
)

// builtinConfig is the root's config.toml, which no embedding can reach from here. It is what `init` writes
// and what runs when there is no configuration; a test keeps the copy equal.
//
//go:generate cp ../../config.toml builtin.toml
//go:embed builtin.toml
var builtinConfig []byte

// Config is everything that an operator decides, read once by [Load] and handed on as values. What each
// setting means for its user is told in config.toml; here stand units, defaults and what empty means.
// Paths in it are absolute, or relative to the working directory when they come from a variable.
type Config struct {
	Store    StoreConfig    `toml:"store"`
	SMTP     SMTPConfig     `toml:"smtp"`
	DKIM     []DKIMConfig   `toml:"dkim"`  // empty: nothing is signed
	Relay    []RelayConfig  `toml:"relay"` // instead of SMTP's url; empty: none
	Delivery DeliveryConfig `toml:"delivery"`
	Gather   GatherConfig   `toml:"gather"`

	Discussion DiscussionConfig `toml:"discussion"`

	Mail      MailConfig      `toml:"mail"`
	Subscribe SubscribeConfig `toml:"subscribe"`
	Web       WebConfig       `toml:"web"`
	Desk      DeskConfig      `toml:"desk"`
	Log       LogConfig       `toml:"log"`
	Templates TemplatesConfig `toml:"templates"`
	LLM       LLMConfig       `toml:"llm"`
	Source    []SourceConfig  `toml:"source"` // empty: none, and the commands that need one say so
	Topic     []TopicConfig   `toml:"topic"`  // the ten built-in ones, renamed and widened, then the operator's own
	Name      []NameConfig    `toml:"name"`   // on top of the built-in ones
	Digest    []DigestConfig  `toml:"digest"` // empty: none

	File string `toml:"-"` // where it was read; empty: built in
}

// StoreConfig says where things are remembered.
type StoreConfig struct {
	URL string `toml:"url"` // sqlite:PATH or postgres://…; sqlite:tidings.db
}

// GatherConfig says how sources are read.
type GatherConfig struct {
	AllowPrivate []netip.Prefix `toml:"allow_private"` // networks that may be read although they are private; none
	Timeout      time.Duration  `toml:"timeout"`       // of one document, from dialling to its last byte; 30s
	MaxBytes     Size           `toml:"max_bytes"`     // of one document, unpacked; 16MB
	Hosts        int            `toml:"hosts"`         // read at once, one document each; 8
	PerHost      int            `toml:"per_host"`      // requests to one host at once; 1
	Gap          time.Duration  `toml:"gap"`           // between two requests to one host; 1s, 0s is none
	Often        time.Duration  `toml:"often"`         // a busy source is looked at after so long; 1h
	Seldom       time.Duration  `toml:"seldom"`        // a still one after so long; 12h
	Contact      string         `toml:"contact"`       // told to publishers in the user agent; empty: web.url
}

// SubscribeConfig bounds the confirmations of one hour, and the forms that ask for them.
type SubscribeConfig struct {
	PerHour    int      `toml:"per_hour"`    // to anybody; 300
	PerDomain  int      `toml:"per_domain"`  // to one domain; 30
	PerGiant   int      `toml:"per_giant"`   // to one of Giants; 150
	PerNetwork int      `toml:"per_network"` // asked for on the page from one network; 10
	Forms      int      `toml:"forms"`       // taken from everybody in a quarter of an hour; 4000
	NetForms   int      `toml:"net_forms"`   // of these, from one network; 40
	Giants     []string `toml:"giants"`      // domains at which much of the world has its mail
	Refuse     []string `toml:"refuse"`      // domains, and all below them, that cannot subscribe themselves; some well-known throw-away ones
	RefuseFile string   `toml:"refuse_file"` // more of them, one a line; empty: none
}

// limits is what the list needs to know of it.
func (s SubscribeConfig) limits() subscribers.Limits {
	return subscribers.Limits{Domain: s.PerDomain, Giant: s.PerGiant, Giants: s.Giants, Network: s.PerNetwork, All: s.PerHour, Refuse: s.Refuse}
}

// WebConfig says where readers find their pages.
type WebConfig struct {
	Listen string `toml:"listen"` // 127.0.0.1:8080
	URL    string `toml:"url"`    // how readers reach it, without a slash at its end; http://localhost:8080
	Title  string `toml:"title"`  // of the house; empty: the first digest's
	About  string `toml:"about"`  // on the first page; empty: the templates' own

	Archive bool   `toml:"archive"` // past editions can be read there; true
	Robots  Robots `toml:"robots"`  // index
}

// Robots says what search machines may do.
type Robots string

// They may list the pages, or are asked to keep nothing.
const (
	RobotsIndex Robots = "index"
	RobotsNone  Robots = "noindex"
)

// DeskConfig says where the editor's pages are, who may come in, and where decisions stand.
type DeskConfig struct {
	Listen       string `toml:"listen"`        // 127.0.0.1:8090
	Serve        bool   `toml:"serve"`         // the daemon serves it too; false
	URL          string `toml:"url"`           // how an editor elsewhere reaches it; empty: nobody elsewhere does
	PasswordFile string `toml:"password_file"` // its content becomes Password
	Password     string `toml:"password"`      // empty: none is asked for
	Decisions    string `toml:"decisions"`     // folder of what editors decide, a file for each edition; decisions
	Editor       string `toml:"editor"`        // mailbox that is told of editions to come; empty: nobody is
}

// LogConfig says what is logged on stderr.
type LogConfig struct {
	Level  slog.Level `toml:"level"`  // info
	Format string     `toml:"format"` // text or json; text
}

// TemplatesConfig says where the operator's own templates lie.
type TemplatesConfig struct {
	Dir string `toml:"dir"` // files in it replace the built-in ones of that name; empty: none
}

// LLMConfig says which language model may write, and how much.
type LLMConfig struct {
	URL        string        `toml:"url"`        // of an OpenAI-compatible endpoint, without /v1; empty: no model is asked anything
	KeyFile    string        `toml:"key_file"`   // its content becomes Key
	Key        string        `toml:"key"`        // bearer token; empty: none
	Model      string        `toml:"model"`      // that writes; empty: none does
	Summaries  bool          `toml:"summaries"`  // of stories with a block of their own; true
	Translate  bool          `toml:"translate"`  // headlines in other languages than the edition's; false
	Embeddings string        `toml:"embeddings"` // model of vectors for grouping; empty: none
	MaxCalls   int           `toml:"max_calls"`  // questions for one edition; 40
	MaxTokens  int           `toml:"max_tokens"` // of these and their answers; 100000
	Timeout    time.Duration `toml:"timeout"`    // for one edition; 2m
	Label      string        `toml:"label"`      // what the letter calls the model; empty: its name
}

// SourceConfig is a [digest.Source].
type SourceConfig struct {
	URL    string  `toml:"url"`    // required: https://…, http://… or file:PATH
	Name   string  `toml:"name"`   // what readers see; empty: the feed's own title
	Lang   string  `toml:"lang"`   // BCP 47; empty: the feed's word, then detection
	Owner  string  `toml:"owner"`  // sources of one owner count once; empty: its registrable domain
	Weight float64 `toml:"weight"` // how much its word counts; 1
	Topic  string  `toml:"topic"`  // of articles whose words decide nothing; empty: brief
	First  bool    `toml:"first"`  // a party's own voice, never an independent report
	Group  string  `toml:"group"`  // the operator's own heading; empty: none

	Aggregator bool `toml:"aggregator"` // passes on what others tell, never an independent report
	OnTopic    bool `toml:"on_topic"`   // all of it is about artificial intelligence

	FullText digest.FullText `toml:"full_text"` // whether articles' pages are read; empty: auto
	List     ListConfig      `toml:"list"`      // how a page without a feed lists its articles; empty: it is a feed
}

// ListConfig is a [digest.List].
type ListConfig struct {
	Item    string `toml:"item"`    // CSS selectors, these five
	Link    string `toml:"link"`    // empty: the item's first link
	Title   string `toml:"title"`   // empty: its first heading, else the link's words
	Date    string `toml:"date"`    // empty: its first <time>, else a text that is a date
	Summary string `toml:"summary"` // empty: none
	Match   string `toml:"match"`   // a regular expression for articles' addresses; empty: all
}

// TopicConfig is a [digest.Topic].
type TopicConfig struct {
	ID       string              `toml:"id"`       // required
	Name     map[string]string   `toml:"name"`     // by language; empty: the built-in ones, else the id
	Words    map[string][]string `toml:"words"`    // by language, on top of the built-in lexicon
	Phrases  map[string][]string `toml:"phrases"`  // the same, for several words in a row
	Examples []string            `toml:"examples"` // headlines that belong there, in any language
}

// DigestConfig is a [digest.Digest].
type DigestConfig struct {
	Name       string        `toml:"name"`  // required: letters, digits, single hyphens
	Title      string        `toml:"title"` // empty: its name
	About      string        `toml:"about"` // to readers who choose; empty: nothing
	From       string        `toml:"from"`  // required: a mailbox
	Lang       string        `toml:"lang"`  // en
	Schedule   string        `toml:"schedule"`
	Timezone   string        `toml:"timezone"`    // IANA name; UTC
	Sources    []string      `toml:"sources"`     // names or addresses; empty: all
	Topics     []string      `toml:"topics"`      // ids in the order of sections; empty: all
	Window     time.Duration `toml:"window"`      // see [digest.Layout] for this and what follows; 48h
	Stories    int           `toml:"stories"`     // 25
	PerSection int           `toml:"per_section"` // 6
	PerSource  int           `toml:"per_source"`  // 3
	Companies  int           `toml:"companies"`   // 2; 0: none
	Brief      int           `toml:"brief"`       // 15; 0: none
	Floor      float64       `toml:"floor"`       // 0.25; 0: none
	BriefFloor float64       `toml:"brief_floor"` // 0.2; 0: none
	Sentences  int           `toml:"sentences"`   // 2
	Optional   bool          `toml:"optional"`    // only for readers who chose it by name
	DeliverAt  string        `toml:"deliver_at"`  // "HH:MM local", on each reader's own clock; empty: as soon as it is sealed
	Quiet      string        `toml:"quiet"`       // "22:00-07:00 local", when no letter goes out; empty: never
	Uncertain  digest.Policy `toml:"uncertain"`   // empty: delivery.uncertain

	Release    digest.Release `toml:"release"`      // who lets an edition go; auto
	Review     time.Duration  `toml:"review"`       // how long before its slot the editor is told of it; 1h
	CatchUp    CatchUp        `toml:"catch_up"`     // what becomes of a missed slot; send
	CatchUpFor time.Duration  `toml:"catch_up_for"` // how late it is still sent; 6h

	Look      string `toml:"look"`       // a folder of looks, see [templates.Look]; default
	Accent    string `toml:"accent"`     // "#9c2f1d"; empty: the look's own
	Logo      string `toml:"logo"`       // https address of a picture; empty: none
	LogoWidth int    `toml:"logo_width"` // pixels; 0: the picture's own
	Picture   bool   `toml:"picture"`    // the lead article's
	Imprint   string `toml:"imprint"`    // lines that end the letter; empty: none

	Weights WeightsConfig `toml:"weights"`
	Boost   []BoostConfig `toml:"boost"` // none
}

// CatchUp says what becomes of a slot that was missed because no daemon ran.
type CatchUp string

// With SendLate its edition is made late, if it is not too late; else, and with Merge, the next edition tells what
// it would have told; with Skip nobody does.
const (
	SendLate CatchUp = "send"
	Skip     CatchUp = "skip"
	Merge    CatchUp = "merge"
)

// WeightsConfig is [digest.Weights].
type WeightsConfig struct {
	Sources    float64       `toml:"sources"`    // 0.4
	Weight     float64       `toml:"weight"`     // 0.2
	Recency    float64       `toml:"recency"`    // 0.15
	Depth      float64       `toml:"depth"`      // 0.05
	Discussion float64       `toml:"discussion"` // 0: nobody is asked
	Lasting    float64       `toml:"lasting"`    // 0
	Sameness   float64       `toml:"sameness"`   // 0.05
	HalfLife   time.Duration `toml:"half_life"`  // 18h
}

// BoostConfig is a [digest.Boost].
type BoostConfig struct {
	Words  []string `toml:"words"`  // or phrases, in headline or lead
	Topics []string `toml:"topics"` // ids
	Names  []string `toml:"names"`  // of organisations, models, people
	By     float64  `toml:"by"`     // required; may be negative
}

// DiscussionConfig says where it is asked how much stories are discussed, for digests that weigh it.
type DiscussionConfig struct {
	URL string `toml:"url"` // of the search API of Hacker News
}

// defaultConfig is what a configuration means that says nothing.
func defaultConfig() Config {
	return Config{
		Store: StoreConfig{URL: "sqlite:tidings.db"},
		Delivery: DeliveryConfig{
			Connections: 16, Uncertain: digest.Resend, RetryFirst: 5 * time.Minute, GiveUp: 20 * time.Hour, MaxLetter: 100 << 10,
			WarmUp: WarmUpConfig{First: 500, Doubles: 48 * time.Hour, Until: 100_000},
		},
		Gather:     GatherConfig{Timeout: 30 * time.Second, MaxBytes: 16 << 20, Hosts: 8, PerHost: 1, Gap: time.Second, Often: time.Hour, Seldom: 12 * time.Hour},
		Discussion: DiscussionConfig{URL: "https://hn.algolia.com/api/v1/search"},
		Mail:       presetMail(),
		Subscribe: SubscribeConfig{
			PerHour: 300, PerDomain: 30, PerGiant: 150, PerNetwork: 10, Forms: 4000, NetForms: 40,
			Giants: []string{"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "libero.it", "gmx.de", "web.de", "qq.com", "163.com"},
			Refuse: []string{"mailinator.com", "guerrillamail.com", "10minutemail.com", "yopmail.com", "trashmail.com", "temp-mail.org"},
		},
		Web:  WebConfig{Listen: "127.0.0.1:8080", URL: "http://localhost:8080", Archive: true, Robots: RobotsIndex},
		Desk: DeskConfig{Listen: "127.0.0.1:8090", Decisions: "decisions"},
		Log:  LogConfig{Level: slog.LevelInfo, Format: "text"},
		LLM:  LLMConfig{Summaries: true, MaxCalls: 40, MaxTokens: 100_000, Timeout: 2 * time.Minute},
	}
}

// preset fills in what a [[source]] means that says nothing.
func (s *SourceConfig) preset() { s.Weight = 1 }

// preset fills in what a [[digest]] means that says nothing.
func (d *DigestConfig) preset() {
	*d = DigestConfig{
		Lang: "en", Schedule: "0 7 * * *", Timezone: "UTC",
		Window: 48 * time.Hour, Stories: 25, PerSection: 6, PerSource: 3, Companies: 2,
		Brief: 15, Floor: 0.25, BriefFloor: 0.2, Sentences: 2,
		Release: digest.ReleaseAuto, Review: time.Hour, CatchUp: SendLate, CatchUpFor: 6 * time.Hour, Look: "default",
		Weights: WeightsConfig{Sources: 0.4, Weight: 0.2, Recency: 0.15, Depth: 0.05, Sameness: 0.05, HalfLife: 18 * time.Hour},
	}
}

// Fault is one thing that is wrong with the configuration.
type Fault struct {
	File         string // as the user named it; empty when Variable says where
	Line, Column int    // from 1, in characters; 0: the file as a whole
	Variable     string // the environment variable that is at fault
	Sentence     string // what is wrong and what to do; never a secret
}

// String returns the fault as one line: FILE:LINE:COLUMN: sentence.
func (f Fault) String() string {
	switch {
	case f.Variable != "":
		return f.Variable + ": " + f.Sentence
	case f.Line == 0:
		return f.File + ": " + f.Sentence
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Sentence)
}

// Faults is all that is wrong with a configuration, in the order of the file, then of the variables. The
// program was used wrongly then: exit 2.
type Faults []Fault

// Error returns one line for each fault.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// Find says which file [Load] should read: the one named by the flag, else config.toml here, else
// tidings/config.toml in the user's configuration folder. When there is none, builtin is true and the
// path empty.
func Find(flag string, env []string) (path string, builtin bool) {
	if flag != "" {
		return flag, false
	}
	home := lookup(env, "XDG_CONFIG_HOME")
	if home == "" {
		home = filepath.Join(lookup(env, "HOME"), ".config")
	}
	for _, path := range []string{"config.toml", filepath.Join(home, "tidings", "config.toml")} {
		// A file that is there and cannot be looked at is still the user's choice; Load tells the reason.
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			return path, false
		}
	}
	return "", true
}

// Load reads the configuration from the file at path (empty: the built-in one), then what the TIDINGS_…
// variables among env override. Its error is always [Faults], and tells everything that is wrong.
func Load(path string, env []string) (Config, error) {
	src, name, dir := builtinConfig, "the built-in config.toml", ""
	if path != "" {
		var err error
		if src, err = os.ReadFile(path); err != nil {
			return Config{}, Faults{{File: path, Sentence: "the configuration cannot be read: " + reason(err)}}
		}
		if dir, err = filepath.Abs(filepath.Dir(path)); err != nil {
			return Config{}, Faults{{File: path, Sentence: "the configuration's folder is not known: " + reason(err)}}
		}
		name = path
	}
	c, err := parseConfig(src, name, dir, env)
	c.File = path
	return c, err
}

// parseConfig is Load on bytes. Relative paths in them start from dir; an empty one is the working
// directory.
func parseConfig(src []byte, name, dir string, env []string) (Config, error) {
	r := configReader{file: name, dir: dir, bad: make(map[string]bool)}
	c := defaultConfig()
	if r.read(src, &c) {
		r.override(env, &c)
		r.resolve(&c)
		configChecker{&r}.check(&c)
	}
	if len(r.faults) > 0 {
		return Config{}, r.sorted()
	}
	c.Topic = mergeTopics(c.Topic)
	return c, nil
}

// lookup returns the value of a variable among env, or an empty one.
func lookup(env []string, name string) string {
	for _, entry := range slices.Backward(env) {
		if key, value, _ := strings.Cut(entry, "="); key == name {
			return value
		}
	}
	return ""
}

// reason returns why a file operation failed, without the path that the caller names anyway.
func reason(err error) string {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
