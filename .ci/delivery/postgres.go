package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"tidings/.ci/sink"
	_ "tidings/digest/store" // knows the driver
)

// postgres sends from PostgreSQL and from SQLite in turn, both of which wait for the disk.
func (b *bench) postgres(ctx context.Context) (string, error) {
	server := os.Getenv("PEER_POSTGRES")
	if server == "" {
		return "", errAbsent("start PostgreSQL first, by .ci/peers")
	}
	db, err := sql.Open("pgx", server)
	if err != nil {
		return "", err
	}
	defer db.Close()
	// The peers' database waits for no disk, until it is told to.
	defer flush(context.WithoutCancel(ctx), db, "RESET %s")
	if err := flush(ctx, db, "SET %s = on"); err != nil {
		return "", err
	}
	s := &sink.Sink{}
	address, err := s.Listen()
	if err != nil {
		return "", err
	}
	defer s.Close()
	var ratios, rates []float64
	for round := range b.rounds {
		theirs, err := b.sendPostgres(ctx, db, server, s, address, round)
		if err != nil {
			return "", err
		}
		ours, err := b.sendFresh(ctx, s, address, 16)
		if err != nil {
			return "", err
		}
		ratios, rates = append(ratios, theirs.Rate()/ours.Rate()), append(rates, theirs.Rate())
	}
	return fmt.Sprintf("%.2f; %.0f /s", median(ratios), median(rates)), nil
}

// flush changes whether PostgreSQL waits for the disk.
func flush(ctx context.Context, db *sql.DB, how string) error {
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		if _, err := db.ExecContext(ctx, "ALTER SYSTEM "+fmt.Sprintf(how, setting)); err != nil {
			return err
		}
	}
	_, err := db.ExecContext(ctx, "SELECT pg_reload_conf()")
	return err
}

// sendPostgres makes a house in a schema of its own, and sends what it owes.
func (b *bench) sendPostgres(ctx context.Context, db *sql.DB, server string, s *sink.Sink, address string, round int) (got sent, err error) {
	schema := fmt.Sprintf("delivery_%d_%d", os.Getpid(), round)
	if _, err := db.ExecContext(ctx, "CREATE SCHEMA "+schema); err != nil {
		return sent{}, err
	}
	defer func() {
		_, dropped := db.ExecContext(context.WithoutCancel(ctx), "DROP SCHEMA "+schema+" CASCADE")
		err = errors.Join(err, dropped)
	}()
	h := house{program: b.program, dir: filepath.Join(b.dir, schema), relay: address, store: server + "&search_path=" + schema}
	defer h.remove()
	if _, err := b.seal(ctx, h, b.readers); err != nil {
		return sent{}, err
	}
	return b.send(ctx, h, s, 16)
}
