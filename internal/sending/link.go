package sending

import (
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/secret"
)

// Faults of pay links.
var (
	ErrNoLink    = fault.New(fault.NotFound, "pay_link_unknown", "This link is not known, or no longer works.")
	ErrThrottled = fault.New(fault.Limit, "pay_link_throttled", "Too many wrong links came from your network. Try again in an hour.")
)

// PayPath is where pay links lead, before the token.
const PayPath = "/pay/"

// token is 128 bits that nobody without the server's key can guess: 32 hexadecimal digits. They follow from the invoice
// and the version of its link, so that sending again uses the same link although only a fingerprint is stored (AR-6).
func (d Desk) token(org, invoice ids.ID, version int64) string {
	return d.Vault.EqualityHash(strconv.FormatInt(version, 10), string(org), "pay_links", "token", string(invoice))[:32]
}

func (d Desk) url(token string) string { return strings.TrimRight(d.PublicURL, "/") + PayPath + token }

// version is the last version of an invoice's link, 0 for none, and whether it works under the key of today.
func (d Desk) version(tx *db.Tx, invoice ids.ID) (v int64, works bool, err error) {
	var hash string
	var revoked int64
	err = tx.Row(`SELECT version, hash, revoked FROM pay_links WHERE org_id = $1 AND invoice_id = $2 ORDER BY version DESC LIMIT 1`,
		string(tx.Org()), string(invoice)).Scan(&v, &hash, &revoked)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("find the link of %s: %w", invoice, err)
	}
	return v, revoked == 0 && hash == secret.HashToken(d.token(tx.Org(), invoice, v)), nil
}

// Known is the pay link of an invoice, "" if it has none that works. Who may see it is the caller's to check.
func (d Desk) Known(tx *db.Tx, invoice ids.ID) (string, error) {
	v, works, err := d.version(tx, invoice)
	if err != nil || !works {
		return "", err
	}
	return d.url(d.token(tx.Org(), invoice, v)), nil
}

// Link is the pay link of an invoice, made on the first call and the same from then on, until it is revoked (AR-7).
func (d Desk) Link(tx *db.Tx, invoice ids.ID) (string, error) {
	v, works, err := d.version(tx, invoice)
	if err != nil {
		return "", err
	}
	if !works {
		v++
		tx.Exec(`INSERT INTO pay_links (hash, org_id, invoice_id, version, created, revoked) VALUES ($1, $2, $3, $4, $5, 0)
			ON CONFLICT (hash) DO NOTHING`, secret.HashToken(d.token(tx.Org(), invoice, v)), string(tx.Org()), string(invoice), v,
			int64(clock.FromTime(tx.Now())))
	}
	return d.url(d.token(tx.Org(), invoice, v)), nil
}

// Revoke ends an invoice's link; the next sending makes another. It fails with fault.ErrForbidden.
func Revoke(tx *db.Tx, invoice ids.ID) error {
	if err := tx.Require(org.ManageReceivables); err != nil {
		return err
	}
	tx.Exec(`UPDATE pay_links SET revoked = $3 WHERE org_id = $1 AND invoice_id = $2 AND revoked = 0`,
		string(tx.Org()), string(invoice), int64(clock.FromTime(tx.Now())))
	tx.Audit("revoke link", "invoice", invoice, `{}`)
	return nil
}

// Find gives the invoice that a token opens, in a transaction of no organisation. It fails with ErrNoLink.
func Find(tx *db.Tx, token string) (orgID, invoice ids.ID, err error) {
	err = tx.Row(`SELECT org_id, invoice_id FROM pay_links WHERE hash = $1 AND revoked = 0`, secret.HashToken(token)).Scan(&orgID, &invoice)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", ErrNoLink
	}
	if err != nil {
		return "", "", fmt.Errorf("find a pay link: %w", err)
	}
	return orgID, invoice, nil
}

// What a network address may try (AR-7).
const (
	mostWrong = 10
	blocked   = time.Hour
)

// Tries counts the wrong tokens of each network address, in the memory of one node. The zero value is ready.
type Tries struct {
	mu    sync.Mutex
	wrong map[string]*tried
}

type tried struct {
	since time.Time
	n     int
}

// Check fails with ErrThrottled once ten wrong tokens have come from the address within an hour.
func (t *Tries) Check(address string, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if w := t.wrong[address]; w != nil && !w.over(now) && w.n >= mostWrong {
		return ErrThrottled
	}
	return nil
}

// Wrong counts a wrong token.
func (t *Tries) Wrong(address string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.wrong == nil {
		t.wrong = map[string]*tried{}
	}
	if len(t.wrong) > 10_000 {
		for a, w := range t.wrong {
			if w.over(now) {
				delete(t.wrong, a)
			}
		}
	}
	w := t.wrong[address]
	if w == nil || w.over(now) {
		w = &tried{since: now}
		t.wrong[address] = w
	}
	w.n++
}

// over reports whether the hour has passed, or the clock of a sandbox was set back.
func (w *tried) over(now time.Time) bool { return now.Sub(w.since) >= blocked || now.Before(w.since) }
