package payment_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/bank/bai2"
	"github.com/duebook/duebook/internal/banksim"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
)

// statement puts a statement of the office's account into in/ and takes it in.
func (o *office) statement(t *testing.T, day string, opening, closing int64, lines ...bai2.Line) {
	t.Helper()
	d := civil.MustDate(day)
	f := bai2.File{Sender: "990000013", Receiver: "X", Created: d.At(23, 0, civil.NewYork), FileID: "1", Groups: []bai2.Group{{Originator: "990000013",
		AsOf: d, Accounts: []bai2.Account{{Number: number, Currency: "USD", Opening: opening, Closing: closing, Lines: lines}}}}}
	var b bytes.Buffer
	if err := bai2.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	in := filepath.Join(o.dir, string(o.who.Org), "in")
	if err := os.MkdirAll(in, 0o750); err != nil {
		t.Fatal(err)
	}
	o.byHand++
	put(t, in, fmt.Sprintf("by-hand-%03d.bai", o.byHand), b.String())
	if err := o.engine.TakeIn(context.Background(), o.who.Org, o.s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
}

// statements gives day and state of every statement, in the order they came.
func (o *office) statements() (all []string) {
	o.t.Helper()
	o.read(func(tx *db.Tx) error {
		rows, err := tx.Query(`SELECT as_of, state FROM bank_statements WHERE org_id = $1 ORDER BY created, id`, string(o.who.Org))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var day, state string
			if err := rows.Scan(&day, &state); err != nil {
				return err
			}
			all = append(all, day+" "+state)
		}
		return rows.Err()
	})
	return all
}

// TestREC1Parked: a statement that does not open with what the one before closed with waits for the one between; one that
// does not add up waits for a person; the same day in another file has no effect.
func TestREC1Parked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.at("2026-11-20", "09:00:00")
		wait := func(want ...string) {
			t.Helper()
			if got := o.statements(); strings.Join(got, ", ") != strings.Join(want, ", ") {
				t.Fatalf("got %q, want %q", got, want)
			}
			s.Clock.Advance(1_000_000_000)
		}
		fee := func(n int64) bai2.Line { return bai2.Line{Type: bai2.Fees, Amount: n, Text: "FEE"} }
		o.statement(t, "2026-11-16", 5_000_000, 4_999_000, fee(1_000))
		wait("2026-11-16 taken")
		o.statement(t, "2026-11-18", 4_998_000, 4_995_000, fee(3_000))
		wait("2026-11-16 taken", "2026-11-18 parked")
		o.statement(t, "2026-11-19", 4_995_000, 4_990_000, fee(4_000))
		wait("2026-11-16 taken", "2026-11-18 parked", "2026-11-19 parked")
		o.statement(t, "2026-11-17", 4_999_000, 4_998_000, fee(1_000))
		wait("2026-11-16 taken", "2026-11-18 taken", "2026-11-19 parked", "2026-11-17 taken")
		o.statement(t, "2026-11-17", 4_999_000, 4_998_000, bai2.Line{Type: bai2.Fees, Amount: 1_000, Text: "THE SAME IN OTHER WORDS"})
		wait("2026-11-16 taken", "2026-11-18 taken", "2026-11-19 parked", "2026-11-17 taken", "2026-11-17 duplicate")

		var parked []payment.Statement
		o.read(func(tx *db.Tx) (err error) { parked, err = payment.ParkedStatements(tx); return err })
		if len(parked) != 1 || !strings.Contains(parked[0].Reason, "do not lead") {
			t.Fatalf("parked: %+v", parked)
		}
		weak := o.who
		weak.Perms = db.Of(org.ViewBanks)
		if err := s.Write(context.Background(), weak, func(tx *db.Tx) error { return payment.RefuseStatement(tx, parked[0].ID) }); err == nil {
			t.Error("a statement is refused by somebody who does not keep the books")
		}
		o.write(func(tx *db.Tx) error { return payment.RefuseStatement(tx, parked[0].ID) })
		o.statement(t, "2026-11-19", 4_995_000, 4_991_000, fee(4_000))
		wait("2026-11-16 taken", "2026-11-18 taken", "2026-11-19 refused", "2026-11-17 taken", "2026-11-17 duplicate", "2026-11-19 taken")
		o.statement(t, "2026-11-23", 4_000_000, 3_999_000, fee(1_000))
		o.read(func(tx *db.Tx) (err error) { parked, err = payment.ParkedStatements(tx); return err })
		o.write(func(tx *db.Tx) error { return payment.AcceptStatement(tx, parked[0].ID) })
		wait("2026-11-16 taken", "2026-11-18 taken", "2026-11-19 refused", "2026-11-17 taken", "2026-11-17 duplicate", "2026-11-19 taken", "2026-11-23 taken")
	})
}

// TestREC1Camt: a bank that sends camt.053 is reconciled by the same rules.
func TestREC1Camt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		var company string
		o.read(func(tx *db.Tx) error {
			own, err := org.Load(tx)
			company = own.ACHID
			return err
		})
		o.sim = banksim.New(filepath.Join(o.dir, string(o.who.Org)), []banksim.Account{{CompanyID: company, Routing: "990000013", Number: number,
			Opening: 5_000_000, Since: civil.MustDate("2026-11-01"), Camt: true}})
		o.abroad()
		o.at("2026-11-20", "09:00:00")
		cheque, entry, back, wire := o.vendor("V1", nil), o.vendor("V2", nil), o.vendor("V3", nil), o.wiredTo("31926819")
		o.account(entry, "5551234")
		o.account(back, "88880003")
		b1, b2, b3, b4 := o.bill(cheque, 125_000), o.bill(entry, 97_000), o.bill(back, 10_000), o.bill(wire, 50_000)
		o.at("2026-11-24", "09:00:00")
		p1, p2 := o.mustPay(b1, 125_000, "2026-11-25"), o.mustPay(b2, 97_000, "2026-11-25")
		p3, p4 := o.mustPay(b3, 10_000, "2026-11-25"), o.mustPay(b4, 50_000, "2026-11-25")
		o.until(civil.MustDate("2026-12-04").At(6, 0, civil.NewYork))
		o.wantState(p1, payment.Cleared)
		o.wantState(p2, payment.Cleared)
		o.wantState(p3, payment.Failed)
		o.wantState(p4, payment.Cleared)
		o.wantBalances("REC-2", 0, -10_000, 5_000_000-125_000-97_000-50_000)
		for _, n := range o.names("in") {
			if strings.HasSuffix(n, ".bai") {
				t.Errorf("%s came too", n)
			}
		}
	})
}
