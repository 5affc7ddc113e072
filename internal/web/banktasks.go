package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/web/view"
)

func (h *handler) bankTasks(c *call) error { return c.showBankTasks(http.StatusOK, nil) }

// taskFor are the words for who has to look at a task.
var taskFor = map[string]string{payment.TaskOperator: "Operator", payment.TaskCompliance: "Compliance", payment.TaskFraud: "Fraud",
	payment.TaskContact: "Vendor contact"}

// taskActs are the buttons for what can be done about a task.
var taskActs = map[string][]view.TaskAct{
	payment.ActFailed:  {{What: payment.ActFailed, Label: "It failed"}},
	payment.ActWrite:   {{What: payment.ActWrite, Label: "Write the file again"}},
	payment.ActReplace: {{What: payment.ActReplace, Label: "Write the file again"}},
	payment.ActRead:    {{What: payment.ActRead, Label: "Read the file again"}},
	payment.ActDeliver: {{What: payment.FileThere, Label: "The bank has it"}, {What: payment.FileMissing, Label: "The bank does not have it"}},
}

// saidOf is what one person has said of a file in doubt.
var saidOf = map[string]string{payment.FileThere: "One person says that the bank has it. Another person has to say so too.",
	payment.FileMissing: "One person says that the bank does not have it. Another person has to say so too."}

func (c *call) showBankTasks(status int, flash []view.Flash) error {
	var page view.BankTasksPage
	err := c.read(func(tx *db.Tx) error {
		all, err := payment.Tasks(tx, "")
		if err != nil {
			return err
		}
		for _, t := range all {
			row := view.BankTask{Number: t.Number, Who: taskFor[t.Kind], Code: t.Code, Text: t.Text, Created: view.Instant(t.Created.Time(), c.zone)}
			switch {
			case t.Subject.Is(ids.SentPay):
				row.Subject = view.Link{Text: "The payment", URL: view.PaymentURL(string(t.Subject))}
			case t.Subject.Is(ids.VendorBankAccount):
				a, err := vendor.BankAccounts.Load(tx, t.Subject)
				if err != nil {
					return err
				}
				row.Subject = view.Link{Text: "The vendor", URL: view.VendorURL(string(a.VendorID))}
			}
			for _, a := range t.Acts {
				row.Acts = append(row.Acts, taskActs[a]...)
				row.Only = a == payment.ActDeliver
			}
			row.Said = saidOf[t.Said]
			page.Tasks = append(page.Tasks, row)
		}
		rates, err := payment.ReturnRates(tx)
		page.Rates = returnRates(rates)
		return err
	})
	if err != nil {
		return err
	}
	page.Page, page.CanAct = c.page("Answers of the bank", view.PaymentsURL), c.may(org.ApprovePayments)
	page.Flash = append(page.Flash, flash...)
	if status == http.StatusUnprocessableEntity {
		number := c.r.PathValue("number")
		page.Errors = view.FieldErrors{{Field: "note-" + number, Message: "Say what was done."}}
	}
	return c.render(status, view.BankTasks(page))
}

// rateWords are the kinds of payment.ReturnRate for people.
var rateWords = map[string]string{"unauthorised": "Not authorised", "administrative": "Wrong or closed account", "all": "For any reason"}

// returnRates are the rates of returned debits as they are shown; none where no debit has left (ACH-11).
func returnRates(rates []payment.ReturnRate) (out []view.ReturnRate) {
	for _, r := range rates {
		row := view.ReturnRate{Kind: rateWords[r.Kind], Returned: r.Returned, Debits: r.Debits, Rate: r.Percent(), Limit: r.LimitPercent(),
			State: view.Badge{Tone: view.Good, Label: "Allowed"}}
		switch {
		case r.Over():
			row.State = view.Badge{Tone: view.Bad, Label: "Too many"}
		case r.Near():
			row.State = view.Badge{Tone: view.Wait, Label: "Near the limit"}
		}
		if r.Debits > 0 || r.Returned > 0 {
			out = append(out, row)
		}
	}
	return out
}

// doBankTask closes a task with a note, fails a payment that came back as a duplicate, has a rejected file written or a
// refused one read again, or says whether the bank has a file.
func (h *handler) doBankTask(c *call) error {
	number, err := strconv.ParseInt(c.r.PathValue("number"), 10, 64)
	if err != nil {
		return fault.ErrNotFound.With(c.r.PathValue("number"))
	}
	if err := c.form(); err != nil {
		return err
	}
	var subject ids.ID
	err = c.read(func(tx *db.Tx) error {
		all, err := payment.Tasks(tx, "")
		for _, t := range all {
			if t.Number == number {
				subject = t.Subject
			}
		}
		if err == nil && subject == "" {
			err = fault.ErrNotFound.With(c.r.PathValue("number"))
		}
		return err
	})
	if err != nil {
		return err
	}
	said := "taskdone"
	switch what := c.r.PathValue("what"); what {
	case "done":
		err = c.write(func(tx *db.Tx) error { return payment.FinishTask(tx, number, c.field("note")) })
	case payment.ActFailed:
		err = c.write(func(tx *db.Tx) error { return payment.ConfirmReturn(tx, subject, c.field("note")) })
	case payment.ActWrite:
		_, err = h.Engine.WriteAgain(c.r.Context(), c.caller, subject)
	case payment.ActReplace:
		_, err = h.Engine.Replace(c.r.Context(), c.caller, subject)
	case payment.ActRead:
		err = h.Engine.ReadAgain(c.r.Context(), c.caller, subject)
	case payment.FileThere, payment.FileMissing:
		err = c.write(func(tx *db.Tx) error {
			counts, err := payment.ResolveDelivery(tx, subject, what)
			if !counts {
				said = "tasksaid"
			}
			return err
		})
	default:
		err = fault.ErrNotFound.With(c.r.PathValue("what"))
	}
	switch {
	case errors.Is(err, fault.ErrMissing):
		return c.showBankTasks(http.StatusUnprocessableEntity, nil)
	case errors.Is(err, payment.ErrSamePerson):
		return c.showBankTasks(http.StatusConflict, []view.Flash{{Tone: view.Bad,
			Text: "You have said so: another person says the same. Where nobody else may approve payments, say it again two banking days later."}})
	case errors.Is(err, payment.ErrUnreadable), errors.Is(err, payment.ErrDeliveryOpen):
		return c.showBankTasks(http.StatusConflict, []view.Flash{{Tone: view.Bad, Text: fault.From(err).Message}})
	case err != nil:
		return err
	}
	return c.done(view.BankTasksURL, said)
}

// reversalStates are the states of a reversal in words.
var reversalStates = map[string]string{"asked": "Asked for; another person has to approve it.", "denied": "Denied.",
	"approved": "Approved; it leaves with the next file.", "in_file": "On its way.", "settled": "The money is back; it counts if it is not returned within two banking days.",
	"confirmed": "The money is back.", "returned": "The receiving bank sent it back: the payment stands.",
	"both": "The money came back twice: pay the vendor once."}

// reversal is what the page of a payment shows of its reversal; nil for nothing.
func (c *call) reversal(tx *db.Tx, p *payment.Payment) (*view.Reversal, error) {
	r, err := payment.ReversalOf(tx, p.ID)
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return nil, err
	}
	out := &view.Reversal{State: reversalStates[r.State], Reason: payment.ReversalReasons[r.Reason]}
	settled := p.Rail == payment.ACH && (p.State == payment.Settled || p.State == payment.Cleared)
	out.CanAsk = settled && (r.State == "" || r.State == "denied") && c.may(org.CancelPayments)
	out.CanDecide = r.State == "asked" && c.may(org.ApprovePayments)
	if r.State == "" && !out.CanAsk {
		return nil, nil
	}
	for id, name := range payment.ReversalReasons {
		out.Reasons = append(out.Reasons, view.Option{ID: id, Name: name})
	}
	slices.SortFunc(out.Reasons, func(a, b view.Option) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// reversePayment asks for, approves or denies the reversal of a payment (VOI-4).
func (h *handler) reversePayment(c *call) error {
	id, err := c.id("id", ids.SentPay)
	if err != nil {
		return err
	}
	if err := c.form(); err != nil {
		return err
	}
	said := "reversing"
	var act func(tx *db.Tx) error
	switch c.r.PathValue("what") {
	case "ask":
		said, act = "asked", func(tx *db.Tx) error { return payment.AskReversal(tx, id, c.field("reason"), "") }
	case "approve":
		act = func(tx *db.Tx) error { return payment.ApproveReversal(tx, id) }
	case "deny":
		said, act = "saved", func(tx *db.Tx) error { return payment.DenyReversal(tx, id) }
	default:
		return fault.ErrNotFound.With(c.r.PathValue("what"))
	}
	err = c.write(act)
	text := ""
	switch {
	case err == nil:
		return c.done(view.PaymentURL(string(id)), said)
	case errors.Is(err, payment.ErrNotReversible):
		text = payment.ErrNotReversible.Message
	case errors.Is(err, payment.ErrSamePerson):
		text = "You asked for this reversal: another person approves it."
	case errors.Is(err, payment.ErrNotWaiting):
		text = "This reversal was decided meanwhile."
	case errors.Is(err, fault.ErrValue):
		text = "Choose one of the reasons."
	default:
		return err
	}
	return c.showPayment(id, http.StatusConflict, []view.Flash{{Tone: view.Bad, Text: text}})
}
