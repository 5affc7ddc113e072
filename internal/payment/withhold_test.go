package payment_test

import (
	"testing"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/vendor"
)

// Posting 10, TAX-3: of what such a vendor is paid 24 % stay, from release on as a debt to the tax office; the bill is paid in
// full. What comes back or is voided takes the share with it, and a payment made again keeps the same back, not twice.
func TestBackupWithholding(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		flag := func(v *vendor.Vendor) { v.BackupWithholding = true }
		back, paper := o.vendor("V1", flag), o.vendor("V2 SIM-NEVER", flag)
		o.account(back, "88880003") // SIM-4: what is sent there comes back
		b1, b2, plain := o.bill(back, 100_000), o.bill(paper, 50_001), o.bill(o.vendor("V3 SIM-NEVER", nil), 1_000)
		p1, p2 := o.mustPay(b1, 100_000, "2026-11-30"), o.mustPay(b2, 20_001, "2026-11-30")
		if got := o.payment(o.mustPay(plain, 1_000, "2026-11-30")); got.Amount != 1_000 || got.CreditAmount != 0 {
			t.Errorf("without withholding: got %d and %d", got.Amount, got.CreditAmount)
		}
		if got := o.payment(p2); got.Amount != 15_201 || got.CreditAmount != 4_800 {
			t.Errorf("24 %% of 200.01: got %d and %d", got.Amount, got.CreditAmount)
		}
		o.wantBill("scheduled", b1, 76_000, 0, 24_000, 0, bill.Scheduled)
		o.write(func(tx *db.Tx) error { return payment.Cancel(tx, p1) })
		o.wantBill("cancelled", b1, 0, 0, 0, 0, bill.Open)
		p1 = o.mustPay(b1, 100_000, "2026-11-30")
		o.until(civil.MustDate("2026-11-30").At(9, 0, civil.Pacific))
		o.wantBill("released", b1, 0, 76_000, 0, 24_000, bill.PaidInFull)
		o.wantRole("released", ledger.Withheld, -28_800)
		o.wantBalances("released", -76_000-15_201-1_000, -30_000, 5_000_000)
		o.verified()

		o.mustVoid(p2, payment.VoidAndReissue, "lost")
		o.until(civil.MustDate("2026-12-10").At(12, 0, civil.Pacific))
		o.wantState(p1, payment.Failed)
		o.wantBill("returned", b1, 0, 0, 0, 0, bill.Open)
		o.wantState(p2, payment.Voided)
		again := o.payment(o.payment(p2).ReplacedBy)
		if again.State != payment.Sent || again.Amount != 15_201 || again.CreditAmount != 4_800 {
			t.Errorf("made again: got %s of %d and %d", again.State, again.Amount, again.CreditAmount)
		}
		o.wantBill("made again", b2, 0, 15_201, 0, 4_800, bill.PartiallyPaid)
		o.wantRole("at the end", ledger.Withheld, -4_800)
		o.verified()
	})
}
