// Package sending brings invoices to customers: by mail with the PDF and a link to pay, on paper, and to the page behind
// the link, where a customer pays without an account.
//
// What is sent is taken down as a sheet: everything that stands on the invoice, as it stood then. The PDF is made from
// it, with the same bytes each time, when the mail leaves or the letter is printed; nothing is rendered in a transaction.
package sending

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/paper"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/vendor"
)

// Desk is where sending is done from.
type Desk struct {
	Vault     *secret.Vault // the tokens of pay links come from its key
	PublicURL string        // how customers reach this server
}

// Maker is the name by which mails have their PDF made (outbox.Outbox.Makes).
const Maker = "invoice"

// Make is the outbox.Maker of Maker.
func Make(d *db.DB) func(ctx context.Context, org ids.ID, sheet string) ([]byte, error) {
	return func(ctx context.Context, org ids.ID, sheet string) ([]byte, error) {
		var content string
		err := d.Read(ctx, db.Caller{Org: org, Channel: "job"}, func(tx *db.Tx) error {
			return tx.Row(`SELECT content FROM invoice_sheets WHERE org_id = $1 AND id = $2`, string(org), sheet).Scan(&content)
		})
		if err != nil {
			return nil, fmt.Errorf("read sheet %s: %w", sheet, err)
		}
		var p paper.Invoice
		if err := json.Unmarshal([]byte(content), &p); err != nil {
			return nil, fmt.Errorf("read sheet %s: %w", sheet, err)
		}
		var b bytes.Buffer
		if err := paper.Write(&b, p); err != nil {
			return nil, err
		}
		return b.Bytes(), nil
	}
}

// Sheet gives what stands on an invoice now, with its pay link if it has one. It fails with fault.ErrForbidden and
// fault.ErrNotFound.
func (d Desk) Sheet(tx *db.Tx, id ids.ID) (paper.Invoice, error) {
	if err := tx.Require(org.ViewReceivables); err != nil {
		return paper.Invoice{}, err
	}
	i, err := invoice.Invoices.Load(tx, id)
	if err != nil {
		return paper.Invoice{}, err
	}
	c, err := customer.Customers.Load(tx, i.CustomerID)
	if err != nil {
		return paper.Invoice{}, err
	}
	link, err := d.Known(tx, id)
	if err != nil {
		return paper.Invoice{}, err
	}
	return sheet(tx, i, c, link)
}

// FileName is what the PDF of an invoice is called.
func FileName(number string) string {
	return "Invoice-" + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '-'
	}, number) + ".pdf"
}

// sheet fills in what stands on the invoice.
func sheet(tx *db.Tx, i *invoice.Invoice, c *customer.Customer, link string) (paper.Invoice, error) {
	o, err := org.Load(tx)
	if err != nil {
		return paper.Invoice{}, err
	}
	names, err := itemNames(tx, i)
	if err != nil {
		return paper.Invoice{}, err
	}
	terms := i.Terms
	if terms == "" && !c.PaymentTermID.IsNull() {
		t, err := dimension.Terms.Load(tx, c.PaymentTermID)
		if err != nil {
			return paper.Invoice{}, err
		}
		terms = t.Name
	}
	from := block(o.Address1, o.Address2, o.Address3, o.Address4, o.City, o.Region, o.Zip, o.Country)
	remit := append([]string{"Check payable to " + o.Name + ", with the invoice number on it, to:"}, strings.Join(from, ", "))
	if len(from) == 0 {
		remit = []string{"Check payable to " + o.Name + ", with the invoice number on it."}
	}
	if o.Phone != "" {
		from = append(from, "Phone "+o.Phone)
	}
	p := paper.Invoice{
		From: paper.Party{Name: o.Name, Lines: from}, To: addressee(c),
		Number: i.InvoiceNumber, Date: i.InvoiceDate, Due: i.DueDate, Currency: i.Currency,
		Facts: []paper.Fact{{Label: "Terms", Value: terms}, {Label: "PO number", Value: i.PONumber}, {Label: "Sales rep", Value: i.SalesRep},
			{Label: "Ship date", Value: american(i.ShipDate)}, {Label: "Ship via", Value: i.ShipMethod}, {Label: "FOB", Value: i.FOB}},
		Subtotal: i.Amount - i.SalesTaxTotal, Tax: i.SalesTaxTotal, Total: i.Amount, Paid: i.PaidAmount, Credits: i.CreditAmount, AmountDue: i.Due(),
		Note: i.Description, PayLink: link, Remit: remit, Void: i.Active != record.Active,
	}
	if i.SalesTaxPercentage.IsSet() && !i.SalesTaxPercentage.IsZero() {
		p.TaxName = strings.TrimSpace(names[i.ItemSalesTaxID]+" "+i.SalesTaxPercentage.String()) + "%"
		if i.ItemSalesTaxID.IsNull() {
			p.TaxName = "Sales tax " + p.TaxName
		}
	}
	for _, l := range i.Lines {
		line := paper.Line{Item: names[l.ItemID], Text: l.Description, Amount: l.Amount}
		if l.RatePercent.IsSet() {
			line.Price = l.RatePercent.String() + "%"
		} else {
			line.Quantity, line.Price = grouped(l.Quantity.String()), grouped(l.Price.StringMin(2))
		}
		p.Lines = append(p.Lines, line)
	}
	return p, nil
}

// itemNames are the names of the items an invoice names.
func itemNames(tx *db.Tx, i *invoice.Invoice) (map[ids.ID]string, error) {
	names := map[ids.ID]string{}
	var keys []any
	want := func(id ids.ID) {
		if _, asked := names[id]; !id.IsNull() && !asked {
			names[id], keys = "", append(keys, string(id))
		}
	}
	want(i.ItemSalesTaxID)
	for _, l := range i.Lines {
		want(l.ItemID)
	}
	for part := range slices.Chunk(keys, 400) {
		q := record.Query{Filters: []record.Filter{{Field: dimension.Items.Must("id"), Op: record.In, Values: part}}}
		if err := dimension.Items.List(tx, q, func(it *dimension.Item) error { names[it.ID] = it.Name; return nil }); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// addressee is the customer as it stands on paper.
func addressee(c *customer.Customer) paper.Party {
	name := c.PrintAs
	for _, other := range []string{c.CompanyName, c.Name} {
		if name == "" {
			name = other
		}
	}
	lines := block(c.Bill.Line1, c.Bill.Line2, c.Bill.Line3, c.Bill.Line4, c.Bill.City, c.Bill.Region, c.Bill.Zip, c.Bill.Country)
	if who := strings.TrimSpace(c.ContactFirstName + " " + c.ContactLastName); who != "" && who != name {
		lines = append([]string{"Attn: " + who}, lines...)
	}
	return paper.Party{Name: name, Lines: lines}
}

// block is an address in lines; a country is named when it is another than ours.
func block(line1, line2, line3, line4, city, region, zip, country string) []string {
	place := city
	if rest := strings.TrimSpace(region + " " + zip); rest != "" {
		place = strings.TrimPrefix(place+", "+rest, ", ")
	}
	if vendor.CountryCode(country) == "US" {
		country = ""
	}
	return slices.DeleteFunc([]string{line1, line2, line3, line4, place, country}, func(s string) bool { return strings.TrimSpace(s) == "" })
}

// keep stores a sheet under the fingerprint of its content: what is sent again unchanged is kept once.
func keep(tx *db.Tx, id ids.ID, p paper.Invoice) (string, error) {
	content, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("keep the sheet of %s: %w", id, err)
	}
	sum := sha256.Sum256(append([]byte(id), content...))
	key := hex.EncodeToString(sum[:])
	tx.Exec(`INSERT INTO invoice_sheets (org_id, id, invoice_id, content, created) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (org_id, id) DO NOTHING`,
		string(tx.Org()), key, string(id), string(content), int64(clock.FromTime(tx.Now())))
	return key, nil
}
