package credit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/credit"
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

// books is an organisation with a vendor.
type books struct {
	t      *testing.T
	s      *dbtest.Store
	who    db.Caller
	vendor ids.ID
}

func newBooks(t *testing.T, s *dbtest.Store) *books {
	t.Helper()
	orgID, userID, err := org.Create(context.Background(), s.DB, "command", org.NewOrganisation{Name: "Acme", AdminEmail: "a@acme.example",
		PasswordHash: "x", SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	b := &books{t: t, s: s, who: db.Caller{Org: orgID, User: userID, Perms: org.All, Channel: "json2"}}
	b.vendor = b.newVendor("Harbor Tool Rental")
	return b
}

func (b *books) try(f func(*db.Tx) error) error { return b.s.Write(context.Background(), b.who, f) }

func (b *books) write(f func(*db.Tx) error) {
	b.t.Helper()
	if err := b.try(f); err != nil {
		b.t.Fatal(err)
	}
}

func (b *books) newVendor(name string) ids.ID {
	b.t.Helper()
	v := vendor.Vendors.New().(*vendor.Vendor)
	v.Name = name
	b.write(func(tx *db.Tx) error { return vendor.Create(tx, v) })
	return v.ID
}

func newCredit(v ids.ID, number string, amount int64, lines ...int64) *credit.Credit {
	c := credit.Credits.New().(*credit.Credit)
	c.VendorID, c.RefNumber, c.Amount, c.CreditDate = v, number, amount, civil.MustDate("2026-11-20")
	for _, a := range lines {
		l := credit.Lines.New().(*credit.Line)
		l.Amount = a
		c.Lines = append(c.Lines, l)
	}
	return c
}

func (b *books) create(number string, amount int64, lines ...int64) *credit.Credit {
	b.t.Helper()
	c := newCredit(b.vendor, number, amount, lines...)
	b.write(func(tx *db.Tx) error { return credit.Create(tx, c, false) })
	return c
}

func (b *books) load(id ids.ID) (c *credit.Credit) {
	b.t.Helper()
	b.write(func(tx *db.Tx) (err error) {
		c, err = credit.Credits.Load(tx, id)
		return err
	})
	return c
}

// wantAP checks the control account: debits positive.
func (b *books) wantAP(when string, want int64) {
	b.t.Helper()
	b.write(func(tx *db.Tx) error {
		got, err := ledger.RoleBalance(tx, ledger.AP)
		if got != want {
			b.t.Errorf("%s: AP is %d, want %d", when, got, want)
		}
		return err
	})
}

// Domain 9.2, event 5: a credit debits accounts payable; its amount is the sum of its lines.
func TestCreate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		b := newBooks(t, s)
		off := b.newVendor("Off")
		b.write(func(tx *db.Tx) error {
			before, err := vendor.Vendors.Load(tx, off)
			if err != nil {
				return err
			}
			after := *before
			after.Active = record.Inactive
			return vendor.Update(tx, before, &after)
		})
		both := newCredit(b.vendor, "B", 100)
		both.ApplyToBankAccountID, both.ApplyToChartOfAccountID = ids.New(ids.BankAccount), ids.New(ids.Account)
		for _, c := range []struct {
			name   string
			credit *credit.Credit
			repeat bool
			want   error
			field  string
		}{
			{"no lines gives one", newCredit(b.vendor, "1", 1000), false, nil, ""},
			{"lines", newCredit(b.vendor, "2", 500, 700, -200), false, nil, ""},
			{"one cent off", newCredit(b.vendor, "3", 500, 300, 201), false, credit.ErrSplits, "amount"},
			{"nothing", newCredit(b.vendor, "3", 0), false, fault.ErrValue, "amount"},
			{"less than nothing", newCredit(b.vendor, "3", -5), false, fault.ErrValue, "amount"},
			{"no number", newCredit(b.vendor, "", 5), false, fault.ErrMissing, "refNumber"},
			{"inactive vendor", newCredit(off, "3", 5), false, fault.ErrReference, "vendorId"},
			{"3.5: two accounts to apply to", both, false, fault.ErrValue, "applyToBankAccountId"},
			{"2.7: a number again", newCredit(b.vendor, " 0002 ", 5), false, credit.ErrDuplicate, "refNumber"},
			{"2.7: a number again, allowed", newCredit(b.vendor, "2", 1), true, nil, ""},
		} {
			err := b.try(func(tx *db.Tx) error { return credit.Create(tx, c.credit, c.repeat) })
			if !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, err, c.want)
			} else if c.want != nil && fault.From(err).Fields[0] != c.field {
				t.Errorf("%s: got field %v, want %s", c.name, fault.From(err).Fields, c.field)
			}
			if c.want == nil {
				got := b.load(c.credit.ID)
				if got.CreditStatus != credit.Unused || got.ApprovalStatus != bill.Unassigned || got.GLPostingDate != got.CreditDate ||
					len(got.Lines) == 0 || got.Duplicate != c.repeat {
					t.Errorf("%s: read back %+v", c.name, got)
				}
			}
		}
		b.wantAP("9.2", 1501)
		clerk := b.who
		clerk.Perms = db.Of(org.ViewBills)
		err := s.Write(context.Background(), clerk, func(tx *db.Tx) error { return credit.Create(tx, newCredit(b.vendor, "9", 5), false) })
		if !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("2.3: without permission got %v", err)
		}
	})
}

// Event 3: what a change posts; BIL-8's like for credits: what is set off locks the vendor and the amount below it.
func TestUpdate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		b := newBooks(t, s)
		other := b.newVendor("Other")
		id := b.create("1", 1000).ID
		b.create("taken", 1)
		steps := []struct {
			name    string
			do      func(*credit.Credit)
			want    error
			version int64 // of the posting afterwards
			ap      int64
		}{
			{"nothing", func(*credit.Credit) {}, nil, 1, 1001},
			{"a word", func(c *credit.Credit) { c.Description = "returned goods" }, nil, 1, 1001},
			{"the amount", func(c *credit.Credit) { c.Amount, c.Lines[0].Amount = 1200, 1200 }, nil, 3, 1201},
			{"lines that do not sum", func(c *credit.Credit) { c.Amount = 1300 }, credit.ErrSplits, 3, 1201},
			{"a second line", func(c *credit.Credit) {
				c.Amount, c.Lines = 1300, append(c.Lines, &credit.Line{Base: record.Base{Active: 1}, Amount: 100})
			}, nil, 5, 1301},
			{"the first line goes", func(c *credit.Credit) { c.Amount, c.Lines = 100, c.Lines[1:] }, nil, 7, 101},
			{"the number of another", func(c *credit.Credit) { c.RefNumber = "TAKEN" }, credit.ErrDuplicate, 7, 101},
			{"the vendor", func(c *credit.Credit) { c.VendorID = other }, nil, 9, 101},
			{"reserve 60", nil, nil, 9, 101},
			{"the amount above what is set off", func(c *credit.Credit) { c.Amount, c.Lines[0].Amount = 60, 60 }, nil, 11, 61},
			{"the amount below it", func(c *credit.Credit) { c.Amount, c.Lines[0].Amount = 59, 59 }, credit.ErrMoneyOn, 11, 61},
			{"the vendor then", func(c *credit.Credit) { c.VendorID = b.vendor }, credit.ErrMoneyOn, 11, 61},
			{"deleted then", func(c *credit.Credit) { c.Active = record.Inactive }, credit.ErrMoneyOn, 11, 61},
		}
		for _, st := range steps {
			s.Clock.Advance(time.Second)
			before := b.load(id)
			err := b.try(func(tx *db.Tx) error {
				before, err := credit.Credits.LoadForUpdate(tx, id)
				if err != nil {
					return err
				}
				if st.do == nil {
					return credit.Reserve(tx, before, 60)
				}
				after := credit.Credits.Copy(before).(*credit.Credit)
				st.do(after)
				return credit.Update(tx, before, after, false)
			})
			if !errors.Is(err, st.want) {
				t.Errorf("%s: got %v, want %v", st.name, err, st.want)
			}
			c := b.load(id)
			if c.PostingVersion != st.version {
				t.Errorf("%s: posting version %d, want %d", st.name, c.PostingVersion, st.version)
			}
			if moved := c.UpdatedTime != before.UpdatedTime; moved != (st.want == nil && st.name != "nothing") {
				t.Errorf("SYN-3: %s: updatedTime moved %v", st.name, moved)
			}
			b.wantAP(st.name, st.ap)
		}
	})
}

// Domain 3.3 and 4.3: the amounts and states of a credit through use and deletion.
func TestUse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		b := newBooks(t, s)
		id := b.create("1", 1000).ID
		use := func(f func(*db.Tx, *credit.Credit, int64) error, amount int64) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				c, err := credit.ForUse(tx, id)
				if err != nil {
					return err
				}
				return f(tx, c, amount)
			}
		}
		for _, st := range []struct {
			name                      string
			do                        func(*db.Tx) error
			want                      error
			reserved, applied, status int64
			ap                        int64
		}{
			{"nothing", use(credit.Reserve, 0), credit.ErrLeft, 0, 0, credit.Unused, 1000},
			{"too much", use(credit.Reserve, 1001), credit.ErrLeft, 0, 0, credit.Unused, 1000},
			{"a part", use(credit.Reserve, 400), nil, 400, 0, credit.PartlyUsed, 1000},
			{"the rest", use(credit.Reserve, 600), nil, 1000, 0, credit.Used, 1000},
			{"deleted", func(tx *db.Tx) error { return credit.Delete(tx, id) }, credit.ErrMoneyOn, 1000, 0, credit.Used, 1000},
			{"cancelled", use(credit.Unreserve, 600), nil, 400, 0, credit.PartlyUsed, 1000},
			{"released", use(credit.Apply, 400), nil, 0, 400, credit.PartlyUsed, 1000},
			{"released twice", use(credit.Apply, 400), credit.ErrLeft, 0, 400, credit.PartlyUsed, 1000},
			{"returned", use(credit.Free, 400), nil, 0, 0, credit.Unused, 1000},
			{"returned twice", use(credit.Free, 400), credit.ErrLeft, 0, 0, credit.Unused, 1000},
			{"deleted now", func(tx *db.Tx) error { return credit.Delete(tx, id) }, nil, 0, 0, credit.Unused, 0},
			{"deleted again", func(tx *db.Tx) error { return credit.Delete(tx, id) }, nil, 0, 0, credit.Unused, 0},
			{"used when deleted", use(credit.Reserve, 1), fault.ErrReference, 0, 0, credit.Unused, 0},
			{"back", func(tx *db.Tx) error { return credit.Undelete(tx, id) }, nil, 0, 0, credit.Unused, 1000},
			{"back again", func(tx *db.Tx) error { return credit.Undelete(tx, id) }, nil, 0, 0, credit.Unused, 1000},
			{"used again", use(credit.Reserve, 1000), nil, 1000, 0, credit.Used, 1000},
		} {
			if err := b.try(st.do); !errors.Is(err, st.want) {
				t.Errorf("%s: got %v, want %v", st.name, err, st.want)
			}
			c := b.load(id)
			if c.ReservedAmount != st.reserved || c.AppliedAmount != st.applied || c.CreditStatus != st.status {
				t.Errorf("%s: reserved %d, applied %d, status %d", st.name, c.ReservedAmount, c.AppliedAmount, c.CreditStatus)
			}
			b.wantAP(st.name, st.ap)
		}
	})
}

// APR-15: a credit that waits for approval cannot be used.
func TestUnapproved(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		b := newBooks(t, s)
		b.write(func(tx *db.Tx) error {
			o, err := org.Load(tx)
			if err != nil {
				return err
			}
			o.Preferences.DefaultBillApprover = b.who.User
			return org.Save(tx, o)
		})
		c := b.create("1", 1000)
		if c.ApprovalStatus != bill.Assigned {
			t.Errorf("got approval status %d", c.ApprovalStatus)
		}
		err := b.try(func(tx *db.Tx) error { _, err := credit.ForUse(tx, c.ID); return err })
		if !errors.Is(err, credit.ErrDenied) {
			t.Errorf("got %v, want %v", err, credit.ErrDenied)
		}
	})
}

// GL-8: what a user enters in a closed month is refused; a deletion posts on the first open day.
func TestClosedMonth(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		b := newBooks(t, s)
		c := b.create("1", 1000)
		b.write(func(tx *db.Tx) error { ledger.ClosePeriod(tx, "2026-11"); return nil })
		err := b.try(func(tx *db.Tx) error { return credit.Create(tx, newCredit(b.vendor, "2", 5), false) })
		if !errors.Is(err, fault.ErrValue) {
			t.Errorf("got %v, want a refusal of glPostingDate", err)
		}
		b.write(func(tx *db.Tx) error { return credit.Delete(tx, c.ID) })
		b.write(func(tx *db.Tx) error {
			all, err := ledger.TrialBalance(tx, civil.MustDate("2026-11-30"))
			if len(all) != 2 {
				t.Errorf("November changed: %+v", all)
			}
			return err
		})
		b.wantAP("after the deletion", 0)
	})
}
