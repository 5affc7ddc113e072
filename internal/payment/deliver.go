package payment

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/receipt"
)

// bankFile is a row of bank_files without its bytes.
type bankFile struct {
	id, batch          ids.ID
	kind, name, state  string
	ending             string // of its name; empty: that of its kind
	sha256, detail     string
	created, delivered clock.Instant
	placed             clock.Instant // when the bank's host was asked to give it its name
}

// endings are the names of files that leave, behind instant and id, by kind. What ends in .pdf goes to checks/.
var endings = map[string]string{"ach": ".ach", "prenote": ".ach", "debit": ".ach", "retry": ".ach", "validation": ".ach", "accounttest": ".ach", "reversal": ".ach", "wire": "-wire.xml", "positivepay": "-positivepay.csv", "checks": "-checks.pdf",
	"stops": "-positivepay.csv", "recall": "-recall.csv", "decisions": "-decisions.csv"}

// place is the folder a kind of file is put into.
func place(kind string) string {
	if kind == "checks" {
		return "checks"
	}
	return "out"
}

// store adds a file that leaves, with its bytes sealed; a print run has none yet.
func (e *Engine) store(tx *db.Tx, f bankFile, content []byte) error {
	var sealed string
	if content != nil {
		var err error
		if sealed, err = e.seal(tx.Org(), f.id, content); err != nil {
			return err
		}
		f.sha256 = digest(content)
	}
	tx.Exec(`INSERT INTO bank_files (org_id, id, direction, kind, batch_id, name, sha256, size, state, detail, created, delivered, bytes, ending)
		VALUES ($1, $2, 'out', $3, $4, '', $5, $6, $7, $8, $9, 0, $10, $11)`, string(tx.Org()), string(f.id), f.kind, string(f.batch), f.sha256,
		int64(len(content)), f.state, f.detail, int64(clock.FromTime(tx.Now())), sealed, f.ending)
	return nil
}

func (e *Engine) seal(org, file ids.ID, content []byte) (string, error) {
	return e.vault.Seal(content, string(org), "bank_files", "bytes", string(file))
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// Deliver prints what is to be printed, puts stored files into the folders and marks what they carry as sent. A file's
// name is fixed in its row before its bytes leave; they are written under another name, synced and renamed. So a run
// that was cut short finds the file whole under its name, or not at all and writes the same bytes. Under the name other
// bytes mean that nobody knows what the bank has: the file becomes delivery_unknown, and a person decides (XO-2).
//
// Cheques go out once the bank knows of them by positive pay (CHK-6); the print run counts as mailed.
//
// Where the bank has a host, files to the bank go there in the same manner; while it cannot be visited they wait (E24).
func (e *Engine) Deliver(ctx context.Context, org ids.ID, at time.Time) (failed error) {
	failed = e.print(ctx, org, at)
	v, err := e.visit(ctx, org, at)
	if err != nil {
		return errors.Join(failed, err)
	}
	defer func() { failed = errors.Join(failed, v.close(ctx)) }()
	ready, err := e.find(ctx, org, `SELECT id FROM bank_files WHERE org_id = $1 AND state = 'ready' ORDER BY id`, string(org))
	failed = errors.Join(failed, err)
	for _, id := range ready {
		err := e.deliver(ctx, v, at, ids.ID(id))
		if v.failed != nil && (errors.Is(err, v.failed) || errors.Is(err, errUnannounced)) {
			continue // it is noted, and the visit made again
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("deliver file %s: %w", id, err))
		}
	}
	return failed
}

// errUnannounced are cheques of which the bank does not know yet (CHK-6).
var errUnannounced = errors.New("the positive-pay file of these cheques has not left")

func (e *Engine) deliver(ctx context.Context, v *visit, at time.Time, id ids.ID) error {
	org := v.org
	var f bankFile
	var sealed string
	err := e.db.WriteAt(ctx, caller(org), at, func(tx *db.Tx) (err error) {
		if f, sealed, err = lockFile(tx, id); err != nil || f.state != "ready" || f.name != "" {
			return err
		}
		var announced int64
		if err := tx.Row(`SELECT count(*) FROM checks c LEFT JOIN bank_files f ON f.org_id = c.org_id AND f.id = c.issue_file
			WHERE c.org_id = $1 AND c.run_file = $2 AND c.state = 'allocated' AND (f.id IS NULL OR f.state IN ('ready', 'delivery_unknown'))`,
			string(org), string(id)).Scan(&announced); err != nil {
			return err
		}
		if f.kind == "checks" && announced > 0 {
			return errUnannounced
		}
		f.name = at.UTC().Format("20060102T150405Z") + "-" + string(id) + cmp.Or(f.ending, endings[f.kind])
		tx.ExecOne(`UPDATE bank_files SET name = $3 WHERE org_id = $1 AND id = $2`, string(org), string(id), f.name)
		return nil
	})
	if err != nil || f.state != "ready" {
		return err
	}
	content, err := e.vault.Open(sealed, string(org), "bank_files", "bytes", string(id))
	if err != nil {
		return err
	}
	if digest(content) != f.sha256 {
		return errors.New("the stored bytes do not have their SHA-256")
	}
	if to := place(f.kind); v.host != nil && to == "out" {
		err = v.put(ctx, f, content)
	} else {
		err = put(e.folder(org, to), f.name, content)
	}
	if errors.Is(err, errDoubt) {
		e.log.ErrorContext(ctx, "nobody knows whether the bank has a file", "org", org, "file", id, "name", f.name, "error", err)
		return e.db.WriteAt(ctx, caller(org), at, func(tx *db.Tx) error {
			return doubt(tx, f, short(err))
		})
	}
	if err != nil {
		return err
	}
	return e.db.WriteAt(ctx, caller(org), at, func(tx *db.Tx) error {
		f, _, err := lockFile(tx, id)
		if err != nil || f.state != "ready" {
			return err
		}
		return delivered(tx, f, tx.Now())
	})
}

// left is when a file went to the bank of which it was learnt later that the bank has it: when the host was asked to give
// it its name, else when it got that.
func (f bankFile) left() time.Time {
	if f.placed > 0 {
		return f.placed.Time()
	}
	stamp, _, _ := strings.Cut(f.name, "-")
	at, err := time.Parse("20060102T150405Z", stamp)
	if err != nil { // it has no name of ours: it counts from when it was made
		return f.created.Time()
	}
	return at
}

// fileOf is the id in the name of a file that has left; empty if there is none.
func fileOf(name string) ids.ID {
	_, rest, _ := strings.Cut(name, "-")
	return ids.ID(rest[:min(len(rest), 20)])
}

const fileColumns = `id, kind, batch_id, name, sha256, state, detail, created, delivered, placed, ending`

func (f *bankFile) dest() []any {
	return []any{(*string)(&f.id), &f.kind, (*string)(&f.batch), &f.name, &f.sha256, &f.state, &f.detail, (*int64)(&f.created), (*int64)(&f.delivered),
		(*int64)(&f.placed), &f.ending}
}

// lockFile reads a file with its sealed bytes and keeps it until the transaction ends.
func lockFile(tx *db.Tx, id ids.ID) (f bankFile, sealed string, err error) {
	err = tx.Row(`SELECT `+fileColumns+`, bytes FROM bank_files WHERE org_id = $1 AND id = $2`+tx.ForUpdate(), string(tx.Org()), string(id)).
		Scan(append(f.dest(), &sealed)...)
	return f, sealed, err
}

// What makes a delivery doubtful: errOther is a name under which other bytes stand.
var (
	errDoubt = errors.New("delivery unknown")
	errOther = fmt.Errorf("%w: another file stands under its name", errDoubt)
)

// put writes a file under its name, whole or not at all, unless it is there already. It fails with errOther.
func put(dir, name string, content []byte) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	final := filepath.Join(dir, name)
	there, err := os.ReadFile(final)
	switch {
	case err == nil && bytes.Equal(there, content):
		return syncFolder(dir)
	case err == nil:
		return errOther
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	temp, err := os.CreateTemp(dir, ".out-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(content)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err == nil {
		err = os.Rename(temp.Name(), final)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return syncFolder(dir)
}

// syncFolder makes the names in a folder outlast a crash.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// delivered marks a file that left at an instant, and what it carries as sent.
func delivered(tx *db.Tx, f bankFile, at time.Time) error {
	org := string(tx.Org())
	tx.ExecOne(`UPDATE bank_files SET state = 'delivered', delivered = $3 WHERE org_id = $1 AND id = $2`, org, string(f.id),
		int64(clock.FromTime(tx.Now())))
	tx.Audit("deliver", "bankFile", f.id, "")
	switch f.kind {
	case "positivepay", "stops", "recall", "decisions":
		return nil
	case "checks":
		_, err := mail(tx, f, CheckAllocated, 0, math.MaxInt64)
		return err
	}
	tx.ExecOne(`UPDATE disbursement_batches SET state = 'sent' WHERE org_id = $1 AND id = $2`, org, string(f.batch))
	tx.Exec(`UPDATE disbursements SET state = 'sent' WHERE org_id = $1 AND batch_id = $2 AND state = 'released'`, org, string(f.batch))
	c := change{file: f.id}
	if f.kind == "ach" || f.kind == "debit" || f.kind == "retry" {
		var err error
		if c.arrival, err = missed(tx, f, at); err != nil {
			return err
		}
	}
	if !c.arrival.IsZero() && f.kind != "ach" {
		return receipt.SettleLater(tx, f.batch, c.arrival)
	}
	return moveBatch(tx, f.batch, Sent, c, InFile)
}

// missed is the day on which the entries of a file arrive that left at an instant after the last window of its effective
// date (16:45 New York, ACH-5), and the zero date for any other file. The day becomes the effective date of the batch (the
// bytes keep theirs), and a task says so to people (15.5 E24).
func missed(tx *db.Tx, f bankFile, at time.Time) (civil.Date, error) {
	var effective civil.Date
	err := tx.Row(`SELECT effective_date FROM disbursement_batches WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(f.batch)).Scan(&effective)
	if err != nil {
		return civil.Date{}, fmt.Errorf("effective date of batch %s: %w", f.batch, err)
	}
	reached := civil.Of(at, civil.NewYork)
	if at.After(reached.At(16, 45, civil.NewYork)) {
		reached = reached.AddDays(1)
	}
	if !effective.Before(reached) {
		return civil.Date{}, nil
	}
	reached = banking.OnOrAfter(reached)
	tx.ExecOne(`UPDATE disbursement_batches SET effective_date = $3 WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(f.batch), reached.String())
	return reached, addTask(tx, TaskOperator, f.id, "late", "The bank got this file too late for "+effective.String()+": its payments arrive on "+
		reached.String()+". Tell those who wait for them.")
}

// moveBatch moves every payment of a batch that is in one of the given states.
func moveBatch(tx *db.Tx, batch ids.ID, to string, c change, from ...string) error {
	members, err := texts(tx, `SELECT payment_id FROM disbursements WHERE org_id = $1 AND batch_id = $2 ORDER BY payment_id`,
		string(tx.Org()), string(batch))
	if err != nil {
		return err
	}
	for _, id := range members {
		p, err := lock(tx, id)
		if err != nil {
			return err
		}
		for _, s := range from {
			if p.State == s {
				if err := p.move(tx, to, c); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

// File is a file to or from the bank.
type File struct {
	ID                 ids.ID
	Kind, Name, State  string
	Created, Delivered clock.Instant
	Content            []byte // with account numbers: mask them before showing
}

// File reads a file with its bytes. The caller needs ViewBanks. It fails with sql.ErrNoRows.
func (e *Engine) File(ctx context.Context, who db.Caller, id ids.ID) (File, error) {
	var f bankFile
	var sealed string
	err := e.db.Read(ctx, who, func(tx *db.Tx) (err error) {
		if err := tx.Require(org.ViewBanks); err != nil {
			return err
		}
		f, sealed, err = lockFile(tx, id)
		return err
	})
	if err != nil {
		return File{}, err
	}
	out := File{ID: f.id, Kind: f.kind, Name: f.name, State: f.state, Created: f.created, Delivered: f.delivered}
	if sealed != "" {
		out.Content, err = e.vault.Open(sealed, string(who.Org), "bank_files", "bytes", string(id))
	}
	return out, err
}
