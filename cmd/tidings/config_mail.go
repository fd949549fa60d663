package main

import (
	"errors"
	"net"
	"net/mail"
	"strings"
	"time"

	"tidings/subscribers/mailin"
)

// MailConfig says how the mail that readers and their servers write to the digests gets in.
type MailConfig struct {
	Delimiter string     `toml:"delimiter"` // between a digest's name and what a mail is for; +
	Trusted   []string   `toml:"trusted"`   // whose Authentication-Results are believed; none
	Pipe      bool       `toml:"pipe"`      // the mail server starts `tidings mail receive`; false
	Listen    string     `toml:"listen"`    // lmtp://HOST:PORT, smtp://HOST:PORT or lmtp:PATH; empty: nowhere
	IMAP      IMAPConfig `toml:"imap"`
}

// IMAPConfig says which mailbox is read.
type IMAPConfig struct {
	URL          string        `toml:"url"`           // imaps://user@host; empty: none
	PasswordFile string        `toml:"password_file"` // its content becomes Password
	Password     string        `toml:"password"`      // empty: the one in the URL
	TokenCommand []string      `toml:"token_command"` // prints an access token for XOAUTH2; empty: none
	TokenFile    string        `toml:"token_file"`    // holds one, and is read for each login; empty: none
	Folder       string        `toml:"folder"`        // INBOX
	Done         string        `toml:"done"`          // Tidings
	Poll         time.Duration `toml:"poll"`          // 5m
}

// presetMail is what a [mail] means that says nothing.
func presetMail() MailConfig {
	return MailConfig{Delimiter: "+", IMAP: IMAPConfig{Folder: "INBOX", Done: "Tidings", Poll: 5 * time.Minute}}
}

// comes says whether mail gets in at all, so that letters may name addresses to write to.
func (m MailConfig) comes() bool { return m.Pipe || m.Listen != "" || m.IMAP.URL != "" }

// address is a digest's address with what a mail to it is for, see [MailConfig.addresses].
func (m MailConfig) address(from, purpose string) string { return m.addresses(from)(purpose) }

// addresses returns a digest's addresses by what a mail to them is for, if anything: daily+u-TOKEN@example.org. One is
// empty when no mail gets in, and when it would be longer than mail can carry (RFC 5321, 4.5.3.1.1).
func (m MailConfig) addresses(from string) func(purpose string) string {
	a, err := mail.ParseAddress(from)
	if err != nil || !m.comes() {
		return func(string) string { return "" }
	}
	local, domain, _ := strings.Cut(a.Address, "@")
	return func(purpose string) string {
		if purpose == "" {
			return local + "@" + domain
		}
		if len(local)+len(m.Delimiter)+len(purpose) > 64 {
			return ""
		}
		return local + m.Delimiter + purpose + "@" + domain
	}
}

// door is where the daemon takes mail in: a network and an address for [net.Listen], and whether it speaks SMTP
// there instead of LMTP.
func (m MailConfig) door() (network, address string, smtp bool, err error) {
	scheme, rest, _ := strings.Cut(m.Listen, ":")
	hostPort, inet := strings.CutPrefix(rest, "//")
	switch {
	case scheme != "lmtp" && scheme != "smtp":
		return "", "", false, errors.New("it begins neither with lmtp: nor with smtp: as these do")
	case !inet && rest != "":
		return "unix", rest, scheme == "smtp", nil
	}
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil || host == "" || port == "" || !portForm(port) {
		return "", "", false, errors.New("it has no address and port")
	}
	return "tcp", hostPort, scheme == "smtp", nil
}

// account is who logs in where; without a password when it is a token that does.
func (i IMAPConfig) account() (mailin.Account, error) {
	a, err := mailin.ParseAccount(i.URL)
	if i.Password != "" {
		a.Password = i.Password
	}
	return a, err
}

// check looks at how mail gets in.
func (m MailConfig) check(r configChecker) {
	if len(m.Delimiter) != 1 || !strings.Contains("+-=_.", m.Delimiter) {
		r.fault("mail.delimiter", `mail.delimiter must be one of + - = _ and . ("+" is what most mail servers know)`)
	}
	for _, server := range m.Trusted {
		if server == "" || strings.ContainsAny(server, " \t;@") {
			r.fault("mail.trusted", `mail.trusted holds the names that your servers put first into Authentication-Results, such as ["mx.example.org"]`)
		}
	}
	if m.Listen != "" {
		if _, _, _, err := m.door(); err != nil {
			r.fault("mail.listen", `mail.listen must be such as "lmtp://127.0.0.1:8024", "smtp://127.0.0.1:2525" or "lmtp:/run/tidings/lmtp"; %s`, err)
		}
	}
	if m.IMAP.URL != "" {
		m.IMAP.check(r)
	}
}

// check looks at the mailbox. Its address may hold a password, so it is never quoted.
func (i IMAPConfig) check(r configChecker) {
	a, err := i.account()
	if err != nil {
		r.fault("mail.imap.url", "mail.imap.url: %s", err)
		return
	}
	if i.Poll < time.Second {
		r.fault("mail.imap.poll", `mail.imap.poll must be a second or more: "5m" is enough for most, for servers tell of new mail by themselves`)
	}
	if i.Folder == "" {
		r.fault("mail.imap.folder", `mail.imap.folder must name the folder to read; most are called "INBOX"`)
	}
	if i.Done == "" || strings.EqualFold(i.Done, i.Folder) {
		r.fault("mail.imap.done", "mail.imap.done must name another folder than mail.imap.folder: what was dealt with is moved there")
	}
	for setting, folder := range map[string]string{"mail.imap.folder": i.Folder, "mail.imap.done": i.Done} {
		if strings.ContainsAny(folder, "*%\r\n") {
			r.fault(setting, "%s must name one folder, without * and %%", setting)
		}
	}
	ways := 0
	for _, given := range []bool{a.Password != "" || i.PasswordFile != "", len(i.TokenCommand) > 0, i.TokenFile != ""} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		r.fault("mail.imap.url", "mail.imap.url names a user, who logs in in one way: by mail.imap.password_file, token_command or token_file")
	}
}
