package payment_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
)

// TestE25_RejectedForItsForm: the bank cannot take a file for its form. The payments stay live, a new file has the same
// payments, the old one stays rejected, and nobody is paid twice. One that was to be voided is.
func TestE25_RejectedForItsForm(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx := context.Background()
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		companyID := func(id string) {
			o.write(func(tx *db.Tx) error {
				tx.ExecOne(`UPDATE bank_accounts SET company_id = $3 WHERE org_id = $1 AND id = $2`, string(o.who.Org), string(o.bank), id)
				return nil
			})
		}
		v, w := o.vendor("Patient", nil), o.vendor("Voided", nil)
		o.account(v, "5551234")
		o.account(w, "5551235")
		b1, b2 := o.bill(v, 3_000), o.bill(w, 500)
		o.until(o.at("2026-11-24", "09:00:00"))
		p1, p2 := o.mustPay(b1, 3_000, "2026-11-25"), o.mustPay(b2, 500, "2026-11-25")
		companyID("1MISTYPED0")
		o.until(o.at("2026-11-25", "01:01:00"))
		o.wantState(p1, payment.Sent)
		o.write(func(tx *db.Tx) error {
			_, err := payment.Void(tx, payment.Voiding{PaymentID: p2, Type: payment.VoidAndCredit, Reason: "duplicate"})
			return err
		})
		o.until(o.at("2026-11-25", "02:00:00"))
		o.wantState(p1, payment.InFile)
		o.wantState(p2, payment.Voided)
		if b := o.load(b1); b.PaymentStatus != bill.PaidInFull || b.PaidAmount != 3_000 {
			t.Errorf("the bill has status %d, paid %d; want paid once", b.PaymentStatus, b.PaidAmount)
		}
		o.wantBalances("rejected", -3_000, -500, 5_000_000)
		o.verified()
		var file string
		o.read(func(tx *db.Tx) error {
			return tx.Row(`SELECT id FROM bank_files WHERE org_id = $1 AND kind = 'ach' AND state = 'rejected'`, string(o.who.Org)).Scan(&file)
		})
		if got := o.tasks(ids.ID(file)); got != "operator" {
			t.Errorf("tasks %q", got)
		}
		o.until(o.at("2026-11-25", "10:00:00"))
		o.wantState(p1, payment.InFile) // nothing happens by itself

		companyID("")
		o.at("2026-11-25", "10:00:00")
		clerk := o.who
		clerk.Perms = db.Of(org.ViewBanks)
		if _, err := o.engine.WriteAgain(ctx, clerk, ids.ID(file)); fault.From(err) == nil || fault.From(err).Kind != fault.Forbidden {
			t.Errorf("without permission: %v", err)
		}
		before := o.entries()
		if _, err := o.engine.WriteAgain(ctx, o.who, ids.ID(file)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := o.engine.WriteAgain(ctx, o.who, ids.ID(file)); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("written again twice: %v", err)
			}
		}
		o.until(o.at("2026-11-25", "11:00:00"))
		o.wantState(p1, payment.Sent)
		after := o.entries()
		if len(after) != len(before)+1 {
			t.Fatalf("%d entries, want one more than %d", len(after), len(before))
		}
		e := after[len(after)-1]
		for _, b := range before {
			if b.Trace == e.Trace {
				t.Errorf("ACH-7: trace %s is used twice", b.Trace)
			}
		}
		if e.Account != "5551234" || e.Amount != 3_000 || e.Batch.CompanyID == "1MISTYPED0" || !strings.HasPrefix(e.Texts[0], "RMR*IV*INV-1001**30.00") {
			t.Errorf("got %+v", e)
		}
		if got := o.tasks(ids.ID(file)); got != "" {
			t.Errorf("tasks %q", got)
		}
		o.until(civil.MustDate("2026-12-02").At(6, 0, civil.NewYork))
		o.wantState(p1, payment.Cleared)
		o.wantBalances("E25", 0, -500, 5_000_000-3_000)
		o.verified()
	})
}
