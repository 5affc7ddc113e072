package payment_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/banksim"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/vendor"
)

// tester is what the helpers need of a test, or of a property's.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// office is an organisation with a funding account, its engine and its bank.
type office struct {
	t      tester
	s      *dbtest.Store
	who    db.Caller
	vault  *secret.Vault
	dir    string
	engine *payment.Engine
	sim    *banksim.Sim
	bank   ids.ID // funding account
	ledger ids.ID // its ledger account
	bills  int
	byHand int // files of the bank, made by hand
}

const number = "000117777"

func vaultIn(t *testing.T) *secret.Vault {
	t.Helper()
	v, err := secret.CreateVault(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// newOffice makes an organisation in the store. The clock shows the time of dbtest.Start.
func newOffice(t tester, s *dbtest.Store, vault *secret.Vault, dir string) *office {
	t.Helper()
	ctx := context.Background()
	n := ids.New(ids.User)
	o := &office{t: t, s: s, vault: vault, dir: dir}
	orgID, userID, err := org.Create(ctx, s.DB, "command", org.NewOrganisation{Name: "Northwind LLC", AdminEmail: string(n) + "@x.example",
		PasswordHash: "x", SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	o.who = db.Caller{Org: orgID, User: userID, Perms: org.All, Channel: "xml1"}
	sealed, err := bank.Seal(vault, orgID, number)
	if err != nil {
		t.Fatal(err)
	}
	sealed.Name, sealed.BankName, sealed.Routing, sealed.Verified = "Operating", "Sandbox Bank", "990000013", true
	var companyID string
	o.write(func(tx *db.Tx) error {
		if o.bank, err = bank.Add(tx, sealed); err != nil {
			return err
		}
		a, err := bank.Accounts.Load(tx, o.bank)
		if err != nil {
			return err
		}
		o.ledger = a.LedgerAccountID
		own, err := org.Load(tx)
		if err != nil {
			return err
		}
		companyID = own.ACHID
		_, err = ledger.Post(tx, ledger.Entry{Date: civil.MustDate("2026-11-01"), Event: ledger.ManualJournal, Source: o.bank, Version: 1,
			Postings: []ledger.Posting{{Account: o.ledger, Amount: 5_000_000}, {Role: ledger.Equity, Amount: -5_000_000}}})
		return err
	})
	o.engine = payment.NewEngine(s.DB, vault, dir, discardLog())
	o.sim = banksim.New(filepath.Join(dir, string(orgID)), []banksim.Account{{CompanyID: companyID, Routing: "990000013", Number: number,
		Opening: 5_000_000, Since: civil.MustDate("2026-11-01")}})
	return o
}

func (o *office) try(f func(tx *db.Tx) error) error {
	return o.s.Write(context.Background(), o.who, f)
}

func (o *office) write(f func(tx *db.Tx) error) {
	o.t.Helper()
	if err := o.try(f); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) read(f func(tx *db.Tx) error) {
	o.t.Helper()
	if err := o.s.Read(context.Background(), o.who, f); err != nil {
		o.t.Fatal(err)
	}
}

// vendor adds a vendor with a US address.
func (o *office) vendor(name string, change func(*vendor.Vendor)) ids.ID {
	o.t.Helper()
	v := vendor.Vendors.New().(*vendor.Vendor)
	v.Name, v.Address1, v.City, v.Region, v.Zip = name, "1 Main Street", "Springfield", "IL", "62701"
	if change != nil {
		change(v)
	}
	o.write(func(tx *db.Tx) error { return vendor.Create(tx, v) })
	return v.ID
}

// account gives a vendor a bank account.
func (o *office) account(v ids.ID, number string) ids.ID {
	o.t.Helper()
	n, err := vendor.SealBankAccount(o.vault, o.who.Org, number)
	if err != nil {
		o.t.Fatal(err)
	}
	n.VendorID, n.Routing, n.AccountType, n.HolderType = v, "990000026", vendor.Checking, vendor.Business
	o.write(func(tx *db.Tx) error { _, err := vendor.AddBankAccount(tx, n); return err })
	return n.ID
}

// bill adds a bill with one line.
func (o *office) bill(v ids.ID, amount int64) ids.ID {
	o.t.Helper()
	o.bills++
	b := bill.Bills.New().(*bill.Bill)
	b.VendorID, b.InvoiceNumber, b.Amount = v, fmt.Sprintf("INV-%04d", 1000+o.bills), amount
	b.InvoiceDate, b.DueDate = civil.MustDate("2026-11-20"), civil.MustDate("2026-12-20")
	o.write(func(tx *db.Tx) error { return bill.Create(tx, b) })
	return b.ID
}

// pay schedules a payment and gives its id.
func (o *office) pay(b ids.ID, amount int64, date string) (ids.ID, error) {
	var p *payment.BillPay
	err := o.try(func(tx *db.Tx) (err error) {
		p, err = payment.Pay(tx, payment.Request{BillID: b, Amount: amount, ProcessDate: civil.MustDate(date)})
		return err
	})
	if err != nil {
		return "", err
	}
	return p.PaymentID, nil
}

func (o *office) mustPay(b ids.ID, amount int64, date string) ids.ID {
	o.t.Helper()
	p, err := o.pay(b, amount, date)
	if err != nil {
		o.t.Fatalf("pay %d on %s: %v", amount, date, err)
	}
	return p
}

func discardLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

// at sets the clock to a Pacific time.
func (o *office) at(day string, clock string) time.Time {
	var h, m, s int
	_, _ = fmt.Sscanf(clock, "%d:%d:%d", &h, &m, &s)
	t := civil.MustDate(day).At(h, m, civil.Pacific).Add(time.Duration(s) * time.Second)
	o.s.Clock.Set(t)
	return t
}

// until goes from one due instant of engine and bank to the next, as the server does, up to and including the last.
func (o *office) until(last time.Time) {
	o.t.Helper()
	ctx := context.Background()
	now := o.s.Clock.Now()
	for range 10_000 {
		due, ok := o.engine.Due(ctx, o.who.Org, now)
		if at, answers := o.sim.NextDue(now); answers && (!ok || at.Before(due)) {
			due, ok = at, true
		}
		if !ok || due.After(last) {
			o.s.Clock.Set(last)
			return
		}
		now = due
		o.s.Clock.Set(now)
		if _, err := o.sim.Run(now); err != nil {
			o.t.Fatal(err)
		}
		if err := o.engine.Step(ctx, o.who.Org, now); err != nil {
			o.t.Fatalf("step at %v: %v", now, err)
		}
	}
	o.t.Fatal("what is due does not come to an end")
}

func (o *office) payment(id ids.ID) (p *payment.Payment) {
	o.t.Helper()
	o.read(func(tx *db.Tx) (err error) {
		p, err = payment.Payments.Load(tx, id)
		return err
	})
	return p
}

func (o *office) wantState(id ids.ID, want string) {
	o.t.Helper()
	if got := o.payment(id); got.State != want {
		o.t.Errorf("payment %s at %v: state %s (%s), want %s", id, o.s.Clock.Now(), got.State, got.HoldReason, want)
	}
}

// wantBalances compares the balances of MOC, AP and BANK, debit positive.
func (o *office) wantBalances(when string, moc, ap, cash int64) {
	o.t.Helper()
	o.read(func(tx *db.Tx) error {
		for _, w := range []struct {
			role string
			want int64
		}{{ledger.MoneyOut, moc}, {ledger.AP, ap}, {ledger.Bank, cash}} {
			got, err := ledger.RoleBalance(tx, w.role)
			if err != nil {
				return err
			}
			if got != w.want {
				o.t.Errorf("%s: %s is %d, want %d", when, w.role, got, w.want)
			}
		}
		return nil
	})
}

// names lists the files of one of the organisation's folders.
func (o *office) names(folder string) []string {
	o.t.Helper()
	entries, err := os.ReadDir(filepath.Join(o.dir, string(o.who.Org), folder))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		o.t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func (o *office) content(folder, name string) string {
	o.t.Helper()
	b, err := os.ReadFile(filepath.Join(o.dir, string(o.who.Org), folder, name))
	if err != nil {
		o.t.Fatal(err)
	}
	return string(b)
}

func (o *office) attempts(b ids.ID) (all []payment.Attempt) {
	o.t.Helper()
	o.read(func(tx *db.Tx) (err error) {
		all, err = payment.Attempts(tx, b)
		return err
	})
	return all
}

func (o *office) load(b ids.ID) (got *bill.Bill) {
	o.t.Helper()
	o.read(func(tx *db.Tx) (err error) {
		got, err = bill.Bills.Load(tx, b)
		return err
	})
	return got
}

// TestPayChecks: the order of api-v1 5.6 and the rules behind it, each with one fault and with two of which the earlier
// is told.
func TestPayChecks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		us := o.vendor("V1", nil)
		noAddress := o.vendor("V2", func(v *vendor.Vendor) { v.Zip = "" })
		gb := o.vendor("V3", func(v *vendor.Vendor) { v.Country, v.Region, v.Zip = "GB", "", "" })
		iran := o.vendor("V4", func(v *vendor.Vendor) { v.Country = "IR" })
		pr := o.vendor("V5", func(v *vendor.Vendor) { v.Country = "PR" })
		ach := o.vendor("V6", nil)
		gone := o.vendor("V7", nil)
		o.account(ach, "5551234") // Monday: usable from Wednesday
		big := func(v ids.ID) ids.ID { return o.bill(v, 5_000_000) }
		bUS, bNo, bGB, bIR, bPR, bACH, bGone := big(us), big(noAddress), big(gb), big(iran), big(pr), big(ach), big(gone)
		deleted := big(us)
		o.write(func(tx *db.Tx) error { return bill.Delete(tx, deleted) })
		o.write(func(tx *db.Tx) error {
			v, err := vendor.Vendors.Load(tx, gone)
			after := *v
			after.Active = record.Inactive
			return errors.Join(err, vendor.Update(tx, v, &after))
		})
		o.at("2026-11-23", "12:00:00")
		const tue, wed = "2026-11-24", "2026-11-25"
		cases := []struct {
			name   string
			bill   ids.ID
			amount int64
			date   string
			want   error
			arg    string
		}{
			{"row 3: unknown bill", ids.New(ids.Bill), 0, "2026-11-28", bill.ErrNoBill, ""},
			{"row 3: inactive bill", deleted, 0, "2026-11-28", bill.ErrNoBill, ""},
			{"row 5: nothing", bUS, 0, "2026-11-28", fault.ErrAmount, ""},
			{"row 5: more than is due", bUS, 5_000_001, tue, bill.ErrOverpaid, ""},
			{"row 6, E3: Saturday", bUS, 1, "2026-11-28", payment.ErrNotBusinessDay, ""},
			{"row 6, E3: Thanksgiving", bUS, 1, "2026-11-26", payment.ErrNotBusinessDay, ""},
			{"row 6, E3: 5 July 2027", bUS, 1, "2027-07-05", payment.ErrNotBusinessDay, ""},
			{"row 7: today", bUS, 1, "2026-11-23", payment.ErrTooEarly, "11/24/2026"},
			{"row 7a: 366 days and more", bUS, 1, "2027-11-26", payment.ErrTooLate, ""},
			{"row 9: vendor inactive", bGone, 1, tue, payment.ErrVendorInactive, ""},
			{"row 7, VEN-4: new bank account", bACH, 1, tue, payment.ErrAccountNew, "11/25/2026"},
			{"row 10: international off", bGB, 1, tue, payment.ErrInternational, ""},
			{"row 10 before 11", bIR, 1, tue, payment.ErrInternational, ""},
			{"row 13: no ZIP", bNo, 1, tue, payment.ErrAddress, ""},
			{"E6: Puerto Rico has no limit", bPR, 1_000_001, tue, nil, ""},
			{"VEN-4: from the second banking day", bACH, 1, wed, nil, ""},
			{"a year ahead", bUS, 1, "2027-11-24", nil, ""},
		}
		check := func(i int) {
			c := cases[i]
			_, err := o.pay(c.bill, c.amount, c.date)
			if !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, err, c.want)
				return
			}
			if f := fault.From(err); c.arg != "" && (len(f.Args) != 1 || f.Args[0] != c.arg) {
				t.Errorf("%s: got %v, want the date %s", c.name, f, c.arg)
			}
		}
		for i := range cases {
			check(i)
		}
		o.write(func(tx *db.Tx) error {
			own, err := org.Load(tx)
			own.Preferences.InternationalPayments, own.Preferences.InternationalOn = true, true
			return errors.Join(err, org.Save(tx, own))
		})
		for _, c := range []struct {
			name   string
			bill   ids.ID
			amount int64
			want   error
		}{
			{"row 11: not in the list", bIR, 1_000_001, payment.ErrCountry},
			{"row 12, E6: 10,000.01 to GB", bGB, 1_000_001, payment.ErrLimit},
			{"row 12, E6: 10,000.00 to GB", bGB, 1_000_000, nil},
		} {
			if _, err := o.pay(c.bill, c.amount, tue); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, err, c.want)
			}
		}
		o.write(func(tx *db.Tx) error { return bank.Deactivate(tx, o.bank) })
		if _, err := o.pay(bGone, 1, tue); !errors.Is(err, bank.ErrNoAccount) {
			t.Errorf("row 8 before 9: got %v, want no account", err)
		}
		got := o.attempts(bPR)
		if len(got) != 1 || got[0].Outcome != "PENDING" || got[0].Amount != 1_000_001 || got[0].ProcessDate.String() != tue ||
			got[0].ArrivalDate.String() != "2026-12-02" || got[0].Rail != payment.Check {
			t.Errorf("PAY-14 and 4.6: got %+v", got)
		}
		if b := o.load(bPR); b.PaymentStatus != bill.Scheduled || b.ScheduledAmount != 1_000_001 {
			t.Errorf("bill: got status %d with %d scheduled", b.PaymentStatus, b.ScheduledAmount)
		}
	})
}

// TestBillPay: what api-v1 6.9 shows of a payment.
func TestBillPay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		b := o.bill(o.vendor("V1", nil), 100)
		o.mustPay(b, 40, "2026-11-25")
		o.mustPay(b, 60, "2026-11-24")
		var got []*payment.BillPay
		o.read(func(tx *db.Tx) error {
			return payment.BillPays.List(tx, record.Query{}, func(p *payment.BillPay) error { got = append(got, p); return nil })
		})
		if len(got) != 2 || got[0].Name != "P26112300 - 0000001" || got[1].Name != "P26112300 - 0000002" || len(got[0].TxnNumber) != 20 ||
			strings.Trim(got[0].TxnNumber, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || got[0].PaymentStatus != 1 || got[0].PaymentType != 0 ||
			got[0].State != payment.Scheduled || got[0].Amount != 40 || !got[0].AllowExport {
			t.Errorf("got %+v", got[0])
		}
	})
}

// TestDates: E1 to E4 and the table of PAY-3 through the room.
func TestDates(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	o := newOffice(t, s, vaultIn(t), t.TempDir())
	b := o.bill(o.vendor("V1", nil), 100_000)
	for _, c := range []struct {
		name, day, clock string
		late             time.Duration
		date             string
		want             error
	}{
		{"E1", "2026-11-24", "17:59:59", 999 * time.Millisecond, "2026-11-25", nil},
		{"E1", "2026-11-24", "18:00:00", 0, "2026-11-25", payment.ErrTooEarly},
		{"E1", "2026-11-24", "18:00:00", 0, "2026-11-27", nil},
		{"E2: summer time starts", "2026-03-08", "17:59:59", 0, "2026-03-09", nil},
		{"E2: summer time starts", "2026-03-08", "18:00:00", 0, "2026-03-09", payment.ErrTooEarly},
		{"E2: summer time ends", "2026-11-01", "17:59:59", 0, "2026-11-02", nil},
		{"E2: summer time ends", "2026-11-01", "18:00:00", 0, "2026-11-02", payment.ErrTooEarly},
		{"E4: Saturday", "2027-12-20", "12:00:00", 0, "2027-12-25", payment.ErrNotBusinessDay},
		{"E4: Friday", "2027-12-20", "12:00:00", 0, "2027-12-24", nil},
		{"PAY-3: year's end", "2026-12-31", "18:30:00", 0, "2027-01-05", nil},
	} {
		s.Clock.Set(o.at(c.day, c.clock).Add(c.late))
		if _, err := o.pay(b, 1, c.date); !errors.Is(err, c.want) {
			t.Errorf("%s: %s for %s: got %v, want %v", c.name, s.Clock.Now().In(civil.Pacific), c.date, err, c.want)
		}
	}
}

// TestTwoPayers: E12, two users pay the same bill at the same instant.
func TestTwoPayers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("V1", nil)
		for range 10 {
			b := o.bill(v, 50_000)
			var wg sync.WaitGroup
			errs := make([]error, 2)
			for i := range errs {
				wg.Go(func() { _, errs[i] = o.pay(b, 50_000, "2026-11-24") })
			}
			wg.Wait()
			if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), bill.ErrOverpaid) {
				t.Fatalf("got %v and %v, want one success and one BDCE045", errs[0], errs[1])
			}
		}
	})
}

// TestCancel: PAY-11.
func TestCancel(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	o := newOffice(t, s, vaultIn(t), t.TempDir())
	b := o.bill(o.vendor("V1", nil), 100_000)
	for _, c := range []struct {
		name                     string
		paidDay, paidAt, process string
		day, at                  string
		want                     error
	}{
		{"pickup 1", "2026-11-24", "14:59:59", "2026-11-25", "2026-11-24", "15:59:59", nil},
		{"pickup 1 ended", "2026-11-24", "14:59:59", "2026-11-25", "2026-11-24", "16:00:00", payment.ErrNotCancelable},
		{"pickup 2", "2026-11-24", "15:00:00", "2026-11-25", "2026-11-24", "17:59:59", nil},
		{"pickup 2 ended, scenario A 7", "2026-11-24", "17:59:59", "2026-11-25", "2026-11-24", "18:00:01", payment.ErrNotCancelable},
		{"long before", "2026-11-23", "10:00:00", "2026-11-27", "2026-11-25", "15:59:59", nil},
		{"on a weekend for Monday", "2026-11-28", "10:00:00", "2026-11-30", "2026-11-29", "17:59:59", nil},
		{"weekend ended", "2026-11-28", "10:00:00", "2026-11-30", "2026-11-29", "18:00:00", payment.ErrNotCancelable},
	} {
		o.at(c.paidDay, c.paidAt)
		p := o.mustPay(b, 100, c.process)
		before := o.load(b).ScheduledAmount
		o.at(c.day, c.at)
		err := o.try(func(tx *db.Tx) error { return payment.Cancel(tx, p) })
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if c.want == nil {
			o.wantState(p, payment.Canceled)
			if got := o.load(b).ScheduledAmount; got != before-100 {
				t.Errorf("%s: scheduled %d, want %d", c.name, got, before-100)
			}
			if err := o.try(func(tx *db.Tx) error { return payment.Cancel(tx, p) }); !errors.Is(err, payment.ErrNotCancelable) {
				t.Errorf("%s again: got %v", c.name, err)
			}
		}
	}
}

// TestOffline: OFF-1, OFF-2 and api-v1 5.7.
func TestOffline(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		b := o.bill(o.vendor("V1", func(v *vendor.Vendor) { v.Country, v.City = "IR", "" }), 10_000)
		var equity, moc ids.ID
		o.read(func(tx *db.Tx) (err error) {
			if equity, err = ledger.Account(tx, ledger.Equity); err != nil {
				return err
			}
			moc, err = ledger.Account(tx, ledger.MoneyOut)
			return err
		})
		for _, c := range []struct {
			name    string
			amount  int64
			date    string
			account ids.ID
			want    error
		}{
			{"weekend", 1_000, "2026-11-22", "", nil},
			{"today", 1_000, "2026-11-23", "", nil},
			{"spec/README 15: a post-dated cheque", 1_000, "2026-11-24", "", nil},
			{"too far ahead", 1_000, "2027-11-25", "", payment.ErrTooLate},
			{"named account", 1_000, "2026-11-20", equity, nil},
			{"a clearing account", 1_000, "2026-11-20", moc, fault.ErrReference},
			{"unknown account", 1_000, "2026-11-20", ids.New(ids.Account), fault.ErrReference},
			{"more than is left", 6_001, "2026-11-20", "", bill.ErrOverpaid},
			{"the rest", 6_000, "2026-11-20", ids.Null, nil},
		} {
			var got *payment.BillPay
			err := o.try(func(tx *db.Tx) (err error) {
				got, err = payment.RecordOffline(tx, payment.Offline{BillID: b, Amount: c.amount, Date: civil.MustDate(c.date), ChartOfAccountID: c.account,
					SyncReference: "S1"})
				return err
			})
			if !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, err, c.want)
			}
			if err == nil && (got.PaymentStatus != 2 || got.PaymentType != 1 || got.SyncReference != "S1" || got.AllowExport) {
				t.Errorf("%s: got %+v", c.name, got)
			}
		}
		if got := o.load(b); got.PaymentStatus != bill.PaidInFull || got.PaidAmount != 10_000 {
			t.Errorf("bill: got %+v", got)
		}
		o.wantBalances("recorded", 0, 0, 5_000_000-9_000)
		for _, a := range o.attempts(b) {
			if a.Outcome != "SUCCEEDED" || a.Rail != payment.Booked || a.OutcomeAt == 0 {
				t.Errorf("attempt: got %+v", a)
			}
		}
	})
}
