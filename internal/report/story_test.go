package report_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/report"
)

// prefer changes the organisation's preferences.
func (o *office) prefer(change func(p *org.Preferences)) {
	o.t.Helper()
	o.write(func(tx *db.Tx) error {
		own, err := org.Load(tx)
		if err != nil {
			return err
		}
		change(&own.Preferences)
		return org.Save(tx, own)
	})
}

// cells gives columns of the rows of a report that are not sums.
func cells(t *report.Table, columns ...int) (out []string) {
	for _, r := range t.Rows {
		if r.Sum {
			continue
		}
		var line []string
		for _, c := range columns {
			line = append(line, fmt.Sprint(r.Cells[c]))
		}
		out = append(out, strings.Join(line, " "))
	}
	return out
}

func wants(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s:\n%s\nwant:\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Payments that clear, come back, are spoiled, voided, go stale, are claimed and paid to a state: the registers tell each,
// and tie to the ledger at every step (GL-4, CHK-4, VOI-6, VOI-7).
func TestCHK4_VOI7_Registers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		s.Clock.Set(civil.MustDate("2026-11-16").At(9, 0, civil.Pacific))
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.prefer(func(p *org.Preferences) {
			p.StaleChecks, p.CheckPrinting, p.ExpireCheckDays = "unclaimed", "people", 10
		})
		good, bad, paper := o.vendor("Good", nil), o.vendor("Bad", nil), o.vendor("Paper SIM-NEVER", nil) // nobody presents its checks
		o.account(good, "5551234")
		o.account(bad, "5550003") // R03
		o.until(civil.MustDate("2026-11-20").At(9, 0, civil.Pacific))
		checks := []ids.ID{o.pay(paper, 10_00, "2026-11-23"), o.pay(paper, 20_00, "2026-11-23"), o.pay(paper, 40_00, "2026-11-23")}
		o.pay(good, 100_00, "2026-11-23")
		o.pay(bad, 200_00, "2026-11-23")
		o.allTie()
		wants(t, "cash by item", cells(o.run("cash-items"), 0, 1, 5), "Paper SIM-NEVER Payments scheduled 1000", "Paper SIM-NEVER Payments scheduled 2000",
			"Paper SIM-NEVER Payments scheduled 4000", "Good Payments scheduled 10000", "Bad Payments scheduled 20000", "Paper SIM-NEVER Bills to pay 100",
			"Paper SIM-NEVER Bills to pay 100", "Paper SIM-NEVER Bills to pay 100", "Good Bills to pay 100", "Bad Bills to pay 100")
		wants(t, "cash by week", cells(o.run("cash-requirements"), 0, 1, 2, 3, 4, 7, 12), "Operating Bills to pay 0 0 0 500 500", "Operating Payments scheduled 0 37000 0 0 37000")

		o.until(civil.MustDate("2026-11-23").At(3, 0, civil.Pacific))
		open := func() (run ids.ID) {
			t.Helper()
			o.read(func(tx *db.Tx) error {
				all, err := payment.PrintRuns(tx, "")
				if err == nil {
					run = all[0].ID
				}
				return err
			})
			if _, err := o.engine.OpenRun(context.Background(), o.who, run); err != nil {
				t.Fatal(err)
			}
			return run
		}
		one := open()
		o.write(func(tx *db.Tx) error {
			all, err := payment.Register(tx, payment.Listing{})
			if err == nil {
				_, err = payment.Spoil(tx, all[0].AccountID, 10001, "Jammed")
			}
			return err
		})
		o.void(checks[1])
		o.until(civil.MustDate("2026-11-24").At(12, 0, civil.Pacific))
		two := open()
		o.write(func(tx *db.Tx) error {
			return errors.Join(payment.ConfirmPrinted(tx, one, 10002, 10003), payment.ConfirmPrinted(tx, two, 10004, 10004),
				payment.ConfirmMailed(tx, one, 10002, 10003), payment.ConfirmMailed(tx, two, 10004, 10004))
		})
		o.until(civil.MustDate("2026-12-01").At(12, 0, civil.Pacific))
		o.allTie()
		wants(t, "CHK-4", cells(o.run("check-register"), 0, 2, 4, 5, 6), "10001 Paper SIM-NEVER 1000 <nil> spoiled", "10002 Paper SIM-NEVER 2000 <nil> voided",
			"10003 Paper SIM-NEVER 4000 4000 mailed", "10004 Paper SIM-NEVER 1000 1000 mailed")
		wants(t, "outstanding before the void", cells(o.run("check-register", "as-of", "2026-11-22"), 0))
		if why := o.run("check-register", "show", "spoiled").Rows[0].Cells[8]; why != "Jammed. Replaced by 10004." {
			t.Errorf("CHK-4: %q", why)
		}
		november := []string{"from", "2026-11-01", "to", "2026-11-30"}
		wants(t, "payments", cells(o.run("payment-register", november...), 0, 2, 6, 7, 8), "Paper SIM-NEVER Check 1000 1000 sent", "Paper SIM-NEVER Check 2000 0 voided",
			"Paper SIM-NEVER Check 4000 4000 sent", "Good ACH 10000 10000 cleared", "Bad ACH 20000 0 failed")
		failed := o.run("payment-register", append(november, "show", "failed")...)
		if len(failed.Rows) != 1 || failed.Off != 0 || !strings.Contains(failed.Rows[0].Cells[10].(string), "; 2026-11-23 in file; ") ||
			failed.Rows[0].Cells[3] == "" || failed.Rows[0].Of.Record.Prefix() != ids.SentPay {
			t.Errorf("failed payments: %q, %+v", rows(failed), failed.Rows)
		}
		if lumps := o.run("funds-transfers", november...); len(lumps.Rows) < 4 || !lumps.Rows[len(lumps.Rows)-1].Sum {
			t.Errorf("lumps: %q", rows(lumps))
		}

		o.until(civil.MustDate("2026-12-07").At(12, 0, civil.Pacific))
		o.allTie()
		wants(t, "VOI-7", cells(o.run("unclaimed-property"), 0, 1, 2, 5, 7), "Paper SIM-NEVER IL 10003 14 4000", "Paper SIM-NEVER IL 10004 14 1000")
		wants(t, "stale", cells(o.run("check-register", "show", "stale"), 0), "10003", "10004")
		o.write(func(tx *db.Tx) error {
			return errors.Join(payment.PayState(tx, checks[0], civil.MustDate("2026-12-06")), payment.Claim(tx, checks[2], false))
		})
		o.allTie()
		wants(t, "VOI-7", cells(o.run("unclaimed-property", "show", "all"), 2, 6, 7), "10004 escheated <nil>")
		wants(t, "claimed", cells(o.run("payment-register", append(november, "show", "voided")...), 6, 7), "2000 0", "4000 0")
		o.write(func(tx *db.Tx) error { // which no door can do
			tx.ExecOne(`DELETE FROM checks WHERE org_id = $1 AND serial = 10002`, string(o.who.Org))
			return nil
		})
		wants(t, "XO-4", cells(o.run("check-register"), 0, 6)[:2], "10001 spoiled", "10002 to 10002 missing")
	})
}
