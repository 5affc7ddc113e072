// Package vendor keeps who is paid: vendors, and the bank accounts they are paid to.
package vendor

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// How a vendor is paid (VEN-1).
const (
	PayByCheck = 0
	PayByACH   = 1
)

// Boxes are the boxes of forms 1099-NEC and 1099-MISC that vendors' payments belong to (TAX-1).
var Boxes = map[int64]string{0: "NEC 1", 1: "MISC 1", 2: "MISC 2", 3: "MISC 3", 6: "MISC 6", 10: "MISC 10"}

// Vendor is a payee.
type Vendor struct {
	record.Base
	Name                                   string
	NameFolded                             string // lower case, for finding by name
	ShortName                              string // generation 1's vendor_id
	NameOnCheck                            string
	CompanyName                            string
	TaxID                                  string
	Track1099                              bool
	Box1099                                int64      // Boxes: where a 1099 reports what it is paid (TAX-1)
	BackupWithholding                      bool       // of what it is paid a share is withheld (TAX-3)
	W9Date                                 civil.Date // when its form W-9 came; zero: none on file (TAX-3)
	Email, Phone, Fax                      string
	Address1, Address2, Address3, Address4 string
	City, Region, Zip, Country             string
	AccountNumber                          string // our account number with the vendor
	Description                            string
	PayBy                                  int64
	AccountType                            int64 // 1 business, 2 person
	NetworkStatus                          int64 // 0 not connected, 1 connected, 2 pending, 3 listed
	LinkedTo                               ids.ID
	Duplicate                              bool  // another active vendor has this name
	InvitesSent                            int64 // mails that invited it to the network

	// What the later generations know besides.
	PaymentTermID                     ids.ID
	ContactFirstName, ContactLastName string
	PaymentEmail, PaymentPhone        string
	TaxIDType                         int64 // 1 EIN, 2 SSN, 0 not said
	SendNotifications                 bool
	CombinePayments                   bool // bills of one date go into one payment
	PayDaysBefore                     int64
	Extras                            string // api/shape.Extras

	// Filled in by Fill.
	Balance, AvailableCredit int64
	AccountStatus            int64 // of the active bank account, -1 without one
	LastPaid                 civil.Date
}

// Vendors describes vendors.
var Vendors = record.Describe[Vendor]("vendor", ids.Vendor, "vendors",
	record.String("name", 100, func(v *Vendor) *string { return &v.Name }),
	record.String("nameFolded", 0, func(v *Vendor) *string { return &v.NameFolded }),
	record.String("shortName", 40, func(v *Vendor) *string { return &v.ShortName }),
	record.String("nameOnCheck", 250, func(v *Vendor) *string { return &v.NameOnCheck }),
	record.String("companyName", 250, func(v *Vendor) *string { return &v.CompanyName }),
	record.Sealed("taxId", 20, func(v *Vendor) *string { return &v.TaxID }),
	record.Flag("track1099", func(v *Vendor) *bool { return &v.Track1099 }),
	record.Choice("box1099", Boxes, func(v *Vendor) *int64 { return &v.Box1099 }),
	record.Flag("backupWithholding", func(v *Vendor) *bool { return &v.BackupWithholding }),
	record.Day("w9Date", func(v *Vendor) *civil.Date { return &v.W9Date }),
	record.String("email", 254, func(v *Vendor) *string { return &v.Email }),
	record.String("phone", 40, func(v *Vendor) *string { return &v.Phone }),
	record.String("fax", 40, func(v *Vendor) *string { return &v.Fax }),
	record.String("address1", 500, func(v *Vendor) *string { return &v.Address1 }),
	record.String("address2", 500, func(v *Vendor) *string { return &v.Address2 }),
	record.String("address3", 500, func(v *Vendor) *string { return &v.Address3 }),
	record.String("address4", 500, func(v *Vendor) *string { return &v.Address4 }),
	record.String("city", 255, func(v *Vendor) *string { return &v.City }),
	record.String("region", 255, func(v *Vendor) *string { return &v.Region }),
	record.String("zip", 20, func(v *Vendor) *string { return &v.Zip }),
	record.String("country", 255, func(v *Vendor) *string { return &v.Country }),
	record.String("accountNumber", 100, func(v *Vendor) *string { return &v.AccountNumber }),
	record.String("description", 4000, func(v *Vendor) *string { return &v.Description }),
	record.Choice("payBy", map[int64]string{0: "CHECK", 1: "ACH", 2: "RPPS"}, func(v *Vendor) *int64 { return &v.PayBy }),
	record.Choice("accountType", map[int64]string{0: "NONE", 1: "BUSINESS", 2: "PERSON"}, func(v *Vendor) *int64 { return &v.AccountType }),
	record.Choice("networkStatus", map[int64]string{0: "NOT_CONNECTED", 1: "CONNECTED", 2: "PENDING", 3: "CONNECTED_RPPS"},
		func(v *Vendor) *int64 { return &v.NetworkStatus }),
	record.Reference("linkedTo", nil, func(v *Vendor) *ids.ID { return &v.LinkedTo }),
	record.Flag("duplicate", func(v *Vendor) *bool { return &v.Duplicate }),
	record.Number("invitesSent", func(v *Vendor) *int64 { return &v.InvitesSent }),
	record.Reference("paymentTermId", func() *record.Type { return dimension.Terms.Type }, func(v *Vendor) *ids.ID { return &v.PaymentTermID }),
	record.String("contactFirstName", 100, func(v *Vendor) *string { return &v.ContactFirstName }),
	record.String("contactLastName", 100, func(v *Vendor) *string { return &v.ContactLastName }),
	record.String("paymentEmail", 254, func(v *Vendor) *string { return &v.PaymentEmail }),
	record.String("paymentPhone", 40, func(v *Vendor) *string { return &v.PaymentPhone }),
	record.Choice("taxIdType", map[int64]string{1: "EIN", 2: "SSN"}, func(v *Vendor) *int64 { return &v.TaxIDType }),
	record.FlagOn("sendNotifications", func(v *Vendor) *bool { return &v.SendNotifications }),
	record.FlagOn("combinePayments", func(v *Vendor) *bool { return &v.CombinePayments }),
	record.Number("payDaysBefore", func(v *Vendor) *int64 { return &v.PayDaysBefore }),
	record.String("extras", 0, func(v *Vendor) *string { return &v.Extras }),
)

// Faults of this room.
var (
	// ErrExternalID carries the text that a published client of generation 1 looks for (api-v1 5.2).
	ErrExternalID = fault.New(fault.Invalid, "vendor_external_id",
		"The external id is used by another vendor (CVUSER.UKVENDOREXTID).")
	ErrListed = fault.New(fault.Forbidden, "vendor_listed",
		"The vendor maintains this data itself; unlink it to change it here.")
	ErrNameTaken  = fault.New(fault.Invalid, "name_taken", "Another active record has this name.")
	ErrUnreleased = fault.New(fault.Invalid, "vendor_payments_waiting",
		"The vendor has payments that have not left yet; cancel them first.")
)

// Payee is the name a payment is made out to.
func (v *Vendor) Payee() string {
	if v.NameOnCheck != "" {
		return v.NameOnCheck
	}
	return v.Name
}

// Domestic reports whether the rules for US vendors hold: the US, its territories and military mail; no country
// means US (api-v1 5.6, VEN-11).
func (v *Vendor) Domestic() bool { return CountryCode(v.Country) == "US" }

// AddressComplete reports whether a cheque can be mailed: line 1, city, state and ZIP in the US; line 1, city and
// country elsewhere (BDCE052).
func (v *Vendor) AddressComplete() bool {
	if v.Address1 == "" || v.City == "" {
		return false
	}
	return !v.Domestic() || v.Region != "" && v.Zip != ""
}

// Create stores a new vendor. A name that another active vendor has is accepted and flagged. It fails with
// fault.ErrMissing, fault.ErrValue, ErrExternalID.
func Create(tx *db.Tx, v *Vendor) error {
	if err := tx.Require(org.ManageVendors); err != nil {
		return err
	}
	if v.Active != record.Active {
		return fault.ErrValue.On("isActive")
	}
	if err := checkTerm(tx, nil, v); err != nil {
		return err
	}
	if err := check(tx, nil, v); err != nil {
		return err
	}
	Vendors.Insert(tx, v)
	return nil
}

// Update stores the difference between before, as loaded, and v. Errors as Create; ErrListed when a maintained field
// of a listed vendor differs (VEN-9); ErrUnreleased when it is made inactive with payments under way.
func Update(tx *db.Tx, before, v *Vendor) error {
	if err := tx.Require(org.ManageVendors); err != nil {
		return err
	}
	if !before.LinkedTo.IsNull() {
		if fields := maintained(before, v); len(fields) > 0 {
			return ErrListed.On(fields...)
		}
		for _, name := range maintainedTexts { // the same in other letters is no change
			f := Vendors.Must(name)
			*f.At(v).(*string) = *f.At(before).(*string)
		}
	}
	if before.Active == record.Active && v.Active != record.Active {
		var waiting int64
		err := tx.Row(`SELECT count(*) FROM payments WHERE org_id = $1 AND vendor_id = $2
			AND state IN ('awaiting_approval', 'scheduled', 'on_hold')`, string(tx.Org()), string(v.ID)).Scan(&waiting)
		if err != nil {
			return fmt.Errorf("look for waiting payments: %w", err)
		}
		if waiting > 0 {
			return ErrUnreleased.On("isActive")
		}
	}
	if err := checkTerm(tx, before, v); err != nil {
		return err
	}
	if err := check(tx, before, v); err != nil {
		return err
	}
	Vendors.Save(tx, before, v)
	return firewall(tx, before, tx.Caller().User, ChangePayee, movedPayee(before, v))
}

func check(tx *db.Tx, before, v *Vendor) error {
	if strings.TrimSpace(v.Name) == "" {
		return fault.ErrMissing.On("name")
	}
	if v.Email != "" && (before == nil || before.Email != v.Email) && !LooksLikeEmail(v.Email) {
		return fault.ErrValue.On("email")
	}
	v.NameFolded = strings.ToLower(v.Name)
	if v.ExternalID != "" && (before == nil || before.ExternalID != v.ExternalID) {
		if err := externalIDFree(tx, v.ExternalID, v.ID); err != nil {
			return err
		}
	}
	if before == nil || before.NameFolded != v.NameFolded {
		var others int64
		err := tx.Row(`SELECT count(*) FROM vendors WHERE org_id = $1 AND name_folded = $2 AND is_active = 1 AND id <> $3`,
			string(tx.Org()), v.NameFolded, string(v.ID)).Scan(&others)
		if err != nil {
			return fmt.Errorf("look for vendors of that name: %w", err)
		}
		v.Duplicate = others > 0
	}
	return nil
}

// externalIDFree fails with ErrExternalID when another vendor, active or not, has the external id.
func externalIDFree(tx *db.Tx, external string, self ids.ID) error {
	if err := tx.Lock("vendor " + external); err != nil {
		return err
	}
	var id string
	err := tx.Row(`SELECT id FROM vendors WHERE org_id = $1 AND external_id = $2 AND external_id <> ''`, string(tx.Org()), external).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) || err == nil && ids.ID(id) == self {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for the external id: %w", err)
	}
	return ErrExternalID.On("externalId")
}

// CheckMark checks a client's mark before it is set outside an update (api-v1 5.9): external ids of vendors are
// unique.
func CheckMark(tx *db.Tx, v *Vendor, external string) error {
	if external == "" || external == v.ExternalID {
		return nil
	}
	return externalIDFree(tx, external, v.ID)
}

// LooksLikeEmail reports whether s has the form of one address.
func LooksLikeEmail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	return at > 0 && at < len(s)-1 && !strings.ContainsAny(s, " \t\r\n,;<>\"") && strings.Contains(s[at:], ".") &&
		!strings.HasSuffix(s, ".") && !strings.Contains(s, "..") && strings.Count(s, "@") == 1
}

// maintainedTexts are the texts of a listed vendor that it maintains itself (VEN-9).
var maintainedTexts = []string{"nameOnCheck", "address1", "address2", "address3", "address4", "city", "region", "zip", "country", "phone", "taxId"}

// maintained names the fields of table VEN-9 in which a listed vendor would change, after trimming and case folding.
func maintained(a, b *Vendor) []string {
	same := func(x, y string) bool { return strings.EqualFold(strings.TrimSpace(x), strings.TrimSpace(y)) }
	var out []string
	for _, name := range maintainedTexts {
		f := Vendors.Must(name)
		if !same(*f.At(a).(*string), *f.At(b).(*string)) {
			out = append(out, name)
		}
	}
	if a.NameOnCheck == "" && !same(a.Name, b.Name) {
		out = append(out, "name")
	}
	if a.PayBy != b.PayBy {
		out = append(out, "payBy")
	}
	return out
}

// CountryCode reads a country as people and programs write it and gives its ISO 3166 alpha-2 code; US for none, for the
// US territories and for military mail (VEN-11), "" if it is not known. AE, a state of military mail, is as a country
// the United Arab Emirates.
func CountryCode(s string) string {
	k := strings.ToUpper(strings.TrimSpace(s))
	switch k {
	case "", "US", "USA", "U.S.", "U.S.A.", "UNITED STATES", "UNITED STATES OF AMERICA",
		"PR", "PUERTO RICO", "VI", "VIRGIN ISLANDS", "U.S. VIRGIN ISLANDS", "US VIRGIN ISLANDS", "GU", "GUAM", "AS",
		"AMERICAN SAMOA", "MP", "NORTHERN MARIANA ISLANDS", "AA", "AP":
		return "US"
	}
	if c, ok := countryNames[k]; ok {
		return c
	}
	if _, ok := countries[k]; ok {
		return k
	}
	return ""
}
