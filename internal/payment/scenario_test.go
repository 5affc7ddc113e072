package payment_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/vendor"
)

// TestScenarioA: steps 7 to 11 of scenario A, without credits, policies and the accounts' names.
func TestScenarioA(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v1 := o.vendor("V1, Inc.", nil)
		v2 := o.vendor("V2 Supplies", nil)
		v3 := o.vendor("V3 Ltd", func(v *vendor.Vendor) { v.City, v.Region, v.Zip, v.Country = "Toronto", "ON", "M5H 2N2", "Canada" })
		account := o.account(v2, "5551234")
		b1, b2, b3 := o.bill(v1, 125_000), o.bill(v2, 97_000), o.bill(v3, 1_000_000)
		o.write(func(tx *db.Tx) error {
			own, err := org.Load(tx)
			if err != nil {
				return err
			}
			own.Preferences.InternationalPayments, own.Preferences.InternationalOn = true, true
			return org.Save(tx, own)
		})
		o.until(o.at("2026-11-23", "09:10:00"))
		if got := o.names("out"); len(got) != 1 || !strings.HasSuffix(got[0], ".ach") { // VEN-5: on the day of adding
			t.Fatalf("test entry: got %q", got)
		}
		prenote := o.content("out", o.names("out")[0])
		if !strings.Contains(prenote, "\n623990000026") {
			t.Errorf("test entry: got\n%s", prenote)
		}

		o.at("2026-11-24", "10:00:00")
		p2 := o.mustPay(b2, 97_000, "2026-11-25")
		o.at("2026-11-24", "17:59:59")
		p1 := o.mustPay(b1, 125_000, "2026-11-25")
		o.at("2026-11-24", "18:00:00")
		p3 := o.mustPay(b3, 1_000_000, "2026-11-27")
		o.wantBalances("step 7", 0, -1_222_000, 5_000_000)
		touched := o.payment(p2).UpdatedTime

		o.until(civil.MustDate("2026-11-25").At(0, 59, civil.Pacific))
		o.wantState(p2, payment.Scheduled)
		o.until(civil.MustDate("2026-11-25").At(1, 0, civil.Pacific)) // step 8
		o.wantState(p1, payment.Sent)
		o.wantState(p2, payment.Sent)
		o.wantState(p3, payment.Scheduled)
		o.wantBalances("step 8", -222_000, -1_000_000, 5_000_000)
		out := o.names("out")
		if len(out) != 3 {
			t.Fatalf("step 8: got %q, want one NACHA file, one for positive pay and the test entry", out)
		}
		var file, pays string
		for _, n := range out {
			switch {
			case strings.HasSuffix(n, "-positivepay.csv"):
				pays = o.content("out", n)
			case strings.HasPrefix(n, "20261125T090000Z-"):
				file = o.content("out", n)
			}
		}
		lines := strings.Split(strings.TrimSpace(file), "\n")
		if len(lines) != 10 || !strings.HasPrefix(lines[1], "5220NORTHWIND LLC") || lines[1][50:53] != "CCD" || lines[1][69:75] != "261127" ||
			!strings.HasPrefix(lines[2], "622990000026") || lines[2][29:39] != "0000097000" ||
			!strings.HasPrefix(lines[3], `705RMR*IV*INV-1002**970.00\`) || lines[4][4:20] != "0000020099000002" || lines[5][7:13] != "000001" {
			t.Errorf("step 8: got\n%s", file)
		}
		if want := "account,serial,issue_date,amount,payee,mark\r\n000117777,10001,2026-11-25,1250.00,\"V1, Inc.\",I\r\n"; pays != want {
			t.Errorf("CHK-6: got %q, want %q", pays, want)
		}
		cheques := o.names("checks")
		if len(cheques) != 1 || !strings.HasPrefix(o.content("checks", cheques[0]), "%PDF-") {
			t.Errorf("CHK-5: got %q", cheques)
		}
		if b := o.load(b2); b.PaymentStatus != bill.PaidInFull {
			t.Errorf("bill 2: got status %d, want paid", b.PaymentStatus)
		}
		if got := o.payment(p2).UpdatedTime; got <= touched {
			t.Errorf("SYN-3: updatedTime stays at %v", got)
		}

		o.until(civil.MustDate("2026-11-27").At(1, 0, civil.Pacific)) // step 9
		o.wantBalances("step 9", -1_222_000, 0, 5_000_000)
		o.wantState(p3, payment.Sent)

		o.until(civil.MustDate("2026-11-30").At(6, 0, civil.NewYork)) // step 10
		o.wantState(p2, payment.Settled)
		o.wantBalances("step 10", -1_125_000, 0, 4_903_000)
		o.until(civil.MustDate("2026-12-01").At(17, 0, civil.NewYork).Add(-time.Second))
		o.wantState(p2, payment.Settled)
		o.until(civil.MustDate("2026-12-01").At(17, 0, civil.NewYork))
		o.wantState(p2, payment.Cleared)
		a := o.attempts(b2)[0]
		if a.Outcome != "SUCCEEDED" || a.OutcomeAt.Time() != civil.MustDate("2026-12-01").At(17, 0, civil.NewYork).UTC() || len(a.TraceTail) != 7 ||
			a.ArrivalDate.String() != "2026-11-27" {
			t.Errorf("step 10: got %+v", a)
		}
		var states []string
		for _, st := range a.Steps {
			states = append(states, st.State)
		}
		if want := []string{"scheduled", "in_file", "sent", "settled", "cleared"}; !slices.Equal(states, want) ||
			!strings.HasSuffix(a.Steps[3].FileName, "-statement.bai") {
			t.Errorf("4.6: got steps %+v, want %v", a.Steps, want)
		}

		o.until(civil.MustDate("2026-12-04").At(6, 0, civil.NewYork)) // step 11
		o.wantState(p1, payment.Cleared)
		o.wantBalances("step 11", -1_000_000, 0, 4_778_000)
		if got := o.attempts(b1)[0]; got.Check != 10001 || got.Outcome != "SUCCEEDED" {
			t.Errorf("step 11: got %+v", got)
		}
		o.read(func(tx *db.Tx) error {
			all, err := ledger.TrialBalance(tx, civil.Date{})
			var debit, credit int64
			for _, b := range all {
				debit, credit = debit+b.Debit, credit+b.Credit
			}
			if debit != 6_000_000 || credit != 6_000_000 {
				t.Errorf("step 11: trial balance %d and %d, want 60,000.00 each side", debit, credit)
			}
			return err
		})
		o.until(civil.MustDate("2026-12-07").At(6, 0, civil.NewYork))
		o.wantState(p3, payment.Cleared)
		o.wantBalances("step 11, Monday", 0, 0, 3_778_000)

		o.read(func(tx *db.Tx) error {
			d, err := payment.Detail(tx, p2)
			if err != nil {
				return err
			}
			if d.Disbursement == nil || d.Disbursement.State != "cleared" || d.Disbursement.AccountTail != "1234" || len(d.Disbursement.Trace) != 15 ||
				len(d.Disbursement.Files) != 1 || d.Disbursement.Files[0].State != "accepted" || d.Disbursement.SettledOn.String() != "2026-11-27" {
				t.Errorf("detail: got %+v", d.Disbursement)
			}
			f, err := o.engine.File(context.Background(), o.who, d.Disbursement.Files[0].ID)
			if err == nil && string(f.Content) != file {
				t.Errorf("stored file differs from the delivered one")
			}
			return err
		})
		var n int64
		o.read(func(tx *db.Tx) error {
			return tx.Row(`SELECT count(*) FROM statement_lines WHERE org_id = $1 AND matched = ''`, string(o.who.Org)).Scan(&n)
		})
		if n != 0 {
			t.Errorf("%d lines of statements matched nothing", n)
		}
		_ = account
	})
}

// TestReturn: scenario C step 4 and 5, E17 and E18: R03, the bill open again, the account refused, the money back; paid
// again by cheque.
func TestReturn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.at("2026-12-03", "12:00:00")
		v := o.vendor("CAM Services", nil)
		o.account(v, "88880003")
		b, other := o.bill(v, 240_000), o.bill(v, 10_000)
		o.until(o.at("2026-12-04", "09:00:00"))
		p := o.mustPay(b, 240_000, "2026-12-07")
		waiting := o.mustPay(other, 10_000, "2026-12-14")
		o.until(civil.MustDate("2026-12-10").At(8, 0, civil.NewYork).Add(-time.Second))
		o.wantState(p, payment.Settled)
		o.until(civil.MustDate("2026-12-10").At(8, 0, civil.NewYork))
		o.wantState(p, payment.Failed)
		o.wantState(waiting, payment.OnHold) // VEN-4
		o.wantBalances("returned", 240_000, -250_000, 5_000_000-240_000)
		a := o.attempts(b)[0]
		if a.Outcome != "FAILED" || a.ReasonCode != "R03" || a.ReasonText != "No account / unable to locate account" {
			t.Errorf("attempt: got %+v", a)
		}
		if got := o.load(b); got.PaymentStatus != bill.Open || got.PaidAmount != 0 {
			t.Errorf("bill: got status %d paid %d, want open again", got.PaymentStatus, got.PaidAmount)
		}
		o.read(func(tx *db.Tx) error {
			acct, err := vendor.ActiveBankAccount(tx, v)
			if err != nil {
				return err
			}
			who, err := vendor.Vendors.Load(tx, v)
			if err == nil && (acct.Status != vendor.AccountInvalid || who.PayBy != vendor.PayByCheck) {
				t.Errorf("vendor: account status %d, payBy %d; want 5 and 0", acct.Status, who.PayBy)
			}
			return err
		})

		// E17: the same file again, and its entry in a new file.
		in := filepath.Join(o.dir, string(o.who.Org), "in")
		returns := o.content("in", "20261210T130000Z-returns.ach")
		put(t, in, "20261210T140000Z-returns.ach", returns)
		put(t, in, "20261210T150000Z-returns.ach", strings.Replace(returns, "0800A094101", "0900B094101", 1))
		o.until(civil.MustDate("2026-12-10").At(10, 0, civil.NewYork))
		if err := o.engine.Step(context.Background(), o.who.Org, s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		o.wantBalances("E17", 240_000, -250_000, 5_000_000-240_000)

		o.at("2026-12-10", "09:00:00") // step 5: noon in New York
		again := o.mustPay(b, 240_000, "2026-12-11")
		o.write(func(tx *db.Tx) error { return payment.Cancel(tx, waiting) })
		o.until(civil.MustDate("2026-12-11").At(6, 0, civil.NewYork))
		o.wantBalances("the bank's credit", -240_000, -10_000, 5_000_000)
		o.until(civil.MustDate("2026-12-21").At(6, 0, civil.NewYork))
		o.wantState(again, payment.Cleared)
		o.wantState(p, payment.Failed)
		o.wantBalances("step 5", 0, -10_000, 5_000_000-240_000)
		var outcomes []string
		for _, a := range o.attempts(b) {
			outcomes = append(outcomes, a.Outcome)
		}
		if !slices.Equal(outcomes, []string{"FAILED", "SUCCEEDED"}) {
			t.Errorf("attempts: got %v", outcomes)
		}
	})
}

// TestAccounts: what the bank says about accounts: VEN-4, VEN-5, ACH-9, and a file rejected whole.
func TestAccounts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		dir, vault := t.TempDir(), vaultIn(t)
		for _, c := range []struct {
			name, account string
			state         string // of a payment a week later
			status        int64
			tail          string
		}{
			{"SIM-4 0200: the test comes back", "5550200", payment.OnHold, vendor.AccountInvalid, "0200"},
			{"C01: another account, applied", "5550101", payment.Cleared, vendor.AccountVerified, "1234"},
			{"C02: another routing number, held", "5550102", payment.OnHold, vendor.AccountUnverified, "0102"},
			{"C05: savings, applied", "5550105", payment.Cleared, vendor.AccountVerified, "0105"},
			{"SIM-4 0400: late, refused by the payee", "5550400", payment.Failed, vendor.AccountVerified, "0400"},
			{"0500: the file is rejected", "5550500", payment.FundingFailed, vendor.AccountVerified, "0500"},
		} {
			s.Clock.Set(dbtest.Start)
			o := newOffice(t, s, vault, dir)
			v := o.vendor("Payee", nil)
			id := o.account(v, c.account)
			b := o.bill(v, 5_000)
			p := o.mustPay(b, 5_000, "2026-12-01")
			o.until(civil.MustDate("2026-12-09").At(12, 0, civil.Pacific))
			o.wantState(p, c.state)
			o.read(func(tx *db.Tx) error {
				a, err := vendor.BankAccounts.Load(tx, id)
				if err == nil && (a.Status != c.status || a.AccountTail != c.tail) {
					t.Errorf("%s: account has status %d and ends in %s, want %d and %s", c.name, a.Status, a.AccountTail, c.status, c.tail)
				}
				return err
			})
			if out := o.names("out"); c.account == "5550105" && !strings.Contains(o.content("out", out[len(out)-1]), "\n632990000026") {
				t.Errorf("%s: the payment did not go to a savings account", c.name) // the bank then corrects it back
			}
			if c.state == payment.Cleared {
				o.wantBalances(c.name, 0, 0, 4_995_000)
			} else {
				o.wantBalances(c.name, 0, -5_000, 5_000_000)
			}
		}
	})
}

func put(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestReleaseTwice: E23, two processes release and deliver at once: one file, one cheque each, no gap in the numbers.
func TestReleaseTwice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		paper, wire := o.vendor("Paper", nil), o.vendor("Wire", nil)
		o.account(wire, "5551234")
		var all []ids.ID
		for range 8 {
			all = append(all, o.mustPay(o.bill(paper, 100), 100, "2026-11-25"), o.mustPay(o.bill(wire, 200), 200, "2026-11-25"))
		}
		now := o.at("2026-11-25", "01:00:00")
		second := payment.NewEngine(s.DB, o.vault, o.dir, discardLog())
		var wg sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			e := o.engine
			if i%2 == 1 {
				e = second
			}
			wg.Go(func() { errs[i] = e.Step(context.Background(), o.who.Org, now) })
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil && !db.IsBusy(err) {
				t.Error(err)
			}
		}
		o.until(now)
		for _, p := range all {
			o.wantState(p, payment.Sent)
		}
		if out, cheques := o.names("out"), o.names("checks"); len(out) != 3 || len(cheques) != 1 { // with the test entry
			t.Errorf("got %q and %q, want one file each", out, cheques)
		}
		o.wantBalances("released", -2_400, 0, 5_000_000)
		o.read(func(tx *db.Tx) error {
			var n, low, high int64
			err := tx.Row(`SELECT count(*), min(serial), max(serial) FROM checks WHERE org_id = $1`, string(o.who.Org)).Scan(&n, &low, &high)
			if n != 8 || low != 10001 || high != 10008 {
				t.Errorf("XO-4: got %d cheques from %d to %d", n, low, high)
			}
			return err
		})
	})
}

// TestCrash: the process dies between commit and delivery, between the bytes and the row, and meets another file under
// the name (XO-2). Every repetition sends the same bytes once.
func TestCrash(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx := context.Background()
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("Wire", nil)
		o.account(v, "5551234")
		o.until(o.at("2026-11-24", "09:00:00"))
		p := o.mustPay(o.bill(v, 200), 200, "2026-11-25")
		now := o.at("2026-11-25", "01:00:00")

		if err := o.engine.Release(ctx, o.who.Org, now); err != nil { // and dies
			t.Fatal(err)
		}
		o.wantState(p, payment.InFile)
		out := filepath.Join(o.dir, string(o.who.Org), "out")
		if err := os.Chmod(out, 0o500); err != nil {
			t.Fatal(err)
		}
		failing := o.engine.Deliver(ctx, o.who.Org, now)
		if err := os.Chmod(out, 0o700); err != nil {
			t.Fatal(err)
		}
		if failing == nil && os.Geteuid() != 0 {
			t.Error("delivery into a closed folder: got no error")
		}
		later := now.Add(time.Hour)
		s.Clock.Set(later)
		for range 2 {
			if err := o.engine.Step(ctx, o.who.Org, later); err != nil {
				t.Fatal(err)
			}
		}
		o.wantState(p, payment.Sent)
		if got := o.names("out"); len(got) != 2 {
			t.Fatalf("got %q, want the test entry and one file", got)
		}

		// After the rename, before the row: the row says ready again.
		set := func(state string) {
			o.write(func(tx *db.Tx) error {
				tx.ExecOne(`UPDATE bank_files SET state = $2 WHERE org_id = $1 AND kind = 'ach'`, string(o.who.Org), state)
				return nil
			})
		}
		names := o.names("out")
		name := names[len(names)-1]
		content := o.content("out", name)
		set("ready")
		if err := o.engine.Deliver(ctx, o.who.Org, later.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got := o.names("out"); !slices.Equal(got, names) || o.content("out", name) != content {
			t.Errorf("after the rename: got %q, want %q", got, names)
		}

		put(t, out, name, "something else")
		set("ready")
		for range 2 {
			if err := o.engine.Deliver(ctx, o.who.Org, later); err != nil {
				t.Fatal(err)
			}
		}
		if o.content("out", name) != "something else" {
			t.Error("XO-2: the other file was written over")
		}
		var state string
		o.read(func(tx *db.Tx) error {
			return tx.Row(`SELECT state FROM bank_files WHERE org_id = $1 AND kind = 'ach'`, string(o.who.Org)).Scan(&state)
		})
		if state != "delivery_unknown" {
			t.Errorf("XO-2: got state %s", state)
		}
	})
}

// TestHold: what may not leave any more is held with a reason and never dropped (5.5).
func TestHold(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	o := newOffice(t, s, vaultIn(t), t.TempDir())
	lost := o.vendor("Lost", nil)
	odd := o.vendor("Odd", func(v *vendor.Vendor) { v.NameOnCheck = "名前" })
	fine := o.vendor("Fine", nil)
	p1 := o.mustPay(o.bill(lost, 100), 100, "2026-11-24")
	p2 := o.mustPay(o.bill(odd, 100), 100, "2026-11-24")
	p3 := o.mustPay(o.bill(fine, 100), 100, "2026-11-24")
	o.write(func(tx *db.Tx) error {
		v, err := vendor.Vendors.Load(tx, lost)
		if err != nil {
			return err
		}
		after := *v
		after.Zip = ""
		return vendor.Update(tx, v, &after)
	})
	o.until(civil.MustDate("2026-11-24").At(2, 0, civil.Pacific))
	o.wantState(p1, payment.OnHold)
	o.wantState(p2, payment.OnHold)
	o.wantState(p3, payment.Sent)
	if got := o.payment(p2).HoldReason; !strings.Contains(got, "cannot be printed") {
		t.Errorf("reason: got %q", got)
	}
	if got := o.attempts(o.bill(fine, 1)); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	o.write(func(tx *db.Tx) error { return payment.Cancel(tx, p1) })
	o.wantState(p1, payment.Canceled)
}

// TestRefusedFiles: a file that cannot be read is recorded and does not stop the others.
func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	o := newOffice(t, s, vaultIn(t), t.TempDir())
	in := filepath.Join(o.dir, string(o.who.Org), "in")
	if err := os.MkdirAll(in, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, in, "a.ach", "rubbish")
	put(t, in, "b.bai", "more rubbish")
	put(t, in, "c.ack", "")
	put(t, in, "d.ack", "FILE x\nSHA256 "+strings.Repeat("0", 64)+"\nSTATUS ACCEPTED\n")
	put(t, in, "e.txt", "what?")
	put(t, in, ".half", "not yet")
	for range 2 {
		fresh := payment.NewEngine(s.DB, o.vault, o.dir, discardLog())
		if err := fresh.TakeIn(context.Background(), o.who.Org, s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	var got bytes.Buffer
	o.read(func(tx *db.Tx) error {
		rows, err := tx.Query(`SELECT name, state FROM bank_files WHERE org_id = $1 ORDER BY name`, string(o.who.Org))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name, state string
			if err := rows.Scan(&name, &state); err != nil {
				return err
			}
			got.WriteString(name + " " + state + "\n")
		}
		return rows.Err()
	})
	if want := "a.ach refused\nb.bai refused\nc.ack refused\nd.ack taken\ne.txt refused\n"; got.String() != want {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
}
