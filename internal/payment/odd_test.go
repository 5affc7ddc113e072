package payment_test

import (
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
)

// SEC-7: what is odd about a payment is shown to who approves it, and holds it from the organisation's points on.
func TestSEC7_Odd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		known, twin, check := o.vendor("Known", nil), o.vendor("Twin", nil), o.vendor("By check", nil)
		o.account(known, "5551234")
		o.account(twin, "5551234")
		pay := func(v ids.ID, amount int64, day string) *payment.Payment {
			return o.payment(o.mustPay(o.bill(v, amount), amount, day))
		}
		for _, x := range []struct {
			what   string
			vendor ids.ID
			amount int64
			day    string
			hold   int
			state  string
			says   []string // nothing: it is not odd
		}{
			{"new, not urgent", check, 100_00, "2026-12-10", 0, payment.Scheduled, nil},
			{"three times the most", check, 300_00, "2026-12-10", 0, payment.Scheduled, nil},
			{"more than that", check, 900_01, "2026-12-10", 0, payment.Scheduled, []string{"40 points", "three times"}},
			{"just below the threshold", check, 950_00, "2026-12-10", 0, payment.Scheduled, []string{"40 points", "needs approval"}},
			{"farther below", check, 949_00, "2026-12-10", 0, payment.Scheduled, nil},
			{"above it", check, 3_000_00, "2026-12-10", 40, payment.AwaitingApproval, []string{"50 points", "three times", "round"}},
			{"account of another", twin, 500_00, "2026-12-10", 90, payment.Scheduled, []string{"40 points", "another vendor's"}},
			{"too odd", known, 1_600_00, "2026-12-11", 40, payment.AwaitingApproval, []string{"another vendor's"}},
			{"held", twin, 949_00, "2026-12-11", 40, payment.OnHold, []string{"40 points", "another vendor's"}},
		} {
			o.prefs(func(p *org.Preferences) { p.PaymentApprovalThreshold, p.OddPaymentHold = 1_000_00, x.hold })
			p := pay(x.vendor, x.amount, x.day)
			if p.State != x.state || (p.Review == "") != (len(x.says) == 0) || (p.State == payment.OnHold) != (p.HoldReason != "" && p.HoldReason == p.Review) {
				t.Errorf("%s: %s, %q, held as %q", x.what, p.State, p.Review, p.HoldReason)
			}
			for _, w := range x.says {
				if !strings.Contains(p.Review, w) {
					t.Errorf("%s: %q does not say %q", x.what, p.Review, w)
				}
			}
		}
		o.prefs(func(p *org.Preferences) { p.PaymentApprovalThreshold = 0 })
		o.s.Clock.Set(civil.MustDate("2026-11-28").At(9, 0, civil.Pacific)) // a Saturday
		hurried := o.vendor("Hurried", nil)
		if p := pay(hurried, 2_000_00, "2026-11-30"); !strings.Contains(p.Review, "40 points") || !strings.Contains(p.Review, "weekend") {
			t.Errorf("a new vendor in a hurry: %q", p.Review)
		}
		o.verified()
	})
}
