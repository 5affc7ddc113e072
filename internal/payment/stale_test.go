package payment_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/banksim"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/payment"
)

func pacific(day string, hour, minute int) time.Time {
	return civil.MustDate(day).At(hour, minute, civil.Pacific)
}

func (o *office) wantErr(what string, want error, f func(tx *db.Tx) error) {
	o.t.Helper()
	if err := o.try(f); !errors.Is(err, want) {
		o.t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

// VOI-3, VOI-5: a mailed cheque is voided once the bank has taken the stop, or says so in another way; it stands where the
// bank refuses, or has paid before. Stop orders last six months, are renewed and listed ten days ahead.
func TestStop(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		var paid []ids.ID
		for _, name := range []string{"By file", "By phone", "Refused", "Too late SIM-D1", "Back by mail"} {
			paid = append(paid, o.mustPay(o.bill(o.vendor(name, nil), 1_000), 1_000, "2026-11-24"))
		}
		o.until(pacific("2026-11-24", 9, 0))
		o.mustVoid(paid[0], payment.VoidAndCredit, "lost")
		o.until(pacific("2026-11-24", 9, 30))
		o.wantState(paid[0], payment.Voided)

		// From here on the bank takes no files.
		o.sim = banksim.New(t.TempDir(), nil)
		for _, p := range paid[1:4] {
			o.mustVoid(p, payment.VoidAndCredit, "lost")
		}
		o.write(func(tx *db.Tx) error { return payment.ReturnMail(tx, o.bank, 10005, true) })
		o.wantErr("back already", payment.ErrCheckState, func(tx *db.Tx) error { return payment.ReturnMail(tx, o.bank, 10005, true) })
		o.until(pacific("2026-11-25", 9, 0))
		for _, p := range paid[1:4] {
			o.wantState(p, payment.VoidRequested)
		}
		o.wantErr("not asked for", payment.ErrCheckState, func(tx *db.Tx) error { return payment.ConfirmStop(tx, paid[0], true) })
		o.write(func(tx *db.Tx) error { return payment.ConfirmStop(tx, paid[1], true) })
		o.write(func(tx *db.Tx) error { return payment.ConfirmStop(tx, paid[2], false) })
		o.wantState(paid[1], payment.Voided)
		o.wantState(paid[2], payment.Sent)
		if got := o.payment(paid[2]).VoidStatus; got != "refused" {
			t.Errorf("VOI-3: the refused void is %s", got)
		}
		o.mustVoid(paid[4], payment.VoidAndCredit, "returned mail")
		o.wantState(paid[4], payment.Voided) // nobody can present it
		if got, want := o.register(), "10001 voided, 10002 voided, 10003 mailed, 10004 stop_requested, 10005 voided"; got != want {
			t.Errorf("CHK-4: the register is %s, want %s", got, want)
		}
		o.verified()

		expiring := func(day string, want int) {
			t.Helper()
			o.s.Clock.Set(pacific(day, 9, 0))
			o.read(func(tx *db.Tx) error {
				all, err := payment.ExpiringStops(tx)
				if err != nil || len(all) != want {
					t.Errorf("VOI-5: on %s %d stops expire, %v, want %d", day, len(all), err, want)
				}
				return nil
			})
		}
		expiring("2027-05-13", 0)
		expiring("2027-05-14", 3)
		o.write(func(tx *db.Tx) error { return payment.RenewStop(tx, o.bank, 10001) })
		expiring("2027-05-14", 2)
		o.wantErr("no stop order", payment.ErrCheckState, func(tx *db.Tx) error { return payment.RenewStop(tx, o.bank, 10003) })
	})
}

// VOI-3: a cheque that the bank pays although its stop was asked for has cleared.
func TestPaidBeforeStop(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		p := o.mustPay(o.bill(o.vendor("Early SIM-D1", nil), 1_000), 1_000, "2026-11-24")
		o.until(pacific("2026-11-27", 2, 58)) // presented on the 25th; the statement comes at 3:00, before the bank's answer
		o.mustVoid(p, payment.VoidAndReissue, "lost")
		o.until(pacific("2026-12-20", 9, 0))
		if got := o.payment(p); got.State != payment.Cleared || got.VoidStatus != "refused" || !got.ReplacedBy.IsNull() {
			t.Errorf("VOI-3: got %s, %s, replaced by %q", got.State, got.VoidStatus, got.ReplacedBy)
		}
		o.wantBalances("paid", 0, 0, 4_999_000)
		o.verified()
	})
}

// VOI-6, E21, posting 20: a cheque is good on the 90th day after its issue and void on the 91st; its bill is open again and
// the bank is told.
func TestStale(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		b := o.bill(o.vendor("Sleepy SIM-NEVER", nil), 125_000)
		p := o.mustPay(b, 125_000, "2026-11-24")
		o.until(pacific("2027-02-22", 23, 59)) // day 90
		o.wantState(p, payment.Sent)
		o.wantBill("day 90", b, 0, 125_000, 0, 0, bill.PaidInFull)
		o.until(pacific("2027-02-23", 0, 0))
		o.wantState(p, payment.Voided)
		o.wantBill("day 91", b, 0, 0, 0, 0, bill.Open)
		o.wantBalances("day 91", 0, -125_000, 5_000_000)
		o.read(func(tx *db.Tx) error {
			var event, amount int64
			err := tx.Row(`SELECT j.event, sum(CASE WHEN p.amount > 0 THEN p.amount ELSE 0 END) FROM journal_entries j
				JOIN postings p ON p.org_id = j.org_id AND p.entry_id = j.id WHERE j.org_id = $1 AND j.posting_date = '2027-02-23'
				GROUP BY j.event`, string(o.who.Org)).Scan(&event, &amount)
			if err != nil || event != 20 || amount != 125_000 {
				t.Errorf("posting 20: event %d of %d, %v", event, amount, err)
			}
			return nil
		})
		o.until(pacific("2027-02-23", 9, 0))
		if got, want := o.marks(), "10001 I, 10001 V"; got != want {
			t.Errorf("VOI-6: the bank was told %s, want %s", got, want)
		}
		if got, want := o.register(), "10001 voided"; got != want {
			t.Errorf("CHK-4: the register is %s, want %s", got, want)
		}
		o.verified()
	})
}

// VOI-7, postings 20 and 21: where the organisation says so, a stale cheque's money is kept for the payee and its bill stays
// paid; it is paid to a state, or the payee claims it and gets a new cheque.
func TestUnclaimed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.set("expireCheckDays", "30")
		o.set("staleChecks", "unclaimed")
		v := o.vendor("Sleepy SIM-NEVER", nil)
		b1, b2 := o.bill(v, 1_000), o.bill(v, 2_000)
		state, claimed := o.mustPay(b1, 1_000, "2026-11-24"), o.mustPay(b2, 2_000, "2026-11-24")
		o.until(pacific("2026-12-25", 0, 0)) // day 31
		for _, p := range []ids.ID{state, claimed} {
			if got := o.payment(p); got.State != payment.Unclaimed || got.Status != 2 || got.DisbursementStatus != 3 {
				t.Errorf("VOI-7: got %+v", got)
			}
		}
		o.wantBill("unclaimed", b1, 0, 1_000, 0, 0, bill.PaidInFull)
		o.wantBalances("unclaimed", 0, 0, 5_000_000)
		o.wantRole("unclaimed", ledger.Unclaimed, -3_000)
		o.verified()
		void := func(tx *db.Tx) error {
			_, err := payment.Void(tx, payment.Voiding{PaymentID: state, Type: payment.VoidAndCredit, Reason: "lost"})
			return err
		}
		o.wantErr("voided", payment.ErrNotVoidable, void)
		o.wantErr("tomorrow", fault.ErrValue, func(tx *db.Tx) error { return payment.PayState(tx, state, civil.MustDate("2026-12-26")) })
		o.write(func(tx *db.Tx) error { return payment.PayState(tx, state, civil.MustDate("2026-12-24")) })
		if got := o.payment(state); got.State != payment.Escheated || got.Status != 5 {
			t.Errorf("VOI-7: got %+v", got)
		}
		o.wantErr("claimed too late", payment.ErrCheckState, func(tx *db.Tx) error { return payment.Claim(tx, state, false) })
		o.wantBalances("escheated", 0, 0, 4_999_000)
		o.wantRole("escheated", ledger.Unclaimed, -2_000)
		o.write(func(tx *db.Tx) error { return payment.Claim(tx, claimed, true) })
		o.wantState(claimed, payment.Voided)
		o.wantBill("claimed", b2, 2_000, 0, 0, 0, bill.Scheduled)
		o.wantBalances("claimed", 0, -2_000, 4_999_000)
		o.wantRole("claimed", ledger.Unclaimed, 0)
		var outcomes []string
		for _, a := range append(o.attempts(b1), o.attempts(b2)...) {
			outcomes = append(outcomes, a.Outcome)
		}
		if got := strings.Join(outcomes, " "); got != "SUCCEEDED VOIDED PENDING" {
			t.Errorf("5.5: outcomes %s", got)
		}
		o.verified()
	})
}
