package jsonv2

import (
	"errors"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/jsondoc"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/report"
)

// receivables serves customers, their contacts and bank accounts, invoices and credit memos (3.7 to 3.11, 5.5, 5.6).
func (h *Handler) receivables() area {
	view, manage := db.Of(org.ViewReceivables), db.Of(org.ManageReceivables)
	return area{
		entities: []entity{{
			shape: customerShape(), ops: crud, view: view, manage: manage, form: customerForm,
			create: func(tx *db.Tx, r record.Record, _ options) error { return customer.Create(tx, r.(*customer.Customer)) },
			update: func(tx *db.Tx, a, b record.Record, _ options) error {
				return customer.Update(tx, a.(*customer.Customer), b.(*customer.Customer))
			},
		}, {
			shape: customerContactShape(), ops: crud, view: view, manage: manage,
			create: func(tx *db.Tx, r record.Record, _ options) error {
				return customer.CreateContact(tx, r.(*customer.Contact))
			},
			update: func(tx *db.Tx, a, b record.Record, _ options) error {
				return customer.UpdateContact(tx, a.(*customer.Contact), b.(*customer.Contact))
			},
		}, {
			shape: customerBankAccountShape(), ops: opCreate | opRead | opDelete | opList | opBulk, view: view, manage: manage,
			form: func(_ record.Record, o options) {
				if !o.flag("agreedWithTOS", false) {
					add(&o.found.missing, "agreedWithTOS")
				}
			},
			before: func(q *request, rec record.Record) error {
				a := rec.(*customer.BankAccount)
				a.Routing = strings.TrimSpace(a.ShownRouting)
				return customer.SealBankAccount(q.h.Vault, q.session.Caller.Org, a, strings.TrimSpace(a.ShownAccount))
			},
			create: func(tx *db.Tx, r record.Record, _ options) error {
				return customer.AddBankAccount(tx, r.(*customer.BankAccount))
			},
			remove: func(tx *db.Tx, r record.Record) error { return customer.RemoveBankAccount(tx, r.Head().ID) },
			fill: func(_ *db.Tx, recs []record.Record) error {
				for _, a := range all[*customer.BankAccount](recs) {
					a.Mask()
				}
				return nil
			},
		}, {
			shape: invoiceShape(), ops: crud, view: view, manage: manage,
			form: func(rec record.Record, o options) {
				i := rec.(*invoice.Invoice)
				items := make([]lineItem, len(i.Lines))
				for n, l := range i.Lines {
					items[n] = lineItem{&l.Item, l.ID == ""}
				}
				documentForm(&i.Document, items, "invoiceLineItems", o)
			},
			create: createInvoice, update: updateInvoice,
		}, {
			shape: creditMemoShape(), ops: crud, view: view, manage: manage,
			form: func(rec record.Record, o options) {
				m := rec.(*invoice.CreditMemo)
				items := make([]lineItem, len(m.Lines))
				for n, l := range m.Lines {
					items[n] = lineItem{&l.Item, l.ID == ""}
				}
				documentForm(&m.Document, items, "creditMemoLineItems", o)
			},
			create: createCreditMemo, update: updateCreditMemo,
		}, {
			shape: invoiceCreditShape(), ops: readOnly, view: view,
		}},
		calls: map[string]call{
			"SetCustomerAuthorization": {needs: manage, run: h.setCustomerAuthorization},
			"ApplyCreditMemo":          {needs: manage, run: h.applyCreditMemo},
			"GetARSummary":             {get: true, needs: view, run: h.receivablesSummary},
			"GetAPSummary":             {get: true, needs: db.Of(org.ViewBills), run: h.payablesSummary},
		},
	}
}

// address are the members of one of a customer's addresses.
func (x fields) address(kind string) []shape.Entry {
	return []shape.Entry{
		x.opt(kind+"Address1", kind+"Address1", 100), x.opt(kind+"Address2", kind+"Address2", 100),
		x.opt(kind+"Address3", kind+"Address3", 100), x.opt(kind+"Address4", kind+"Address4", 100),
		x.opt(kind+"AddressCity", kind+"City", 50), x.opt(kind+"AddressState", kind+"Region", 50),
		x.opt(kind+"AddressCountry", kind+"Country", 50), x.opt(kind+"AddressZip", kind+"Zip", 20),
	}
}

func customerShape() *shape.Shape {
	x := fields{customer.Customers.Type}
	return shape.New("Customer", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("name", "name", 100),
		x.opt("shortName", "shortName", 40),
		x.opt("parentCustomerId", "parentId", 0),
		x.opt("companyName", "companyName", 100),
		x.opt("contactFirstName", "contactFirstName", 50),
		x.opt("contactLastName", "contactLastName", 50),
		x.opt("accNumber", "accountNumber", 50),
	}, x.address("bill"), x.address("ship"), []shape.Entry{
		x.opt("email", "email", 254),
		x.opt("phone", "phone", 30),
		x.opt("altPhone", "altPhone", 30),
		x.opt("fax", "fax", 30),
		x.opt("description", "description", 4000),
		x.opt("printAs", "printAs", 100),
		x.merged(),
		x.shown("hasAuthorizedToCharge", "authorized"),
		x.opt("accountType", "accountType", 0),
		x.opt("paymentTermId", "paymentTermId", 0),
		x.opt("invoiceCurrency", "currency", 3),
		x.shown("balance", "balance"),
		x.shown("availCredit", "credit"),
		x.opt("taxId", "taxId", 20),
		x.shown("hasBankAccount", "hasBankAccount"),
		x.constant("defaultDeliveryMethod", record.Enum, "null"),
		x.opt("isTaxLiable", "taxLiable", 0),
		x.constant("hasNetBankAccount", record.Bool, "false"),
		x.constant("hasBankAccountAutoPay", record.Bool, "false"),
		x.constant("hasCreditCard", record.Bool, "false"),
		x.constant("hasCreditCardAutoPay", record.Bool, "false"),
		x.constant("isAutoChargeDismissed", record.Bool, "false"),
		x.constant("creationSource", record.Enum, `"0"`),
		x.constant("enabledInvoiceFinancing", record.Bool, "false"),
		x.constant("hasCustomerCard", record.Bool, "false"),
		x.constant("enabledAutoInvoiceFinancing", record.Bool, "false"),
	})...)
}

// customerForm refuses another currency than the one kept here.
func customerForm(rec record.Record, o options) {
	if c := rec.(*customer.Customer).Currency; c != "" && c != "USD" {
		o.found.currency = "invoiceCurrency"
	}
}

func customerContactShape() *shape.Shape {
	x := fields{customer.Contacts.Type}
	return shape.New("CustomerContact", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("customerId", "customerId", 0),
		x.req("name", "name", 100),
		x.opt("firstName", "firstName", 50),
		x.opt("lastName", "lastName", 50),
		x.opt("email", "email", 254),
		x.opt("phone", "phone", 30),
		x.opt("altPhone", "altPhone", 30),
		x.opt("fax", "fax", 30),
		x.opt("title", "title", 100),
		x.opt("description", "description", 4000),
	})...)
}

func customerBankAccountShape() *shape.Shape {
	x := fields{customer.BankAccounts.Type}
	type A = customer.BankAccount
	return shape.New("CustomerBankAccount", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("customerId", "customerId", 0),
		x.req("nameOnAccount", "nameOnAccount", 100),
		x.opt("nickname", "nickname", 100),
		{Path: "routingNumber", Field: record.Pass("routingNumber", record.Text, 50, func(a *A) *string { return &a.ShownRouting }), Use: shape.Required},
		{Path: "accountNumber", Field: record.Pass("accountNumber", record.Text, 50, func(a *A) *string { return &a.ShownAccount }), Use: shape.Required},
		x.opt("isLockedByOrg", "locked", 0),
		x.opt("isSavings", "savings", 0),
		x.opt("isPersonalAcct", "person", 0),
		x.opt("isWrittenAuth", "writtenAuth", 0),
		x.opt("isPrivate", "private", 0),
		x.opt("phone", "phone", 30),
		x.shown("cpUserId", "networkUserId"),
		x.shown("status", "status"),
		x.constant("rndDepExpireDate", record.Date, "null"),
	})...)
}

// document are the members that an invoice and a credit memo have in common, behind the date.
func (x fields) document() []shape.Entry {
	percentage := x.opt("salesTaxPercentage", "salesTaxPercentage", 0)
	percentage.Null = "0"
	return []shape.Entry{
		x.opt("glPostingDate", "glPostingDate", 0),
		x.shown("amount", "amount"),
		x.opt("description", "description", 4000),
		x.opt("itemSalesTax", "itemSalesTaxId", 0),
		percentage,
		x.shown("salesTaxTotal", "salesTaxTotal"),
		x.opt("departmentId", "departmentId", 0),
		x.opt("locationId", "locationId", 0),
		x.opt("actgClassId", "classId", 0),
		x.opt("jobId", "jobId", 0),
		x.opt("payToBankAccountId", "payToBankAccountId", 0),
		x.opt("payToChartOfAccountId", "payToAccountId", 0),
		x.kept("exchangeRate", record.Quantity, "null"),
		x.shown("createdBy", "createdBy"),
	}
}

// taxCode is a line's taxability in a word.
func taxCode(l *invoice.Item) string {
	if l.Taxable == invoice.Taxable {
		return "Tax"
	}
	return "Non"
}

// item are the members of a line of either.
func (x fields) item() []shape.Entry {
	taxable := x.opt("taxable", "taxable", 0)
	taxable.Truth = [2]int64{invoice.Untaxed, invoice.Taxable}
	return []shape.Entry{
		x.opt("itemId", "itemId", 0),
		x.opt("quantity", "quantity", 0),
		priced(x.opt("price", "price", 0)),
		x.opt("ratePercent", "ratePercent", 0),
		x.opt("amount", "amount", 0),
		x.opt("serviceDate", "serviceDate", 0),
		x.opt("chartOfAccountId", "chartOfAccountId", 0),
		x.opt("departmentId", "departmentId", 0),
		x.opt("locationId", "locationId", 0),
		x.opt("actgClassId", "classId", 0),
		x.opt("jobId", "jobId", 0),
		x.opt("description", "description", 4000),
		taxable,
		x.lineOrder(),
		x.shown("createdTime", "createdTime"),
		x.shown("updatedTime", "updatedTime"),
	}
}

func invoiceShape() *shape.Shape {
	x, l := fields{invoice.Invoices.Type}, fields{invoice.Lines.Type}
	return shape.New("Invoice", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("customerId", "customerId", 0),
		x.req("invoiceNumber", "invoiceNumber", 21),
		x.req("invoiceDate", "invoiceDate", 0),
		x.req("dueDate", "dueDate", 0),
	}, x.document(), []shape.Entry{
		x.shown("amountDue", "dueAmount"),
		x.kept("localAmount", record.Money, "null"),
		x.shown("paymentStatus", "paymentStatus"),
		x.opt("poNumber", "poNumber", 50),
		x.opt("isToBePrinted", "toBePrinted", 0),
		x.opt("isToBeEmailed", "toBeEmailed", 0),
		x.shown("lastSentTime", "lastSentTime"),
		x.opt("terms", "terms", 100),
		x.opt("salesRep", "salesRep", 40),
		x.opt("FOB", "fob", 40),
		x.opt("shipMethod", "shipMethod", 40),
		x.opt("shipDate", "shipDate", 0),
		x.opt("invoiceTemplateId", "templateId", 0),
		x.constant("hasAutoPay", record.Bool, "false"),
		x.constant("source", record.Enum, `"0"`),
		x.constant("emailDeliveryOption", record.Enum, `"1"`),
		x.constant("mailDeliveryOption", record.Enum, `"0"`),
		x.shown("creditAmount", "creditAmount"),
		x.shown("scheduledAmount", "scheduledAmount"),
		x.shown("recInvoiceTemplateId", "recurringId"),
		x.constant("quickbooksId", record.Text, "null"),
		x.constant("financingStatus", record.Enum, `"0"`),
		x.constant("netBillId", record.Ref, zero),
		x.constant("netOrgId", record.Ref, zero),
		x.constant("stylingId", record.Text, "null"),
		x.constant("stylingRevision", record.Text, "null"),
		x.constant("financingModelStatus", record.Text, "null"),
		x.constant("financingErrorType", record.Enum, `"0"`),
		x.constant("invoiceAdjustments", record.Text, "[]"),
		x.constant("invoiceCustomFields", record.Text, "[]"),
	})...).WithLines("invoiceLineItems", shape.New("InvoiceLineItem", l.t, slices.Concat([]shape.Entry{
		l.shown("id", "id"),
		l.shown("invoiceId", "invoiceId"),
	}, l.item(), []shape.Entry{
		{Path: "taxCode", Field: record.View("taxCode", record.Text, func(l *invoice.Line) string { return taxCode(&l.Item) })},
	})...))
}

func creditMemoShape() *shape.Shape {
	x, l := fields{invoice.CreditMemos.Type}, fields{invoice.MemoLines.Type}
	return shape.New("CreditMemo", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("customerId", "customerId", 0),
		x.req("refNumber", "refNumber", 100),
		x.req("creditDate", "creditDate", 0),
	}, x.document(), []shape.Entry{
		x.shown("creditStatus", "creditStatus"),
		x.shown("appliedAmount", "appliedAmount"),
	})...).WithLines("creditMemoLineItems", shape.New("CreditMemoLineItem", l.t, slices.Concat([]shape.Entry{
		l.shown("id", "id"),
		l.shown("creditMemoId", "creditMemoId"),
	}, l.item(), []shape.Entry{
		{Path: "taxCode", Field: record.View("taxCode", record.Text, func(l *invoice.MemoLine) string { return taxCode(&l.Item) })},
	})...))
}

func invoiceCreditShape() *shape.Shape {
	x := fields{invoice.InvoiceCredits.Type}
	return shape.New("InvoiceCredit", x.t, slices.Concat(x.head(), []shape.Entry{
		x.shown("invoiceId", "invoiceId"),
		x.shown("creditMemoId", "creditMemoId"),
		x.shown("receivedPayId", "receivedPayId"),
		x.shown("amount", "amount"),
	})...)
}

// lineItem is a line of a document that is new or changed.
type lineItem struct {
	*invoice.Item
	isNew bool
}

// documentForm looks at what only the form tells: whether lines were sent, and which amounts take the place of a price
// (3.9).
func documentForm(d *invoice.Document, items []lineItem, list string, o options) {
	if rate := shape.ReadExtras(d.Extras)["exchangeRate"]; rate != nil && string(rate) != "1" {
		o.found.currency = "exchangeRate"
	}
	sent := o.value.Get("obj").Get(list)
	isList := sent != nil && sent.Kind == jsondoc.List
	if len(items) == 0 && (!isList || len(sent.Items) == 0) {
		add(&o.found.missing, list)
	}
	if !isList || len(sent.Items) != len(items) {
		return
	}
	for n, l := range items {
		if l.isNew && !l.Price.IsSet() && !l.RatePercent.IsSet() && !sent.Items[n].Get("amount").IsNone() {
			l.Fix(l.Amount)
		}
	}
}

func createInvoice(tx *db.Tx, r record.Record, _ options) error {
	i := r.(*invoice.Invoice)
	if err := invoice.Create(tx, i); err != nil || !i.Duplicate {
		return err
	}
	return problem.ErrNumberTaken.On("invoiceNumber")
}

func updateInvoice(tx *db.Tx, a, b record.Record, _ options) error {
	before, i := a.(*invoice.Invoice), b.(*invoice.Invoice)
	if err := invoice.Update(tx, before, i); err != nil || !i.Duplicate || before.InvoiceNumber == i.InvoiceNumber {
		return err
	}
	return problem.ErrNumberTaken.On("invoiceNumber")
}

func createCreditMemo(tx *db.Tx, r record.Record, _ options) error {
	m := r.(*invoice.CreditMemo)
	if err := invoice.CreateMemo(tx, m); err != nil || !m.Duplicate {
		return err
	}
	return problem.ErrNameTaken.On("refNumber")
}

func updateCreditMemo(tx *db.Tx, a, b record.Record, _ options) error {
	before, m := a.(*invoice.CreditMemo), b.(*invoice.CreditMemo)
	if err := invoice.UpdateMemo(tx, before, m); err != nil || !m.Duplicate || before.RefNumber == m.RefNumber {
		return err
	}
	return problem.ErrNameTaken.On("refNumber")
}

func (h *Handler) setCustomerAuthorization(q *request, in *args) (any, error) {
	id := in.ref("customerId", required)
	authorized := in.flag("hasAuthorizedToCharge", in.flag("authorizedToCharge", true))
	if err := in.err(); err != nil {
		return nil, err
	}
	var out raw
	err := q.write(func(tx *db.Tx) error {
		if _, err := customer.SetAuthorization(tx, id, authorized); err != nil {
			return err
		}
		c, err := customer.Customers.Load(tx, id)
		if err != nil {
			return err
		}
		out, err = q.show(tx, "Customer", c)
		return err
	})
	return out, onMember("customerId", id, err)
}

func (h *Handler) applyCreditMemo(q *request, in *args) (any, error) {
	id := in.ref("creditMemoId", required)
	var parts []invoice.Application
	for _, p := range in.list("invoicePays", required) {
		parts = append(parts, invoice.Application{InvoiceID: p.ref("invoiceId", required), Amount: p.money("amount", required)})
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	var out raw
	err := q.write(func(tx *db.Tx) error {
		if _, err := invoice.ApplyMemo(tx, id, parts); err != nil {
			return err
		}
		m, err := invoice.CreditMemos.Load(tx, id)
		if err != nil {
			return err
		}
		out, err = q.show(tx, "CreditMemo", m)
		return err
	})
	return out, onMember("creditMemoId", id, err)
}

// today is the organisation's day.
func today(tx *db.Tx) (civil.Date, error) {
	o, err := org.Load(tx)
	return civil.Of(tx.Now(), o.Location()), err
}

// dueBlock gives sums as a summary has them; total writes an amount.
func dueBlock(d report.Due, total func(int64) any) map[string]any {
	return block(total, []pair{{"overdue", d.Overdue}, {"dueToday", d.Today}, {"due7Days", d.Next7}, {"due7PlusDays", d.Later}, {"all", d.All}})
}

// pair is a sum and the beginning of its members' names.
type pair struct {
	name string
	sum  report.Sum
}

func block(total func(int64) any, pairs []pair) map[string]any {
	out := map[string]any{}
	for _, p := range pairs {
		out[p.name+"Count"], out[p.name+"Total"] = p.sum.Count, total(p.sum.Total)
	}
	return out
}

// dollars is an amount as the summary of receivables has it: "$1,234.50".
func dollars(minor int64) any {
	s := money.FormatMinor(minor, 2)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for at := len(s) - len(".00") - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return sign + "$" + s
}

// plain is an amount as a JSON number.
func plain(minor int64) any { return raw(money.FormatMinor(minor, 2)) }

func (h *Handler) receivablesSummary(q *request, _ *args) (any, error) {
	var open report.Due
	var paid report.Receipts
	err := q.read(func(tx *db.Tx) error {
		day, err := today(tx)
		if err != nil {
			return err
		}
		if open, err = report.OpenInvoices(tx, day); err != nil {
			return err
		}
		paid, err = report.ReceivedPayments(tx, day)
		return err
	})
	return map[string]any{"invoices": dueBlock(open, dollars), "payments": block(dollars, []pair{{"lastMonth", paid.LastMonth},
		{"currentMonth", paid.ThisMonth}, {"last7Days", paid.Last7}, {"today", paid.Today}, {"next7Days", paid.Next7}, {"future", paid.Later}})}, err
}

func (h *Handler) payablesSummary(q *request, _ *args) (any, error) {
	var open, waiting report.Due
	err := q.read(func(tx *db.Tx) error {
		day, err := today(tx)
		if err != nil {
			return err
		}
		if open, err = report.OpenBills(tx, day); err != nil {
			return err
		}
		waiting, err = report.BillsToApprove(tx, day)
		return err
	})
	return map[string]any{"bills": dueBlock(open, plain), "approvals": dueBlock(waiting, plain)}, err
}

// onMember names the member that the record was named by in its refusal.
func onMember(name string, id ids.ID, err error) error {
	if errors.Is(err, fault.ErrNotFound) {
		return fault.ErrNotFound.On(name).With(string(id))
	}
	return err
}
