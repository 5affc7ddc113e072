package web

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"strconv"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/paper"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/sending"
	"github.com/duebook/duebook/internal/web/view"
)

// The pages behind a pay link (AR-7): no session, no cookie; the token in the path opens one invoice.

func (h *handler) desk() sending.Desk { return sending.Desk{Vault: h.Vault, PublicURL: h.PublicURL} }

// link gives the invoice that the token in the path opens. Wrong tokens are counted.
func (c *call) link() (who db.Caller, id ids.ID, err error) {
	h := c.w.Header()
	h.Set("X-Robots-Tag", "noindex, nofollow")
	address, now := c.address(), c.h.DB.RoughNow()
	if err := c.h.tries.Check(address, now); err != nil {
		return db.Caller{}, "", err
	}
	err = c.h.DB.Read(c.r.Context(), db.Caller{Channel: sending.Channel, Address: address}, func(tx *db.Tx) (err error) {
		who.Org, id, err = sending.Find(tx, c.r.PathValue("token"))
		return err
	})
	if errors.Is(err, sending.ErrNoLink) {
		c.h.tries.Wrong(address, now)
	}
	return sending.Holder(who.Org, address), id, err
}

// refuseLink answers whoever has no link that works.
func (c *call) refuseLink(err error) error {
	page := view.ErrorPage{Bare: c.bare("This link does not work"), Home: view.Link{Text: "To the front page", URL: view.HomeURL}}
	switch {
	case errors.Is(err, sending.ErrThrottled):
		page.Status, page.Detail = http.StatusTooManyRequests, sending.ErrThrottled.Message
		c.w.Header().Set("Retry-After", "3600")
	case errors.Is(err, sending.ErrNoLink):
		page.Status, page.Detail = http.StatusNotFound, "This link to an invoice is not known, or no longer works. Ask the company that sent it for a new one."
	default:
		return err
	}
	return c.render(page.Status, view.Error(page))
}

func (h *handler) payLink(c *call) error { return h.showPayLink(c, http.StatusOK, nil) }

// showPayLink renders the page; form is what was typed and refused, nil for a fresh one.
func (h *handler) showPayLink(c *call, status int, form *view.PayLinkForm) error {
	who, id, err := c.link()
	if err != nil {
		return c.refuseLink(err)
	}
	var p sending.Page
	var made *receipt.Receipt
	sandbox := false
	err = h.DB.Read(c.r.Context(), who, func(tx *db.Tx) (err error) {
		sandbox = tx.Sandbox()
		if p, err = h.desk().Page(tx, id); err != nil {
			return err
		}
		if n := ids.ID(c.r.URL.Query().Get("receipt")); n.Is(ids.ReceivedPay) {
			made, err = madeHere(tx, n, id)
		}
		return err
	})
	if err != nil {
		return c.refuseLink(err)
	}
	page := payLinkPage(p)
	page.Token = c.r.PathValue("token")
	if made != nil {
		page.Done = view.Amount(made.Amount, made.Currency) + " will be debited from the bank account on " + view.Date(made.PaymentDate) + " or the next banking day."
	}
	if p.Online {
		page.Form = payLinkForm(p, form, sandbox)
	} else if form != nil {
		page.Refused = form.Errors
	}
	return c.render(status, view.PayLink(page))
}

// madeHere is a payment that was made at the invoice's link and stands, nil for another one.
func madeHere(tx *db.Tx, id, invoiceID ids.ID) (*receipt.Receipt, error) {
	r, err := receipt.Receipts.Load(tx, id)
	if errors.Is(err, fault.ErrNotFound) {
		return nil, nil
	}
	if err != nil || r.Channel != sending.Channel || len(r.Pays) != 1 || r.Pays[0].InvoiceID != invoiceID || r.Status != receipt.StatusScheduled {
		return nil, err
	}
	return r, nil
}

func payLinkPage(p sending.Page) view.PayLinkPage {
	s := p.Sheet
	v := view.PayLinkPage{Title: "Invoice " + s.Number + " from " + s.From.Name, Company: s.From.Name, Reach: s.From.Lines, Customer: s.To.Name,
		Number: s.Number, Date: s.Date, Due: s.Due, Currency: s.Currency, Subtotal: s.Subtotal, Tax: s.Tax, TaxName: s.TaxName, Total: s.Total,
		Paid: s.Paid, Credits: s.Credits, Waiting: p.Invoice.ScheduledAmount, Open: s.AmountDue, Void: s.Void, Note: s.Note, Remit: s.Remit, More: p.More}
	if v.Void {
		v.Open = 0
	}
	for _, l := range s.Lines {
		v.Lines = append(v.Lines, view.PayLinkLine{Item: l.Item, Text: l.Text, Quantity: l.Quantity, Price: l.Price, Minor: l.Amount})
	}
	for _, o := range p.Others {
		v.Others = append(v.Others, view.PayLinkOther{Number: o.Number, Due: o.Due, Minor: o.Amount, URL: o.Link})
	}
	return v
}

// payLinkForm is a fresh form for all that is due, or the one that was refused.
func payLinkForm(p sending.Page, typed *view.PayLinkForm, sandbox bool) *view.PayLinkForm {
	f := typed
	if f == nil {
		f = &view.PayLinkForm{Amount: money.FormatMinor(p.Invoice.Payable(), money.Digits(p.Invoice.Currency)), Key: secret.NewToken(secret.Alphanumeric, 32)}
	}
	f.Account, f.Replace, f.Sandbox = p.Account, p.Replace, sandbox
	f.NewDay = p.NewDay
	f.Day, f.Wording = p.Day.String(), sending.Wording(p.Org.Name, p.Invoice.InvoiceNumber, p.Day)
	return f
}

func (h *handler) payAtLink(c *call) error {
	who, id, err := c.link()
	if err != nil {
		return c.refuseLink(err)
	}
	if err := c.form(); err != nil {
		return err
	}
	f := &view.PayLinkForm{Amount: c.field("amount"), From: c.field("from"), Name: c.field("name"), Routing: c.field("routingNumber"),
		AccountType: c.field("accountType"), HolderType: c.field("holderType"), Agreed: c.field("agree") == "yes", Key: c.field("form")}
	pay := sending.Payment{Invoice: id, Name: f.Name, Form: f.Key}
	pay.Amount, err = money.ParseMinor(f.Amount, 2)
	if err != nil || pay.Amount <= 0 {
		f.Errors = append(f.Errors, view.FieldError{Field: "amount", Message: "Enter an amount such as 1250.00."})
	}
	if f.Name == "" || len(f.Name) > 100 {
		f.Errors = append(f.Errors, view.FieldError{Field: "name", Message: "Enter the name of who agrees to the debit."})
	}
	if pay.Day, err = civil.Parse(c.field("day")); err != nil || f.Key == "" || len(f.Key) > 100 {
		f.Key = secret.NewToken(secret.Alphanumeric, 32)
		f.Errors = append(f.Errors, view.FieldError{Message: "This form is not complete: look at it once more and send it again."})
	}
	if f.From != "file" {
		pay.Account, err = h.enteredAccount(c, who.Org, f)
		if !refusePayment(f, err) {
			return err
		}
	}
	if !f.Agreed {
		f.Errors = append(f.Errors, view.FieldError{Field: "agree", Message: "Without your agreement nothing can be debited."})
	}
	if len(f.Errors) > 0 {
		return h.showPayLink(c, http.StatusUnprocessableEntity, f)
	}
	var r *receipt.Receipt
	err = h.DB.Write(c.r.Context(), who, func(tx *db.Tx) (err error) { r, err = sending.Pay(tx, pay); return err })
	if !refusePayment(f, err) {
		return err
	}
	if err != nil {
		return h.showPayLink(c, http.StatusUnprocessableEntity, f)
	}
	c.redirect(view.PayLinkURL(c.r.PathValue("token")) + "?receipt=" + string(r.ID))
	return nil
}

// enteredAccount is the bank account of the form, sealed.
func (h *handler) enteredAccount(c *call, org ids.ID, f *view.PayLinkForm) (*customer.BankAccount, error) {
	a := customer.BankAccounts.New().(*customer.BankAccount)
	a.Routing, a.Savings, a.Person = f.Routing, f.AccountType == "2", f.HolderType == "2"
	if a.Routing == "" {
		return nil, fault.ErrMissing.On("routingNumber")
	}
	return a, customer.SealBankAccount(h.Vault, org, a, c.field("accountNumber"))
}

// refusePayment puts what is wrong to the form's fields; false: err is a failure of ours.
func refusePayment(f *view.PayLinkForm, err error) bool {
	if err == nil {
		return true
	}
	if errors.Is(err, sending.ErrFormOther) {
		f.Key = secret.NewToken(secret.Alphanumeric, 32)
	}
	wrong, ok := refusal(err, map[string]string{"routingNumber": "routingNumber", "accountNumber": "accountNumber", "amount": "amount", "name": "name"},
		map[string]string{
			"field_missing":           "Fill this in.",
			"invoice_amount":          "Enter an amount of at most what is still due and not under way already.",
			"payment_amount":          "Enter an amount of at most what is still due.",
			"customer_charge_waiting": "A payment from the account on file is under way. Until it is done, pay with that account.",
			"invoice_unknown":         "This invoice was cancelled.",
		})
	for _, w := range wrong {
		w.Code = "" // nothing to a customer
		if errors.Is(err, fault.ErrValue) && (w.Field == "routingNumber" || w.Field == "accountNumber") {
			w.Message = "Look at the " + map[string]string{"routingNumber": "routing", "accountNumber": "account"}[w.Field] + " number once more."
		}
		f.Errors = append(f.Errors, w)
	}
	return ok
}

func (h *handler) payLinkPDF(c *call) error {
	who, id, err := c.link()
	if err != nil {
		return c.refuseLink(err)
	}
	var p sending.Page
	if err := h.DB.Read(c.r.Context(), who, func(tx *db.Tx) (err error) { p, err = h.desk().Page(tx, id); return err }); err != nil {
		return c.refuseLink(err)
	}
	return c.sendPDF(p.Sheet)
}

// sendPDF answers with an invoice as a PDF.
func (c *call) sendPDF(sheet paper.Invoice) error {
	var b bytes.Buffer
	if err := paper.Write(&b, sheet); err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", mime.FormatMediaType("inline", map[string]string{"filename": sending.FileName(sheet.Number)}))
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	h.Set("Cache-Control", "private, no-store")
	_, _ = c.w.Write(b.Bytes()) // a browser that has gone is no error
	return nil
}
