package payment_test

import (
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
)

// ACH-9: what a bank corrects of an account that we debit holds from the next debit on, and another routing number leaves a
// task; so does what it corrects by the small credits that test an account of a vendor, each time once.
func TestACH_9_CorrectionsOfDebits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.prefs(func(p *org.Preferences) { p.ACHPrenoteMode = org.PrenoteMicro })
		micro := o.account(o.vendor("Micro", nil), "5550101")
		type debtor struct {
			number, tail, routing, name string
			savings                     bool
			account                     *customer.BankAccount
		}
		all := []*debtor{
			{number: "5550101", tail: "1234", routing: "990000026", name: "C01"},
			{number: "5550103", tail: "1234", routing: "990000039", name: "C03"},
			{number: "5550104", tail: "0104", routing: "990000026", name: "CORRECTED C04"},
			{number: "5550105", tail: "0105", routing: "990000026", name: "C05", savings: true},
		}
		for i, d := range all {
			name := []string{"C01", "C03", "C04", "C05"}[i]
			c, account, inv := o.debtor(name, d.number, nil)
			d.account = account
			o.charge(c, account, inv)
		}
		o.until(civil.MustDate("2026-12-02").At(12, 0, civil.Pacific))
		for _, d := range all {
			o.read(func(tx *db.Tx) error {
				a, err := customer.BankAccounts.Load(tx, d.account.ID)
				if err != nil {
					return err
				}
				if a.AccountTail != d.tail || a.Routing != d.routing || a.NameOnAccount != d.name || a.Savings != d.savings || !a.Usable() {
					t.Errorf("%s: got ···%s at %s of %s, savings %v, usable %v", d.number, a.AccountTail, a.Routing, a.NameOnAccount, a.Savings, a.Usable())
				}
				number, err := a.Number(o.vault, o.who.Org)
				if want := map[string]string{"1234": "5551234"}[d.tail]; want != "" && number != want {
					t.Errorf("%s: the number is %s, %v", d.number, number, err)
				}
				tasks, taskErr := payment.Tasks(tx, a.ID)
				if moved := d.routing != "990000026"; taskErr == nil && (len(tasks) > 0) != moved {
					t.Errorf("%s: tasks %+v", d.number, tasks)
				}
				if taskErr != nil {
					return taskErr
				}
				return err
			})
		}
		if a := o.bankAccount(micro); a.AccountTail != "1234" || strings.Count(o.audited(a.ID, "correct C01"), "accountTail") != 1 {
			t.Errorf("by a small credit: got %+v, audited %q", a, o.audited(a.ID, "correct C01"))
		}
		o.verified()
	})
}
