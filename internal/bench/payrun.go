package bench

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/vendor"
)

// payees is how many vendors a pay run pays, each several times.
const payees = 500

// payRun measures a pay run: as many bills as Payments says, half of them paid by ACH and half by check, a payment for each
// bill, from schedule to the files, against the raw rows of such payments.
func (r *run) payRun() error {
	vendors, err := r.payees()
	if err != nil {
		return err
	}
	now, err := r.app.DB.Now(r.ctx)
	if err != nil {
		return err
	}
	days := civil.Calendar{}
	achDay := days.Add(civil.Of(now, civil.Pacific), 4) // their accounts are usable by then (VEN-4)
	checkDay := days.Next(achDay)
	bills := make([]string, r.Payments)
	_, err = r.share(func(i int) (err error) {
		bills[i], err = r.made(r.billOf(vendors[i%payees], fmt.Sprintf("P%d", i)))
		return err
	})
	if err != nil {
		return err
	}
	scheduled, err := r.share(func(i int) error {
		date := achDay
		if !byACH(i % payees) {
			date = checkDay
		}
		_, err := r.op(`<pay_bill><billId>` + bills[i] + `</billId><amount>1250.00</amount><processDate>` +
			date.At(0, 0, time.UTC).Format("01/02/2006") + `</processDate></pay_bill>`)
		return err
	})
	if err != nil {
		return err
	}
	released := map[string]time.Duration{}
	for _, day := range []struct {
		rail string
		date civil.Date
	}{{"ach", achDay}, {"check", checkDay}} {
		begin := time.Now()
		if err := r.app.Engine.Step(r.ctx, r.org, day.date.At(7, 0, civil.Pacific)); err != nil {
			return err
		}
		released[day.rail] = time.Since(begin)
	}
	raw, err := r.rawPayments()
	if err != nil {
		return err
	}
	defer raw.close()
	rawRate, _, err := loop(8, r.Time, func(int, int) error { return raw.write() })
	if err != nil {
		return err
	}
	rate := func(n int, d time.Duration) float64 { return float64(n) / d.Seconds() }
	whole := rate(r.Payments, scheduled+released["ach"]+released["check"])
	r.printf("\n### A pay run: %d approved bills, a payment each, half by ACH and half by check\n\n", r.Payments)
	r.printf("| | payments/s | of the raw rows |\n|---|---:|---:|\n")
	for _, row := range []struct {
		what string
		rate float64
	}{
		{"raw rows, 8 clients", rawRate},
		{"scheduled by pay_bill, 8 clients", rate(r.Payments, scheduled)},
		{"ACH: taken down, examined, posted, file written and delivered", rate(r.Payments/2, released["ach"])},
		{"checks: the same, numbered and printed to PDF", rate(r.Payments/2, released["check"])},
		{"the whole run", whole},
	} {
		r.printf("| %s | %.0f | %.0f %% |\n", row.what, row.rate, 100*row.rate/rawRate)
	}
	return nil
}

// byACH reports whether that payee is paid by ACH.
func byACH(i int) bool { return i%2 == 0 }

// payees makes the vendors of a pay run.
func (r *run) payees() ([]string, error) {
	out := make([]string, payees)
	for i := range out {
		var err error
		out[i], err = r.made(fmt.Sprintf(`<create_vendor><vendor><name>Payee %d</name><address1>%d Dock Street</address1>`+
			`<addressCity>Seattle</addressCity><addressState>WA</addressState><addressZip>98101</addressZip></vendor></create_vendor>`, i, i))
		if err != nil {
			return nil, err
		}
		if !byACH(i) {
			continue
		}
		n, err := vendor.SealBankAccount(r.app.Vault, r.org, fmt.Sprintf("77%06d1234", i))
		if err != nil {
			return nil, err
		}
		n.VendorID, n.Routing, n.AccountType, n.HolderType = ids.ID(out[i]), "990000026", vendor.Checking, vendor.Business
		err = r.app.DB.Write(r.ctx, db.Caller{Org: r.org, Perms: org.All, Channel: "command"}, func(tx *db.Tx) error {
			_, err := vendor.AddBankAccount(tx, n)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// share has 8 clients do f for each payment of the run, and gives how long that took.
func (r *run) share(f func(i int) error) (time.Duration, error) {
	var next atomic.Int64
	begin := time.Now()
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() {
			for i := int(next.Add(1)) - 1; i < r.Payments; i = int(next.Add(1)) - 1 {
				if err := f(i); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	all := make([]error, cap(errs))
	for i := range all {
		all[i] = <-errs
	}
	return time.Since(begin), errorsOf(all)
}

// rawPayments writes the rows that one ACH payment leaves, from its schedule to its file; its bill changes besides, which
// the raw rows leave out.
func (r *run) rawPayments() (*rawWriter, error) {
	var payment, part, entry, disbursement, trace string
	err := r.app.DB.Read(r.ctx, db.Caller{Org: r.org}, func(tx *db.Tx) error {
		return tx.Row(`SELECT p.id, b.id, e.id, d.id, d.trace FROM payments p JOIN bill_pays b ON b.org_id = p.org_id AND b.payment_id = p.id
			JOIN journal_entries e ON e.org_id = p.org_id AND e.source_id = p.id
			JOIN disbursements d ON d.org_id = p.org_id AND d.payment_id = p.id
			WHERE p.org_id = $1 AND p.rail = 'ach' LIMIT 1`, string(r.org)).Scan(&payment, &part, &entry, &disbursement, &trace)
	})
	if err != nil {
		return nil, err
	}
	w, err := r.rawWriter([]rowsOf{{"payments", "id", payment}, {"payment_steps", "payment_id", payment}, {"bill_pays", "id", part},
		{"disbursements", "id", disbursement}, {"audit_events", "record_id", payment}, {"audit_events", "record_id", part},
		{"postings", "entry_id", entry}, {"journal_entries", "id", entry}})
	if err == nil {
		w.names = append(w.names, trace) // no two disbursements share one
	}
	return w, err
}
