package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"tidings/subscribers"
)

// Providers counts what became of each edition at the domains whose servers refused letters because of us since
// a time. A few odd answers are not counted, see [subscribers.Provider.Alarm].
func (r *Readers) Providers(ctx context.Context, since time.Time) ([]subscribers.Provider, error) {
	const query = `
		SELECT b.domain, e.key, COUNT(DISTINCT b.subscriber), MAX(b.at),
			(SELECT COUNT(*) FROM delivery d JOIN subscriber s ON s.id = d.subscriber WHERE d.letter = e.id AND s.domain = b.domain)
		FROM bounce b JOIN edition e ON e.id = b.letter
		WHERE b.kind = 'blocked' AND b.at >= $1
		GROUP BY b.domain, e.key, e.id HAVING COUNT(DISTINCT b.subscriber) > 1
		ORDER BY 4 DESC, b.domain`
	var all []subscribers.Provider
	err := each(ctx, r.r, func(rows *sql.Rows) error {
		var p subscribers.Provider
		var last int64
		err := rows.Scan(&p.Domain, &p.Edition, &p.Blocked, &last, &p.Letters)
		p.Last = moment(last)
		all = append(all, p)
		return err
	}, query, millis(since))
	if err != nil {
		return nil, fmt.Errorf("count what providers refused: %w", err)
	}
	return all, nil
}
