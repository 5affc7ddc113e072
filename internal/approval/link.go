package approval

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/secret"
)

// LinkChannel is how whoever holds a link in a mail comes.
const LinkChannel = "maillink"

// linkDays is how long a link works.
const linkDays = 14

// Faults of links.
var (
	ErrNoLink      = fault.New(fault.NotFound, "approval_link_unknown", "This link is not known, was used already, or is too old.")
	ErrLinkChanged = fault.New(fault.Conflict, "approval_link_void", "This has changed since the mail was sent, so the link no longer works.")
)

// Link lets one user decide once about one document as it is now, without signing in (APR-17). Only a hash of its token is
// kept. It gives the token.
func (k Kind) Link(tx *db.Tx, f *Facts, user ids.ID) string {
	token := secret.NewToken(secret.Alphanumeric, 40)
	tx.Exec(`INSERT INTO approval_links (hash, org_id, object_id, user_id, print, created, expires, used) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`,
		secret.HashToken(token), string(tx.Org()), string(f.ID), string(user), f.Print(), int64(clock.FromTime(tx.Now())),
		int64(clock.FromTime(tx.Now().AddDate(0, 0, linkDays))))
	return token
}

// Held is what a link opens.
type Held struct {
	Caller db.Caller // whom the link makes of whoever holds it: the user, who may look and decide here and nothing else
	Kind   Kind
	ID     ids.ID
}

// Find gives what a token opens, in a transaction of no organisation; address is where it comes from. It fails with
// ErrNoLink.
func Find(tx *db.Tx, token, address string) (h Held, err error) {
	var user string
	var expires int64
	err = tx.Row(`SELECT org_id, object_id, user_id, expires FROM approval_links WHERE hash = $1 AND used = 0`, secret.HashToken(token)).
		Scan((*string)(&h.Caller.Org), (*string)(&h.ID), &user, &expires)
	if errors.Is(err, sql.ErrNoRows) || err == nil && clock.FromTime(tx.Now()) >= clock.Instant(expires) {
		return Held{}, ErrNoLink
	}
	if err != nil {
		return Held{}, fmt.Errorf("find a link: %w", err)
	}
	k, ok := kindOf(h.ID)
	if !ok {
		return Held{}, ErrNoLink
	}
	h.Kind = k
	h.Caller.User, h.Caller.Perms, h.Caller.Channel, h.Caller.Address = ids.ID(user), db.Of(org.ViewBills, org.ApproveBills), LinkChannel, address
	return h, nil
}

// kindOf is the kind of the document with that id.
func kindOf(id ids.ID) (Kind, bool) {
	for _, k := range kinds {
		if id.Is(k.Documents.Prefix) {
			return k, true
		}
	}
	return Kind{}, false
}

// Check fails unless the holder of the link may decide now: with ErrNoLink, ErrLinkChanged for a document that is not what
// the mail showed, and ErrNotTurn. It runs in a transaction of the holder.
func (h Held) Check(tx *db.Tx, token string) error {
	_, err := h.open(tx, token)
	return err
}

func (h Held) open(tx *db.Tx, token string) (*document, error) {
	able, err := org.Holds(tx, h.Caller.User, org.ApproveBills)
	if err != nil {
		return nil, err
	}
	if !able {
		return nil, ErrNoLink
	}
	d, err := h.Kind.load(tx, h.ID)
	if errors.Is(err, fault.ErrNotFound) || errors.Is(err, fault.ErrReference) {
		return nil, ErrLinkChanged
	}
	if err != nil {
		return nil, err
	}
	var shown string
	err = tx.Row(`SELECT print FROM approval_links WHERE org_id = $1 AND hash = $2 AND used = 0`+tx.ForUpdate(), string(tx.Org()), secret.HashToken(token)).Scan(&shown)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNoLink
	}
	if err != nil {
		return nil, fmt.Errorf("read a link: %w", err)
	}
	if shown != d.facts.Print() {
		return nil, ErrLinkChanged
	}
	c, err := h.Kind.chain(tx, h.ID)
	if err != nil {
		return nil, err
	}
	_, err = c.acting(tx, h.Caller.User, d.facts.Amount)
	return d, err
}

// Decide approves, or denies with a reason, in a transaction of the holder, and uses up the link. It fails as Check and
// Approve do, and with fault.ErrMissing for a denial without a reason.
func (h Held) Decide(tx *db.Tx, token string, approve bool, comment string) error {
	if _, err := h.open(tx, token); err != nil {
		return err
	}
	n, err := tx.ExecNow(`UPDATE approval_links SET used = $3 WHERE org_id = $1 AND hash = $2 AND used = 0`, string(tx.Org()),
		secret.HashToken(token), int64(clock.FromTime(tx.Now())))
	if err != nil {
		return err
	}
	if n != 1 {
		return ErrNoLink
	}
	if approve {
		return h.Kind.Approve(tx, h.ID, comment)
	}
	if strings.TrimSpace(comment) == "" {
		return fault.ErrMissing.On("comment")
	}
	return h.Kind.Deny(tx, h.ID, comment)
}

// LinkPath is where links in mails lead, before the token.
const LinkPath = "/approve/"

// linkURL is the address of a link.
func linkURL(publicURL, token string) string {
	return strings.TrimRight(publicURL, "/") + LinkPath + token
}

// oldLinks forgets links that no longer work.
func oldLinks(tx *db.Tx, now time.Time) {
	tx.Exec(`DELETE FROM approval_links WHERE org_id = $1 AND expires < $2`, string(tx.Org()), int64(clock.FromTime(now)))
}
