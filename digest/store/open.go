package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Open opens the store at sqlite:PATH or postgres://…, brings its tables up to date and returns it. The
// SQLite file is made if there is none; its folder has to be there. The clock is asked when something was
// seen, sealed or settled. Errors are sentences for the operator.
func Open(ctx context.Context, address string, now func() time.Time) (*Store, error) {
	scheme, rest, _ := strings.Cut(address, ":")
	var d *database
	var err error
	switch {
	case scheme == "sqlite" && rest != "":
		d, err = atPath(rest)
	case scheme == "postgres" || scheme == "postgresql":
		d, err = atServer(ctx, address)
	default:
		err = fmt.Errorf("store %q: the address of a store is sqlite:PATH or postgres://USER@HOST/DATABASE", redacted(address))
	}
	if err != nil {
		return nil, err
	}
	d.now = now
	s := &Store{Archive{d}, Shelf{d}, Ledger{database: d, presence: presence{database: d}}, Readers{d}, Notebook{d}}
	if err = d.migrate(ctx); err == nil {
		err = s.prepare(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("store %s: %w", d.url, err), s.Close())
	}
	return s, nil
}

// atPath opens a file. It touches the file first, because the operating system says better than SQLite what
// is wrong with it, and because addresses and secrets are nobody else's business: mode 0600.
func atPath(path string) (*database, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = f.Close()
	}
	folder := filepath.Dir(path)
	switch info, statErr := os.Stat(path); {
	case statErr == nil && info.IsDir():
		return nil, fmt.Errorf("store sqlite:%s: this is a folder; name a file in it, for example %s", path, filepath.Join(path, "tidings.db"))
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("store sqlite:%s: there is no folder %s; make it, or set store.url to another place", path, folder)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("store sqlite:%s: the file cannot be written; let this user write it and the folder %s", path, folder)
	case err != nil:
		return nil, fmt.Errorf("store sqlite:%s: %w", path, err)
	}
	d := &database{url: "sqlite:" + path, path: path, dialect: onSQLite()}
	if d.w, d.r, err = openSQLite(path); err != nil {
		return nil, fmt.Errorf("store %s: %w", d.url, err)
	}
	return d, nil
}

func atServer(ctx context.Context, address string) (*database, error) {
	name := redacted(address)
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("store %s: the address cannot be read; write postgres://USER:PASSWORD@HOST:PORT/DATABASE", name)
	}
	db := openPostgres(config)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("store %s: %w", name, unreachable(config, err)), db.Close())
	}
	return &database{url: name, address: address, dialect: onPostgres(), w: db, r: db}, nil
}

// unreachable says what to do about a server that lets us not in.
func unreachable(c *pgx.ConnConfig, err error) error {
	const wrongPassword, wrongUser, noDatabase = "28P01", "28000", "3D000"
	switch postgresCode(err) {
	case wrongPassword, wrongUser:
		return fmt.Errorf("PostgreSQL does not let user %q in; check user, password and pg_hba.conf: %w", c.User, err)
	case noDatabase:
		return fmt.Errorf("PostgreSQL has no database %q; make it with: createdb %s", c.Database, c.Database)
	}
	var refused *pgconn.ConnectError
	if errors.As(err, &refused) {
		where := net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port)))
		return fmt.Errorf("no PostgreSQL answers at %s; start it, or correct the address: %w", where, err)
	}
	return err
}

// redacted is an address without its password, which may also stand behind the question mark.
func redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		scheme, _, _ := strings.Cut(address, ":")
		return scheme + ":…"
	}
	if u.RawQuery != "" {
		u.RawQuery = "…"
	}
	return u.Redacted()
}

// migrate brings the tables up to date. Of several processes that find a new SQLite file at once all but one
// fail in mid-migration, which undoes itself; they look again and find it done.
func (d *database) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	options := append([]goose.ProviderOption{
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()), goose.WithGoMigrations(d.dialect.fillShelf(), d.dialect.layLedger()),
	}, d.dialect.migration...)
	provider, err := goose.NewProvider(d.dialect.goose, d.w, files, options...)
	if err != nil {
		return err
	}
	const tries = 4 // the table of versions, the first migration, and two more for the road
	for range tries {
		if err = bringUp(ctx, provider); err == nil || errors.Is(err, errNewer) || ctx.Err() != nil {
			break
		}
	}
	const notADatabase, readOnlyFolder = 26, 1544
	switch code := sqliteCode(err); {
	case code&0xff == notADatabase:
		return errors.New("this file is not a SQLite database; set store.url to another place")
	case code == readOnlyFolder:
		return fmt.Errorf("SQLite keeps files beside this one; let this user write the folder %s", filepath.Dir(d.path))
	}
	return err
}

var errNewer = errors.New("the store was written by a newer Tidings")

func bringUp(ctx context.Context, p *goose.Provider) error {
	have, known, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > known {
		return fmt.Errorf("%w: its tables have version %d, this program knows them up to %d; run the newer program", errNewer, have, known)
	}
	_, err = p.Up(ctx)
	return err
}
