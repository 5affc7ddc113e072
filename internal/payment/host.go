package payment

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/bankhost"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// Host is the SFTP host of an organisation's bank. With one, files to the bank go there and not into out/, and what lies
// there for us is fetched into in/; cheques to print stay in their folder.
type Host struct {
	bankhost.Settings               // without our private key
	PublicKey         string        // of our key, for the bank
	Failure           string        // of the last visit; empty: it went well
	RetryAt           clock.Instant // after a failure: not before then
	Fetched           clock.Instant // when its inbox was last read

	sealed string // our private key
}

// After a visit that failed the next one waits, as does the next look into the inbox.
const (
	hostRetry = 5 * time.Minute
	// FetchEvery is the time between two looks into the inbox of a host (domain, appendix B).
	FetchEvery = 15 * time.Minute
)

// LoadHost reads the organisation's host. It needs ViewBanks and fails with sql.ErrNoRows where there is none.
func LoadHost(tx *db.Tx) (h Host, err error) {
	if err := tx.Require(org.ViewBanks); err != nil {
		return h, err
	}
	err = tx.Row(`SELECT address, user_name, host_key, key, public_key, outbox, inbox, failure, retry_at, fetched FROM bank_hosts WHERE org_id = $1`,
		string(tx.Org())).Scan(&h.Address, &h.User, &h.HostKey, &h.sealed, &h.PublicKey, &h.Outbox, &h.Inbox, &h.Failure, (*int64)(&h.RetryAt),
		(*int64)(&h.Fetched))
	return h, err
}

// SetHost stores how the organisation's bank is reached. A host keeps our key over changes; a new one gets a new key,
// whose public half the bank needs. It needs ManageBanks.
func (e *Engine) SetHost(ctx context.Context, who db.Caller, s bankhost.Settings) (Host, error) {
	if err := s.Check(); err != nil {
		return Host{}, err
	}
	private, public, err := bankhost.NewKey()
	if err != nil {
		return Host{}, err
	}
	sealed, err := e.vault.Seal(private, hostPlace(who.Org)...)
	if err != nil {
		return Host{}, err
	}
	var h Host
	err = e.db.Write(ctx, who, func(tx *db.Tx) error {
		if err := tx.Require(org.ManageBanks); err != nil {
			return err
		}
		if _, err := org.Load(tx); err != nil {
			return err
		}
		was, err := LoadHost(tx)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		tx.Exec(`INSERT INTO bank_hosts (org_id, address, user_name, host_key, key, public_key, outbox, inbox, failure, retry_at, fetched)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', 0, 0) ON CONFLICT (org_id) DO UPDATE SET address = excluded.address,
			user_name = excluded.user_name, host_key = excluded.host_key, outbox = excluded.outbox, inbox = excluded.inbox,
			failure = '', retry_at = 0, fetched = 0`,
			string(tx.Org()), s.Address, s.User, strings.TrimSpace(s.HostKey), sealed, public, s.Outbox, s.Inbox)
		h, err = LoadHost(tx)
		if err != nil {
			return err
		}
		changes, err := json.Marshal(map[string][2]string{"address": {was.Address, h.Address}, "user": {was.User, h.User}, "hostKey": {was.HostKey, h.HostKey},
			"outbox": {was.Outbox, h.Outbox}, "inbox": {was.Inbox, h.Inbox}})
		tx.Audit("set host", "bankHost", tx.Org(), string(changes))
		return err
	})
	return h, err
}

func hostPlace(org ids.ID) []string { return []string{string(org), "bank_hosts", "key"} }

// RemoveHost has files go into the folder again. It needs ManageBanks.
func RemoveHost(tx *db.Tx) error {
	if err := tx.Require(org.ManageBanks); err != nil {
		return err
	}
	tx.Exec(`DELETE FROM bank_hosts WHERE org_id = $1`, string(tx.Org()))
	tx.Audit("remove host", "bankHost", tx.Org(), "")
	return nil
}

// Hosts are the organisations whose inbox is to be read at the instant at.
func Hosts(tx *db.Tx, at time.Time) ([]string, error) {
	return texts(tx, `SELECT org_id FROM bank_hosts WHERE fetched <= $1 AND retry_at <= $2 ORDER BY org_id`,
		int64(clock.FromTime(at.Add(-FetchEvery))), int64(clock.FromTime(at)))
}

// host is the organisation's host, nil if there is none.
func (e *Engine) host(ctx context.Context, org ids.ID) (*Host, error) {
	var h Host
	err := e.db.Read(ctx, caller(org), func(tx *db.Tx) (err error) { h, err = LoadHost(tx); return err })
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the bank's host: %w", err)
	}
	h.Key, err = e.vault.Open(h.sealed, hostPlace(org)...)
	return &h, err
}

// visited notes how a visit went.
func (e *Engine) visited(ctx context.Context, org ids.ID, at time.Time, failure error, fetched bool) error {
	if failure != nil {
		e.log.WarnContext(ctx, "a visit to the bank's host failed", "org", org, "error", failure)
	}
	return e.db.WriteAt(ctx, caller(org), at, func(tx *db.Tx) error {
		now := int64(clock.FromTime(at))
		if failure != nil {
			tx.Exec(`UPDATE bank_hosts SET failure = $2, retry_at = $3 WHERE org_id = $1`, string(org), short(failure),
				int64(clock.FromTime(at.Add(hostRetry))))
			return nil
		}
		tx.Exec(`UPDATE bank_hosts SET failure = '', retry_at = 0 WHERE org_id = $1 AND retry_at <> 0`, string(org))
		if fetched {
			tx.Exec(`UPDATE bank_hosts SET fetched = $2 WHERE org_id = $1`, string(org), now)
		}
		return nil
	})
}

// short is what an error says, as far as a row keeps it.
func short(err error) string {
	r := []rune(strings.ToValidUTF8(err.Error(), "?"))
	return string(r[:min(len(r), 500)])
}

// visit is a door to the bank's host: it is opened with the first file, and stays shut once it failed.
type visit struct {
	e      *Engine
	org    ids.ID
	at     time.Time
	host   *Host
	open   *bankhost.Host
	failed error
}

// errClosed is a host that is left alone for some minutes.
var errClosed = errors.New("the bank's host is not visited now")

// visit is the door to the organisation's host, if it has one.
func (e *Engine) visit(ctx context.Context, org ids.ID, at time.Time) (*visit, error) {
	h, err := e.host(ctx, org)
	v := &visit{e: e, org: org, at: at, host: h}
	if h != nil && h.RetryAt.Time().After(at) {
		v.failed = errClosed
	}
	return v, err
}

// put brings a file to the host, whole and once (XO-2). Its name is fixed; that it is about to get it there is noted
// before. If that was noted and the host has neither the file nor what was staged for it, or another one, nobody knows
// what the bank has: errDoubt.
func (v *visit) put(ctx context.Context, f bankFile, content []byte) error {
	if v.failed != nil {
		return v.failed
	}
	if v.open == nil {
		if v.open, v.failed = bankhost.Dial(ctx, v.host.Settings); v.failed != nil {
			return v.failed
		}
	}
	there, err := v.open.Look(f.name)
	switch {
	case err != nil:
		v.failed = err
		return err
	case there.Placed == int64(len(content)):
		return nil
	case there.Placed >= 0:
		return fmt.Errorf("%w: the bank's host has another file under its name", errDoubt)
	case f.placed != 0 && there.Staged < 0:
		return fmt.Errorf("%w: the bank's host was about to get it and has it no longer", errDoubt)
	}
	if v.failed = v.open.Stage(f.name, content); v.failed != nil {
		return v.failed
	}
	err = v.e.db.WriteAt(ctx, caller(v.org), v.at, func(tx *db.Tx) error {
		tx.ExecOne(`UPDATE bank_files SET placed = $3 WHERE org_id = $1 AND id = $2 AND state = 'ready'`, string(v.org), string(f.id),
			int64(clock.FromTime(tx.Now())))
		return nil
	})
	if err != nil {
		return err
	}
	v.failed = v.open.Place(f.name)
	return v.failed
}

// close ends the visit, and notes how it went if there was one.
func (v *visit) close(ctx context.Context) error {
	if v.failed == errClosed || v.open == nil && v.failed == nil { //nolint:errorlint // the very one
		return nil
	}
	if v.open != nil {
		_ = v.open.Close() // what was placed is placed
	}
	return v.e.visited(ctx, v.org, v.at, v.failed, false)
}

// Fetch brings what lies for us on the bank's host into in/, where TakeIn reads it. Files stay on the host; one that it
// had before, with the same size and time, is not fetched again. One that the bank is still writing waits for the next
// time, and so does everything if the host cannot be visited.
func (e *Engine) Fetch(ctx context.Context, org ids.ID, at time.Time) error {
	h, err := e.host(ctx, org)
	if err != nil || h == nil {
		return err
	}
	return e.visited(ctx, org, at, e.fetch(ctx, org, h, at), true)
}

// VisitHost lists what lies for us on the organisation's host; nil without one.
func (e *Engine) VisitHost(ctx context.Context, org ids.ID) (files []bankhost.File, err error) {
	h, err := e.host(ctx, org)
	if err != nil || h == nil {
		return nil, err
	}
	open, err := bankhost.Dial(ctx, h.Settings)
	if err != nil {
		return nil, err
	}
	defer func() { _ = open.Close() }()
	return open.List()
}

func (e *Engine) fetch(ctx context.Context, org ids.ID, h *Host, at time.Time) error {
	open, err := bankhost.Dial(ctx, h.Settings)
	if err != nil {
		return err
	}
	defer func() { _ = open.Close() }()
	all, err := open.List()
	if err != nil {
		return err
	}
	for _, f := range all {
		if err := e.fetchFile(ctx, org, open, f, at); err != nil { // it waits; the host is not to blame, nor files that leave
			e.log.WarnContext(ctx, "a file on the bank's host is not fetched", "org", org, "error", err)
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	_, err = open.List() // whether the host is still there
	return err
}

func (e *Engine) fetchFile(ctx context.Context, org ids.ID, open *bankhost.Host, f bankhost.File, at time.Time) error {
	known, err := e.find(ctx, org, `SELECT name FROM bank_host_files WHERE org_id = $1 AND name = $2 AND size = $3 AND modified = $4`,
		string(org), f.Name, f.Size, int64(clock.FromTime(f.Modified)))
	if err != nil || len(known) > 0 {
		return err
	}
	if f.Size > maxInbound {
		return fmt.Errorf("%s on the bank's host is larger than 100 MB", f.Name)
	}
	content, err := open.Read(f)
	if err != nil {
		return err
	}
	in := e.folder(org, "in")
	if err = put(in, f.Name, content); errors.Is(err, errOther) { // the bank uses names again
		ext := filepath.Ext(f.Name)
		err = put(in, strings.TrimSuffix(f.Name, ext)+"-"+digest(content)[:12]+ext, content)
	}
	if err != nil {
		return err
	}
	return e.db.WriteAt(ctx, caller(org), at, func(tx *db.Tx) error {
		tx.Exec(`INSERT INTO bank_host_files (org_id, name, size, modified) VALUES ($1, $2, $3, $4)
			ON CONFLICT (org_id, name) DO UPDATE SET size = excluded.size, modified = excluded.modified`,
			string(org), f.Name, f.Size, int64(clock.FromTime(f.Modified)))
		return nil
	})
}

// atHost is from when the first file can leave, which waits since then: while the bank's host is left alone, only cheques
// to print do.
func atHost(tx *db.Tx, since int64) (int64, error) {
	if since == 0 {
		return 0, nil
	}
	var retry int64
	err := tx.Row(`SELECT CAST(coalesce(max(retry_at), 0) AS BIGINT) FROM bank_hosts WHERE org_id = $1`, string(tx.Org())).Scan(&retry)
	if err != nil || retry == 0 {
		return since, err
	}
	var prints int64
	err = tx.Row(`SELECT CAST(coalesce(min(f.created), 0) AS BIGINT) FROM bank_files f WHERE f.org_id = $1 AND f.state IN ('unprinted', 'ready')
		AND f.kind = 'checks' AND NOT EXISTS (SELECT 1 FROM bank_files p WHERE p.org_id = f.org_id AND p.batch_id = f.batch_id
			AND p.kind = 'positivepay' AND p.state = 'ready')`, string(tx.Org())).Scan(&prints)
	if prints > 0 {
		return prints, err
	}
	return max(since, retry), err
}
