package web

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bank/bai2"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/web/view"
)

// What the page of statements shows at most.
const (
	mostOpen       = 50
	mostStatements = 30
	mostTransit    = 50
	mostAccounts   = 300
)

func (h *handler) statements(c *call) error {
	id, err := c.id("id", ids.BankAccount)
	if err != nil {
		return err
	}
	return c.showStatements(id, http.StatusOK, nil)
}

func (c *call) showStatements(id ids.ID, status int, wrong view.FieldErrors) error {
	var page view.StatementsPage
	err := c.read(func(tx *db.Tx) error {
		page = view.StatementsPage{Errors: wrong, CanKeep: c.may(org.ClosePeriods)}
		all, err := payment.Statements(tx, id, mostStatements)
		if err != nil {
			return err
		}
		a, err := bank.Accounts.Load(tx, id)
		if err != nil {
			return err
		}
		page.Account = bankAccount(a)
		for _, s := range all {
			page.Statements = append(page.Statements, c.statementRow(s))
		}
		r, err := payment.Reconcile(tx, id, civil.Date{})
		if err == nil {
			page.Report = c.report(r)
		} else if !errors.Is(err, fault.ErrNotFound) {
			return err
		}
		open, err := payment.OpenLines(tx, id, mostOpen)
		if err != nil {
			return err
		}
		for _, l := range open {
			page.Open = append(page.Open, c.openLine(l))
		}
		back, err := payment.SuspendedLines(tx, id)
		if err != nil {
			return err
		}
		for _, l := range back {
			line := c.line(l.Line)
			for _, p := range l.Payments {
				line.Choices = append(line.Choices, view.Option{ID: string(p.Target), Name: p.Text})
			}
			page.Suspended = append(page.Suspended, line)
		}
		if page.CanKeep && len(open) > 0 {
			page.Accounts, err = postable(tx)
		}
		return err
	})
	if err != nil {
		return err
	}
	page.Page = c.page("Statements", view.SettingsURL)
	return c.render(status, view.Statements(page))
}

// postable are the ledger accounts that a line can be posted to by hand.
func postable(tx *db.Tx) (all []view.Option, err error) {
	err = dimension.Accounts.List(tx, record.Query{Limit: mostAccounts}, func(a *dimension.Account) error {
		switch a.Role {
		case ledger.AP, ledger.AR, ledger.MoneyOut, ledger.MoneyIn, ledger.ReturnsSuspense:
			return nil
		}
		if a.Active == record.Active {
			all = append(all, view.Option{ID: string(a.ID), Name: strings.TrimSpace(a.AccountNumber + " " + a.Name)})
		}
		return nil
	})
	return all, err
}

func (c *call) money(minor int64) string { return view.Amount(minor, c.org.Currency) }

func (c *call) report(r payment.Reconciliation) view.ReconciliationReport {
	out := view.ReconciliationReport{Day: view.Date(r.Through), URLDay: r.Through.String(), Statement: c.money(r.Statement), Book: c.money(r.Book),
		Unproved: c.money(r.Difference), Checks: c.money(r.Checks), Transfers: c.money(r.Transfers), Proved: r.Difference == 0, Done: r.Done}
	var transit, open int64
	for i, b := range r.InTransit {
		transit += b.Amount
		if i < mostTransit {
			out.InTransit = append(out.InTransit, view.ReportItem{Day: view.Date(b.Date), Text: cmp.Or(b.Memo, "Entry"), Amount: c.money(b.Amount)})
		}
	}
	for _, l := range r.Unrecorded {
		open += l.Amount
	}
	out.Transit, out.Open = c.money(transit), c.money(open)
	return out
}

func (c *call) statementRow(s payment.Statement) view.StatementRow {
	return view.StatementRow{ID: string(s.ID), Day: view.Date(s.AsOf), Opening: c.money(s.Opening), Closing: c.money(s.Closing), Reason: s.Reason, Lines: s.Lines,
		Parked: s.State == payment.StatementParked, State: map[string]view.Badge{
			payment.StatementTaken: {Tone: view.Good, Label: "Taken"}, payment.StatementParked: {Tone: view.Wait, Label: "Waits"},
			payment.StatementRefused: {Tone: view.Quiet, Label: "Put away"}}[s.State]}
}

// lineKinds name the types of movements.
var lineKinds = map[int]string{bai2.ACHSettlementDebit: "ACH payments", bai2.ACHDebit: "ACH debit", bai2.CheckPaid: "Check paid", bai2.WireOut: "Wire out",
	bai2.WireIn: "Wire in", bai2.ACHReturnCredit: "ACH return", bai2.ACHSettlementCredit: "ACH collection", bai2.ACHCredit: "ACH credit",
	bai2.ACHReturnDebit: "ACH return", bai2.Fees: "Fee", 175: "Deposit", 301: "Deposit", 555: "Deposited item returned"}

func (c *call) line(l payment.Line) view.OpenLine {
	kind := lineKinds[l.Type]
	if kind == "" {
		kind = "Type " + strconv.Itoa(l.Type)
	}
	return view.OpenLine{ID: string(l.ID), Day: view.Date(l.AsOf), Kind: kind, Reference: l.CustomerRef, Text: l.Text, Amount: c.money(l.Amount), Credit: l.Amount > 0}
}

// openLine is a line with what it may be. A choice posts as kind, target and amount; what is left of the line is a fee.
func (c *call) openLine(l payment.OpenLine) view.OpenLine {
	out := c.line(l.Line)
	choice := func(x payment.Candidate) view.Option {
		o := view.Option{ID: x.Kind + " " + string(x.Target) + " " + strconv.FormatInt(x.Amount, 10), Name: cmp.Or(x.Text, "Entry") + ", " + view.Date(x.Date)}
		if rest := l.Amount - x.Amount; rest != 0 {
			o.Name += " of " + c.money(x.Amount) + ", and a bank fee of " + c.money(-rest)
		}
		return o
	}
	if l.Proposal != nil {
		o := choice(*l.Proposal)
		out.Proposal = &o
	}
	for _, x := range l.Candidates {
		if rest := l.Amount - x.Amount; rest == 0 || rest < 0 {
			out.Choices = append(out.Choices, choice(x))
		}
	}
	amount := " - " + strconv.FormatInt(l.Amount, 10)
	if l.Amount < 0 {
		out.Choices = append(out.Choices, view.Option{ID: payment.ItemFee + amount, Name: "A bank fee"})
	} else {
		out.Choices = append(out.Choices, view.Option{ID: payment.ItemSuspense + amount, Name: "A payment that came back, not known which"})
	}
	out.Choices = append(out.Choices, view.Option{ID: payment.ItemError + amount, Name: "Something else: post it to the account below"})
	return out
}

func (h *handler) matchLine(c *call) error {
	id, err := c.id("id", ids.BankAccount)
	if err != nil {
		return err
	}
	line, err := c.id("line", ids.BankFile)
	if err != nil {
		return err
	}
	if err := c.form(); err != nil {
		return err
	}
	what := strings.Fields(c.field("what"))
	var item payment.Item
	if len(what) == 3 {
		amount, err := strconv.ParseInt(what[2], 10, 64)
		if err == nil {
			item = payment.Item{Kind: what[0], Target: ids.ID(strings.Trim(what[1], "-")), Amount: amount}
		}
	}
	if item.Kind == payment.ItemError {
		item.Target = ids.ID(c.field("account"))
	}
	if item.Kind == "" || item.Kind == payment.ItemError && item.Target.IsNull() {
		if err := c.read(func(tx *db.Tx) error { return tx.Require(org.ClosePeriods) }); err != nil {
			return err
		}
		return c.showStatements(id, http.StatusUnprocessableEntity, view.FieldErrors{{Field: "what-" + string(line), Message: "Choose what the line is, and its account if it is something else."}})
	}
	err = c.write(func(tx *db.Tx) error {
		items := []payment.Item{item}
		amount, err := payment.LineAmount(tx, id, line)
		if err != nil {
			return err
		}
		if rest := amount - item.Amount; rest < 0 {
			items = append(items, payment.Item{Kind: payment.ItemFee, Amount: rest})
		}
		return payment.MatchLine(tx, line, items)
	})
	return c.afterMatch(id, err, "matched")
}

// afterMatch goes back to the page, or says there why not.
func (c *call) afterMatch(id ids.ID, err error, notice string) error {
	if err == nil {
		return c.done(view.StatementsURL(string(id)), notice)
	}
	wrong, ok := refusal(err, nil, nil)
	if !ok {
		return err
	}
	return c.showStatements(id, http.StatusUnprocessableEntity, wrong)
}

func (h *handler) clearSuspense(c *call) error {
	id, err := c.id("id", ids.BankAccount)
	if err != nil {
		return err
	}
	line, err := c.id("line", ids.BankFile)
	if err != nil {
		return err
	}
	if err := c.form(); err != nil {
		return err
	}
	err = c.write(func(tx *db.Tx) error { return payment.ClearSuspense(tx, line, ids.ID(c.field("payment"))) })
	return c.afterMatch(id, err, "matched")
}

func (h *handler) decideStatement(c *call) error {
	id, err := c.id("id", ids.BankAccount)
	if err != nil {
		return err
	}
	statement, err := c.id("statement", ids.BankFile)
	if err != nil {
		return err
	}
	do := map[string]func(*db.Tx, ids.ID) error{"accept": payment.AcceptStatement, "refuse": payment.RefuseStatement}[c.r.PathValue("what")]
	if do == nil {
		return fault.ErrNotFound
	}
	return c.afterMatch(id, c.write(func(tx *db.Tx) error { return do(tx, statement) }), "saved")
}

func (h *handler) markReconciled(c *call) error {
	id, err := c.id("id", ids.BankAccount)
	if err != nil {
		return err
	}
	if err := c.form(); err != nil {
		return err
	}
	day, err := civil.Parse(c.field("day"))
	if err != nil {
		return fault.ErrNotFound
	}
	return c.afterMatch(id, c.write(func(tx *db.Tx) error { return payment.MarkReconciled(tx, id, day) }), "reconciled")
}
