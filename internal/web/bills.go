package web

import (
	"encoding/csv"
	"errors"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/document"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/network"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/web/read"
	"github.com/duebook/duebook/internal/web/view"
)

func (h *handler) bills(c *call) error {
	q := view.ParseBillQuery(c.r.URL.Query())
	page := view.BillsPage{Query: q}
	err := c.read(func(tx *db.Tx) error {
		rows, at, err := read.Bills(tx, q, c.today)
		if err != nil {
			return err
		}
		page.Rows, page.Next, page.Previous = rows, at.Next, at.Previous
		page.Exists, err = read.HasBills(tx)
		return err
	})
	if err != nil {
		return err
	}
	page.Page, page.Currency, page.CanEnter = c.page("Bills", view.BillsURL), c.org.Currency, c.may(org.ManageBills)
	page.Search, page.CanPay = q.Search, c.mayPay()
	return c.render(http.StatusOK, view.Bills(page))
}

// billsCSV sends the bills page by page: no transaction waits for a slow line, and memory holds one page. A file that
// cannot be finished is broken off, so that nobody takes it for the whole.
func (h *handler) billsCSV(c *call) error {
	q := view.ParseBillQuery(c.r.URL.Query())
	q.After, q.Before = "", ""
	w := csv.NewWriter(c.w)
	w.UseCRLF = true
	for first := true; first || q.After != ""; first = false {
		var rows []view.BillRow
		var at read.Cursors
		err := c.read(func(tx *db.Tx) (err error) {
			rows, at, err = read.ManyBills(tx, q, c.today)
			return err
		})
		if err != nil && first {
			return err
		}
		if err != nil {
			h.Log.ErrorContext(c.r.Context(), "export broken off", "path", c.r.URL.Path, "error", err)
			panic(http.ErrAbortHandler)
		}
		if first {
			c.attachment("text/csv; charset=utf-8", "bills-"+c.today.String()+".csv")
			_ = w.Write([]string{"id", "vendor", "invoice number", "invoice date", "due date", "currency", "amount", "still to pay", "approval", "payment"})
		}
		for _, r := range rows {
			digits := money.Digits(r.Currency)
			_ = w.Write([]string{r.ID, plain(r.Vendor), plain(r.Number), r.Date.String(), r.Due.String(), r.Currency,
				money.FormatMinor(r.Amount, digits), money.FormatMinor(r.Open, digits), view.ApprovalBadge(r.Approval).Label, view.BillBadge(r.Payment).Label})
		}
		if w.Flush(); w.Error() != nil {
			return nil // the browser has gone
		}
		q.After = at.Next
	}
	return nil
}

// plain keeps a spreadsheet from taking a text for a formula.
func plain(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// attachment makes the answer a file to be saved.
func (c *call) attachment(media, name string) {
	h := c.w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, no-store")
}

func (h *handler) bill(c *call) error {
	id, err := c.id("id", ids.Bill)
	if err != nil {
		return err
	}
	return c.showBill(id, http.StatusOK, nil)
}

// showBill renders the page of a bill, with a message about an act that was refused, if there is one, and what is wrong about
// the decision that was sent, which keeps its comment.
func (c *call) showBill(id ids.ID, status int, flash []view.Flash, wrong ...view.FieldError) error {
	var page view.BillPage
	err := c.read(func(tx *db.Tx) (err error) {
		page, err = c.billPage(tx, id)
		return err
	})
	if err != nil {
		return err
	}
	if page.Errors = wrong; len(wrong) > 0 {
		page.Comment = c.field("comment")
		if typed := c.field("approvers"); typed != "" {
			page.Ask, page.Learned = typed, false
		}
	}
	page.Page = c.page("Bill "+page.Number, view.BillsURL)
	page.Flash = append(page.Flash, flash...)
	return c.render(status, view.Bill(page))
}

func (c *call) billPage(tx *db.Tx, id ids.ID) (view.BillPage, error) {
	b, v, err := billAndVendor(tx, id)
	if err != nil {
		return view.BillPage{}, err
	}
	page := view.BillPage{
		ID: string(b.ID), Vendor: v.Name, VendorID: string(v.ID), Number: b.InvoiceNumber, Currency: b.Currency, Amount: b.Amount, Open: b.Payable(),
		Credits: b.CreditAmount, Paid: b.PaidAmount, Scheduled: b.ScheduledAmount, Date: b.InvoiceDate, Due: b.DueDate,
		DaysLate: read.DaysLate(b.DueDate, c.today, b.Payable()), Approval: int(b.ApprovalStatus), Payment: int(b.PaymentStatus),
		PO: b.PONumber, Description: b.Description, Entered: view.Instant(b.CreatedTime.Time(), c.zone), CanUpload: c.may(org.ManageDocuments),
	}
	if !c.may(org.ViewVendors) {
		page.VendorID = ""
	}
	if page.EnteredBy, err = read.UserName(tx, b.CreatedBy); err != nil {
		return page, err
	}
	if b.Channel == org.KindXML {
		page.Entered += " through the API"
	}
	if b.Channel == network.Channel {
		page.Entered += " as an e-bill over the network"
	}
	if page.WhyNot, err = whyNot(tx, b); err != nil {
		return page, err
	}
	if err := c.approvers(tx, &page, id); err != nil {
		return page, err
	}
	if err := c.proposal(tx, &page, b); err != nil {
		return page, err
	}
	page.CanPay = page.WhyNot == "" && b.Payable() > 0
	if page.Lines, err = read.BillLines(tx, id); err != nil {
		return page, err
	}
	attempts, err := payment.Attempts(tx, id)
	if err != nil {
		return page, err
	}
	for i := len(attempts) - 1; i >= 0; i-- {
		a := attempts[i]
		page.Attempts = append(page.Attempts, view.Attempt{PaymentID: string(a.PaymentID), State: a.State, Method: read.Method(a.Rail, a.Check),
			Minor: a.Amount, Steps: timeline(a.Rail, a.State, a.Steps, a.ProcessDate, a.ArrivalDate, c.zone)})
	}
	if c.may(org.ViewDocuments) {
		docs, err := document.ForRecord(tx, id)
		if err != nil {
			return page, err
		}
		for _, d := range docs {
			page.Documents = append(page.Documents, view.Document{Name: d.FileName, Bytes: d.Size,
				Added: view.Instant(d.Created.Time(), c.zone), URL: view.DocumentURL(string(id), string(d.ID))})
		}
	}
	if c.may(org.ViewAudit) {
		page.History, err = read.History(tx, c.zone, id)
	}
	return page, err
}

// billAndVendor reads a bill with its vendor for who may view bills.
func billAndVendor(tx *db.Tx, id ids.ID) (*bill.Bill, *vendor.Vendor, error) {
	if err := tx.Require(org.ViewBills); err != nil {
		return nil, nil, err
	}
	if err := bill.Approvals.See(tx, id); err != nil {
		return nil, nil, err
	}
	b, err := bill.Bills.Load(tx, id)
	if err != nil {
		return nil, nil, err
	}
	v, err := vendor.Vendors.Load(tx, b.VendorID)
	return b, v, err
}

// whyNot says what has to happen before the bill can be paid; "" if it can, or if nothing is left to pay.
func whyNot(tx *db.Tx, b *bill.Bill) (string, error) {
	switch {
	case b.Active != record.Active:
		return "This bill was deleted.", nil
	case b.Payable() <= 0:
		return "", nil
	case b.Currency != "USD":
		return "Only bills in US dollars can be paid here.", nil
	}
	err := b.CheckPayable(tx)
	switch {
	case errors.Is(err, bill.ErrNotPayable) && b.ApprovalStatus == bill.Denied:
		return "This bill was denied and cannot be paid.", nil
	case errors.Is(err, bill.ErrNotPayable):
		return "This bill waits for approval and cannot be paid yet.", nil
	case errors.Is(err, fault.ErrForbidden):
		return "Somebody whose role includes paying can pay this bill.", nil
	}
	return "", err
}

func (h *handler) attach(c *call) error {
	id, err := c.id("id", ids.Bill)
	if err != nil {
		return err
	}
	if err := c.read(func(tx *db.Tx) error { // before anything is stored
		if err := tx.Require(org.ManageDocuments); err != nil {
			return err
		}
		_, _, err := billAndVendor(tx, id)
		return err
	}); err != nil {
		return err
	}
	file, head, err := c.upload()
	if file != nil {
		defer c.r.MultipartForm.RemoveAll()
		defer file.Close()
	}
	if err != nil {
		return c.refuseDocument(id, err)
	}
	if err := c.attachFile(id, file, head); err != nil {
		return c.refuseDocument(id, err)
	}
	return c.done(view.BillURL(string(id)), "attached")
}

// attachFile stores an uploaded file and adds it to a bill.
func (c *call) attachFile(id ids.ID, file multipart.File, head *multipart.FileHeader) error {
	u, err := document.Store(c.r.Context(), c.h.Blobs, head.Filename, head.Size, file)
	if err != nil {
		return err
	}
	return c.write(func(tx *db.Tx) error {
		_, err := document.Attach(tx, id, u)
		return err
	})
}

// upload is the file of a form. It takes its time: a large file over a thin line is no attack.
func (c *call) upload() (multipart.File, *multipart.FileHeader, error) {
	_ = http.NewResponseController(c.w).SetReadDeadline(time.Now().Add(10 * time.Minute))
	if err := c.r.ParseMultipartForm(1 << 20); err != nil {
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(err, &tooLarge):
			return nil, nil, document.ErrTooLarge
		case errors.Is(err, os.ErrPermission):
			return nil, nil, err
		}
		return nil, nil, fault.ErrMissing.On("file").Because(err)
	}
	file, head, err := c.r.FormFile("file")
	if err != nil {
		return nil, nil, fault.ErrMissing.On("file").Because(err)
	}
	return file, head, nil
}

// refuseDocument shows the bill again with what was wrong with a document.
func (c *call) refuseDocument(id ids.ID, err error) error {
	f := fault.From(err)
	if f == nil || f.Kind == fault.Internal || f.Kind == fault.Busy || f.Kind == fault.Unknown {
		return err
	}
	message := f.Message
	if errors.Is(err, fault.ErrMissing) {
		message = "Choose a file first."
	}
	return c.showBill(id, http.StatusUnprocessableEntity, []view.Flash{{Tone: view.Bad, Text: message}})
}

func (h *handler) download(c *call) error {
	id, err := c.id("id", ids.Bill)
	if err != nil {
		return err
	}
	var found document.Document
	err = c.read(func(tx *db.Tx) error {
		if _, _, err := billAndVendor(tx, id); err != nil {
			return err
		}
		docs, err := document.ForRecord(tx, id)
		if err != nil {
			return err
		}
		for _, d := range docs {
			if string(d.ID) == c.r.PathValue("document") {
				found = d.Document
				return nil
			}
		}
		return fault.ErrNotFound
	})
	if err != nil {
		return err
	}
	content, err := document.Open(h.Blobs, found)
	if err != nil {
		return err
	}
	defer content.Close()
	c.attachment(found.MediaType, found.FileName)
	http.ServeContent(c.w, c.r, "", found.Created.Time(), content)
	return nil
}
