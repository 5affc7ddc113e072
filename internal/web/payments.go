package web

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/web/read"
	"github.com/duebook/duebook/internal/web/view"
)

func (h *handler) payments(c *call) error {
	page := view.PaymentsPage{Query: view.ParsePaymentQuery(c.r.URL.Query())}
	err := c.read(func(tx *db.Tx) error {
		rows, at, err := read.Payments(tx, page.Query)
		if err != nil {
			return err
		}
		page.Rows, page.Next, page.Previous = rows, at.Next, at.Previous
		page.Exists, err = read.HasPayments(tx)
		return err
	})
	if err != nil {
		return err
	}
	page.Page, page.Currency, page.Checks = c.page("Payments", view.PaymentsURL), c.org.Currency, c.may(org.ViewBanks)
	return c.render(http.StatusOK, view.Payments(page))
}

func (h *handler) payment(c *call) error {
	id, err := c.id("id", ids.SentPay)
	if err != nil {
		return err
	}
	return c.showPayment(id, http.StatusOK, nil)
}

// showPayment renders the page of a payment, with a message about an act that was refused, if there is one, and what is wrong
// about the form that was sent, which keeps what was typed.
func (c *call) showPayment(id ids.ID, status int, flash []view.Flash, wrong ...view.FieldError) error {
	var page view.PaymentPage
	var d payment.Details
	err := c.read(func(tx *db.Tx) (err error) {
		if d, err = payment.Detail(tx, id); err != nil {
			return err
		}
		page, err = c.paymentPage(tx, d)
		return err
	})
	if err != nil {
		return err
	}
	if d.Disbursement != nil && c.may(org.ViewBanks) {
		if err := c.addFile(&page, d); err != nil {
			return err
		}
	}
	c.tellSteps(&page, d)
	if page.Errors = wrong; page.Waiting != nil {
		page.Waiting.Typed = c.field("reason")
	}
	if day := c.field("day"); page.Unclaimed != nil && day != "" {
		page.Unclaimed.Day = day
	}
	page.Page = c.page("Payment to "+page.Payee, view.PaymentsURL)
	page.Flash = append(page.Flash, flash...)
	return c.render(status, view.Payment(page))
}

func (c *call) paymentPage(tx *db.Tx, d payment.Details) (view.PaymentPage, error) {
	page := view.PaymentPage{
		ID: string(d.ID), Currency: d.Currency, Minor: d.Amount, State: d.State, Method: read.Method(d.Rail, 0), ProcessDate: d.ProcessDate,
		Arrival: d.ArrivalDate, Confirmation: d.Confirmation, Created: view.Instant(d.CreatedTime.Time(), c.zone),
		Steps:     timeline(d.Rail, d.State, d.Steps, d.ProcessDate, d.ArrivalDate, c.zone),
		CanCancel: c.may(org.CancelPayments) && cancelable(d.Payment),
	}
	page.Review = d.Review
	var err error
	if page.Waiting, err = c.waiting(tx, d.Payment); err != nil {
		return page, err
	}
	if page.Reversal, err = c.reversal(tx, d.Payment); err != nil {
		return page, err
	}
	if !d.ApprovedBy.IsNull() {
		if page.ApprovedBy, err = read.UserName(tx, d.ApprovedBy); err != nil {
			return page, err
		}
	}
	if d.State == payment.Unclaimed {
		today := civil.Of(tx.Now(), civil.Pacific).String()
		page.Unclaimed = &view.Unclaimed{From: d.ProcessDate.String(), Today: today, Day: today, CanDecide: c.may(org.PayApproved)}
	}
	page.CanVoid = c.may(org.CancelPayments) && voidable(d)
	v, err := vendor.Vendors.Load(tx, d.VendorID)
	if err != nil {
		return page, err
	}
	page.Payee = v.Name
	if d.BankAccountID != "" {
		a, err := bank.Accounts.Load(tx, d.BankAccountID)
		if err != nil {
			return page, err
		}
		page.Account = view.FundingAccount{ID: string(a.ID), Name: a.Name, Last4: a.AccountTail}
	}
	if page.CreatedBy, err = read.UserName(tx, d.CreatedBy); err != nil {
		return page, err
	}
	if page.Bills, err = read.PaidBills(tx, d.ID); err != nil {
		return page, err
	}
	if d.Disbursement != nil {
		page.Method = read.Method(d.Rail, d.Disbursement.Check)
		page.Disbursement = &view.Disbursement{Facts: facts(d.Disbursement)}
	}
	if c.may(org.ViewAudit) {
		page.History, err = read.History(tx, c.zone, d.ID)
	}
	return page, err
}

// waiting is what a payment waits for, nil if nobody has to decide.
func (c *call) waiting(tx *db.Tx, p *payment.Payment) (*view.Waiting, error) {
	if p.State != payment.AwaitingApproval && p.State != payment.OnHold {
		return nil, nil
	}
	d, err := p.Decide(tx)
	w := &view.Waiting{Held: p.State == payment.OnHold, Reason: p.HoldReason, LeavesOn: d.LeavesOn, CanDecide: d.May, Alone: d.Alone}
	if p.HoldUntil != 0 {
		w.Until = view.Instant(p.HoldUntil.Time(), c.zone)
	}
	return w, err
}

// facts are what is known of a movement of money.
func facts(d *payment.Disbursement) []view.Fact {
	var all []view.Fact
	add := func(label, value string) {
		if value != "" {
			all = append(all, view.Fact{Label: label, Value: value})
		}
	}
	date := func(label string, day civil.Date) {
		if !day.IsZero() {
			add(label, view.Date(day))
		}
	}
	add("Trace number", d.Trace)
	if d.Check > 0 {
		add("Check number", strconv.FormatInt(d.Check, 10))
	}
	if d.AccountTail != "" {
		add("To account", "···· "+d.AccountTail)
	}
	date("Effective date", d.Effective)
	date("Settled on", d.SettledOn)
	add("Reason", strings.TrimSpace(d.ReasonCode+" "+d.ReasonText))
	for _, f := range d.Files {
		add("File", f.Name)
	}
	return all
}

// addFile shows what the bank's file says of the payment, or leads to the printed cheques.
func (c *call) addFile(page *view.PaymentPage, d payment.Details) error {
	for _, f := range d.Disbursement.Files {
		switch f.Kind {
		case "checks":
			if f.State != "unprinted" && f.State != "waiting" {
				page.Disbursement.Check = view.Link{Text: "Printed check", URL: view.ChecksURL(string(d.ID))}
				if payment.CanDraw() && c.may(org.PrintChecks) {
					page.Disbursement.Image, page.Disbursement.Number = view.CheckImageURL(string(d.ID)), d.Disbursement.Check
				}
			}
		case "ach":
			full, err := c.h.Engine.File(c.r.Context(), c.caller, f.ID)
			if err != nil {
				return err
			}
			page.Disbursement.File = f.Name
			page.Disbursement.Lines = excerpt(full.Content, d.Disbursement.Trace)
		}
	}
	return nil
}

// tellSteps adds to the step with which a payment left what its disbursement says of it, and where more is shown.
func (c *call) tellSteps(page *view.PaymentPage, d payment.Details) {
	at := slices.IndexFunc(d.Steps, func(s payment.Step) bool { return s.State == payment.InFile })
	if at < 0 || page.Disbursement == nil {
		return
	}
	s, told := &page.Steps[at], ""
	switch {
	case d.Disbursement.Trace != "":
		told = "Trace number " + d.Disbursement.Trace
	case d.Disbursement.Check > 0:
		told = "Check " + strconv.FormatInt(d.Disbursement.Check, 10)
	}
	if s.Note != "" && told != "" {
		told = " · " + told
	}
	s.Note += told
	switch {
	case len(page.Disbursement.Lines) > 0:
		s.Link = view.Link{Text: "Its lines in the file", URL: "#excerpt"}
	case page.Disbursement.Image != "":
		s.Link = view.Link{Text: "The check", URL: "#check"}
	}
}

// excerpt gives the records of an ACH file that concern one entry: headers and controls around it, the entry and its
// addenda. Account numbers are masked but for their last four characters; other entries are left out.
func excerpt(content []byte, trace string) []view.FileLine {
	if trace == "" {
		return nil
	}
	var out []view.FileLine
	var header *view.FileLine // of the batch we are in, until it is known whether it is ours
	ours, inBatch := false, false
	number := 0
	for line := range bytes.Lines(content) {
		number++
		text := strings.TrimRight(string(line), "\r\n")
		if len(text) != 94 {
			continue
		}
		l := view.FileLine{Number: number, Text: text}
		switch text[0] {
		case '1':
			out = append(out, l)
		case '5':
			header, inBatch, ours = &l, false, false
		case '6':
			if ours = text[79:94] == trace; ours {
				if header != nil {
					out = append(out, *header)
				}
				inBatch = true
				l.Text, l.Ours = text[:12]+masked(text[12:29])+text[29:], true
				out = append(out, l)
			}
		case '7':
			if l.Ours = ours; ours {
				out = append(out, l)
			}
		case '8':
			if inBatch {
				out = append(out, l)
			}
			inBatch, ours = false, false
		case '9':
			if strings.Trim(text, "9") != "" { // not the lines that fill the last block
				out = append(out, l)
			}
		}
	}
	return out
}

// masked keeps the last four characters of a number that stands in a field with spaces around it.
func masked(field string) string {
	number := strings.TrimSpace(field)
	if number == "" {
		return field
	}
	at := strings.Index(field, number)
	shown := min(4, len(number)/2)
	return field[:at] + strings.Repeat("*", len(number)-shown) + number[len(number)-shown:] + field[at+len(number):]
}

func (h *handler) scheduled(c *call) error {
	id, err := c.id("id", ids.SentPay)
	if err != nil {
		return err
	}
	page := view.PaidPage{}
	err = c.read(func(tx *db.Tx) error {
		d, err := payment.Detail(tx, id)
		if err != nil {
			return err
		}
		bills, err := read.PaidBills(tx, id)
		if err != nil {
			return err
		}
		page.Scheduled = nil
		for _, b := range bills {
			page.Scheduled = append(page.Scheduled, view.ScheduledPayment{PaymentID: string(id), Bill: b.Bill, Minor: b.Paid, ProcessDate: d.ProcessDate,
				Arrival: d.ArrivalDate, Method: read.Method(d.Rail, 0), Waits: d.State == payment.AwaitingApproval})
		}
		return nil
	})
	if err != nil {
		return err
	}
	page.Page = c.page("Payment scheduled", view.BillsURL)
	return c.render(http.StatusOK, view.Paid(page))
}

// cancelForm asks before a payment is taken back.
func (h *handler) cancelForm(c *call) error {
	id, err := c.id("id", ids.SentPay)
	if err != nil {
		return err
	}
	ask := view.AskPage{Action: view.CancelPaymentURL(string(id)), Button: "Cancel this payment", Back: view.Link{Text: "Keep it", URL: view.PaymentURL(string(id))}}
	can := false
	err = c.read(func(tx *db.Tx) error {
		d, err := payment.Detail(tx, id)
		if err != nil {
			return err
		}
		if err := tx.Require(org.CancelPayments); err != nil {
			return err
		}
		v, err := vendor.Vendors.Load(tx, d.VendorID)
		if err != nil {
			return err
		}
		can, ask.Sum = cancelable(d.Payment), view.Amount(d.Amount, d.Currency)
		ask.Heading = "Cancel the payment to " + v.Name + "?"
		ask.Lines = []string{"It does not leave on " + view.Date(d.ProcessDate) + ". What it pays of " + view.Count(len(d.Parts), "bill", "bills") +
			" can be paid again; credits and discounts set aside for it are free again.", "A payment that is cancelled cannot be taken up again: pay the bills anew."}
		return nil
	})
	if err != nil {
		return err
	}
	if !can {
		return c.showPayment(id, http.StatusConflict, []view.Flash{{Tone: view.Bad, Text: "This payment can no longer be cancelled."}})
	}
	ask.Page = c.page("Cancel a payment", view.PaymentsURL)
	return c.render(http.StatusOK, view.Ask(ask))
}

func cancelable(p *payment.Payment) bool {
	return p.State == payment.Scheduled || p.State == payment.OnHold || p.State == payment.AwaitingApproval
}

func (h *handler) cancelPayment(c *call) error {
	id, err := c.id("id", ids.SentPay)
	if err != nil {
		return err
	}
	err = c.write(func(tx *db.Tx) error { return payment.Cancel(tx, id) })
	if errors.Is(err, payment.ErrNotCancelable) {
		return c.showPayment(id, http.StatusConflict, []view.Flash{{Tone: view.Bad, Text: "This payment can no longer be cancelled."}})
	}
	if err != nil {
		return err
	}
	return c.done(view.PaymentURL(string(id)), "canceled")
}

func (h *handler) approvePayment(c *call) error {
	return c.decidePayment("letgo", func(tx *db.Tx, id ids.ID) error {
		_, err := payment.Approve(tx, id)
		return err
	})
}

func (h *handler) denyPayment(c *call) error {
	if err := c.form(); err != nil {
		return err
	}
	return c.decidePayment("paydenied", func(tx *db.Tx, id ids.ID) error { return payment.Deny(tx, id, c.field("reason")) })
}

func (h *handler) liftHold(c *call) error {
	return c.decidePayment("letgo", func(tx *db.Tx, id ids.ID) error {
		_, err := payment.Lift(tx, id)
		return err
	})
}

// decidePayment lets a payment go that waits for a person, or refuses it.
func (c *call) decidePayment(notice string, act func(*db.Tx, ids.ID) error) error {
	id, err := c.id("id", ids.SentPay)
	if err != nil {
		return err
	}
	err = c.write(func(tx *db.Tx) error { return act(tx, id) })
	text := ""
	switch {
	case errors.Is(err, payment.ErrNotWaiting):
		text = "This payment no longer waits for anybody: it was decided meanwhile."
	case errors.Is(err, payment.ErrSamePerson):
		text = "Somebody other than who caused this has to decide it."
	case errors.Is(err, fault.ErrMissing):
		return c.showPayment(id, http.StatusUnprocessableEntity, nil, view.FieldError{Field: "reason", Message: "Say why you deny this payment."})
	case err != nil:
		return err
	default:
		return c.done(view.PaymentURL(string(id)), notice)
	}
	return c.showPayment(id, http.StatusConflict, []view.Flash{{Tone: view.Bad, Text: text}})
}

func (h *handler) paidToState(c *call) error {
	return c.decideUnclaimed("escheated", func(tx *db.Tx, id ids.ID) error {
		day, err := civil.Parse(c.field("day"))
		if err != nil {
			return fault.ErrValue.On("day")
		}
		return payment.PayState(tx, id, day)
	}, func(p *payment.Payment, payee string) view.AskPage {
		day, _ := civil.Parse(c.field("day")) // it was read before
		return view.AskPage{Heading: "Record the money of " + payee + " as paid to a state?", Action: view.PaidToStateURL(string(p.ID)), Button: "Record it",
			Lines: []string{"It counts as paid from the payment’s bank account on " + view.Date(day) + ", and is no longer kept for the payee.",
				"This records a payment that you have made; it moves no money, and it cannot be undone."}}
	})
}

func (h *handler) claim(c *call) error {
	again := c.field("reissue") == "yes"
	return c.decideUnclaimed("claimed", func(tx *db.Tx, id ids.ID) error { return payment.Claim(tx, id, again) },
		func(p *payment.Payment, payee string) view.AskPage {
			ask := view.AskPage{Heading: "Open the bills of " + payee + " again?", Action: view.ClaimURL(string(p.ID)), Button: "Open the bills again",
				Lines: []string{"The payment becomes void and its bills are owed again. Nothing is paid by that."}}
			if again {
				ask.Heading, ask.Button = "Pay "+payee+" again?", "Pay it again"
				ask.Lines = []string{"The old payment becomes void, and a new one of the same amount leaves on the earliest process date."}
			}
			return ask
		})
}

// decideUnclaimed carries out an act on money that is kept for a payee, once the user is sure; before, it asks. A refusal is
// said at its field, or above the page.
func (c *call) decideUnclaimed(notice string, act func(*db.Tx, ids.ID) error, question func(*payment.Payment, string) view.AskPage) error {
	if err := c.form(); err != nil {
		return err
	}
	id, err := c.id("id", ids.SentPay)
	if err != nil {
		return err
	}
	var ask view.AskPage
	sure := c.field("sure") == "yes"
	err = c.write(func(tx *db.Tx) error {
		if sure {
			return act(tx, id)
		}
		p, err := payment.Payments.Load(tx, id)
		if err != nil {
			return err
		}
		v, err := vendor.Vendors.Load(tx, p.VendorID)
		if err != nil {
			return err
		}
		if err := act(tx, id); err != nil {
			return err
		}
		ask = question(p, v.Name)
		ask.Sum = view.Amount(p.Amount, p.Currency)
		return errTried
	})
	if errors.Is(err, errTried) {
		return c.ask(ask, view.PaymentURL(string(id)))
	}
	f := fault.From(err)
	text := ""
	switch {
	case err == nil:
		return c.done(view.PaymentURL(string(id)), notice)
	case f == nil || f.Kind == fault.Internal || errors.Is(err, fault.ErrForbidden) || errors.Is(err, fault.ErrNotFound):
		return err
	case errors.Is(err, payment.ErrCheckState):
		text = "This money is no longer unclaimed: it was decided meanwhile."
	case errors.Is(err, fault.ErrValue):
		return c.showPayment(id, http.StatusUnprocessableEntity, nil,
			view.FieldError{Field: "day", Message: "The day lies between the payment's process date and today."})
	default: // the payment that replaces it cannot be made
		text = f.Message
	}
	return c.showPayment(id, http.StatusConflict, []view.Flash{{Tone: view.Bad, Text: text}})
}

// ask shows what the posted form would do and sends it on, unchanged, once the user is sure.
func (c *call) ask(ask view.AskPage, back string) error {
	for _, name := range slices.Sorted(maps.Keys(c.r.PostForm)) {
		for _, value := range c.r.PostForm[name] {
			ask.Fields = append(ask.Fields, view.Fact{Label: name, Value: value})
		}
	}
	ask.Fields = append(ask.Fields, view.Fact{Label: "sure", Value: "yes"})
	if err := c.read(func(*db.Tx) error { return nil }); err != nil { // for the frame
		return err
	}
	ask.Page, ask.Back = c.page(ask.Heading, view.PaymentsURL), view.Link{Text: "Leave it as it is", URL: back}
	return c.render(http.StatusOK, view.Ask(ask))
}

// checkImage is the picture of a payment's check as it was issued.
func (h *handler) checkImage(c *call) error {
	id, err := c.id("id", ids.SentPay)
	if err != nil {
		return err
	}
	var paper payment.Paper
	err = c.read(func(tx *db.Tx) (err error) {
		if err := tx.Require(org.PrintChecks); err != nil { // it shows the number of our account
			return err
		}
		paper, err = payment.Cheque(tx, id)
		return err
	})
	if errors.Is(err, payment.ErrNoCheque) {
		return fault.ErrNotFound
	}
	if err != nil {
		return err
	}
	image, err := paper.PNG(c.r.Context(), h.Vault, c.caller.Org)
	if err != nil {
		return err
	}
	if image == nil {
		return fault.ErrNotFound
	}
	head := c.w.Header()
	head.Set("Content-Type", "image/png")
	head.Set("Cache-Control", "private, no-store")
	http.ServeContent(c.w, c.r, "", time.Time{}, bytes.NewReader(image))
	return nil
}

func (h *handler) checks(c *call) error {
	id, err := c.id("id", ids.SentPay)
	if err != nil {
		return err
	}
	var d payment.Details
	err = c.read(func(tx *db.Tx) (err error) {
		d, err = payment.Detail(tx, id)
		return err
	})
	if err != nil {
		return err
	}
	if d.Disbursement == nil {
		return fault.ErrNotFound
	}
	for _, f := range d.Disbursement.Files {
		if f.Kind != "checks" {
			continue
		}
		full, err := h.Engine.OpenRun(c.r.Context(), c.caller, f.ID)
		if errors.Is(err, payment.ErrCheckState) {
			return fault.ErrNotFound
		}
		if err != nil {
			return err
		}
		c.attachment("application/pdf", "checks-"+d.ProcessDate.String()+".pdf")
		http.ServeContent(c.w, c.r, "", time.Time{}, bytes.NewReader(full.Content))
		return nil
	}
	return fault.ErrNotFound
}
