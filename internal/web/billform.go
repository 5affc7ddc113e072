package web

import (
	"errors"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/web/read"
	"github.com/duebook/duebook/internal/web/view"
)

// mostLines is how many lines a bill can be entered with here.
const mostLines = 100

// newBillForm asks for the vendor first, and then for the bill.
func (h *handler) newBillForm(c *call) error {
	v := ids.ID(c.r.URL.Query().Get("vendor"))
	if v == "" {
		return h.chooseVendor(c)
	}
	return c.showBillForm(http.StatusOK, view.BillFormPage{ID: string(ids.New(ids.Bill)), VendorID: string(v), Lines: make([]view.TypedLine, 1)}, true)
}

func (h *handler) chooseVendor(c *call) error {
	page := view.ChooseVendorPage{Query: view.ParseVendorQuery(c.r.URL.Query())}
	err := c.read(func(tx *db.Tx) error {
		if err := tx.Require(org.ManageBills); err != nil {
			return err
		}
		rows, at, err := read.Vendors(tx, page.Query, c.org.Currency)
		page.Vendors, page.Next, page.Previous = nil, at.Next, at.Previous
		for _, r := range rows {
			page.Vendors = append(page.Vendors, view.Link{Text: r.Name, URL: view.NewBillURL(r.ID)})
		}
		return err
	})
	if err != nil {
		return err
	}
	page.Page, page.CanAdd = c.page("Enter a bill", view.BillsURL), c.may(org.ManageVendors)
	return c.render(http.StatusOK, view.ChooseVendor(page))
}

// showBillForm renders the form; a fresh one proposes today, and thirty days to pay.
func (c *call) showBillForm(status int, page view.BillFormPage, fresh bool) error {
	err := c.read(func(tx *db.Tx) error {
		if err := tx.Require(org.ManageBills); err != nil {
			return err
		}
		id := ids.ID(page.VendorID)
		if !id.Is(ids.Vendor) {
			return fault.ErrNotFound.With(page.VendorID)
		}
		v, err := loadVendor(tx, id)
		if err != nil {
			return err
		}
		if v.Active != record.Active {
			return fault.ErrNotFound.With(page.VendorID)
		}
		page.Vendor = v.Name
		return read.Coding(tx, &page)
	})
	if err != nil {
		return err
	}
	if fresh {
		page.Date, page.Due = c.today.String(), c.today.AddDays(30).String()
	}
	page.Page, page.Currency, page.CanUpload = c.page("Enter a bill", view.BillsURL), "USD", c.may(org.ManageDocuments)
	return c.render(status, view.EnterBill(page))
}

// typedBill reads the form, with the file if one was chosen.
func (c *call) typedBill() (page view.BillFormPage, file multipart.File, head *multipart.FileHeader, err error) {
	if strings.HasPrefix(c.r.Header.Get("Content-Type"), "multipart/") {
		file, head, err = c.upload()
		if errors.Is(err, http.ErrMissingFile) {
			err = nil
		}
		err = errors.Join(err, c.checkText())
	} else {
		err = c.form()
	}
	page = view.BillFormPage{ID: c.field("id"), VendorID: c.field("vendor"), Number: c.field("invoiceNumber"), Date: c.field("invoiceDate"),
		Due: c.field("dueDate"), Amount: c.field("amount"), PO: c.field("poNumber"), Description: c.field("description"), Accepted: c.field("accepted")}
	for i := 1; i <= mostLines; i++ {
		n := "-" + strconv.Itoa(i)
		if !c.r.PostForm.Has("amount" + n) {
			break
		}
		page.Lines = append(page.Lines, view.TypedLine{Account: c.field("account" + n), Department: c.field("department" + n),
			Location: c.field("location" + n), Job: c.field("job" + n), Description: c.field("description" + n), Amount: c.field("amount" + n)})
	}
	return page, file, head, err
}

// enterBill adds a line, adds up, or saves the bill. The bill's id is made with the form: sent twice, it is there once.
func (h *handler) enterBill(c *call) error {
	page, file, head, err := c.typedBill()
	if c.r.MultipartForm != nil {
		defer c.r.MultipartForm.RemoveAll()
	}
	if file != nil {
		defer file.Close()
	}
	if err != nil {
		return err
	}
	id := ids.ID(page.ID)
	if !id.Is(ids.Bill) {
		return fault.ErrNotFound
	}
	switch act := c.field("act"); {
	case act == "line" && len(page.Lines) < mostLines:
		page.Lines = append(page.Lines, view.TypedLine{})
		fallthrough
	case act != "save":
		page.Sum = addUp(page)
		return c.showBillForm(http.StatusOK, page, false)
	}
	b, wrong := readBill(page)
	if wrong = append(wrong, c.tooLong(bill.Bills.Type, map[string]string{"invoiceNumber": "invoiceNumber", "poNumber": "poNumber",
		"description": "description"})...); wrong != nil {
		page.Errors, page.Sum = wrong, addUp(page)
		return c.showBillForm(http.StatusUnprocessableEntity, page, false)
	}
	err = c.write(func(tx *db.Tx) error {
		page.Same = view.Link{}
		if err := tx.Require(org.ManageBills); err != nil {
			return err
		}
		if err := tx.Lock("bill form " + page.ID); err != nil {
			return err
		}
		if _, err := bill.Bills.Load(tx, id); !errors.Is(err, fault.ErrNotFound) {
			return err // it was sent before
		}
		made := *b
		if err := bill.Create(tx, &made); err != nil || !made.Duplicate {
			return err
		}
		if page.Same, err = read.SameNumber(tx, &made); err == nil && page.Accepted != page.Same.URL {
			err = errSameNumber
		}
		return err
	})
	if err != nil {
		return c.refuseBill(page, err)
	}
	if head != nil {
		if err := c.attachFile(id, file, head); err != nil {
			return c.refuseDocument(id, err)
		}
	}
	return c.done(view.BillURL(page.ID), "entered")
}

// errSameNumber asks whether a bill is meant to have the number of another one (BIL-6).
var errSameNumber = errors.New("another bill has this number")

// readBill makes a bill of what was typed, or says what cannot be read. Lines in which nothing stands are left out; a
// single line without an amount takes the whole, an empty amount is the sum of the lines (BIL-4).
func readBill(page view.BillFormPage) (*bill.Bill, view.FieldErrors) {
	var wrong view.FieldErrors
	say := func(field, message, code string) {
		wrong = append(wrong, view.FieldError{Field: field, Message: message, Code: code})
	}
	b := bill.Bills.New().(*bill.Bill)
	b.ID, b.VendorID, b.InvoiceNumber, b.PONumber, b.Description = ids.ID(page.ID), ids.ID(page.VendorID), page.Number, page.PO, page.Description
	if b.InvoiceNumber == "" {
		say("invoiceNumber", "Enter the number that the invoice bears.", "BDCE009")
	}
	var err error
	if page.Amount != "" {
		if b.Amount, err = money.ParseMinor(page.Amount, 2); err != nil || b.Amount < 0 {
			say("amount", "Enter an amount such as 1250.00.", "BDCE040")
		}
	}
	if b.InvoiceDate, err = civil.Parse(page.Date); err != nil || b.InvoiceDate.IsZero() {
		say("invoiceDate", "Enter the invoice date.", "BDCE013")
	}
	if b.DueDate, err = civil.Parse(page.Due); err != nil || b.DueDate.IsZero() {
		say("dueDate", "Enter the due date.", "BDCE013")
	}
	used := 0
	for _, l := range page.Lines {
		if l != (view.TypedLine{}) {
			used++
		}
	}
	var sum int64
	for i, l := range page.Lines {
		if l == (view.TypedLine{}) {
			continue
		}
		n := "-" + strconv.Itoa(i+1)
		line := bill.Lines.New().(*bill.Line)
		line.ChartOfAccountID, line.DepartmentID, line.LocationID, line.JobID = ids.ID(l.Account), ids.ID(l.Department), ids.ID(l.Location), ids.ID(l.Job)
		line.Description = l.Description
		if l.Amount == "" && used == 1 && page.Amount != "" {
			line.Amount = b.Amount
		} else if line.Amount, err = money.ParseMinor(l.Amount, 2); err != nil || line.Amount > bill.MaxAmount || line.Amount < -bill.MaxAmount {
			say("amount"+n, "Enter the amount of line "+strconv.Itoa(i+1)+", such as 1250.00, or -5.00 for a discount.", "BDCE040")
		}
		if utf8.RuneCountInString(l.Description) > bill.Lines.Must("description").Max {
			say("description"+n, "Shorten the description of line "+strconv.Itoa(i+1)+".", "BDCE048")
		}
		sum += line.Amount
		b.Lines = append(b.Lines, line)
	}
	switch {
	case page.Amount == "" && used == 0:
		say("amount", "Enter the amount.", "BDCE009")
	case page.Amount == "":
		b.Amount = sum
	}
	return b, wrong
}

// addUp says what the lines come to, and what is missing to the amount of the bill.
func addUp(page view.BillFormPage) string {
	var sum int64
	for _, l := range page.Lines {
		if l.Amount == "" {
			continue
		}
		n, err := money.ParseMinor(l.Amount, 2)
		if err != nil || n > bill.MaxAmount || n < -bill.MaxAmount {
			return "An amount in the lines cannot be read."
		}
		sum += n
	}
	text := "The lines add up to " + view.Amount(sum, "USD")
	amount, err := money.ParseMinor(page.Amount, 2)
	switch {
	case page.Amount == "" || err != nil:
		return text + "."
	case amount == sum:
		return text + ", as the bill does."
	case amount > sum:
		return text + ": " + view.Amount(amount-sum, "USD") + " of the bill are on no line yet."
	}
	return text + ": " + view.Amount(sum-amount, "USD") + " more than the bill."
}

var (
	billFields = map[string]string{"invoiceNumber": "invoiceNumber", "invoiceDate": "invoiceDate", "dueDate": "dueDate", "amount": "amount",
		"glPostingDate": "invoiceDate"}
	billWords = map[string]string{
		"reference_invalid": "The vendor, or something that a line is coded to, is no longer active. Choose again.",
		"value_invalid":     "Enter an amount of at most 999,999,999.99.",
	}
)

// refuseBill shows the form again with why the bill was refused.
func (c *call) refuseBill(page view.BillFormPage, err error) error {
	page.Sum = addUp(page)
	if errors.Is(err, errSameNumber) {
		page.Accepted = page.Same.URL
		return c.showBillForm(http.StatusConflict, page, false)
	}
	wrong, ok := refusal(err, billFields, billWords)
	if !ok {
		return err
	}
	page.Same = view.Link{}
	for i := range wrong {
		switch {
		case errors.Is(err, bill.ErrSplits):
			wrong[i].Message = page.Sum
		case wrong[i].Field == "invoiceDate" && errors.Is(err, fault.ErrValue):
			wrong[i].Message = "The books of that month are closed."
		}
	}
	page.Errors = wrong
	return c.showBillForm(http.StatusUnprocessableEntity, page, false)
}
