package payment_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/vendor"
)

func (o *office) bankAccount(id ids.ID) (a *vendor.BankAccount) {
	o.t.Helper()
	o.read(func(tx *db.Tx) (err error) {
		a, err = vendor.BankAccounts.Load(tx, id)
		return err
	})
	return a
}

// audited is what the trail says of the changes of a record with that verb.
func (o *office) audited(id ids.ID, verb string) (changes string) {
	o.t.Helper()
	o.read(func(tx *db.Tx) error {
		rows, err := tx.Query(`SELECT changes FROM audit_events WHERE org_id = $1 AND record_id = $2 AND action = $3 ORDER BY id`,
			string(o.who.Org), string(id), verb)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var one string
			if err := rows.Scan(&one); err != nil {
				return err
			}
			changes += one
		}
		return rows.Err()
	})
	return changes
}

// corrections lets the bank answer the test entries of 23 November with other corrections than the simulator's.
func (o *office) corrections(change func(code, entry, line string) string) {
	o.t.Helper()
	due := civil.MustDate("2026-11-27").At(8, 0, civil.NewYork)
	o.until(due.Add(-time.Second))
	if _, err := o.sim.Run(due); err != nil {
		o.t.Fatal(err)
	}
	const name = "20261127T130000Z-returns.ach"
	lines := strings.Split(o.content("in", name), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "798") {
			lines[i] = change(l[3:6], lines[i-1], l)
		}
	}
	path := filepath.Join(o.dir, string(o.who.Org), "in", name)
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		o.t.Fatal(err)
	}
	o.until(due)
	if err := o.engine.TakeIn(context.Background(), o.who.Org, o.s.Clock.Now()); err != nil {
		o.t.Fatal(err)
	}
}

// TestACH_9_Corrections sends every change code through files of the simulator: what is corrected at once, what waits for a
// second person, what is only logged, and what a person has to look at.
func TestACH_9_Corrections(t *testing.T) {
	t.Parallel()
	type want struct {
		applied, waits bool
		task           string
	}
	rows := map[string]want{
		"C01": {applied: true}, "C04": {applied: true}, "C05": {applied: true}, "C06": {applied: true},
		"C02": {waits: true}, "C03": {waits: true}, "C07": {waits: true},
		"C09": {}, "C10": {task: "operator C10"}, "C11": {task: "operator C11"}, "C12": {task: "operator C12"},
	}
	for n := 61; n <= 69; n++ {
		rows[fmt.Sprintf("C%d", n)] = want{}
	}
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		type payee struct{ vendor, account, payment ids.ID }
		payees := map[string]payee{}
		for code := range rows {
			v := o.vendor("Payee "+code, nil)
			ending := code[1:]
			if code > "C12" {
				ending = "04"
			}
			a := o.account(v, "555"+code[1:]+"01"+ending)
			payees[code] = payee{v, a, o.mustPay(o.bill(v, 1_000), 1_000, "2026-12-01")}
		}
		o.corrections(func(code, entry, line string) string { // no bank that receives sends C61 to C69: an originator's refuses with them
			for n := 61; n <= 69; n++ {
				if name := fmt.Sprintf("PAYEE C%d", n); strings.Contains(entry, name) {
					line = strings.Replace(line, "798C04", fmt.Sprintf("798C%d", n), 1)
				}
			}
			return line
		})
		for code, w := range rows {
			p := payees[code]
			a := o.bankAccount(p.account)
			applied := a.AccountTail == "1234" || strings.HasPrefix(a.HolderName, "CORRECTED") || a.AccountType == vendor.Savings
			if applied != w.applied {
				t.Errorf("%s: applied %v, want %v: %+v", code, applied, w.applied, a)
			}
			if waits := a.Status == vendor.AccountUnverified; waits != w.waits || a.Routing != "990000026" {
				t.Errorf("%s: the account has status %d and routing %s, want waiting %v", code, a.Status, a.Routing, w.waits)
			}
			state := payment.Scheduled
			if w.waits {
				state = payment.OnHold
			}
			o.wantState(p.payment, state)
			if got := o.tasks(p.account); got != w.task {
				t.Errorf("%s: tasks %q, want %q", code, got, w.task)
			}
			if got := o.audited(p.account, "note correction"); !strings.Contains(got, code) {
				t.Errorf("%s: the trail says %q", code, got)
			}
		}
		if got := o.audited(payees["C01"].account, "correct C01"); !strings.Contains(got, "0101") || !strings.Contains(got, "1234") ||
			strings.Contains(got, "555011234") {
			t.Errorf("C01: the trail says %s, want the old and the new tail and no number", got)
		}

		// The second person, another one than who entered the account.
		bo := o.colleague("bo")
		apply := func(who db.Caller, code string) error {
			return o.as(who, func(tx *db.Tx) error { return payment.ApplyCorrection(tx, payees[code].vendor) })
		}
		if err := apply(o.who, "C02"); !errors.Is(err, payment.ErrSamePerson) {
			t.Errorf("who entered the account: %v", err)
		}
		none := bo
		none.Perms = db.Of(org.ViewVendors, org.ManageVendorBanks)
		if err := apply(none, "C02"); fault.From(err) == nil || fault.From(err).Kind != fault.Forbidden {
			t.Errorf("without permission: %v", err)
		}
		if err := apply(bo, "C01"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("nothing waits: %v", err)
		}
		for code, tail := range map[string]string{"C02": "0102", "C03": "1234"} {
			var c *payment.Correction
			o.read(func(tx *db.Tx) (err error) {
				c, err = payment.WaitingCorrection(tx, payees[code].vendor)
				return err
			})
			if c.Code != code || c.Routing != "990000039" || c.Tail != tail || c.BankAccount.Routing != "990000026" {
				t.Errorf("%s waits: %+v", code, c)
			}
			if err := apply(bo, code); err != nil {
				t.Errorf("%s: %v", code, err)
			}
			if err := apply(bo, code); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s again: %v", code, err)
			}
			a := o.bankAccount(payees[code].account)
			if a.Status != vendor.AccountVerified || a.Routing != "990000039" || a.AccountTail != tail {
				t.Errorf("%s: got %+v", code, a)
			}
			o.wantState(payees[code].payment, payment.Scheduled)
		}
		if err := o.as(bo, func(tx *db.Tx) error { return payment.RefuseCorrection(tx, payees["C07"].vendor) }); err != nil {
			t.Fatal(err)
		}
		o.wantState(payees["C07"].payment, payment.OnHold)
		if a := o.bankAccount(payees["C07"].account); a.Status != vendor.AccountInvalid || a.Routing != "990000026" {
			t.Errorf("C07 refused: got %+v", a)
		}
		o.until(civil.MustDate("2026-12-01").At(12, 0, civil.Pacific))
		o.wantState(payees["C03"].payment, payment.Sent)
		out := o.names("out")
		if file := o.content("out", out[len(out)-1]); !strings.Contains(file, "\n622990000039555031234 ") {
			t.Errorf("C03: the entry does not go to the corrected account:\n%s", file)
		}
		o.verified()
	})
}

// TestSEC_5_CorrectionAlone: where nobody else could decide, who entered the account may, and it is usable two banking days
// later.
func TestSEC_5_CorrectionAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("Payee", nil)
		id := o.account(v, "5550102")
		p := o.mustPay(o.bill(v, 1_000), 1_000, "2026-12-01")
		o.until(civil.MustDate("2026-11-27").At(12, 0, civil.NewYork))
		o.wantState(p, payment.OnHold)
		o.at("2026-11-30", "12:00:00")
		o.write(func(tx *db.Tx) error { return payment.ApplyCorrection(tx, v) })
		if a := o.bankAccount(id); a.UsableFrom.String() != "2026-12-02" || a.Status != vendor.AccountVerified {
			t.Errorf("got %+v", a)
		}
		if got := o.payment(p); got.State != payment.Scheduled || got.ProcessDate.String() != "2026-12-02" {
			t.Errorf("the payment is %s on %s", got.State, got.ProcessDate)
		}
	})
}

// TestE19_CorrectionOfReplacedAccount: the account was replaced before its correction came: logged, not applied to the new one.
// And a correction that cannot be read is for the operator.
func TestE19_CorrectionOfReplacedAccount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v, w := o.vendor("Moved", nil), o.vendor("Odd", nil)
		old, odd := o.account(v, "5550103"), o.account(w, "5550101")
		o.until(civil.MustDate("2026-11-24").At(12, 0, civil.NewYork)) // the test entries are under way
		o.write(func(tx *db.Tx) error { return vendor.RemoveBankAccount(tx, v) })
		fresh := o.account(v, "5557777")
		p := o.mustPay(o.bill(v, 1_000), 1_000, "2026-12-01")
		o.corrections(func(code, _, line string) string {
			if code == "C01" {
				line = strings.Replace(line, "5551234", "       ", 1)
			}
			return line
		})
		for id, code := range map[ids.ID]string{old: "C03", odd: "C01"} {
			if got := o.audited(id, "note correction"); !strings.Contains(got, code) {
				t.Errorf("the trail of %s says %q", code, got)
			}
		}
		if a := o.bankAccount(fresh); a.Routing != "990000026" || a.AccountTail != "7777" || a.Status != vendor.AccountVerified {
			t.Errorf("the new account has changed: %+v", a)
		}
		if a := o.bankAccount(odd); a.AccountTail != "0101" || o.tasks(odd) != "operator C01" {
			t.Errorf("no account in the correction: tail %s, tasks %q", a.AccountTail, o.tasks(odd))
		}
		o.wantState(p, payment.Scheduled)
	})
}
