package xmlv1

import (
	"context"
	"fmt"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/document"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/xmldoc"
)

// noDay is a day that no payment can be made on: a Saturday long ago.
var noDay = civil.MustDate("0001-01-06")

// paid is what both payment operations read first, in the order of 5.6: what is missing, the bill's id. The amount
// and the date are judged only after the bill, so one that cannot be read becomes one that no bill allows.
func (q *request) paid(n *xmldoc.Node) (id ids.ID, amount int64, date civil.Date, err error) {
	if err = missing(n, "billId", "amount", "processDate"); err != nil {
		return
	}
	if id, err = idOf(n, "billId"); err != nil {
		return
	}
	amount, e := money.ParseMinor(text(n, "amount"), 2)
	if e != nil {
		amount = -1
	}
	date, ok := parseDate(text(n, "processDate"), q.codec.today)
	if !ok {
		date = noDay
	}
	return id, amount, date, nil
}

func (h *Handler) payBill(q *request, n *xmldoc.Node, r *result) (work, error) {
	id, amount, date, err := q.paid(n)
	if err != nil {
		return work{}, err
	}
	return work{run: func(tx *db.Tx) error {
		p, err := payment.Pay(tx, payment.Request{BillID: id, Amount: amount, ProcessDate: date})
		if err != nil {
			return err
		}
		r.id = p.ID
		return nil
	}}, nil
}

var offlineFields = []string{"billId", "amount", "processDate", "chartOfAccountId", "allowExport", "toPrintCheck", "syncReference", "description"}

func (h *Handler) offlinePayment(q *request, n *xmldoc.Node, r *result) (work, error) {
	id, amount, date, err := q.paid(n)
	if err != nil {
		return work{}, err
	}
	if date == noDay {
		date = civil.Date{} // weekends are allowed here, no date is not
	}
	o := payment.Offline{BillID: id, Amount: amount, Date: date, AllowExport: true,
		SyncReference: text(n, "syncReference"), Description: text(n, "description")}
	var f findings
	if longer(o.SyncReference, 100) {
		add(&f.tooLong, "syncReference")
	}
	if longer(o.Description, 4000) {
		add(&f.tooLong, "description")
	}
	if v := text(n, "chartOfAccountId"); v != "" && ids.ID(v) != ids.Null {
		if o.ChartOfAccountID = ids.ID(v); !wellFormedID(v) {
			add(&f.format, "chartOfAccountId")
		}
	}
	for _, flag := range []struct {
		name string
		to   *bool
	}{{"allowExport", &o.AllowExport}, {"toPrintCheck", &o.ToPrintCheck}} {
		if v := text(n, flag.name); v != "" {
			b, ok := parseBool(v)
			if !ok {
				add(&f.value, flag.name)
			}
			*flag.to = b
		}
	}
	if err := f.err(); err != nil {
		return work{}, err
	}
	return work{run: func(tx *db.Tx) error {
		p, err := payment.RecordOffline(tx, o)
		if err != nil {
			return err
		}
		r.id = p.ID
		return nil
	}}, nil
}

// uploadDocument stores a document in the inbox, or with a billId on that bill.
func (h *Handler) uploadDocument(_ *request, n *xmldoc.Node, r *result) (work, error) {
	u, err := uploaded(n, "filename", "document")
	if err != nil {
		return work{}, err
	}
	if err := u.checkName(); err != nil {
		return work{}, err
	}
	var billID ids.ID
	if v := text(n, "billId"); v != "" && ids.ID(v) != ids.Null {
		if billID = ids.ID(v); !wellFormedID(v) {
			return work{}, fault.ErrFormat.On("billId")
		}
	}
	return h.store(u, r, func(tx *db.Tx, d document.Upload) (document.Document, error) {
		if billID != "" {
			if _, err := bill.ForPayment(tx, billID); err != nil {
				return document.Document{}, err
			}
		}
		return document.Attach(tx, billID, d)
	}), nil
}

// uploadAttachment stores a document on any record that takes some.
func (h *Handler) uploadAttachment(_ *request, n *xmldoc.Node, r *result) (work, error) {
	u, err := uploaded(n, "id", "filename", "document")
	if err != nil {
		return work{}, err
	}
	if err := u.checkName(); err != nil {
		return work{}, err
	}
	id, err := idOf(n, "id")
	if err != nil {
		return work{}, err
	}
	u.description = text(n, "description")
	if longer(u.description, 4000) {
		return work{}, fault.ErrTooLong.On("description")
	}
	return h.store(u, r, func(tx *db.Tx, d document.Upload) (document.Document, error) {
		return document.Attach(tx, id, d)
	}), nil
}

// upload is a document as sent.
type upload struct {
	name, description string
	content           *xmldoc.Spool
}

func uploaded(n *xmldoc.Node, names ...string) (upload, error) {
	var absent []string
	u := upload{name: text(n, "filename")}
	for _, name := range names {
		if name == "document" {
			c := n.Child("document")
			if c == nil || c.Spool == nil || c.Spool.Empty {
				absent = append(absent, name)
			} else {
				u.content = c.Spool
			}
		} else if text(n, name) == "" {
			absent = append(absent, name)
		}
	}
	if len(absent) > 0 {
		return u, fault.ErrMissing.On(absent...)
	}
	return u, nil
}

func (u upload) checkName() error { return document.CheckName(u.name) }

// store puts the content into the blob store before the transaction, so that none waits for a disk. What is wrong with
// it is said only after what is wrong with the record (5.8).
func (h *Handler) store(u upload, r *result, attach func(*db.Tx, document.Upload) (document.Document, error)) work {
	var d document.Upload
	var refused error
	return work{
		before: func(ctx context.Context) (err error) {
			switch {
			case u.content.Bad:
				refused = problem.ErrBase64
				return nil
			case u.content.Size > document.MaxSize: // its bytes were not kept
				refused = document.ErrTooLarge
				return nil
			}
			f, err := u.content.Open()
			if err != nil {
				return fmt.Errorf("read the spooled document: %w", err)
			}
			defer f.Close()
			d, err = document.Store(ctx, h.blobs, u.name, u.content.Size, f)
			d.Description = u.description
			if e := fault.From(err); e != nil && e.Kind != fault.Internal {
				refused, err = err, nil
			}
			return err
		},
		run: func(tx *db.Tx) error {
			doc, err := attach(tx, d)
			if err == nil {
				err = refused // which rolls back what attach wrote
			}
			if err != nil {
				return err
			}
			r.id = doc.ID
			return nil
		},
	}
}
