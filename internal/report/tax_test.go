package report_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/report"
	"github.com/duebook/duebook/internal/vendor"
)

// pay pays part of a new bill on a day, through the platform.
func (o *office) pay(v ids.ID, amount int64, day string) ids.ID {
	o.t.Helper()
	b := o.bill(v, amount+100, o.today(), o.today().AddDays(30))
	var p ids.ID
	o.write(func(tx *db.Tx) error {
		part, err := payment.Pay(tx, payment.Request{BillID: b, Amount: amount, ProcessDate: civil.MustDate(day)})
		if err == nil {
			p = part.PaymentID
		}
		return err
	})
	return p
}

// offline records a payment made elsewhere.
func (o *office) offline(v ids.ID, amount int64, day string, from ids.ID) ids.ID {
	o.t.Helper()
	b := o.bill(v, amount, o.today(), o.today())
	var p ids.ID
	o.write(func(tx *db.Tx) error {
		part, err := payment.RecordOffline(tx, payment.Offline{BillID: b, Amount: amount, Date: civil.MustDate(day), ChartOfAccountID: from})
		if err == nil {
			p = part.PaymentID
		}
		return err
	})
	return p
}

func (o *office) void(p ids.ID) {
	o.t.Helper()
	o.write(func(tx *db.Tx) error {
		_, err := payment.Void(tx, payment.Voiding{PaymentID: p, Type: payment.VoidAndCredit, Reason: "other"})
		return err
	})
}

// TAX-1 to TAX-3: cash paid by process date counts, what came back, was voided, was paid by card or with credits does not;
// every amount ties to the ledger; thresholds are those of year and box; what has to be put right is said; the files for
// the IRS have whole numbers, the copies for recipients do not.
func TestTAX1_TAX2_TAX3_Forms1099(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		s.Clock.Set(civil.MustDate("2025-12-15").At(9, 0, civil.Pacific))
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		flagged := func(name, tin string, box int64, account string) ids.ID {
			v := o.vendor(name, func(v *vendor.Vendor) {
				v.Track1099, v.TaxID, v.Box1099 = true, tin, box
				if tin != "" {
					v.W9Date = civil.MustDate("2025-01-02")
				}
			})
			if account != "" {
				o.account(v, account)
			}
			return v
		}
		ada := flagged("Ada Byron", "219-09-9999", 0, "5551234")
		back := flagged("Comes Back", "12-3456789", 0, "5550003") // R03
		rent := flagged("Rent LLC", "12-3456789", 1, "")
		flagged("No Papers", "", 2, "")
		law := flagged("Law Office", "00-1234567", 10, "")
		plain := o.vendor("Not Flagged", nil)
		var card ids.ID
		o.write(func(tx *db.Tx) error {
			a := dimension.Accounts.New().(*dimension.Account)
			a.Name, a.AccountNumber, a.AccountType = "Card", "2100", 5
			err := dimension.Create(tx, dimension.Accounts.Type, a)
			card = a.ID
			return err
		})
		o.offline(ada, 599_99, "2025-12-15", "")
		o.pay(ada, 1_500_00, "2026-01-05")
		o.pay(back, 3_000_00, "2026-01-05")
		o.pay(rent, 2_000_00, "2026-01-06")
		o.void(o.offline(rent, 70_00, "2025-12-15", ""))
		o.until(civil.MustDate("2026-01-15").At(9, 0, civil.Pacific))
		o.offline(ada, 500_00, "2026-01-14", "")
		o.offline(ada, 9_000_00, "2026-01-14", card)
		o.offline(plain, 9_000_00, "2026-01-14", "")
		gone := o.offline(law, 5_000_00, "2026-01-14", "")
		o.offline(law, 700_00, "2026-01-14", "")
		o.void(gone)

		tests := []struct {
			year string
			want []string
		}{
			{"2025", []string{"Ada Byron NEC 1 ends in 9999 2025-01-02 59999 60000 no", "Comes Back NEC 1 ends in 6789 2025-01-02 0 60000 no", "Law Office MISC 10 ends in 4567 2025-01-02 0 60000 no",
				"No Papers MISC 2 0 1000 no", "Rent LLC MISC 1 ends in 6789 2025-01-02 0 60000 no"}},
			{"2026", []string{"Ada Byron NEC 1 ends in 9999 2025-01-02 200000 200000 yes", "Comes Back NEC 1 ends in 6789 2025-01-02 0 200000 no",
				"Law Office MISC 10 ends in 4567 2025-01-02 70000 60000 yes: check the IRS instructions", "No Papers MISC 2 0 1000 no", "Rent LLC MISC 1 ends in 6789 2025-01-02 200000 200000 yes"}},
			{"2027", []string{"Ada Byron NEC 1 ends in 9999 2025-01-02 0 200000 no: check the IRS instructions"}},
		}
		for _, x := range tests {
			got := o.run("1099", "year", x.year)
			if got.Off != 0 {
				t.Errorf("TAX-1: %s is off by %d", x.year, got.Off)
			}
			for i, want := range x.want {
				c := got.Rows[i].Cells
				if is := strings.Join(strings.Fields(fmt.Sprint(c[0], " ", c[1], " ", c[2], " ", c[3], " ", c[4], " ", c[5], " ", c[6])), " "); is != want {
					t.Errorf("TAX-1, TAX-2: %s: %q, want %q", x.year, is, want)
				}
			}
		}
		wrong := map[string]string{"Ada Byron": "", "Comes Back": "The same tax number: Rent LLC", "Law Office": "The tax number cannot be one",
			"No Papers": "No tax number; No form W-9", "Rent LLC": "The same tax number: Comes Back"}
		for _, r := range o.run("1099", "year", "2026").Rows {
			if r.Cells[7] != wrong[r.Cells[0].(string)] {
				t.Errorf("TAX-3: %v has to put right %q", r.Cells[0], r.Cells[7])
			}
		}
		if got := o.run("1099", "year", "2026", "show", "problems"); len(got.Rows) != 4 {
			t.Errorf("TAX-3: problems: %q", rows(got))
		}
		source := o.run("1099", "year", "2026").Rows[0].Of // leads to the payments, whose sum it is but for the card
		if got := o.run(source.Report, "from", source.Params.From.String(), "to", source.Params.To.String(), "vendor", string(source.Params.Vendor)); got.Total[7] != int64(2_000_00+9_000_00) {
			t.Errorf("drill-down: %v", got.Total)
		}

		load := func(who db.Caller) (f *report.TaxForms, err error) {
			err = s.Write(t.Context(), who, func(tx *db.Tx) error { f, err = report.LoadTaxForms(tx, 2026); return err })
			return f, err
		}
		if _, err := load(o.who); !errors.Is(err, report.ErrNoPayerID) {
			t.Errorf("without an EIN: %v", err)
		}
		o.write(func(tx *db.Tx) error {
			own, err := org.Load(tx)
			if err == nil {
				err = errors.Join(own.Set("employerId", "98-7654321"), org.Save(tx, own))
			}
			return err
		})
		few := o.who
		few.Perms = db.Of(org.ViewReports)
		if _, err := load(few); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("who does not keep vendors: %v", err)
		}
		if _, err := load(o.who); !errors.Is(err, report.ErrNotReady) {
			t.Errorf("TAX-3: with a number that is none: %v", err)
		}
		o.write(func(tx *db.Tx) error {
			before, err := vendor.Vendors.LoadForUpdate(tx, law)
			if err != nil {
				return err
			}
			after := *before
			after.TaxID = "01-1234567"
			return vendor.Update(tx, before, &after)
		})
		f, err := load(o.who)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		for form, want := range map[string][]map[string]string{
			report.FormNEC: {{"Form Type": "1099-NEC", "Tax Year": "2026", "Payer TIN Type": "EIN", "Payer Taxpayer ID Number": "987654321", "Recipient TIN Type": "SSN",
				"Recipient Taxpayer ID Number": "219099999", "Recipient Name Type": "I", "Recipient First Name": "Ada", "Recipient Last Name (Surname)": "Byron",
				"Recipient City/Town": "Springfield", "Box 1 - Nonemployee compensation": "2000.00", "Box 4 - Federal income tax withheld": ""}},
			report.FormMISC: {{"Recipient Business or Entity Name Line 1": "Law Office", "Box 10 - Gross proceeds paid to an attorney": "700.00", "Box 1 - Rents": ""},
				{"Recipient Business or Entity Name Line 1": "Rent LLC", "Box 1 - Rents": "2000.00", "Box 10 - Gross proceeds paid to an attorney": ""}},
		} {
			b.Reset()
			if err := f.CSV(&b, form); err != nil {
				t.Fatal(err)
			}
			lines, err := csv.NewReader(&b).ReadAll() // refuses lines of another length than the head's
			if err != nil || len(lines) != len(want)+1 {
				t.Fatalf("%s: %d lines, %v", form, len(lines), err)
			}
			for i, cells := range want {
				for j, title := range lines[0] {
					if is, ok := cells[title]; ok && lines[i+1][j] != is {
						t.Errorf("TAX-3: %s %d: %s is %q, want %q", form, i, title, lines[i+1][j], is)
					}
				}
			}
		}
		b.Reset()
		if err := f.Copies(&b); err != nil || !bytes.HasPrefix(b.Bytes(), []byte("%PDF-")) || bytes.Count(b.Bytes(), []byte("/Type /Page\n")) != 3 {
			t.Errorf("TAX-3: copies: %v, %d bytes", err, b.Len())
		}
		var said int64
		o.read(func(tx *db.Tx) error {
			return tx.Row(`SELECT count(*) FROM audit_events WHERE org_id = $1 AND action = 'export tax numbers'`, string(o.who.Org)).Scan(&said)
		})
		if said != 1 {
			t.Errorf("AUD-1: %d exports are in the audit trail, want the one that was given", said)
		}
	})
}

// TAX-3, posting 10: what was withheld is part of what a form reports and stands in its box 4, whatever the amount.
func TestTAX3_Withheld(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		s.Clock.Set(civil.MustDate("2026-01-05").At(9, 0, civil.Pacific))
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		v := o.vendor("Ada Byron", func(v *vendor.Vendor) {
			v.Track1099, v.TaxID, v.BackupWithholding = true, "219-09-9999", true
		})
		o.pay(v, 100_00, "2026-01-06")
		o.until(civil.MustDate("2026-01-07").At(9, 0, civil.Pacific))
		o.write(func(tx *db.Tx) error {
			own, err := org.Load(tx)
			if err == nil {
				err = errors.Join(own.Set("employerId", "98-7654321"), org.Save(tx, own))
			}
			return err
		})
		got := o.run("1099", "year", "2026")
		if c := got.Rows[0].Cells; got.Off != 0 || c[4] != int64(100_00) || c[6] != "yes" || c[8] != int64(24_00) {
			t.Errorf("the report says %v, off by %d", c, got.Off)
		}
		var forms *report.TaxForms
		o.write(func(tx *db.Tx) (err error) { forms, err = report.LoadTaxForms(tx, 2026); return err })
		var b strings.Builder
		if err := forms.CSV(&b, "nec"); err != nil || !strings.Contains(b.String(), ",100.00,,24.00,") {
			t.Errorf("the file for the IRS, %v:\n%s", err, b.String())
		}
	})
}
