package payment_test

import (
	"encoding/xml"
	"errors"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/vendor"
)

// abroad lets the organisation pay vendors outside the US, and gives it an address.
func (o *office) abroad() {
	o.t.Helper()
	o.write(func(tx *db.Tx) error {
		own, err := org.Load(tx)
		if err != nil {
			return err
		}
		own.Address1, own.City, own.Region, own.Zip = "1 Pier Road", "Seattle", "WA", "98101"
		own.Preferences.InternationalPayments, own.Preferences.InternationalOn = true, true
		return org.Save(tx, own)
	})
}

// wiredTo adds a vendor in Leeds with an account of that number, whose check digits are made.
func (o *office) wiredTo(number string) ids.ID {
	o.t.Helper()
	v := o.vendor("Bröker & Söhne "+number, func(v *vendor.Vendor) {
		v.Address1, v.City, v.Region, v.Zip, v.Country = "1 High Street", "Leeds", "", "LS1 4AP", "United Kingdom"
	})
	n, err := vendor.SealWireAccount(o.vault, o.who.Org, gbIBAN("NWBK601613"+number))
	if err != nil {
		o.t.Fatal(err)
	}
	n.VendorID, n.BIC = v, "NWBKGB20"
	o.write(func(tx *db.Tx) error { _, err := vendor.AddWireAccount(tx, n); return err })
	return v
}

// gbIBAN gives a British account its check digits.
func gbIBAN(rest string) string {
	mod := 0
	for _, c := range []byte(rest + "GB00") {
		if c >= 'A' {
			mod = (mod*100 + int(c-'A') + 10) % 97
		} else {
			mod = (mod*10 + int(c-'0')) % 97
		}
	}
	check := 98 - mod
	return "GB" + string(rune('0'+check/10)) + string(rune('0'+check%10)) + rest
}

// TestINT3Wire: a wire leaves as pain.001, is accepted, settles with the statement and clears; others are rejected, late,
// or come back. INT-2, INT-3, INT-5, INT-6, postings 8, 11, 15, 16, PAY-14.
func TestINT3Wire(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		o.abroad()
		o.at("2026-11-20", "09:00:00")
		good, wrong, late, back := o.wiredTo("31926819"), o.wiredTo("31920011"), o.wiredTo("31920012"), o.wiredTo("31920013")
		bills := map[ids.ID]ids.ID{}
		for _, v := range []ids.ID{good, wrong, late, back} {
			bills[v] = o.bill(v, 100_000)
		}
		if _, err := o.pay(bills[good], 100_000, "2026-11-23"); !errors.Is(err, payment.ErrAccountNew) {
			t.Errorf("VEN-4: got %v", err)
		}
		o.at("2026-11-24", "09:00:00")
		paid := map[ids.ID]ids.ID{}
		for _, v := range []ids.ID{good, wrong, late, back} {
			paid[v] = o.mustPay(bills[v], 100_000, "2026-11-25")
		}
		p := o.payment(paid[good])
		if p.Rail != payment.Wire || p.PaymentType != 5 || p.ArrivalDate.String() != "2026-11-30" {
			t.Errorf("5.3, PAY-14: got rail %s, type %d, arrival %s", p.Rail, p.PaymentType, p.ArrivalDate)
		}
		o.until(civil.MustDate("2026-11-25").At(1, 0, civil.Pacific))
		o.wantState(paid[good], payment.Sent)
		var file string
		for _, n := range o.names("out") {
			if strings.HasSuffix(n, "-wire.xml") {
				file = o.content("out", n)
			}
		}
		var doc struct {
			Wires []struct {
				EndToEnd string `xml:"PmtId>EndToEndId"`
				Name     string `xml:"Cdtr>Nm"`
				Town     string `xml:"Cdtr>PstlAdr>TwnNm"`
				IBAN     string `xml:"CdtrAcct>Id>IBAN"`
			} `xml:"CstmrCdtTrfInitn>PmtInf>CdtTrfTxInf"`
		}
		if err := xml.Unmarshal([]byte(file), &doc); err != nil || len(doc.Wires) != 4 {
			t.Fatalf("INT-3: %v\n%s", err, file)
		}
		if w := doc.Wires[0]; w.EndToEnd != p.Confirmation || w.Name != "Broker Sohne 31926819" || w.Town != "Leeds" || w.IBAN != gbIBAN("NWBK60161331926819") {
			t.Errorf("INT-3 to INT-5: got %+v", w)
		}
		o.wantBalances("released", -400_000, 0, 5_000_000)

		o.until(civil.MustDate("2026-11-25").At(1, 10, civil.Pacific)) // the bank has looked at each
		o.wantState(paid[wrong], payment.Failed)
		if a := o.attempts(bills[wrong])[0]; a.ReasonCode != "AC04" || a.ReasonText != "Account closed" || a.Outcome != "FAILED" {
			t.Errorf("INT-6: got %+v", a)
		}
		if b := o.load(bills[wrong]); b.PaymentStatus != bill.Open {
			t.Errorf("INT-6: the bill has status %d", b.PaymentStatus)
		}
		o.wantState(paid[late], payment.Sent)
		o.wantBalances("rejected", -300_000, -100_000, 5_000_000)

		o.until(civil.MustDate("2026-11-27").At(6, 0, civil.NewYork)) // the statement of Wednesday
		o.wantState(paid[good], payment.Settled)
		o.wantState(paid[back], payment.Settled)
		o.wantState(paid[late], payment.Sent)
		o.wantBalances("settled", -100_000, -100_000, 4_800_000)

		o.until(civil.MustDate("2026-12-02").At(6, 0, civil.NewYork))
		o.wantState(paid[good], payment.Cleared)
		o.wantState(paid[late], payment.Cleared)
		o.wantState(paid[back], payment.Failed)
		o.wantBalances("come back", 0, -200_000, 4_800_000)
		o.read(func(tx *db.Tx) error {
			bad, err := payment.Verify(tx, o.vault)
			for _, v := range bad {
				t.Errorf("%s: %s", v.Rule, v.Detail)
			}
			return err
		})
	})
}

// TestINT4WireAccounts: what a bank account outside the US must have. VEN-3, INT-4, INT-5, LIM-2, SIM-1.
func TestINT4WireAccounts(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	o := newOffice(t, s, vaultIn(t), t.TempDir())
	add := func(country, number string, change func(*vendor.Vendor, *vendor.NewWireAccount)) error {
		v := vendor.Vendors.New().(*vendor.Vendor)
		v.Name, v.City, v.Country = "V "+country+number, "Town", country
		n, err := vendor.SealWireAccount(o.vault, o.who.Org, number)
		if err != nil {
			return err
		}
		n.BIC = "AAAA" + vendor.CountryCode(country) + "20"
		change(v, &n)
		return o.try(func(tx *db.Tx) error {
			if err := vendor.Create(tx, v); err != nil {
				return err
			}
			n.VendorID = v.ID
			_, err := vendor.AddWireAccount(tx, n)
			return err
		})
	}
	none := func(*vendor.Vendor, *vendor.NewWireAccount) {}
	const gb = "GB29 NWBK 6016 1331 9268 19"
	for _, c := range []struct {
		name, country, number string
		change                func(*vendor.Vendor, *vendor.NewWireAccount)
		want                  error
		field                 string
	}{
		{"an IBAN", "GB", gb, none, nil, ""},
		{"INT-5: wrong check digits", "GB", "GB28NWBK60161331926819", none, fault.ErrValue, "accountNumber"},
		{"INT-5: an IBAN of another country", "DE", gb, none, fault.ErrValue, "accountNumber"},
		{"INT-5: no IBAN", "FR", "12345678", none, fault.ErrValue, "accountNumber"},
		{"INT-5: no BIC", "GB", gb, func(_ *vendor.Vendor, n *vendor.NewWireAccount) { n.BIC = "" }, fault.ErrMissing, "bic"},
		{"SIM-1: a BIC of a real bank", "GB", gb, func(_ *vendor.Vendor, n *vendor.NewWireAccount) { n.BIC = "NWBKGB2L" }, fault.ErrValue, "bic"},
		{"INT-4: no town", "GB", gb, func(v *vendor.Vendor, _ *vendor.NewWireAccount) { v.City = "" }, fault.ErrMissing, "city"},
		{"LIM-2: no clearing code", "Canada", "1234567", none, fault.ErrMissing, "clearingCode"},
		{"LIM-2: a short clearing code", "Canada", "1234567", func(_ *vendor.Vendor, n *vendor.NewWireAccount) { n.ClearingCode = "1" }, fault.ErrValue, "clearingCode"},
		{"with a clearing code", "Canada", "1234567", func(_ *vendor.Vendor, n *vendor.NewWireAccount) { n.ClearingCode = "000305612" }, nil, ""},
		{"LIM-2: no purpose", "Japan", "1234567", none, fault.ErrMissing, "purpose"},
		{"LIM-2: an unknown purpose", "Japan", "1234567", func(_ *vendor.Vendor, n *vendor.NewWireAccount) { n.Purpose = "XXXX" }, fault.ErrValue, "purpose"},
		{"with a purpose", "Japan", "1234567", func(_ *vendor.Vendor, n *vendor.NewWireAccount) { n.Purpose = "GDDS" }, nil, ""},
		{"VEN-11: a vendor in the US", "Guam", "1234567", none, fault.ErrReference, "vendorId"},
		{"LIM-2: a country not in the list", "Cuba", "1234567", none, fault.ErrValue, "country"},
		{"a number that is none", "Japan", "12 3", none, fault.ErrValue, "accountNumber"},
	} {
		err := add(c.country, c.number, c.change)
		f := fault.From(err)
		if !errors.Is(err, c.want) || f != nil && (len(f.Fields) != 1 || f.Fields[0] != c.field) {
			t.Errorf("%s: got %v, want %v on %s", c.name, err, c.want, c.field)
		}
	}
}

// INT-2: a vendor outside the US without wire data gets a cheque, if cheques go to its country; INT-4: a wire waits for the
// town of the company.
func TestINT2CheckOrNothing(t *testing.T) {
	t.Parallel()
	s := dbtest.SQLite(t)
	o := newOffice(t, s, vaultIn(t), t.TempDir())
	o.abroad()
	for country, want := range map[string]error{"Germany": nil, "India": payment.ErrCountry} {
		v := o.vendor(country, func(v *vendor.Vendor) { v.Region, v.Zip, v.Country = "", "", country })
		p, err := o.pay(o.bill(v, 100), 100, "2026-11-25")
		if !errors.Is(err, want) {
			t.Errorf("INT-2: %s: got %v", country, err)
		}
		if err == nil && o.payment(p).Rail != payment.Check {
			t.Errorf("INT-2: %s is paid by %s", country, o.payment(p).Rail)
		}
	}
	o.write(func(tx *db.Tx) error {
		own, err := org.Load(tx)
		own.City = ""
		return errors.Join(err, org.Save(tx, own))
	})
	v := o.wiredTo("31926819")
	p := o.mustPay(o.bill(v, 100), 100, "2026-11-27")
	o.until(civil.MustDate("2026-11-27").At(1, 0, civil.Pacific))
	if got := o.payment(p); got.State != payment.OnHold || !strings.Contains(got.HoldReason, "no town") {
		t.Errorf("INT-4: got %s, %q", got.State, got.HoldReason)
	}
}
