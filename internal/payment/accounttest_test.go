package payment_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/banksim"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/vendor"
)

// second adds another funding account, as a user does, and lets the simulated bank know of it.
func (o *office) second(t *testing.T, digits string) (id ids.ID) {
	t.Helper()
	n, err := bank.Seal(o.vault, o.who.Org, digits)
	if err != nil {
		t.Fatal(err)
	}
	n.Name, n.BankName, n.Routing = "Payroll "+digits, "Sandbox Bank", "990000013"
	var known []banksim.Account
	o.write(func(tx *db.Tx) error {
		if id, err = bank.Add(tx, n); err != nil {
			return err
		}
		own, err := org.Load(tx)
		if err != nil {
			return err
		}
		all, err := bank.List(tx)
		for _, a := range all {
			b := banksim.Account{CompanyID: own.ACHID, Routing: a.Routing, Since: civil.MustDate("2026-11-01")}
			if b.Number, err = a.Number(o.vault, o.who.Org); err != nil {
				return err
			}
			if a.ID == o.bank {
				b.Opening = 5_000_000
			}
			known = append(known, b)
		}
		return err
	})
	o.sim = banksim.New(filepath.Join(o.dir, string(o.who.Org)), known)
	return id
}

func (o *office) funding(id ids.ID) (a *bank.Account) {
	o.read(func(tx *db.Tx) (err error) { a, err = bank.Accounts.Load(tx, id); return err })
	return a
}

// deposit tells the amount of a test deposit.
func (o *office) deposit(who db.Caller, id ids.ID, amount int64) (t bank.Test, err error) {
	err = o.as(who, func(tx *db.Tx) (err error) { t, err = bank.ConfirmDeposit(tx, id, amount); return err })
	return t, err
}

func TestFND6_TestDeposit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.at("2026-11-23", "09:00:00")
		id := o.second(t, "77001111")
		if _, err := o.deposit(o.who, id, 50); !errors.Is(err, bank.ErrTestOver) {
			t.Errorf("FND-6: told before it left: %v", err)
		}
		o.until(civil.MustDate("2026-11-25").At(6, 0, civil.NewYork))
		files := o.outWith("ACCTVERIFY")
		if len(files) != 1 || !strings.Contains(files[0], "\n62299000001377001111") || !strings.Contains(files[0], "0000000050") {
			t.Fatalf("FND-6, SIM-8: files %q", files)
		}
		o.verified()
		o.wantRole("FND-6: what was sent came to an account of ours", ledger.Fees, 0)
		var line string
		o.read(func(tx *db.Tx) error {
			return tx.Row(`SELECT text FROM statement_lines WHERE org_id = $1 AND bank_account_id = $2 AND amount = 50 AND matched <> ''`, string(tx.Org()),
				string(id)).Scan(&line)
		})
		if !strings.Contains(line, "ACCTVERIFY") {
			t.Errorf("FND-6: on the statement of the account stands %q", line)
		}
		if a := o.funding(id); a.Status != bank.Pending || a.Usable() {
			t.Errorf("FND-6: status %d", a.Status)
		}
		if _, err := o.deposit(o.colleague("Bo"), id, 50); !errors.Is(err, bank.ErrTestOthers) {
			t.Errorf("FND-6: somebody else told it: %v", err)
		}
		if got, err := o.deposit(o.who, id, 49); err != nil || got.State != bank.TestSent || got.Left() != 2 || o.funding(id).Status != bank.Pending {
			t.Errorf("FND-6: a wrong amount: %+v, %v", got, err)
		}
		if got, err := o.deposit(o.who, id, 50); err != nil || got.State != bank.TestConfirmed || o.funding(id).Status != bank.Pending {
			t.Errorf("FND-6, SEC-5: the right amount for a further account: %+v, %v", got, err)
		}
		approve := func(who db.Caller) error { return o.as(who, func(tx *db.Tx) error { return bank.Approve(tx, id) }) }
		if err := approve(o.who); !errors.Is(err, bank.ErrSecond) {
			t.Errorf("SEC-5: who added it: %v", err)
		}
		if err := approve(o.colleague("Cleo")); err != nil || o.funding(id).Status != bank.Verified {
			t.Errorf("SEC-5: somebody else: %v", err)
		}
		if err := approve(o.who); !errors.Is(err, bank.ErrTestOver) {
			t.Errorf("SEC-5: twice: %v", err)
		}

		wrong := o.second(t, "77002222")
		late := o.second(t, "77003333")
		paper := o.second(t, "77004444")
		o.until(o.at("2026-11-25", "12:00:00"))
		for range 3 {
			if _, err := o.deposit(o.who, wrong, 51); err != nil {
				t.Error(err)
			}
		}
		if a := o.funding(wrong); a.Status != bank.Invalid {
			t.Errorf("FND-6: after three wrong amounts %d", a.Status)
		}
		if _, err := o.deposit(o.who, wrong, 50); !errors.Is(err, bank.ErrTestOver) {
			t.Errorf("FND-6: a fourth amount: %v", err)
		}
		o.write(func(tx *db.Tx) error { return bank.Verify(tx, paper) })
		if a := o.funding(paper); a.Status != bank.Verified {
			t.Errorf("FND-6: on paper evidence %d", a.Status)
		}
		o.at("2026-12-10", "12:00:00")
		if _, err := o.deposit(o.who, late, 50); !errors.Is(err, bank.ErrTestOver) {
			t.Errorf("FND-6: after 15 days: %v", err)
		}
	})
}

func TestVEN5_Modes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.at("2026-11-23", "09:00:00")
		o.prefs(func(p *org.Preferences) { p.ACHPrenoteMode, p.PrenoteWait = org.PrenoteNone, org.WaitNacha })
		none := o.vendor("None", nil)
		if a := o.bankAccount(o.account(none, "1111234")); a.Status != vendor.AccountVerified || a.PrenoteState != "" || a.UsableFrom.String() != "2026-11-30" {
			t.Errorf("VEN-5: none, nacha: %+v", a)
		}
		o.prefs(func(p *org.Preferences) { p.ACHPrenoteMode, p.PrenoteWait = org.PrenoteMicro, "" })
		told, wrong, closed := o.vendor("Told", nil), o.vendor("Wrong", nil), o.vendor("Closed", nil)
		accounts := map[ids.ID]ids.ID{}
		for v, number := range map[ids.ID]string{told: "2221234", wrong: "3331234", closed: "4440002"} {
			accounts[v] = o.account(v, number)
		}
		if a := o.bankAccount(accounts[told]); a.Status != vendor.AccountUnverified || a.UsableFrom.String() != "2026-11-25" {
			t.Errorf("VEN-5: micro: %+v", a)
		}
		tell := func(v ids.ID, first, second int64) (got bank.Test, err error) {
			err = o.try(func(tx *db.Tx) (err error) { got, err = vendor.ConfirmMicro(tx, v, first, second); return err })
			return got, err
		}
		if _, err := tell(told, 11, 23); !errors.Is(err, bank.ErrTestOver) {
			t.Errorf("VEN-5: told before it left: %v", err)
		}
		o.until(civil.MustDate("2026-11-25").At(6, 0, civil.NewYork))
		files := o.outWith("ACCTVERIFY")
		if len(files) != 1 || strings.Count(files[0], "\n5200NORTHWIND LLC") != 3 || strings.Count(files[0], "0000000011") != 3 ||
			strings.Count(files[0], "0000000023") != 3 || strings.Count(files[0], "\n627990000026") != 3 || strings.Count(files[0], "0000000034") < 3 {
			t.Fatalf("VEN-5, SIM-8: %q", files)
		}
		o.wantRole("VEN-5: the offset balances it", ledger.Fees, 0)
		if got, err := tell(told, 23, 11); err != nil || got.State != bank.TestConfirmed {
			t.Errorf("VEN-5: told: %+v, %v", got, err)
		}
		for range 3 {
			if _, err := tell(wrong, 11, 24); err != nil {
				t.Error(err)
			}
		}
		if _, err := tell(wrong, 11, 23); !errors.Is(err, bank.ErrTestOver) && !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("VEN-5: a fourth answer: %v", err)
		}
		o.until(civil.MustDate("2026-11-30").At(6, 0, civil.NewYork))
		for v, want := range map[ids.ID]int64{told: vendor.AccountVerified, wrong: vendor.AccountInvalid, closed: vendor.AccountInvalid} {
			o.read(func(tx *db.Tx) error {
				who, err := vendor.Vendors.Load(tx, v)
				if err != nil {
					return err
				}
				if a := o.bankAccount(accounts[v]); a.Status != want || (who.PayBy == vendor.PayByACH) != (v == told) {
					t.Errorf("VEN-5: %s: status %d, paid by %d", who.Name, a.Status, who.PayBy)
				}
				return nil
			})
		}
		o.wantRole("VEN-5: what came back is balanced too", ledger.Fees, 0)
		o.verified()
	})
}

// XO-6: accounts entered one after the other do not use up the day's files; those that come late are tested together.
func TestXO6_TestsGather(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	o := newOffice(t, s, vaultIn(t), t.TempDir())
	start := civil.MustDate("2026-11-23").At(8, 0, civil.Pacific)
	for i := range 50 {
		o.s.Clock.Set(start.Add(time.Duration(i) * 10 * time.Minute))
		o.account(o.vendor(fmt.Sprint("Vendor ", i), nil), fmt.Sprintf("55%05d", i))
		if err := o.engine.Step(context.Background(), o.who.Org, o.s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if files := len(o.names("out")); files != 7 { // six at once, then at 12:50; the last leave at 16:50
		t.Errorf("%d files for 50 accounts", files)
	}
	next, ok := o.engine.Due(context.Background(), o.who.Org, o.s.Clock.Now())
	if !ok || !next.After(o.s.Clock.Now()) {
		t.Errorf("the last accounts wait until %s", next)
	}
	o.until(civil.MustDate("2026-11-24").At(12, 0, civil.Pacific))
	tested := 0
	for _, f := range o.outWith("\n623990000026") {
		tested += strings.Count(f, "\n623990000026")
	}
	if tested != 50 {
		t.Errorf("%d of 50 accounts tested", tested)
	}
}

// FND-6, VEN-5: an account that is closed before its test has left has no test, and nothing stays due for it.
func TestFND6_ClosedBefore(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.at("2026-11-28", "09:00:00") // a Saturday: tests leave on Monday
		ours := o.second(t, "77001111")
		o.prefs(func(p *org.Preferences) { p.ACHPrenoteMode = org.PrenoteMicro })
		v := o.vendor("Closed", nil)
		o.account(v, "1111234")
		o.write(func(tx *db.Tx) error {
			if err := vendor.RemoveBankAccount(tx, v); err != nil {
				return err
			}
			return bank.Deactivate(tx, ours)
		})
		o.until(civil.MustDate("2026-12-01").At(9, 0, civil.Pacific))
		if files := o.outWith("ACCTVERIFY"); len(files) != 0 {
			t.Errorf("%d tests left", len(files))
		}
		if due, ok := o.engine.Due(context.Background(), o.who.Org, s.Clock.Now()); ok && due.Equal(s.Clock.Now()) {
			t.Error("something is due for ever")
		}
	})
}
