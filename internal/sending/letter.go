package sending

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/vendor"
)

// ErrAddress refuses a letter to an incomplete address.
var ErrAddress = fault.New(fault.Invalid, "customer_address", "A letter cannot be mailed: the customer's billing address is incomplete.")

// PrintKind is the kind of work that prints a letter.
const PrintKind = "letter"

// Letter queues an invoice for the post and notes that it was sent. The PDF is printed into a folder of that day, from
// where people or a print service take it. It fails with fault.ErrForbidden, invoice.ErrNoInvoice and ErrAddress.
func (d Desk) Letter(tx *db.Tx, id ids.ID) error {
	if err := tx.Require(org.ManageReceivables); err != nil {
		return err
	}
	i, err := invoice.ForPayment(tx, id)
	if err != nil {
		return err
	}
	c, err := customer.Customers.Load(tx, i.CustomerID)
	if err != nil {
		return err
	}
	if !complete(c.Bill) {
		return ErrAddress.On("customerId")
	}
	link, err := d.Link(tx, i.ID)
	if err != nil {
		return err
	}
	p, err := sheet(tx, i, c, link)
	if err != nil {
		return err
	}
	key, err := keep(tx, i.ID, p)
	if err != nil {
		return err
	}
	letter := ids.New(ids.Mail)
	tx.Exec(`INSERT INTO letters (org_id, id, invoice_id, sheet_id, state, file, created, printed) VALUES ($1, $2, $3, $4, 'queued', '', $5, 0)`,
		string(tx.Org()), string(letter), string(i.ID), key, int64(clock.FromTime(tx.Now())))
	job.Enqueue(tx, PrintKind, string(letter), tx.Now())
	sent(tx, i, "mail on paper")
	return nil
}

// complete reports whether mail can reach the address; what is missing for a vendor's cheque is missing here (BDCE052).
func complete(a customer.Address) bool {
	if vendor.CountryCode(a.Country) == "US" {
		return a.Line1 != "" && a.City != "" && a.Region != "" && a.Zip != ""
	}
	return a.Line1 != "" && a.City != "" && a.Country != ""
}

// Printer is the job.Handler of PrintKind: it writes the PDF of a letter to dir/<organisation>/<day>/ and takes the letter
// for printed. After a crash between the two it writes the same file again.
func Printer(d *db.DB, dir string) job.Handler {
	render := Make(d)
	return func(ctx context.Context, it job.Item, at time.Time) error {
		who := db.Caller{Org: it.Org, Channel: "job"}
		var sheet, number, state string
		var created clock.Instant
		var o org.Organisation
		err := d.Read(ctx, who, func(tx *db.Tx) (err error) {
			if err = tx.Row(`SELECT l.sheet_id, i.invoice_number, l.state, l.created FROM letters l JOIN invoices i ON i.org_id = l.org_id AND i.id = l.invoice_id
				WHERE l.org_id = $1 AND l.id = $2`, string(it.Org), it.Key).Scan(&sheet, &number, &state, &created); err != nil {
				return err
			}
			o, err = org.Load(tx)
			return err
		})
		if errors.Is(err, sql.ErrNoRows) || err == nil && state != "queued" {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read letter %s: %w", it.Key, err)
		}
		content, err := render(ctx, it.Org, sheet)
		if err != nil {
			return err
		}
		name := filepath.Join(civil.Of(created.Time(), o.Location()).String(), strings.TrimSuffix(FileName(number), ".pdf")+"-"+it.Key+".pdf")
		if err := write(filepath.Join(dir, string(it.Org), name), content); err != nil {
			return fmt.Errorf("print letter %s: %w", it.Key, err)
		}
		return d.WriteAt(context.WithoutCancel(ctx), who, at, func(tx *db.Tx) error {
			tx.Exec(`UPDATE letters SET state = 'printed', file = $3, printed = $4 WHERE org_id = $1 AND id = $2`,
				string(it.Org), it.Key, name, int64(clock.FromTime(tx.Now())))
			return job.Done(tx, it)
		})
	}
}

// write puts a file in place whole or not at all.
func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".letter-*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
