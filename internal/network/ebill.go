package network

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/document"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/paper"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/sending"
	"github.com/duebook/duebook/internal/vendor"
)

// Channel is the channel of what came over the network: an e-bill has it (CAP-1).
const Channel = "network"

// Bills is the job.Handler of sending.NetworkKind: an invoice that was sent to a linked customer becomes a bill of the
// organisation at the other end, with the lines and the document, its lines not coded (NET-3, AR-20). An invoice whose
// number the vendor there has a bill of, deleted ones included, makes no second one.
func Bills(d *db.DB, desk sending.Desk, blobs *blob.Store) job.Handler {
	return func(ctx context.Context, it job.Item, at time.Time) error {
		e, err := readEBill(ctx, d, desk, it)
		if err == nil && e != nil {
			err = e.deliver(ctx, d, blobs, at)
		}
		if err != nil {
			return fmt.Errorf("send invoice %s over the network: %w", it.Key, err)
		}
		return d.WriteAt(ctx, db.Caller{Org: it.Org, Channel: "job"}, at, func(tx *db.Tx) error { return job.Done(tx, it) })
	}
}

// eBill is an invoice on its way to the organisation that its customer is linked to.
type eBill struct {
	from, to, vendor ids.ID // vendor: what stands for us there
	invoice          *invoice.Invoice
	sheet            paper.Invoice
}

// readEBill reads the invoice; nil if it was deleted or its customer is linked no more.
func readEBill(ctx context.Context, d *db.DB, desk sending.Desk, it job.Item) (*eBill, error) {
	e := &eBill{from: it.Org}
	err := d.Read(ctx, db.Caller{Org: it.Org, Perms: org.All, Channel: "job"}, func(tx *db.Tx) (err error) {
		if e.invoice, err = invoice.Invoices.Load(tx, ids.ID(it.Key)); err != nil {
			return err
		}
		if e.invoice.Active != record.Active {
			return sql.ErrNoRows
		}
		err = tx.Row(`SELECT CASE WHEN org_id = $1 THEN peer_id ELSE org_id END, CASE WHEN org_id = $1 THEN peer_record_id ELSE vendor_id END
			FROM network_requests WHERE state = $3 AND (org_id = $1 AND customer_id = $2 OR peer_id = $1 AND peer_record_id = $2)
			ORDER BY created_time DESC LIMIT 1`, string(it.Org), string(e.invoice.CustomerID), Accepted).
			Scan((*string)(&e.to), (*string)(&e.vendor))
		if err != nil {
			return err
		}
		e.sheet, err = desk.Sheet(tx, e.invoice.ID)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, fault.ErrNotFound) {
		return nil, nil
	}
	return e, err
}

// deliver draws the document and makes the bill, once.
func (e *eBill) deliver(ctx context.Context, d *db.DB, blobs *blob.Store, at time.Time) error {
	var pdf bytes.Buffer
	if err := paper.Write(&pdf, e.sheet); err != nil {
		return err
	}
	upload, err := document.Store(ctx, blobs, sending.FileName(e.invoice.InvoiceNumber), int64(pdf.Len()), bytes.NewReader(pdf.Bytes()))
	if err != nil {
		return err
	}
	there := db.Caller{Org: e.to, Perms: org.All, Channel: Channel}
	return d.WriteAt(ctx, there, at, func(tx *db.Tx) error {
		v, err := vendor.Vendors.LoadForUpdate(tx, e.vendor) // two at once make one bill
		if errors.Is(err, fault.ErrNotFound) || err == nil && (v.Active != record.Active || v.LinkedTo != e.from) {
			return nil // unlinked or set inactive there: it takes no bills
		}
		if err != nil {
			return err
		}
		var known bool
		err = tx.Row(`SELECT EXISTS (SELECT 1 FROM bills WHERE org_id = $1 AND vendor_id = $2 AND number_key = $3 AND invoice_number = $4)`,
			string(tx.Org()), string(v.ID), bill.NumberKey(e.invoice.InvoiceNumber), e.invoice.InvoiceNumber).Scan(&known)
		if err != nil || known {
			return err
		}
		b := e.bill(v)
		if b.GLPostingDate, err = ledger.OpenDay(tx, b.InvoiceDate); err != nil { // its month may be closed here
			return err
		}
		if err := bill.Create(tx, b); err != nil {
			return err
		}
		_, err = document.Attach(tx, b.ID, upload)
		return err
	})
}

// bill is the invoice as its receiver enters it: the lines and the tax, none of them coded.
func (e *eBill) bill(v *vendor.Vendor) *bill.Bill {
	i := e.invoice
	b := bill.Bills.New().(*bill.Bill)
	b.VendorID, b.InvoiceNumber, b.Amount, b.Currency = v.ID, i.InvoiceNumber, i.Amount, i.Currency
	b.InvoiceDate, b.DueDate, b.PONumber = i.InvoiceDate, i.DueDate, i.PONumber
	add := func(amount int64, description string) {
		l := bill.Lines.New().(*bill.Line)
		l.Amount, l.Description = amount, description
		b.Lines = append(b.Lines, l)
	}
	for _, l := range i.Lines {
		add(l.Amount, l.Description)
	}
	switch last := len(b.Lines) - 1; {
	case i.SalesTaxTotal == 0:
	case len(b.Lines) == bill.MaxLines:
		b.Lines[last].Amount += i.SalesTaxTotal
		b.Lines[last].Description = "With sales tax: " + b.Lines[last].Description
	default:
		add(i.SalesTaxTotal, "Sales tax")
	}
	return b
}
