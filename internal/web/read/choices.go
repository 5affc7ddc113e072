package read

import (
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/web/view"
)

// maxOptions is how many entries a list to choose from has in a form.
const maxOptions = 500

// Coding fills the lists that a bill's lines can be coded to: active entries by name, of the accounts those that a bill
// is a cost or an asset on; the ledger's own stay out.
func Coding(tx *db.Tx, page *view.BillFormPage) error {
	if err := tx.Require(org.ManageBills); err != nil {
		return err
	}
	page.Cut = false
	for _, l := range []struct {
		to    *[]view.Option
		of    *record.Type
		where string
	}{
		{&page.Accounts, dimension.Accounts.Type, " AND account_type NOT IN (1, 2, 3, 16) AND (role = '' OR account_type = 7)"},
		{&page.Departments, dimension.Departments.Type, ""},
		{&page.Locations, dimension.Locations.Type, ""},
		{&page.Jobs, dimension.Jobs.Type, ""},
	} {
		all, err := options(tx, l.of.Table, l.where)
		if err != nil {
			return err
		}
		if len(all) > maxOptions {
			all, page.Cut = all[:maxOptions], true
		}
		*l.to = all
	}
	return nil
}

// UnlinkedVendors are the active vendors that nobody on the network maintains, by name; cut tells that there are more. It
// needs ViewVendors.
func UnlinkedVendors(tx *db.Tx) (all []view.Option, cut bool, err error) {
	if err := tx.Require(org.ViewVendors); err != nil {
		return nil, false, err
	}
	if all, err = options(tx, vendor.Vendors.Table, " AND linked_to = ''"); len(all) > maxOptions {
		all, cut = all[:maxOptions], true
	}
	return all, cut, err
}

func options(tx *db.Tx, table, where string) ([]view.Option, error) {
	rows, err := tx.Query(`SELECT id, name FROM `+table+` WHERE org_id = $1 AND is_active = 1`+where+` ORDER BY lower(name), id LIMIT $2`,
		string(tx.Org()), maxOptions+1)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []view.Option
	for rows.Next() {
		var o view.Option
		if err := rows.Scan(&o.ID, &o.Name); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, rows.Err()
}

// SameNumber leads to the first other active bill of the vendor that has the invoice number of b (BIL-6), which is known to
// be there.
func SameNumber(tx *db.Tx, b *bill.Bill) (view.Link, error) {
	if err := tx.Require(org.ManageBills); err != nil {
		return view.Link{}, err
	}
	var id, number string
	err := tx.Row(`SELECT id, invoice_number FROM bills WHERE org_id = $1 AND vendor_id = $2 AND number_key = $3 AND is_active = 1 AND id <> $4
		ORDER BY id LIMIT 1`, string(tx.Org()), string(b.VendorID), b.NumberKey, string(b.ID)).Scan(&id, &number)
	return view.Link{Text: number, URL: view.BillURL(id)}, err
}
