package invoice

import (
	"cmp"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// States of a credit memo (domain 4.3).
const (
	FullyApplied  = 0
	NotApplied    = 1
	PartlyApplied = 2
)

// CreditMemo is what a customer does not have to pay after all (AR-11).
type CreditMemo struct {
	record.Base
	Document
	RefNumber     string
	CreditDate    civil.Date
	CreditStatus  int64
	AppliedAmount int64
	Lines         []*MemoLine
}

// Left is what is not applied yet.
func (m *CreditMemo) Left() int64 { return m.Amount - m.AppliedAmount }

// MemoLine is a line of a credit memo.
type MemoLine struct {
	record.Base
	CreditMemoID ids.ID
	Item
}

// MemoLines describes credit memo lines.
var MemoLines = record.Describe[MemoLine]("creditMemoLineItem", ids.CreditMemoLine, "credit_memo_lines", slices.Concat(
	[]record.Fact{record.Owner("creditMemoId", func(l *MemoLine) *ids.ID { return &l.CreditMemoID })},
	itemFacts(func(l *MemoLine) *Item { return &l.Item }))...)

// CreditMemos describes credit memos.
var CreditMemos = record.Describe[CreditMemo]("creditMemo", ids.CreditMemo, "credit_memos", slices.Concat(
	documentFacts(func(m *CreditMemo) *Document { return &m.Document }), []record.Fact{
		record.String("refNumber", 100, func(m *CreditMemo) *string { return &m.RefNumber }),
		record.Day("creditDate", func(m *CreditMemo) *civil.Date { return &m.CreditDate }),
		record.Choice("creditStatus", map[int64]string{FullyApplied: "FULLY_APPLIED", NotApplied: "NOT_APPLIED", PartlyApplied: "PARTIALLY_APPLIED"},
			func(m *CreditMemo) *int64 { return &m.CreditStatus }),
		record.Amount("appliedAmount", func(m *CreditMemo) *int64 { return &m.AppliedAmount }),
		record.WithLines("lines", MemoLines, "creditMemoId", func(m *CreditMemo) *[]*MemoLine { return &m.Lines }),
	})...)

// InvoiceCredit is the part of a credit memo that went to one invoice.
type InvoiceCredit struct {
	record.Base
	InvoiceID     ids.ID
	CreditMemoID  ids.ID
	ReceivedPayID ids.ID
	Amount        int64
}

// InvoiceCredits describes applications of credit memos.
var InvoiceCredits = record.Describe[InvoiceCredit]("invoiceCredit", ids.InvoiceCredit, "invoice_credits",
	record.Reference("invoiceId", func() *record.Type { return Invoices.Type }, func(c *InvoiceCredit) *ids.ID { return &c.InvoiceID }),
	record.Reference("creditMemoId", func() *record.Type { return CreditMemos.Type }, func(c *InvoiceCredit) *ids.ID { return &c.CreditMemoID }),
	record.Reference("receivedPayId", nil, func(c *InvoiceCredit) *ids.ID { return &c.ReceivedPayID }),
	record.Amount("amount", func(c *InvoiceCredit) *int64 { return &c.Amount }),
)

// CreateMemo checks, computes and stores a new credit memo and posts it (event 28). Errors as Create; a percentage line
// counts the lines above it.
func CreateMemo(tx *db.Tx, m *CreditMemo) error {
	if err := tx.Require(org.ManageReceivables); err != nil {
		return err
	}
	if m.Active != record.Active {
		return fault.ErrValue.On("isActive")
	}
	m.AppliedAmount, m.PostingVersion = 0, 0
	m.Channel, m.CreatedBy = tx.Caller().Channel, ""
	c, err := checkMemo(tx, nil, m)
	if err != nil {
		return err
	}
	m.CreatedBy = tx.Caller().User
	m.settle()
	e := m.entry(c)
	if err := refuseClosed(tx, e.Date); err != nil {
		return err
	}
	m.PostingVersion = 1
	CreditMemos.Insert(tx, m)
	customer.Move(tx, m.CustomerID, 0, m.Left())
	e.Source, e.Version = m.ID, m.PostingVersion
	_, err = ledger.Post(tx, e)
	return err
}

// UpdateMemo does for credit memos what Update does for invoices.
func UpdateMemo(tx *db.Tx, before, m *CreditMemo) error {
	if err := tx.Require(org.ManageReceivables); err != nil {
		return err
	}
	c, err := checkMemo(tx, before, m)
	if err != nil {
		return err
	}
	m.settle()
	if m.AppliedAmount != 0 {
		switch {
		case m.Active != before.Active:
			return ErrMoneyOn.On("isActive")
		case m.CustomerID != before.CustomerID:
			return ErrMoneyOn.On("customerId")
		case m.Left() < 0:
			return ErrMoneyOn.On("amount")
		}
	}
	m.PostingVersion, err = repost(tx, &before.Base, &m.Base, before.PostingVersion, before.entry(c), m.entry(c))
	if err != nil {
		return err
	}
	CreditMemos.SaveAs(tx, verb(before.Active, m.Active), before, m)
	if m.CustomerID == before.CustomerID {
		customer.Move(tx, m.CustomerID, 0, m.open()-before.open())
		return nil
	}
	customer.Move(tx, before.CustomerID, 0, -before.open())
	customer.Move(tx, m.CustomerID, 0, m.open())
	return nil
}

// DeleteMemo makes a credit memo inactive and takes its posting back. It fails with fault.ErrNotFound and ErrMoneyOn.
// Deleting a deleted one changes nothing.
func DeleteMemo(tx *db.Tx, id ids.ID) error { return setMemoActive(tx, id, record.Inactive) }

// RestoreMemo makes a deleted credit memo active again.
func RestoreMemo(tx *db.Tx, id ids.ID) error { return setMemoActive(tx, id, record.Active) }

func setMemoActive(tx *db.Tx, id ids.ID, active int64) error {
	if err := tx.Require(org.ManageReceivables); err != nil {
		return err
	}
	before, err := CreditMemos.LoadForUpdate(tx, id)
	if err != nil || before.Active == active {
		return err
	}
	after := CreditMemos.Copy(before).(*CreditMemo)
	after.Active = active
	return UpdateMemo(tx, before, after)
}

// open is what the memo adds to its customer's credit.
func (m *CreditMemo) open() int64 {
	if m.Active != record.Active {
		return 0
	}
	return m.Left()
}

func (m *CreditMemo) items() []*Item {
	items := make([]*Item, len(m.Lines))
	for n, l := range m.Lines {
		items[n] = &l.Item
	}
	return items
}

func checkMemo(tx *db.Tx, before, m *CreditMemo) (catalogue, error) {
	var missing []string
	for _, f := range []struct {
		name  string
		empty bool
	}{{"customerId", m.CustomerID.IsNull()}, {"refNumber", strings.TrimSpace(m.RefNumber) == ""},
		{"creditDate", m.CreditDate.IsZero()}, {"lines", len(m.Lines) == 0}} {
		if f.empty {
			missing = append(missing, f.name)
		}
	}
	if missing != nil {
		return nil, fault.ErrMissing.On(missing...)
	}
	if m.GLPostingDate.IsZero() {
		m.GLPostingDate = m.CreditDate
	}
	items, taxes := [][]*Item{m.items()}, []ids.ID{m.ItemSalesTaxID}
	var oldRecord record.Record
	var oldDocument *Document
	if before != nil {
		oldRecord, oldDocument = before, &before.Document
		items, taxes = append(items, before.items()), append(taxes, before.ItemSalesTaxID)
	}
	if err := CreditMemos.CheckReferences(tx, oldRecord, m); err != nil {
		return nil, err
	}
	c, err := catalogueOf(tx, taxes, items...)
	if err != nil {
		return nil, err
	}
	for _, l := range m.Lines {
		if err := c.complete(&l.Item, l.ID == ""); err != nil {
			return nil, err
		}
	}
	if err := m.compute(tx, oldDocument, c, items[0], linesAbove); err != nil {
		return nil, err
	}
	if before == nil || before.RefNumber != m.RefNumber {
		m.Duplicate, err = taken(tx, CreditMemos.Table, "ref_number", m.RefNumber, m.ID)
	}
	return c, err
}

// settle derives the state from the amounts. A memo of 0.00 has nothing left.
func (m *CreditMemo) settle() {
	switch {
	case m.Left() == 0:
		m.CreditStatus = FullyApplied
	case m.AppliedAmount > 0:
		m.CreditStatus = PartlyApplied
	default:
		m.CreditStatus = NotApplied
	}
}

// entry is event 28.
func (m *CreditMemo) entry(c catalogue) ledger.Entry {
	return m.Document.entry(c, ledger.CreditMemoEntered, "Credit memo "+m.RefNumber, -1, m.items())
}

// Application says how much of something goes to an invoice.
type Application struct {
	InvoiceID ids.ID
	Amount    int64
}

// ApplyMemo applies parts of a credit memo to open invoices of its customer; the ledger does not move, both stand on
// accounts receivable (AR-11). It fails with fault.ErrNotFound, fault.ErrReference on creditMemoId for an inactive memo,
// ErrNoInvoice, fault.ErrReference on invoiceId for an invoice of another customer, and ErrOverpaid.
func ApplyMemo(tx *db.Tx, id ids.ID, parts []Application) (*CreditMemo, error) {
	if err := tx.Require(org.ManageReceivables); err != nil {
		return nil, err
	}
	before, err := CreditMemos.LoadForUpdate(tx, id)
	if err != nil {
		return nil, err
	}
	if before.Active != record.Active {
		return nil, fault.ErrReference.On("creditMemoId").With(string(id))
	}
	if len(parts) == 0 {
		return nil, fault.ErrMissing.On("invoicePays")
	}
	after := *before
	for _, p := range slices.SortedFunc(slices.Values(parts), func(a, b Application) int { // two at once lock in one order
		return cmp.Compare(a.InvoiceID, b.InvoiceID)
	}) {
		i, err := ForPayment(tx, p.InvoiceID)
		if err != nil {
			return nil, err
		}
		if i.CustomerID != before.CustomerID {
			return nil, fault.ErrReference.On("invoiceId").With(string(p.InvoiceID))
		}
		if p.Amount <= 0 || p.Amount > after.Left() {
			return nil, ErrOverpaid.On("amount")
		}
		if err := change(tx, "apply credit", i, func(i *Invoice) { i.CreditAmount += p.Amount }); err != nil {
			return nil, err
		}
		after.AppliedAmount += p.Amount
		row := InvoiceCredits.New().(*InvoiceCredit)
		row.InvoiceID, row.CreditMemoID, row.Amount = i.ID, id, p.Amount
		InvoiceCredits.Insert(tx, row)
	}
	after.settle()
	CreditMemos.SaveAs(tx, "apply", before, &after)
	customer.Move(tx, after.CustomerID, 0, after.Left()-before.Left())
	return &after, nil
}
