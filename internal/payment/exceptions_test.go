package payment_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/bank/bai2"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
)

// exceptions lists what the bank has asked, those that wait first.
func (o *office) exceptions(waiting bool) (all []payment.Exception) {
	o.t.Helper()
	o.read(func(tx *db.Tx) (err error) {
		all, err = payment.Exceptions(tx, waiting)
		return err
	})
	return all
}

// CHK-7, SIM-7, E20: the bank asks about what it should not pay; a person answers, or it is returned at the deadline. Only
// the statement posts.
func TestExceptions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		pay := func(name string) ids.ID { return o.mustPay(o.bill(o.vendor(name, nil), 1_000), 1_000, "2026-11-24") }
		altered, ignored := pay("Altered SIM-ALTERED"), pay("Ignored SIM-ALTERED SIM-D6")
		twice, back, lost := pay("Twice SIM-DUP"), pay("Back SIM-RTS"), pay("Lost SIM-D4")
		o.until(pacific("2026-11-24", 9, 0))
		o.mustVoid(lost, payment.VoidAndReissue, "lost")
		o.until(pacific("2026-12-01", 6, 0)) // the 4th banking day, 09:00 in New York
		asked := o.exceptions(true)
		if len(asked) != 1 || asked[0].Serial != 10005 || asked[0].Reason != "VOIDED" || asked[0].Issued != 1_000 || asked[0].PaymentID != lost ||
			asked[0].State != payment.CheckVoided || asked[0].Account != "Operating" || !asked[0].Deadline.Time().Equal(civil.MustDate("2026-12-01").At(14, 0, civil.NewYork)) {
			t.Fatalf("E20: the bank asks about %+v", asked)
		}
		clerk := o.who
		clerk.Perms = db.Of(org.ViewBanks, org.PrintChecks)
		if err := o.s.Write(t.Context(), clerk, func(tx *db.Tx) error { return payment.Decide(tx, asked[0].ID, payment.ReturnCheck) }); err == nil {
			t.Error("CHK-7: decided without Pay")
		}
		o.wantErr("neither", fault.ErrValue, func(tx *db.Tx) error { return payment.Decide(tx, asked[0].ID, payment.SeenCheck) })
		o.wantErr("no such", fault.ErrNotFound, func(tx *db.Tx) error { return payment.Decide(tx, ids.New(ids.BankFile), payment.PayCheck) })
		o.write(func(tx *db.Tx) error { return payment.Decide(tx, asked[0].ID, payment.ReturnCheck) })
		o.wantErr("twice", payment.ErrDecided, func(tx *db.Tx) error { return payment.Decide(tx, asked[0].ID, payment.PayCheck) })

		o.until(pacific("2026-12-02", 6, 0))
		if asked = o.exceptions(true); len(asked) != 1 || asked[0].Serial != 10001 || asked[0].Amount != 10_000 || asked[0].Reason != "AMOUNT" {
			t.Fatalf("SIM-ALTERED: the bank asks about %+v", asked)
		}
		o.write(func(tx *db.Tx) error { return payment.Decide(tx, asked[0].ID, payment.PayCheck) })
		o.until(pacific("2026-12-03", 6, 0))
		var reasons []string
		for _, x := range o.exceptions(true) {
			reasons = append(reasons, x.Reason)
		}
		// The altered one was paid: that stands on the statement and matches nothing (REC-4).
		if got := strings.Join(reasons, " "); got != "AMOUNT AMOUNT DUPLICATE" {
			t.Errorf("CHK-7: on 3 December %s wait", got)
		}
		o.until(pacific("2026-12-10", 9, 0))
		asked = o.exceptions(true)
		if len(asked) != 1 || asked[0].Deadline != 0 || asked[0].PaymentID != altered {
			t.Fatalf("REC-4: %+v wait", asked)
		}
		o.wantErr("paid already", fault.ErrValue, func(tx *db.Tx) error { return payment.Decide(tx, asked[0].ID, payment.ReturnCheck) })
		o.write(func(tx *db.Tx) error { return payment.Decide(tx, asked[0].ID, payment.SeenCheck) })
		decisions := map[string]string{}
		for _, x := range o.exceptions(false) {
			by := "nobody"
			if x.DecidedBy != "" {
				by = "a person"
			}
			decisions[x.Payee] += x.Decision + " by " + by
		}
		for payee, want := range map[string]string{"Ignored SIM-ALTERED SIM-D6": "return by nobody", "Twice SIM-DUP": "return by nobody", "Lost SIM-D4": "return by a person",
			"Altered SIM-ALTERED": "pay by a person", "": "seen by a person"} {
			if decisions[payee] != want {
				t.Errorf("CHK-7: %s: %s, want %s", payee, decisions[payee], want)
			}
		}
		var sent []string
		for _, n := range o.names("out") {
			if strings.HasSuffix(n, "-decisions.csv") {
				sent = append(sent, strings.Split(o.content("out", n), "\r\n")[1])
			}
		}
		if got, want := strings.Join(sent, " "), "20261201-10005-1,return 20261202-10001-1,pay"; got != want {
			t.Errorf("CHK-7: the bank was told %s, want %s", got, want)
		}
		if got, want := o.register(), "10001 mailed, 10002 mailed, 10003 cleared, 10004 returned_mail, 10005 voided, 10006 cleared"; got != want {
			t.Errorf("CHK-4: the register is %s, want %s", got, want)
		}
		o.wantState(altered, payment.Sent)
		o.wantState(ignored, payment.Sent)
		o.wantState(twice, payment.Cleared)
		o.wantState(back, payment.Sent)
		o.wantBalances("end", -3_000, 0, 4_998_000) // paid twice: the duplicate was returned, the reissued one paid
		o.verified()
	})
}

// E22: a cheque on the statement for a cent more than it was issued for matches nothing and waits for a person; so do a
// number that is not ours and one that was paid before.
func TestE22_Statement(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		p := o.mustPay(o.bill(o.vendor("V SIM-NEVER", nil), 125_000), 125_000, "2026-11-24")
		o.until(pacific("2026-11-24", 9, 0))
		balance := int64(5_000_000)
		statement := func(name, day string, lines ...bai2.Line) {
			t.Helper()
			f := bai2.File{Sender: "990000013", Receiver: "1", FileID: "1", Created: pacific("2026-11-27", 3, 0), Groups: []bai2.Group{{Originator: "990000013",
				AsOf: civil.MustDate(day), Accounts: []bai2.Account{{Number: number, Currency: "USD", Opening: balance, Lines: lines}}}}}
			for _, l := range lines {
				balance -= l.Amount
			}
			f.Groups[0].Accounts[0].Closing = balance
			var b strings.Builder
			if err := bai2.Write(&b, f); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(o.dir, string(o.who.Org), "in")
			if err := os.MkdirAll(dir, 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(b.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			o.s.Clock.Set(pacific("2026-11-27", 4, 0))
			if err := o.engine.Step(t.Context(), o.who.Org, o.s.Clock.Now()); err != nil {
				t.Fatal(err)
			}
		}
		paid := func(serial string, amount int64) bai2.Line {
			return bai2.Line{Type: bai2.CheckPaid, Amount: amount, CustomerRef: serial, Text: "CHECK PAID"}
		}
		statement("1.bai", "2026-11-24", paid("10001", 125_001), paid("77", 5))
		o.wantState(p, payment.Sent)
		o.wantBalances("a cent off", -125_000, 0, 5_000_000)
		var got []string
		for _, x := range o.exceptions(true) {
			got = append(got, x.Reason+" "+string(x.PaymentID))
		}
		if want := "AMOUNT " + string(p) + ", SERIAL "; strings.Join(got, ", ") != want {
			t.Errorf("E22: got %q, want %q", got, want)
		}
		statement("2.bai", "2026-11-25", paid("10001", 125_000))
		o.wantState(p, payment.Cleared)
		statement("3.bai", "2026-11-26", paid("10001", 125_000), paid("78", 5))
		all := o.exceptions(true)
		if len(all) != 4 || all[2].Reason != "DUPLICATE" {
			t.Errorf("REC-4: got %+v", all)
		}
		o.verified()
	})
}

// CHK-4, postings 15 and 16: a check that the bank gives back after it has paid it opens its bill again and leaves a task; the
// bill can be paid anew.
func TestCheckGivenBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		b := o.bill(o.vendor("V1 SIM-FORGED", nil), 125_000)
		p := o.mustPay(b, 125_000, "2026-11-24")
		kept := o.mustPay(o.bill(o.vendor("V2", nil), 125_000), 125_000, "2026-11-24")
		o.until(pacific("2026-12-03", 12, 0)) // the statement of 2 December
		o.wantState(p, payment.Cleared)
		o.wantBill("paid", b, 0, 125_000, 0, 0, bill.PaidInFull)
		o.wantBalances("paid", 0, 0, 4_750_000)
		o.until(pacific("2026-12-07", 12, 0)) // of 4 December
		o.wantState(p, payment.Failed)
		o.wantState(kept, payment.Cleared)
		o.wantBill("given back", b, 0, 0, 0, 0, bill.Open)
		o.wantBalances("given back", 0, -125_000, 4_875_000)
		if got, want := o.register(), "10001 returned, 10002 cleared"; got != want {
			t.Errorf("CHK-4: the register is %s, want %s", got, want)
		}
		o.read(func(tx *db.Tx) error {
			events, err := tx.Query(`SELECT event, posting_date FROM journal_entries WHERE org_id = $1 AND source_id = $2 ORDER BY event`, string(o.who.Org), string(p))
			if err != nil {
				return err
			}
			defer events.Close()
			var got string
			for events.Next() {
				var event int64
				var day string
				if err := events.Scan(&event, &day); err != nil {
					return err
				}
				got += fmt.Sprintf("%d %s, ", event, day)
			}
			if want := "8 2026-11-24, 12 2026-12-02, 15 2026-12-04, 16 2026-12-04, "; got != want {
				t.Errorf("postings: got %s, want %s", got, want)
			}
			return events.Err()
		})
		o.read(func(tx *db.Tx) error {
			all, err := payment.Tasks(tx, "")
			if err != nil || len(all) != 1 || all[0].Kind != payment.TaskFraud || all[0].Subject != p || !strings.Contains(all[0].Text, "Check 10001") {
				t.Errorf("tasks: got %+v, %v", all, err)
			}
			return nil
		})
		o.verified()
		again := o.mustPay(b, 125_000, "2026-12-09")
		o.until(pacific("2026-12-09", 9, 0))
		o.wantState(again, payment.Sent)
		o.verified()
	})
}

// XO-8: lists that are no lists are refused whole, with the line; what was taken in comes once.
func TestExceptionsRefused(t *testing.T) {
	t.Parallel()
	const head, good = "reference,account,serial,amount,payee,presented,reason,deadline\n", "r1,000117777,10001,12.50,P,2026-12-01,PAYEE,2026-12-01T19:00:00Z\n"
	for name, content := range map[string]string{
		"another header": "a,b\n", "short line": head + "r1,1\n", "no serial": head + strings.Replace(good, "10001", "x", 1),
		"no amount": head + strings.Replace(good, "12.50", "-1.00", 1), "no day": head + strings.Replace(good, "2026-12-01,", "soon,", 1),
		"no deadline": head + strings.Replace(good, "2026-12-01T19:00:00Z", "", 1), "no reference": head + good[2:], "twice": head + good,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := dbtest.SQLite(t)
			o := newOffice(t, s, vaultIn(t), t.TempDir())
			dir := filepath.Join(o.dir, string(o.who.Org), "in")
			if err := os.MkdirAll(dir, 0o750); err != nil {
				t.Fatal(err)
			}
			want := 0
			if name == "twice" {
				want = 1
				if err := os.WriteFile(filepath.Join(dir, "2-exceptions.csv"), []byte(content+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(dir, "1-exceptions.csv"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := o.engine.TakeIn(t.Context(), o.who.Org, o.at("2026-12-01", "06:00:00")); err != nil {
				t.Fatal(err)
			}
			if got := o.exceptions(false); len(got) != want {
				t.Errorf("got %+v, want %d", got, want)
			}
		})
	}
}
