package payment_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bank/bai2"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/payment"
)

// open gives the lines that wait for a person, oldest first.
func (o *office) open() (all []payment.OpenLine) {
	o.t.Helper()
	o.read(func(tx *db.Tx) (err error) { all, err = payment.OpenLines(tx, o.bank, 100); return err })
	return all
}

func (o *office) match(line ids.ID, items ...payment.Item) error {
	return o.try(func(tx *db.Tx) error { return payment.MatchLine(tx, line, items) })
}

func (o *office) reconcile(day string) (r payment.Reconciliation) {
	o.t.Helper()
	o.read(func(tx *db.Tx) (err error) {
		var d civil.Date
		if day != "" {
			d = civil.MustDate(day)
		}
		r, err = payment.Reconcile(tx, o.bank, d)
		return err
	})
	return r
}

// step lets the engine work, and not the bank.
func (o *office) step(at time.Time) {
	o.t.Helper()
	o.s.Clock.Set(at)
	if err := o.engine.Step(context.Background(), o.who.Org, at); err != nil {
		o.t.Fatal(err)
	}
}

// TestREC3_REC4_REC5_E22: what the exact key does not match waits with what it may be; a person says what it is, in parts
// that come to the line; nothing is matched twice; and the books then explain the statement to the cent. Postings 12, 17, 23.
func TestREC3_REC4_REC5_E22(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.abroad()
		o.at("2026-11-20", "09:00:00")
		v1, v2 := o.vendor("V1", nil), o.wiredTo("31926819")
		b1, b2 := o.bill(v1, 125_000), o.bill(v2, 100_000)
		o.at("2026-11-24", "09:00:00")
		p1, p2 := o.mustPay(b1, 125_000, "2026-11-25"), o.mustPay(b2, 100_000, "2026-11-25")
		o.step(civil.MustDate("2026-11-25").At(1, 0, civil.Pacific))
		wire := o.payment(p2)
		var rent, uncoded ids.ID
		o.write(func(tx *db.Tx) (err error) {
			if uncoded, err = ledger.Account(tx, ledger.Uncoded); err != nil {
				return err
			}
			rent, err = ledger.Post(tx, ledger.Entry{Date: civil.MustDate("2026-11-25"), Event: ledger.ManualJournal, Source: p1, Version: 9, Memo: "Rent by standing order",
				Postings: []ledger.Posting{{Account: o.ledger, Amount: -80_000}, {Role: ledger.Uncoded, Amount: 80_000}}})
			return err
		})

		o.statement(t, "2026-11-25", 5_000_000, 4_894_499,
			bai2.Line{Type: bai2.WireOut, Amount: 100_000, CustomerRef: wire.Confirmation},
			bai2.Line{Type: bai2.CheckPaid, Amount: 125_001, CustomerRef: "10001"}, // E22
			bai2.Line{Type: 699, Amount: 80_000, Text: "STANDING ORDER"},
			bai2.Line{Type: bai2.Fees, Amount: 500, Text: "WIRE FEE"},
			bai2.Line{Type: bai2.ACHReturnCredit, Amount: 100_000, CustomerRef: "?", Text: "RETURN"},
			bai2.Line{Type: 301, Amount: 100_000, Text: "DEPOSIT"})
		o.wantState(p2, payment.Settled) // REC-3 (1)
		o.wantState(p1, payment.Sent)
		lines := o.open()
		if len(lines) != 5 {
			t.Fatalf("open: %+v", lines)
		}
		by := map[int]payment.OpenLine{}
		for _, l := range lines {
			by[l.Type] = l
		}
		check := by[bai2.CheckPaid]
		if check.Proposal != nil || len(check.Candidates) != 1 || check.Candidates[0].Target != p1 || check.Candidates[0].Amount != -125_000 {
			t.Errorf("E22: got %+v", check)
		}
		if p := by[699].Proposal; p == nil || p.Kind != payment.ItemBook || p.Target != rent {
			t.Errorf("REC-3 (2): got %+v", by[699])
		}
		r := o.reconcile("")
		if r.Difference != 0 || len(r.Unrecorded) != 5 || len(r.InTransit) != 1 || r.InTransit[0].Entry != rent || r.Checks != 125_000 || r.Statement != 4_894_499 {
			t.Errorf("REC-5, before: got %+v", r)
		}

		paid := payment.Item{Kind: payment.ItemPayment, Target: p1, Amount: -125_000}
		for name, c := range map[string]struct {
			items []payment.Item
			want  error
		}{
			"a cent is not absorbed":    {[]payment.Item{paid}, payment.ErrParts},
			"nothing":                   {nil, payment.ErrParts},
			"a payment of other amount": {[]payment.Item{{Kind: payment.ItemPayment, Target: p1, Amount: -125_001}}, payment.ErrNotOpen},
			"the same twice": {[]payment.Item{paid, paid, {Kind: payment.ItemError, Target: uncoded, Amount: 124_999}},
				payment.ErrNotOpen},
			"a payment that is settled": {[]payment.Item{{Kind: payment.ItemPayment, Target: p2, Amount: -100_000}, {Kind: payment.ItemFee, Amount: -25_001}}, payment.ErrNotOpen},
			"an unknown kind":           {[]payment.Item{{Kind: "gift", Amount: -125_001}}, payment.ErrNotOpen},
			"a debit as a return":       {[]payment.Item{{Kind: payment.ItemSuspense, Amount: -125_001}}, payment.ErrNotOpen},
		} {
			if err := o.match(check.ID, c.items...); !errors.Is(err, c.want) {
				t.Errorf("REC-4: %s: got %v, want %v", name, err, c.want)
			}
		}
		for _, c := range []struct {
			line  ids.ID
			items []payment.Item
		}{
			{check.ID, []payment.Item{paid, {Kind: payment.ItemFee, Amount: -1}}},
			{by[699].ID, []payment.Item{by[699].Proposal.Item}},
			{by[bai2.Fees].ID, []payment.Item{{Kind: payment.ItemFee, Amount: -500}}},
			{by[bai2.ACHReturnCredit].ID, []payment.Item{{Kind: payment.ItemSuspense, Amount: 100_000}}},
		} {
			if err := o.match(c.line, c.items...); err != nil {
				t.Fatalf("match: %v", err)
			}
			if err := o.match(c.line, c.items...); err == nil {
				t.Error("REC-4: a line is matched twice")
			}
		}
		o.wantState(p1, payment.Cleared)
		fees, suspense := o.role(ledger.Fees), o.role(ledger.ReturnsSuspense)
		if fees != 501 || suspense != -100_000 {
			t.Errorf("postings 17 and 23: fees %d, suspense %d", fees, suspense)
		}

		o.statement(t, "2026-11-27", 4_894_499, 4_894_499)
		r = o.reconcile("")
		if r.Difference != 0 || len(r.Unrecorded) != 1 || len(r.InTransit) != 0 || r.Checks != 0 {
			t.Errorf("REC-5: got %+v", r)
		}
		if err := o.match(by[301].ID, payment.Item{Kind: payment.ItemError, Target: o.account1(ledger.AR), Amount: 100_000}); err == nil {
			t.Error("GL-4: a control account is posted to")
		}
		if err := o.match(by[301].ID, payment.Item{Kind: payment.ItemError, Target: uncoded, Amount: 100_000}); err != nil {
			t.Fatal(err)
		}
		o.write(func(tx *db.Tx) error { return payment.MarkReconciled(tx, o.bank, civil.MustDate("2026-11-27")) })
		if r = o.reconcile("2026-11-25"); !r.Done || r.Difference != 0 || r.Book != r.Statement {
			t.Errorf("REC-5, after: got %+v", r)
		}

		// What the return was: the wire, as the bank tells later.
		report := `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt><OrgnlGrpInfAndSts><OrgnlMsgId>` + o.wireFile() +
			`</OrgnlMsgId></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><TxInfAndSts><OrgnlEndToEndId>` + wire.Confirmation +
			`</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf></TxInfAndSts></OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>`
		put(t, filepath.Join(o.dir, string(o.who.Org), "in"), "z-status.xml", report)
		o.step(civil.MustDate("2026-11-27").At(12, 0, civil.Pacific))
		o.wantState(p2, payment.Failed)
		o.write(func(tx *db.Tx) error {
			all, err := payment.SuspendedLines(tx, o.bank)
			if err != nil || len(all) != 1 || len(all[0].Payments) != 1 || all[0].Payments[0].Target != p2 {
				t.Fatalf("suspense: %+v, %v", all, err)
			}
			if err := payment.ClearSuspense(tx, all[0].ID, p1); !errors.Is(err, payment.ErrNotOpen) {
				t.Errorf("suspense of another payment: %v", err)
			}
			return payment.ClearSuspense(tx, all[0].ID, p2)
		})
		if got := o.role(ledger.ReturnsSuspense); got != 0 {
			t.Errorf("posting 17: suspense is %d", got)
		}
		o.read(func(tx *db.Tx) error {
			bad, err := payment.Verify(tx, o.vault)
			for _, v := range bad {
				t.Errorf("%s: %s", v.Rule, v.Detail)
			}
			return err
		})

		// A gap between statements that a person accepted shows as the difference.
		o.statement(t, "2026-11-30", 4_894_400, 4_894_400)
		if err := o.try(func(tx *db.Tx) error { return payment.MarkReconciled(tx, o.bank, civil.MustDate("2026-11-30")) }); err == nil {
			t.Error("REC-5: a parked statement is reconciled")
		}
		o.write(func(tx *db.Tx) error {
			parked, err := payment.ParkedStatements(tx)
			if err != nil || len(parked) != 1 {
				t.Fatalf("parked: %v, %v", parked, err)
			}
			return payment.AcceptStatement(tx, parked[0].ID)
		})
		if r = o.reconcile(""); r.Difference != -99 {
			t.Errorf("REC-5: the gap shows as %d", r.Difference)
		}
		if err := o.try(func(tx *db.Tx) error { return payment.MarkReconciled(tx, o.bank, civil.MustDate("2026-11-30")) }); !errors.Is(err, payment.ErrNotReconciled) {
			t.Errorf("REC-5: got %v", err)
		}
	})
}

func (o *office) role(role string) (n int64) {
	o.t.Helper()
	o.read(func(tx *db.Tx) (err error) { n, err = ledger.RoleBalance(tx, role); return err })
	return n
}

func (o *office) account1(role string) (id ids.ID) {
	o.t.Helper()
	o.read(func(tx *db.Tx) (err error) {
		id, err = ledger.Account(tx, role)
		if err == nil {
			_, err = dimension.Accounts.Load(tx, id)
		}
		return err
	})
	return id
}

// wireFile is the id of the file of wires.
func (o *office) wireFile() string {
	for _, n := range o.names("out") {
		if s, ok := strings.CutSuffix(n, "-wire.xml"); ok {
			_, id, _ := strings.Cut(s, "-")
			return id
		}
	}
	return ""
}
