package bill_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

var ctx = context.Background()

func balance(t *testing.T, s *dbtest.Store, who db.Caller, role string) (n int64) {
	t.Helper()
	if err := s.Read(ctx, who, func(tx *db.Tx) (err error) { n, err = ledger.RoleBalance(tx, role); return err }); err != nil {
		t.Fatal(err)
	}
	return n
}

func load(t *testing.T, s *dbtest.Store, who db.Caller, id ids.ID) (b *bill.Bill) {
	t.Helper()
	if err := s.Read(ctx, who, func(tx *db.Tx) (err error) { b, err = bill.Bills.Load(tx, id); return err }); err != nil {
		t.Fatal(err)
	}
	return b
}

func create(t *testing.T, s *dbtest.Store, who db.Caller, b *bill.Bill) *bill.Bill {
	t.Helper()
	if err := s.Write(ctx, who, func(tx *db.Tx) error { return bill.Create(tx, b) }); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who, v := newOrg(t, s)
		var account, inactive ids.ID
		if err := s.Write(ctx, who, func(tx *db.Tx) error {
			a := dimension.Accounts.New().(*dimension.Account)
			a.Name = "Rent"
			if err := dimension.Create(tx, dimension.Accounts.Type, a); err != nil {
				return err
			}
			d := dimension.Departments.New().(*dimension.Department)
			d.Name = "Closed"
			if err := dimension.Create(tx, dimension.Departments.Type, d); err != nil {
				return err
			}
			after := *d
			after.Active = record.Inactive
			account, inactive = a.ID, d.ID
			return dimension.Update(tx, dimension.Departments.Type, d, &after)
		}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name   string
			change func(*bill.Bill)
			want   error
			fields []string
		}{
			{"good", func(b *bill.Bill) { b.Lines[0].ChartOfAccountID = account }, nil, nil},
			{"BIL-1: required", func(b *bill.Bill) {
				b.VendorID, b.InvoiceNumber, b.InvoiceDate, b.DueDate = ids.Null, "", civil.Date{}, civil.Date{}
			},
				fault.ErrMissing, []string{"vendorId", "invoiceNumber", "invoiceDate", "dueDate"}},
			{"BIL-3: a negative bill", func(b *bill.Bill) { b.Amount, b.Lines[0].Amount = -1, -1 }, fault.ErrValue, []string{"amount"}},
			{"BIL-3: a negative line", func(b *bill.Bill) { b.Lines = append(b.Lines, newBill("", "", 0, 50, -50).Lines...) }, nil, nil},
			{"api-v1 2.5: too large", func(b *bill.Bill) { b.Amount = bill.MaxAmount + 1; b.Lines[0].Amount = b.Amount }, fault.ErrValue, []string{"amount"}},
			{"the largest", func(b *bill.Bill) { b.Amount = bill.MaxAmount; b.Lines[0].Amount = b.Amount }, nil, nil},
			{"BIL-4: header is not the sum", func(b *bill.Bill) { b.Amount++ }, bill.ErrSplits, []string{"amount"}},
			{"BIL-2: an inactive department", func(b *bill.Bill) { b.Lines[0].DepartmentID = inactive }, fault.ErrReference, []string{"departmentId"}},
			{"BIL-2: unknown everything", func(b *bill.Bill) {
				b.VendorID, b.Lines[0].ChartOfAccountID = ids.New(ids.Vendor), ids.New(ids.Account)
				b.Lines[0].JobID, b.Lines[0].CustomerID = ids.New(ids.Job), ids.New(ids.Customer)
			}, fault.ErrReference, []string{"vendorId", "chartOfAccountId", "jobId", "customerId"}},
			{"an inactive bill", func(b *bill.Bill) { b.Active = record.Inactive }, fault.ErrValue, []string{"isActive"}},
			{"T-10: 5,001 lines", func(b *bill.Bill) { b.Lines = newBill("", "", 0, make([]int64, 5001)...).Lines }, bill.ErrTooManyRows, nil},
			{"BIL-5: due before the invoice date", func(b *bill.Bill) { b.DueDate = b.InvoiceDate.AddDays(-9) }, nil, nil},
		} {
			b := newBill(v, c.name, 10000, 10000)
			c.change(b)
			before := balance(t, s, who, ledger.AP)
			err := s.Write(ctx, who, func(tx *db.Tx) error { return bill.Create(tx, b) })
			if !errors.Is(err, c.want) || c.want != nil && c.fields != nil && !slices.Equal(fault.From(err).Fields, c.fields) {
				t.Errorf("%s: %v, want %v on %v", c.name, err, c.want, c.fields)
			}
			moved := before - balance(t, s, who, ledger.AP)
			if c.want != nil && moved != 0 || c.want == nil && moved != b.Amount {
				t.Errorf("%s: AP moved by %d", c.name, moved)
			}
		}
		clerk := who
		clerk.Perms = db.Of(org.ViewBills)
		if err := s.Write(ctx, clerk, func(tx *db.Tx) error { return bill.Create(tx, newBill(v, "x", 1)) }); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("without Manage bills: %v", err)
		}
	})
}

func TestCreateFillsIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who, v := newOrg(t, s)
		b := newBill(v, "7", 12345)
		b.PaymentStatus, b.ApprovalStatus, b.CreatedBy = bill.PaidInFull, bill.Approved, "not a user"
		got := load(t, s, who, create(t, s, who, b).ID)
		if len(got.Lines) != 1 || got.Lines[0].Amount != 12345 || got.Lines[0].LineType != 1 || got.Lines[0].ChartOfAccountID != "" {
			t.Errorf("BIL-1: %+v", got.Lines[0])
		}
		if got.GLPostingDate != got.InvoiceDate || got.Currency != "USD" || got.Channel != "xml1" || got.CreatedBy != who.User {
			t.Errorf("BIL-5, CAP-1: %+v", got)
		}
		if got.ApprovalStatus != bill.Unassigned || got.PaymentStatus != bill.Open || got.Due() != 12345 || got.Payable() != 12345 {
			t.Errorf("BIL-7, 4.3: %+v", got)
		}
		if got := balance(t, s, who, ledger.Uncoded); got != 12345 {
			t.Errorf("event 1: uncoded expense %d", got)
		}
		if err := s.Write(ctx, who, func(tx *db.Tx) error {
			o, err := org.Load(tx)
			if err != nil {
				return err
			}
			if err := o.Set("defaultBillApprover", string(who.User)); err != nil {
				return err
			}
			return org.Save(tx, o)
		}); err != nil {
			t.Fatal(err)
		}
		if got := create(t, s, who, newBill(v, "8", 1)); got.ApprovalStatus != bill.Assigned {
			t.Errorf("api-v1 5.3: with a default approver the status is %d", got.ApprovalStatus)
		}
		if got := create(t, s, who, newBill(v, "9", 0)); got.PaymentStatus != bill.PaidInFull {
			t.Errorf("nothing due: %d", got.PaymentStatus)
		}
	})
}

// GL-8: what a user dates in a closed month is refused; deleting an old bill posts on the first open day.
func TestClosedPeriod(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who, v := newOrg(t, s)
		old := create(t, s, who, newBill(v, "1", 100))
		if err := s.Write(ctx, who, func(tx *db.Tx) error { ledger.ClosePeriod(tx, "2026-11"); return nil }); err != nil {
			t.Fatal(err)
		}
		err := s.Write(ctx, who, func(tx *db.Tx) error { return bill.Create(tx, newBill(v, "2", 100)) })
		if !errors.Is(err, fault.ErrValue) || !slices.Equal(fault.From(err).Fields, []string{"glPostingDate"}) {
			t.Errorf("in a closed month: %v", err)
		}
		b := newBill(v, "3", 100)
		b.GLPostingDate = civil.MustDate("2026-12-01")
		create(t, s, who, b)
		if err := s.Write(ctx, who, func(tx *db.Tx) error { return bill.Delete(tx, old.ID) }); err != nil {
			t.Fatal(err)
		}
		if err := s.Read(ctx, who, func(tx *db.Tx) error {
			bs, err := ledger.TrialBalance(tx, civil.MustDate("2026-11-30"))
			if len(bs) != 2 || bs[0].Credit+bs[0].Debit != 100 {
				t.Errorf("November moved: %+v", bs)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if ap := balance(t, s, who, ledger.AP); ap != -100 {
			t.Errorf("AP %d", ap)
		}
	})
}

func TestNumberKey(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"INV-0042": "INV0042", "inv 0042": "INV0042", "0042": "42", "00-42": "42", "42": "42", "Ä-7": "Ä7", "0": "0", "000": "0",
		"---": "---", " - ": "-", "#": "#", "": "", "a0": "A0",
	} {
		if got := bill.NumberKey(number); got != want {
			t.Errorf("BIL-6: %q is %q, want %q", number, got, want)
		}
	}
}

// BIL-6: the same number of the same vendor on another active bill is accepted and flagged.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who, v := newOrg(t, s)
		w := vendor.Vendors.New().(*vendor.Vendor)
		w.Name = "Second"
		if err := s.Write(ctx, who, func(tx *db.Tx) error { return vendor.Create(tx, w) }); err != nil {
			t.Fatal(err)
		}
		first := create(t, s, who, newBill(v, "INV-0042", 100))
		for _, c := range []struct {
			vendor ids.ID
			number string
			want   bool
		}{
			{v, "inv 0042", true}, {v, "INV/0042.", true}, {v, "INV-42", false}, {w.ID, "INV-0042", false}, {v, "---", false}, {v, "...", false}, {v, "---", true},
		} {
			b := create(t, s, who, newBill(c.vendor, c.number, 100))
			if got := load(t, s, who, b.ID).Duplicate; got != c.want {
				t.Errorf("%s: duplicate %v", c.number, got)
			}
			if c.vendor == v && strings.Contains(c.number, "0042") {
				if err := s.Write(ctx, who, func(tx *db.Tx) error { return bill.Delete(tx, b.ID) }); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := s.Write(ctx, who, func(tx *db.Tx) error { return bill.Delete(tx, first.ID) }); err != nil {
			t.Fatal(err)
		}
		if create(t, s, who, newBill(v, "INV-0042", 100)).Duplicate {
			t.Error("a deleted bill is no double")
		}
	})
}

// BIL-7, BIL-9, 4.3: the amounts and states of a bill through scheduling, release, return, offline payment, deletion.
func TestMoneyOnABill(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who, v := newOrg(t, s)
		id := create(t, s, who, newBill(v, "1", 50000)).ID
		created := load(t, s, who, id).UpdatedTime
		steps := []struct {
			name                    string
			do                      func(*db.Tx, *bill.Bill) error
			want                    error
			scheduled, paid, status int64
		}{
			{"nothing", func(tx *db.Tx, b *bill.Bill) error { return bill.Schedule(tx, b, 0) }, bill.ErrOverpaid, 0, 0, bill.Open},
			{"less than nothing", func(tx *db.Tx, b *bill.Bill) error { return bill.Schedule(tx, b, -5) }, bill.ErrOverpaid, 0, 0, bill.Open},
			{"too much", func(tx *db.Tx, b *bill.Bill) error { return bill.Schedule(tx, b, 50001) }, bill.ErrOverpaid, 0, 0, bill.Open},
			{"a part", func(tx *db.Tx, b *bill.Bill) error { return bill.Schedule(tx, b, 20000) }, nil, 20000, 0, bill.Scheduled},
			{"more than the rest", func(tx *db.Tx, b *bill.Bill) error { return bill.Schedule(tx, b, 30001) }, bill.ErrOverpaid, 20000, 0, bill.Scheduled},
			{"the rest offline", func(tx *db.Tx, b *bill.Bill) error { return bill.PayOffline(tx, b, 30000) }, nil, 20000, 30000, bill.Scheduled},
			{"released", func(tx *db.Tx, b *bill.Bill) error { return bill.Release(tx, b, 20000) }, nil, 0, 50000, bill.PaidInFull},
			{"released twice", func(tx *db.Tx, b *bill.Bill) error { return bill.Release(tx, b, 20000) }, bill.ErrOverpaid, 0, 50000, bill.PaidInFull},
			{"returned", func(tx *db.Tx, b *bill.Bill) error { return bill.Reopen(tx, b, 20000) }, nil, 0, 30000, bill.PartiallyPaid},
			{"scheduled again", func(tx *db.Tx, b *bill.Bill) error { return bill.Schedule(tx, b, 20000) }, nil, 20000, 30000, bill.Scheduled},
			{"deleted", func(tx *db.Tx, b *bill.Bill) error { return bill.Delete(tx, b.ID) }, bill.ErrMoneyOn, 20000, 30000, bill.Scheduled},
			{"cancelled", func(tx *db.Tx, b *bill.Bill) error { return bill.Unschedule(tx, b, 20000) }, nil, 0, 30000, bill.PartiallyPaid},
			{"cancelled twice", func(tx *db.Tx, b *bill.Bill) error { return bill.Unschedule(tx, b, 20000) }, bill.ErrOverpaid, 0, 30000, bill.PartiallyPaid},
			{"voided", func(tx *db.Tx, b *bill.Bill) error { return bill.Reopen(tx, b, 30000) }, nil, 0, 0, bill.Open},
			{"deleted now", func(tx *db.Tx, b *bill.Bill) error { return bill.Delete(tx, b.ID) }, nil, 0, 0, bill.Open},
			{"deleted again", func(tx *db.Tx, b *bill.Bill) error { return bill.Delete(tx, b.ID) }, nil, 0, 0, bill.Open},
			{"paid when deleted", func(tx *db.Tx, b *bill.Bill) error { _, err := bill.ForPayment(tx, b.ID); return err }, bill.ErrNoBill, 0, 0, bill.Open},
		}
		for _, st := range steps {
			before := load(t, s, who, id)
			s.Clock.Advance(time.Second)
			err := s.Write(ctx, who, func(tx *db.Tx) error {
				b, err := bill.Bills.LoadForUpdate(tx, id)
				if err != nil {
					return err
				}
				return st.do(tx, b)
			})
			if !errors.Is(err, st.want) {
				t.Errorf("%s: %v, want %v", st.name, err, st.want)
			}
			b := load(t, s, who, id)
			if b.ScheduledAmount != st.scheduled || b.PaidAmount != st.paid || b.PaymentStatus != st.status {
				t.Errorf("%s: scheduled %d, paid %d, status %d", st.name, b.ScheduledAmount, b.PaidAmount, b.PaymentStatus)
			}
			if moved := b.UpdatedTime != before.UpdatedTime; moved != (st.want == nil && st.name != "deleted again") {
				t.Errorf("SYN-3, G-31: %s: updatedTime moved %v", st.name, moved)
			}
		}
		if ap := balance(t, s, who, ledger.AP); ap != 0 {
			t.Errorf("BIL-9: AP %d after the deletion", ap)
		}
		if b := load(t, s, who, id); b.Active != record.Inactive || b.CreatedTime != created {
			t.Errorf("after the deletion: %+v", b)
		}
	})
}

// APR-16 and spec/README 7, with the permissions of domain 2.3.
func TestCheckPayable(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	who, _ := newOrg(t, s)
	allow := func(v string) {
		if err := s.Write(ctx, who, func(tx *db.Tx) error {
			o, err := org.Load(tx)
			if err != nil {
				return err
			}
			if err := o.Set("allowPayUnapproved", v); err != nil {
				return err
			}
			return org.Save(tx, o)
		}); err != nil {
			t.Fatal(err)
		}
	}
	payer := db.Of(org.PayApproved, org.PayUnassigned)
	for _, c := range []struct {
		name   string
		status int64
		perms  db.Permissions
		allow  string
		want   error
	}{
		{"approved", bill.Approved, payer, "no", nil},
		{"approved, nobody's right", bill.Approved, 0, "no", fault.ErrForbidden},
		{"unassigned", bill.Unassigned, payer, "no", nil},
		{"unassigned, approved only", bill.Unassigned, db.Of(org.PayApproved), "no", fault.ErrForbidden},
		{"waiting, administrator", bill.Assigned, org.All, "no", bill.ErrNotPayable},
		{"waiting, allowed, payer", bill.Assigned, payer, "yes", bill.ErrNotPayable},
		{"waiting, allowed, administrator", bill.Approving, org.All, "yes", nil},
		{"denied", bill.Denied, org.All, "yes", bill.ErrNotPayable},
	} {
		allow(c.allow)
		w := who
		w.Perms = c.perms
		err := s.Read(ctx, w, func(tx *db.Tx) error { return (&bill.Bill{ApprovalStatus: c.status}).CheckPayable(tx) })
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// E12: two users reserve the same bill at the same instant; one succeeds.
func TestTwoScheduleAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who, v := newOrg(t, s)
		id := create(t, s, who, newBill(v, "1", 50000)).ID
		done := make(chan error, 2)
		for range 2 {
			go func() {
				done <- s.Write(ctx, who, func(tx *db.Tx) error {
					b, err := bill.ForPayment(tx, id)
					if err != nil {
						return err
					}
					return bill.Schedule(tx, b, 50000)
				})
			}()
		}
		e1, e2 := <-done, <-done
		if (e1 == nil) == (e2 == nil) || !errors.Is(errors.Join(e1, e2), bill.ErrOverpaid) {
			t.Errorf("%v, %v", e1, e2)
		}
		if b := load(t, s, who, id); b.ScheduledAmount != 50000 {
			t.Errorf("scheduled %d", b.ScheduledAmount)
		}
	})
}
