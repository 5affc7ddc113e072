package customer

import (
	"strings"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// Contact is a person at a customer that invoices are sent to.
type Contact struct {
	record.Base
	CustomerID                  ids.ID
	Name, FirstName, LastName   string
	Email, Phone, AltPhone, Fax string
	Title, Description          string
}

// Contacts describes customers' contacts.
var Contacts = record.Describe[Contact]("customerContact", ids.CustomerContact, "customer_contacts",
	record.Reference("customerId", func() *record.Type { return Customers.Type }, func(c *Contact) *ids.ID { return &c.CustomerID }),
	record.String("name", 100, func(c *Contact) *string { return &c.Name }),
	record.String("firstName", 100, func(c *Contact) *string { return &c.FirstName }),
	record.String("lastName", 100, func(c *Contact) *string { return &c.LastName }),
	record.String("email", 254, func(c *Contact) *string { return &c.Email }),
	record.String("phone", 40, func(c *Contact) *string { return &c.Phone }),
	record.String("altPhone", 40, func(c *Contact) *string { return &c.AltPhone }),
	record.String("fax", 40, func(c *Contact) *string { return &c.Fax }),
	record.String("title", 100, func(c *Contact) *string { return &c.Title }),
	record.String("description", 4000, func(c *Contact) *string { return &c.Description }),
)

// CreateContact stores a new contact. It fails with fault.ErrMissing, fault.ErrValue and fault.ErrReference.
func CreateContact(tx *db.Tx, c *Contact) error {
	if c.Active != record.Active {
		return fault.ErrValue.On("isActive")
	}
	if err := checkContact(tx, nil, c); err != nil {
		return err
	}
	Contacts.Insert(tx, c)
	return nil
}

// UpdateContact stores the difference between before, as loaded, and c. Errors as CreateContact.
func UpdateContact(tx *db.Tx, before, c *Contact) error {
	if err := checkContact(tx, before, c); err != nil {
		return err
	}
	Contacts.Save(tx, before, c)
	return nil
}

func checkContact(tx *db.Tx, before, c *Contact) error {
	if err := tx.Require(org.ManageReceivables); err != nil {
		return err
	}
	var missing []string
	if c.CustomerID.IsNull() {
		missing = append(missing, "customerId")
	}
	if strings.TrimSpace(c.Name) == "" {
		missing = append(missing, "name")
	}
	if missing != nil {
		return fault.ErrMissing.On(missing...)
	}
	if c.Email != "" && (before == nil || before.Email != c.Email) && !vendor.LooksLikeEmail(c.Email) {
		return fault.ErrValue.On("email")
	}
	var old record.Record
	if before != nil {
		old = before
	}
	return Contacts.CheckReferences(tx, old, c)
}

// AddContact makes sure that the customer has an active contact with that address, whatever its letter case, and gives
// its id: what is sent to a new address is sent to a contact from then on (api-v2 5.5). Errors as CreateContact.
func AddContact(tx *db.Tx, customerID ids.ID, email string) (ids.ID, error) {
	var id string
	err := tx.Row(`SELECT coalesce(min(id), '') FROM customer_contacts WHERE org_id = $1 AND customer_id = $2 AND is_active = 1
		AND lower(email) = $3`, string(tx.Org()), string(customerID), strings.ToLower(email)).Scan(&id)
	if err != nil || id != "" {
		return ids.ID(id), err
	}
	c := Contacts.New().(*Contact)
	c.CustomerID, c.Email = customerID, email
	c.Name, _, _ = strings.Cut(email, "@")
	err = CreateContact(tx, c)
	return c.ID, err
}
