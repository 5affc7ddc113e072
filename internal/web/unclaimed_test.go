package web_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
)

// VOI-7: money of stale checks is listed with its payee's last known state; who may pay gives it to the payee or records
// that a state has it, once; who only reads is offered neither.
func TestVOI7_UnclaimedProperty(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "axel@northwind.example", org.Auditor)
		var paid []ids.ID
		x.write(x.a.who, func(tx *db.Tx) error {
			own, err := org.Load(tx)
			if err != nil {
				return err
			}
			own.Preferences.StaleChecks, own.Preferences.CheckPrinting = "unclaimed", "automatic"
			if err := org.Save(tx, own); err != nil {
				return err
			}
			for _, n := range []string{"C-1", "C-2"} {
				b, err := newBill(tx, x.a.vendor, n, 1_000, "2026-12-10")
				if err != nil {
					return err
				}
				p, err := payment.Pay(tx, payment.Request{BillID: b, Amount: 1_000, ProcessDate: civil.MustDate("2026-11-24")})
				if err != nil {
					return err
				}
				paid = append(paid, p.PaymentID)
			}
			return nil
		})
		for _, at := range []time.Time{civil.MustDate("2026-11-24").At(1, 0, civil.Pacific), civil.MustDate("2026-11-24").At(20, 0, civil.Pacific),
			civil.MustDate("2027-03-01").At(1, 0, civil.Pacific)} {
			s.Clock.Set(at)
			if err := x.engine.Step(context.Background(), x.a.who.Org, at); err != nil {
				t.Fatal(err)
			}
		}
		ana, axel := x.signedIn("ana@northwind.example"), x.signedIn("axel@northwind.example")
		page := func(i int) string { return "/payments/" + string(paid[i]) }
		ana.get("/reports/unclaimed-property").want(t, 200, "Old Mill Bakery", ">OR<", `href="`+page(0), "20.00")
		ana.get(page(0)).want(t, 200, "Unclaimed money", "Give it to the payee", `min="2026-11-24"`)
		if r := axel.get(page(0)); r.status != 200 || !strings.Contains(r.body, "Unclaimed money") || strings.Contains(r.body, "Give it to the payee") {
			t.Error("an auditor is offered to decide", r.status)
		}
		axel.post(page(0)+"/claim", "reissue", "yes").want(t, 403)
		x.signedIn("otto@other.example").post(page(0)+"/claim", "reissue", "yes").want(t, 404)
		ana.post(page(0)+"/paid-to-state", "day", "2026-11-23").want(t, 422, "between the payment&#39;s process date and today", `value="2026-11-23"`, `aria-invalid="true"`)
		ana.post(page(0)+"/paid-to-state", "day", "").want(t, 422)
		ask := ana.post(page(0)+"/paid-to-state", "day", "2027-02-28")
		ask.want(t, 200, "as paid to a state?", "$10.00", "28\u00a0Feb\u00a02027")
		ana.get(page(0)).want(t, 200, "Give it to the payee")
		if r := ana.post(page(0)+"/paid-to-state", ask.sendsOn(page(0)+"/paid-to-state")...); r.location() != page(0)+"?notice=escheated" {
			t.Fatal(r.status, r.body)
		}
		ana.post(page(0)+"/paid-to-state", "day", "2027-02-28").want(t, 409, "decided meanwhile")
		ana.post(page(1)+"/claim", "reissue", "yes").want(t, 200, "Pay Old Mill Bakery again?", "$10.00")
		ask = ana.post(page(1)+"/claim", "reissue", "no")
		ask.want(t, 200, "Open the bills of Old Mill Bakery again?")
		if r := ana.post(page(1)+"/claim", ask.sendsOn(page(1)+"/claim")...); r.location() != page(1)+"?notice=claimed" {
			t.Fatal(r.status, r.body)
		}
		ana.get("/reports/unclaimed-property").want(t, 200, "Nothing to report")
		ana.get("/reports/unclaimed-property?show=all").want(t, 200, "escheated")
	})
}
