package payment

import (
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/ach"
)

// credit is the entry of a payment without the account's number, and its class: PPD to a person; to a business CCD, or CTX
// with a whole 820 where it has asked for that and its remittance does not fit into one addenda. Rules ACH-2, ACH-4, ACH-6,
// ACH-7.
func (it item) credit(o org.Organisation, effective civil.Date, now time.Time) (ach.SEC, ach.Entry, error) {
	e := ach.Entry{TransactionCode: ach.CheckingCredit, Routing: it.to.Routing, Amount: it.Amount, ID: individualID(it.Confirmation),
		Name: entryName(it.to.Name), Trace: uint64(it.number)}
	if it.to.Customer != "" { // a large biller finds its customer by it (NET-5)
		e.ID = cut(ach.Transliterate(it.to.Customer), ach.MaxID)
	}
	if it.to.Savings {
		e.TransactionCode = ach.SavingsCredit
	}
	paid := make([]ach.InvoicePaid, len(it.to.Bills))
	for i, b := range it.to.Bills {
		paid[i] = ach.InvoicePaid{Number: b.Invoice, Amount: b.Paid}
	}
	_, fits := ach.Joined(paid)
	if fits || it.to.Person || !it.to.CTX {
		e.Addenda = []string{ach.Remittance(paid, it.Confirmation)}
		if it.to.Person {
			return ach.PPD, e, nil
		}
		return ach.CCD, e, nil
	}
	a := ach.Advice{Payer: o.Name, Payee: it.to.Name, CompanyID: o.ACHID, Confirmation: it.Confirmation, Amount: it.Amount, Effective: effective,
		Created: now.In(civil.NewYork), Control: it.number}
	for i, b := range it.to.Bills {
		a.Invoices = append(a.Invoices, ach.InvoiceAdvised{InvoicePaid: paid[i], Total: b.Amount, Date: b.Date})
	}
	var err error
	e.Name = cut(e.Name, ach.MaxNameCTX)
	e.Addenda, err = ach.Advise(a)
	return ach.CTX, e, err
}
