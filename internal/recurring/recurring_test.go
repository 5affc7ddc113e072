package recurring_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/recurring"
	"github.com/duebook/duebook/internal/vendor"
)

var ctx = context.Background()

type office struct {
	t        *testing.T
	s        *dbtest.Store
	who      db.Caller
	engine   *recurring.Engine
	vendor   *vendor.Vendor
	customer ids.ID
	mailed   map[ids.ID]ids.ID // who sent the invoice
	nobody   bool              // to mail to
}

// mail keeps what an engine would mail.
func (o *office) mail(_ *db.Tx, id, from ids.ID) error {
	if o.nobody {
		return fault.ErrMissing.On("toEmailAddresses")
	}
	o.mailed[id] = from
	return nil
}

func newOffice(t *testing.T, s *dbtest.Store) *office {
	t.Helper()
	orgID, userID, err := org.Create(ctx, s.DB, "command", org.NewOrganisation{Name: "Acme", AdminEmail: "a@acme.example", PasswordHash: "x",
		SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, s: s, who: db.Caller{Org: orgID, User: userID, Perms: org.All, Channel: "json2"},
		mailed: map[ids.ID]ids.ID{}}
	o.engine = recurring.NewEngine(s.DB, o.mail, slog.New(slog.NewTextHandler(io.Discard, nil)))
	o.vendor = vendor.Vendors.New().(*vendor.Vendor)
	o.vendor.Name = "Harbor Tool Rental"
	c := customer.Customers.New().(*customer.Customer)
	c.Name = "Juniper Cafe"
	o.do(func(tx *db.Tx) error {
		return errors.Join(vendor.Create(tx, o.vendor), customer.Create(tx, c))
	})
	o.customer = c.ID
	return o
}

func (o *office) do(fn func(*db.Tx) error) {
	o.t.Helper()
	if err := o.s.Write(ctx, o.who, fn); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) schedule(period, every int64, next string, ahead int64) recurring.Schedule {
	return recurring.Schedule{TimePeriod: period, Frequency: every, NextDueDate: civil.MustDate(next), DaysInAdvance: ahead}
}

func (o *office) newBill(s recurring.Schedule, amounts ...int64) *recurring.Bill {
	b := recurring.Bills.New().(*recurring.Bill)
	b.VendorID, b.Schedule = o.vendor.ID, s
	for _, a := range amounts {
		b.Lines = append(b.Lines, &recurring.BillLine{Base: record.Base{Active: record.Active}, Amount: a})
	}
	return b
}

func (o *office) bill(s recurring.Schedule) *recurring.Bill {
	o.t.Helper()
	b := o.newBill(s, 100_00, 50_00)
	o.do(func(tx *db.Tx) error { return recurring.CreateBill(tx, b) })
	return b
}

// run does what falls due up to an instant, as the conductor does, and tells when that was.
func (o *office) run(until time.Time) (steps []string) {
	o.t.Helper()
	last := o.s.Clock.Now()
	for range 1000 {
		at, ok := o.engine.Due(ctx, o.who.Org, last)
		if !ok || at.After(until) {
			o.s.Clock.Set(until)
			return steps
		}
		steps = append(steps, at.In(civil.Pacific).Format("2006-01-02 15:04"))
		last = at
		o.step(at)
	}
	o.t.Fatal("work does not come to an end")
	return nil
}

func (o *office) step(at time.Time) {
	o.t.Helper()
	if err := o.engine.Step(ctx, o.who.Org, at); err != nil {
		o.t.Fatal(err)
	}
}

// made are the bills of a template: number, invoice date, posting date and amount.
func (o *office) made(template ids.ID) (out []string) {
	o.t.Helper()
	for _, b := range o.bills(template) {
		out = append(out, fmt.Sprintf("%s %s %s %d", b.InvoiceNumber, b.InvoiceDate, b.GLPostingDate, b.Amount))
	}
	return out
}

func (o *office) bills(template ids.ID) (out []*bill.Bill) {
	o.t.Helper()
	o.do(func(tx *db.Tx) error {
		return bill.Bills.List(tx, record.Query{Filters: []record.Filter{{Field: bill.Bills.Must("billTemplateId"), Op: record.Eq, Values: []any{string(template)}}},
			Order: []record.Key{{Field: bill.Bills.Must("invoiceNumber")}}}, func(b *bill.Bill) error { out = append(out, b); return nil })
	})
	return out
}

func (o *office) load(id ids.ID) (t *recurring.Bill) {
	o.t.Helper()
	o.do(func(tx *db.Tx) (err error) { t, err = recurring.Bills.Load(tx, id); return err })
	return t
}

func (o *office) change(id ids.ID, f func(*recurring.Bill)) {
	o.t.Helper()
	o.do(func(tx *db.Tx) error {
		before, err := recurring.Bills.LoadForUpdate(tx, id)
		if err != nil {
			return err
		}
		after := recurring.Bills.Copy(before).(*recurring.Bill)
		f(after)
		return recurring.UpdateBill(tx, before, after)
	})
}

func equal(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %s\nwant %s", what, strings.Join(got, ", "), strings.Join(want, ", "))
	}
}

func pacific(date string, hour int) time.Time { return civil.MustDate(date).At(hour, 0, civil.Pacific) }

// Bills are made so many days before they are due, at six in the morning, months clip to their length without drifting,
// and a clock that jumps leaves the same as one that ticks.
func TestBIL_10_OnTheClock(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		b := o.bill(o.schedule(recurring.Months, 1, "2027-01-31", 10))
		equal(t, "before the first", o.run(pacific("2027-01-21", 5)))
		equal(t, "steps", o.run(pacific("2027-05-01", 12)), "2027-01-21 06:00", "2027-02-18 06:00", "2027-03-21 06:00", "2027-04-20 06:00")
		want := []string{"2027-01-31 2027-01-21 2027-01-21 15000", "2027-02-28 2027-02-18 2027-02-18 15000",
			"2027-03-31 2027-03-21 2027-03-21 15000", "2027-04-30 2027-04-20 2027-04-20 15000"}
		equal(t, "made", o.made(b.ID), want...)
		if got := o.load(b.ID); got.NextDueDate != civil.MustDate("2027-05-31") || got.CreateOn != civil.MustDate("2027-05-21") {
			t.Errorf("next due %s, made on %s", got.NextDueDate, got.CreateOn)
		}
		first := o.bills(b.ID)[0]
		if first.DueDate != civil.MustDate("2027-01-31") || first.VendorID != o.vendor.ID || first.CreatedBy != o.who.User ||
			first.Channel != "recurring" || len(first.Lines) != 2 || first.PaymentStatus != bill.Open {
			t.Errorf("made %+v", first)
		}
		jumped := o.bill(o.schedule(recurring.Months, 1, "2027-01-31", 10))
		o.step(pacific("2027-05-01", 12))
		equal(t, "made in one go", o.made(jumped.ID), want...)
		o.step(pacific("2027-05-01", 12))
		equal(t, "and once only", o.made(jumped.ID), want...)
	})
}

// Dates in the past are made at once, up to the end.
func TestBIL_10_Missed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		open := o.schedule(recurring.Weeks, 2, "2026-10-12", 3)
		ended := open
		ended.EndDate = civil.MustDate("2026-11-09")
		a, b := o.bill(open), o.bill(ended)
		equal(t, "steps", o.run(s.Clock.Now()), "2026-11-23 09:00")
		numbers := func(id ids.ID) (out []string) {
			for _, b := range o.bills(id) {
				out = append(out, b.InvoiceNumber)
			}
			return out
		}
		equal(t, "open", numbers(a.ID), "2026-10-12", "2026-10-26", "2026-11-09", "2026-11-23")
		equal(t, "ended", numbers(b.ID), "2026-10-12", "2026-10-26", "2026-11-09")
		o.change(a.ID, func(b *recurring.Bill) { b.Active = record.Inactive })
		equal(t, "steps without any template", o.run(pacific("2026-12-31", 12)))
		o.change(a.ID, func(b *recurring.Bill) { b.NextDueDate = civil.MustDate("2026-11-09"); b.Active = record.Active })
		o.run(pacific("2026-12-31", 12))
		equal(t, "set back, no date is made twice", numbers(a.ID), "2026-10-12", "2026-10-26", "2026-11-09", "2026-11-23", "2026-12-07", "2026-12-21")
		o.change(b.ID, func(b *recurring.Bill) { b.EndDate = civil.MustDate("2026-11-23") })
		o.run(pacific("2026-12-31", 12))
		equal(t, "ended later", numbers(b.ID), "2026-10-12", "2026-10-26", "2026-11-09", "2026-11-23")
	})
}

// Two processes that work at once make each bill once.
func TestBIL_10_Twice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		b := o.bill(o.schedule(recurring.Days, 1, "2026-11-10", 0))
		var wg sync.WaitGroup
		for range 4 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				if err := o.engine.Step(ctx, o.who.Org, s.Clock.Now()); err != nil {
					t.Error(err)
				}
			}()
		}
		wg.Wait()
		if n := len(o.bills(b.ID)); n != 14 {
			t.Errorf("%d bills for 14 days", n)
		}
	})
}

// What a rule refuses stops its template and no other; changing it starts it again, and makes what was missed.
func TestBIL_10_Refused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		other := *o
		other.vendor = vendor.Vendors.New().(*vendor.Vendor)
		other.vendor.Name = "Gone"
		o.do(func(tx *db.Tx) error { return vendor.Create(tx, other.vendor) })
		bad, good := other.bill(o.schedule(recurring.Days, 5, "2026-11-13", 0)), o.bill(o.schedule(recurring.Days, 5, "2026-11-13", 0))
		turn := func(active int64) {
			o.do(func(tx *db.Tx) error {
				v, err := vendor.Vendors.LoadForUpdate(tx, other.vendor.ID)
				if err != nil {
					return err
				}
				after := *v
				after.Active = active
				return vendor.Update(tx, v, &after)
			})
		}
		turn(record.Inactive)
		o.run(s.Clock.Now())
		if got := o.load(bad.ID); got.Failure != "reference_invalid" || !got.CreateOn.IsZero() || len(o.bills(bad.ID)) != 0 {
			t.Errorf("failure %q, made on %s, %d bills", got.Failure, got.CreateOn, len(o.bills(bad.ID)))
		}
		if n := len(o.bills(good.ID)); n != 3 {
			t.Errorf("the other template made %d", n)
		}
		turn(record.Active)
		o.change(bad.ID, func(*recurring.Bill) {})
		o.run(s.Clock.Now())
		if got := o.load(bad.ID); got.Failure != "" || len(o.bills(bad.ID)) != 3 {
			t.Errorf("started again: failure %q, %d bills", got.Failure, len(o.bills(bad.ID)))
		}
	})
}

// In a closed period the bill keeps its date and posts on the first open day (GL-8).
func TestGL_8_ClosedPeriod(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		o.do(func(tx *db.Tx) error { ledger.ClosePeriod(tx, "2026-10"); return nil })
		b := o.bill(o.schedule(recurring.Years, 1, "2026-10-30", 0))
		o.run(s.Clock.Now())
		equal(t, "made", o.made(b.ID), "2026-10-30 2026-10-30 2026-11-01 15000")
	})
}

// Each bill has the approvers of the one before it (BIL-10).
func TestBIL_10_Approvers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		b := o.bill(o.schedule(recurring.Months, 1, "2026-11-30", 10))
		o.run(s.Clock.Now())
		first := o.bills(b.ID)
		if len(first) != 1 || first[0].ApprovalStatus != bill.Unassigned {
			t.Fatalf("made %v", first)
		}
		o.do(func(tx *db.Tx) error { return bill.Approvals.Set(tx, first[0].ID, []ids.ID{o.who.User}) })
		o.do(func(tx *db.Tx) error { return bill.Approvals.Approve(tx, first[0].ID, "") })
		o.run(pacific("2027-02-01", 12))
		for i, b := range o.bills(b.ID) {
			want := []int64{bill.Approved, bill.Assigned, bill.Assigned}[i]
			if b.ApprovalStatus != want {
				t.Errorf("%s has approvalStatus %d, want %d", b.InvoiceNumber, b.ApprovalStatus, want)
			}
		}
	})
}

func TestTemplatesRefuse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		for _, c := range []struct {
			name   string
			change func(*recurring.Bill)
			want   error
			field  string
		}{
			{"good", func(*recurring.Bill) {}, nil, ""},
			{"no date", func(b *recurring.Bill) { b.NextDueDate = civil.Date{} }, fault.ErrMissing, "nextDueDate"},
			{"no lines", func(b *recurring.Bill) { b.Lines = nil }, fault.ErrMissing, "lines"},
			{"no vendor", func(b *recurring.Bill) { b.VendorID = "" }, fault.ErrMissing, "vendorId"},
			{"unknown vendor", func(b *recurring.Bill) { b.VendorID = ids.New(ids.Vendor) }, fault.ErrReference, "vendorId"},
			{"unknown account", func(b *recurring.Bill) { b.Lines[0].ChartOfAccountID = ids.New(ids.Account) }, fault.ErrReference, "chartOfAccountId"},
			{"no such period", func(b *recurring.Bill) { b.TimePeriod = 4 }, fault.ErrValue, "timePeriod"},
			{"every nothing", func(b *recurring.Bill) { b.Frequency = 0 }, fault.ErrValue, "frequencyPerTimePeriod"},
			{"days after", func(b *recurring.Bill) { b.DaysInAdvance = -1 }, fault.ErrValue, "daysInAdvance"},
			{"below zero", func(b *recurring.Bill) { b.Lines[0].Amount = -1 }, fault.ErrValue, "amount"},
		} {
			b := o.newBill(o.schedule(recurring.Months, 1, "2026-12-01", 5), 100)
			c.change(b)
			err := s.Write(ctx, o.who, func(tx *db.Tx) error { return recurring.CreateBill(tx, b) })
			if !errors.Is(err, c.want) || c.field != "" && !slices.Equal(fault.From(err).Fields, []string{c.field}) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		payer := o.who
		payer.Perms = db.Of(org.ViewBills)
		b := o.newBill(o.schedule(recurring.Months, 1, "2026-12-01", 5), 100)
		if err := s.Write(ctx, payer, func(tx *db.Tx) error { return recurring.CreateBill(tx, b) }); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("without permission: %v", err)
		}
		if err := s.Write(ctx, payer, func(tx *db.Tx) error { return recurring.CreateInvoice(tx, &recurring.Invoice{}) }); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("invoices without permission: %v", err)
		}
	})
}

func decimal(t *testing.T, s string) money.Decimal {
	t.Helper()
	d, err := money.ParseDecimal(s, 6)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Recurring invoices are made as recurring bills are, with the prices that items have then.
func TestAR_19_Invoices(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		item := dimension.Items.New().(*dimension.Item)
		item.Name, item.Type, item.Price, item.Taxable = "Advice", 1, decimal(t, "40"), true
		o.do(func(tx *db.Tx) error { return dimension.Create(tx, dimension.Items.Type, item) })
		i := recurring.Invoices.New().(*recurring.Invoice)
		i.CustomerID, i.Schedule, i.PONumber = o.customer, o.schedule(recurring.Months, 3, "2026-11-30", 15), "PO7"
		i.Lines = []*recurring.InvoiceLine{
			{Base: record.Base{Active: record.Active}, ItemID: item.ID, Quantity: decimal(t, "2")},
			{Base: record.Base{Active: record.Active}, Price: decimal(t, "20")},
		}
		o.do(func(tx *db.Tx) error { return recurring.CreateInvoice(tx, i) })
		if i.Subtotal != 100_00 || i.TaxableAmount != 80_00 || i.Lines[0].Amount != 80_00 {
			t.Errorf("subtotal %d, taxable %d, line %d", i.Subtotal, i.TaxableAmount, i.Lines[0].Amount)
		}
		o.run(s.Clock.Now())
		o.do(func(tx *db.Tx) error {
			before, err := dimension.Items.LoadForUpdate(tx, item.ID)
			if err != nil {
				return err
			}
			after := *before
			after.Price = decimal(t, "50")
			return dimension.Update(tx, dimension.Items.Type, before, &after)
		})
		o.run(pacific("2027-03-01", 12))
		var made []string
		o.do(func(tx *db.Tx) error {
			return invoice.Invoices.List(tx, record.Query{Order: []record.Key{{Field: invoice.Invoices.Must("invoiceNumber")}}}, func(n *invoice.Invoice) error {
				if n.RecurringID != i.ID || n.PONumber != "PO7" || n.CreatedBy != o.who.User || n.PaymentStatus != invoice.Open {
					t.Errorf("made %+v", n)
				}
				made = append(made, fmt.Sprintf("%s %s %s %d", n.InvoiceNumber, n.InvoiceDate, n.DueDate, n.Amount))
				return nil
			})
		})
		equal(t, "made", made, "2026-11-30 2026-11-15 2026-11-30 10000", "2027-02-28 2027-02-13 2027-02-28 12000")
		if len(o.mailed) != 0 {
			t.Errorf("mailed %v unasked", o.mailed)
		}
		for n, nobody := range []bool{false, true} {
			asks := recurring.Invoices.New().(*recurring.Invoice)
			asks.CustomerID, asks.Schedule, asks.ToBeAutoEmailed, asks.FromUserID = o.customer, o.schedule(recurring.Months, 1, fmt.Sprintf("2027-03-%02d", 10+n), 8), true, o.who.User
			asks.Lines = []*recurring.InvoiceLine{{Base: record.Base{Active: record.Active}, Price: decimal(t, "20")}}
			o.do(func(tx *db.Tx) error { return recurring.CreateInvoice(tx, asks) })
			o.nobody = nobody
			clear(o.mailed)
			o.run(pacific("2027-03-03", 12))
			var count int64
			o.do(func(tx *db.Tx) error {
				return tx.Row(`SELECT count(*) FROM invoices WHERE org_id = $1 AND recurring_id = $2 AND to_be_emailed = 1`, string(o.who.Org), string(asks.ID)).Scan(&count)
			})
			if count != 1 || len(o.mailed) != 1-n {
				t.Errorf("nobody to mail to %t: %d invoices, mailed %v", nobody, count, o.mailed)
			}
			for _, from := range o.mailed {
				if from != o.who.User {
					t.Errorf("mailed by %s", from)
				}
			}
		}
		bad := recurring.Invoices.New().(*recurring.Invoice)
		bad.CustomerID, bad.Schedule, bad.ToBeAutoEmailed = o.customer, i.Schedule, true
		if err := s.Write(ctx, o.who, func(tx *db.Tx) error { return recurring.CreateInvoice(tx, bad) }); !errors.Is(err, fault.ErrMissing) {
			t.Errorf("mailed by nobody: %v", err)
		}
		bad.FromUserID = ids.New(ids.User)
		if err := s.Write(ctx, o.who, func(tx *db.Tx) error { return recurring.CreateInvoice(tx, bad) }); !errors.Is(err, fault.ErrReference) {
			t.Errorf("mailed by a stranger: %v", err)
		}
	})
}
