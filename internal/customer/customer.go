// Package customer keeps who pays us: customers, the people there, and the bank accounts they let us charge.
package customer

import (
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// Address is where bills or goods go.
type Address struct {
	Line1, Line2, Line3, Line4 string
	City, Region, Country, Zip string
}

// Customer is a payer. Amounts are minor units of the organisation's currency.
type Customer struct {
	record.Base
	Name                              string
	NameFolded                        string // lower case, for finding by name
	ShortName                         string
	ParentID                          ids.ID
	CompanyName                       string
	ContactFirstName, ContactLastName string
	AccountNumber                     string // our account number for the customer
	Bill, Ship                        Address
	Email, Phone, AltPhone, Fax       string
	Description                       string
	PrintAs                           string
	AccountType                       int64 // 1 business, 2 person
	PaymentTermID                     ids.ID
	Currency                          string // of its invoices
	TaxID                             string
	TaxLiable                         bool
	TaxExempt                         bool   // no sales tax on its documents (AR-4)
	Authorized                        bool   // we may charge its bank account (AR-12): SetAuthorization
	HasBankAccount                    bool   // AddBankAccount, RemoveBankAccount
	Balance                           int64  // due on its active invoices: Move
	Credit                            int64  // credited or paid and not yet used: Move
	VendorID                          ids.ID // the customer as a payee (spec/README 17): MakeVendor
}

// maxDepth is how many levels the tree of customers has.
const maxDepth = 20

// Customers describes customers.
var Customers = record.Describe[Customer]("customer", ids.Customer, "customers", append(append(append([]record.Fact{
	record.String("name", 100, func(c *Customer) *string { return &c.Name }),
	record.String("nameFolded", 0, func(c *Customer) *string { return &c.NameFolded }),
	record.String("shortName", 40, func(c *Customer) *string { return &c.ShortName }),
	record.Parent("parentId", maxDepth, func(c *Customer) *ids.ID { return &c.ParentID }),
	record.String("companyName", 250, func(c *Customer) *string { return &c.CompanyName }),
	record.String("contactFirstName", 100, func(c *Customer) *string { return &c.ContactFirstName }),
	record.String("contactLastName", 100, func(c *Customer) *string { return &c.ContactLastName }),
	record.String("accountNumber", 100, func(c *Customer) *string { return &c.AccountNumber }),
}, address("bill", func(c *Customer) *Address { return &c.Bill })...), address("ship", func(c *Customer) *Address { return &c.Ship })...),
	record.String("email", 254, func(c *Customer) *string { return &c.Email }),
	record.String("phone", 40, func(c *Customer) *string { return &c.Phone }),
	record.String("altPhone", 40, func(c *Customer) *string { return &c.AltPhone }),
	record.String("fax", 40, func(c *Customer) *string { return &c.Fax }),
	record.String("description", 4000, func(c *Customer) *string { return &c.Description }),
	record.String("printAs", 250, func(c *Customer) *string { return &c.PrintAs }),
	record.Choice("accountType", map[int64]string{0: "NONE", 1: "BUSINESS", 2: "PERSON"}, func(c *Customer) *int64 { return &c.AccountType }),
	record.Reference("paymentTermId", func() *record.Type { return dimension.Terms.Type }, func(c *Customer) *ids.ID { return &c.PaymentTermID }),
	record.String("currency", 3, func(c *Customer) *string { return &c.Currency }),
	record.Sealed("taxId", 20, func(c *Customer) *string { return &c.TaxID }),
	record.Flag("taxLiable", func(c *Customer) *bool { return &c.TaxLiable }),
	record.Flag("taxExempt", func(c *Customer) *bool { return &c.TaxExempt }),
	record.Flag("authorized", func(c *Customer) *bool { return &c.Authorized }),
	record.Flag("hasBankAccount", func(c *Customer) *bool { return &c.HasBankAccount }),
	record.Amount("balance", func(c *Customer) *int64 { return &c.Balance }),
	record.Amount("credit", func(c *Customer) *int64 { return &c.Credit }),
	record.Reference("vendorId", func() *record.Type { return vendor.Vendors.Type }, func(c *Customer) *ids.ID { return &c.VendorID }),
)...)

// address declares the eight fields of one address.
func address(kind string, at func(*Customer) *Address) []record.Fact {
	line := func(name string, max int, in func(*Address) *string) record.Fact {
		return record.String(kind+name, max, func(c *Customer) *string { return in(at(c)) })
	}
	return []record.Fact{
		line("Address1", 500, func(a *Address) *string { return &a.Line1 }),
		line("Address2", 500, func(a *Address) *string { return &a.Line2 }),
		line("Address3", 500, func(a *Address) *string { return &a.Line3 }),
		line("Address4", 500, func(a *Address) *string { return &a.Line4 }),
		line("City", 255, func(a *Address) *string { return &a.City }),
		line("Region", 255, func(a *Address) *string { return &a.Region }),
		line("Country", 255, func(a *Address) *string { return &a.Country }),
		line("Zip", 20, func(a *Address) *string { return &a.Zip }),
	}
}

// ErrOpenInvoices keeps a customer active that owes something.
var ErrOpenInvoices = fault.New(fault.Conflict, "customer_open_invoices", "The customer has open invoices.")

// Create stores a new customer. Names may repeat. It fails with fault.ErrMissing, fault.ErrValue (also for a tree that
// is too deep) and fault.ErrReference.
func Create(tx *db.Tx, c *Customer) error {
	if err := tx.Require(org.ManageReceivables); err != nil {
		return err
	}
	if c.Active != record.Active {
		return fault.ErrValue.On("isActive")
	}
	c.Authorized, c.HasBankAccount, c.Balance, c.Credit, c.VendorID = false, false, 0, 0, ""
	if err := check(tx, nil, c); err != nil {
		return err
	}
	Customers.Insert(tx, c)
	return nil
}

// Update stores the difference between before, as loaded, and c. Errors as Create; ErrOpenInvoices when a customer
// that owes something is made inactive (domain 3.3).
func Update(tx *db.Tx, before, c *Customer) error {
	if err := tx.Require(org.ManageReceivables); err != nil {
		return err
	}
	if before.Active == record.Active && c.Active != record.Active && before.Balance != 0 {
		return ErrOpenInvoices.On("isActive")
	}
	if err := check(tx, before, c); err != nil {
		return err
	}
	Customers.Save(tx, before, c)
	return nil
}

func check(tx *db.Tx, before, c *Customer) error {
	if strings.TrimSpace(c.Name) == "" {
		return fault.ErrMissing.On("name")
	}
	c.NameFolded = strings.ToLower(c.Name)
	if c.Email != "" && (before == nil || before.Email != c.Email) && !vendor.LooksLikeEmail(c.Email) {
		return fault.ErrValue.On("email")
	}
	var old record.Record
	if before != nil {
		old = before
	}
	if err := Customers.CheckReferences(tx, old, c); err != nil {
		return err
	}
	return Customers.CheckTree(tx, old, c)
}

// Move adds to what a customer owes and to what it has to its credit. updatedTime stays: neither is the customer's own
// data.
func Move(tx *db.Tx, id ids.ID, balance, credit int64) {
	if balance != 0 || credit != 0 {
		tx.ExecOne(`UPDATE customers SET balance = balance + $3, credit = credit + $4 WHERE org_id = $1 AND id = $2`,
			string(tx.Org()), string(id), balance, credit)
	}
}

// SetAuthorization records that the customer lets us charge its bank account, or does so no longer (AR-12). It fails
// with fault.ErrNotFound.
func SetAuthorization(tx *db.Tx, id ids.ID, authorized bool) (*Customer, error) {
	if err := tx.Require(org.ManageReceivables); err != nil {
		return nil, err
	}
	before, err := Customers.LoadForUpdate(tx, id)
	if err != nil {
		return nil, err
	}
	after := *before
	after.Authorized = authorized
	Customers.SaveAs(tx, "authorize", before, &after)
	return &after, nil
}

// MakeVendor gives the vendor that stands for the customer as a payee, and makes it on the first call (spec/README 17).
// It fails with fault.ErrNotFound, and as vendor.Create.
func MakeVendor(tx *db.Tx, id ids.ID) (ids.ID, error) {
	if err := tx.Require(org.ManageVendors); err != nil {
		return "", err
	}
	before, err := Customers.LoadForUpdate(tx, id)
	if err != nil || !before.VendorID.IsNull() {
		if err == nil {
			return before.VendorID, nil
		}
		return "", err
	}
	v := vendor.Vendors.New().(*vendor.Vendor)
	v.Name, v.NameOnCheck, v.CompanyName = before.Name, before.PrintAs, before.CompanyName
	v.TaxID, v.AccountType = before.TaxID, before.AccountType
	v.Email, v.Phone, v.Fax = before.Email, before.Phone, before.Fax
	v.Address1, v.Address2, v.Address3, v.Address4 = before.Bill.Line1, before.Bill.Line2, before.Bill.Line3, before.Bill.Line4
	v.City, v.Region, v.Zip, v.Country = before.Bill.City, before.Bill.Region, before.Bill.Zip, before.Bill.Country
	if err := vendor.Create(tx, v); err != nil {
		return "", fmt.Errorf("make a vendor of %s: %w", id, err)
	}
	after := *before
	after.VendorID = v.ID
	Customers.SaveAs(tx, "make vendor", before, &after)
	return v.ID, nil
}

// OfVendor gives the customer that the vendor stands for, "" for none.
func OfVendor(tx *db.Tx, vendorID ids.ID) (ids.ID, error) {
	var id string
	err := tx.Row(`SELECT coalesce(max(id), '') FROM customers WHERE org_id = $1 AND vendor_id = $2 AND vendor_id <> ''`,
		string(tx.Org()), string(vendorID)).Scan(&id)
	return ids.ID(id), err
}
