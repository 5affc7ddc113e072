package jsonv2

import (
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/jsondoc"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// payables serves vendors, their bank accounts and bills (3.1 to 3.3).
func (h *Handler) payables() area {
	return area{entities: []entity{{
		shape: vendorShape(), ops: crud, view: db.Of(org.ViewVendors), manage: db.Of(org.ManageVendors),
		form: vendorForm,
		create: func(tx *db.Tx, r record.Record, _ options) error {
			v := r.(*vendor.Vendor)
			if v.NameOnCheck == "" {
				v.NameOnCheck = v.Name
			}
			if err := vendor.CheckName(tx, nil, v); err != nil {
				return err
			}
			return vendor.Create(tx, v)
		},
		update: func(tx *db.Tx, a, b record.Record, _ options) error {
			before, v := a.(*vendor.Vendor), b.(*vendor.Vendor)
			if err := vendor.CheckName(tx, before, v); err != nil {
				return err
			}
			return vendor.Update(tx, before, v)
		},
		fill: func(tx *db.Tx, recs []record.Record) error { return vendor.Fill(tx, all[*vendor.Vendor](recs)) },
	}, {
		shape: vendorBankAccountShape(), ops: opCreate | opRead | opDelete | opList | opBulk, trusted: opCreate | opDelete,
		view: db.Of(org.ViewVendors), manage: db.Of(org.ManageVendorBanks),
		before: sealVendorBankAccount, create: createVendorBankAccount,
		remove: func(tx *db.Tx, r record.Record) error {
			return vendor.RemoveBankAccount(tx, r.(*vendor.BankAccount).VendorID)
		},
		fill: func(_ *db.Tx, recs []record.Record) error {
			for _, a := range all[*vendor.BankAccount](recs) {
				a.Mask()
			}
			return nil
		},
	}, {
		shape: billShape(), ops: crud, view: db.Of(org.ViewBills), manage: db.Of(org.ManageBills),
		scope: func(tx *db.Tx, q *record.Query) error { return bill.Approvals.Scope(tx, q, "id") },
		form:  billForm,
		create: func(tx *db.Tx, r record.Record, o options) error {
			b := r.(*bill.Bill)
			if b.Amount < 0 {
				return fault.ErrAmount.On("amount")
			}
			if err := bill.Check(tx, nil, b, o.flag("allowDuplicateInvNum", false)); err != nil {
				return err
			}
			return bill.Create(tx, b)
		},
		update: func(tx *db.Tx, a, r record.Record, o options) error {
			before, b := a.(*bill.Bill), r.(*bill.Bill)
			if b.Amount < 0 {
				return fault.ErrAmount.On("amount")
			}
			if err := bill.Check(tx, before, b, o.flag("allowDuplicateInvNum", false)); err != nil {
				return err
			}
			return bill.Update(tx, before, b)
		},
		fill: func(tx *db.Tx, recs []record.Record) error { return bill.Fill(tx, all[*bill.Bill](recs)) },
	}}}
}

// all gives records as what they are.
func all[T any](recs []record.Record) []T {
	out := make([]T, len(recs))
	for i, r := range recs {
		out[i] = r.(T)
	}
	return out
}

// zero is the JSON text of a reference to nothing.
const zero = `"` + string(ids.Null) + `"`

func vendorShape() *shape.Shape {
	x := fields{vendor.Vendors.Type}
	type V = *vendor.Vendor
	return shape.New("Vendor", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("name", "name", 100),
		x.opt("shortName", "shortName", 40),
		x.opt("nameOnCheck", "nameOnCheck", 100),
		x.opt("companyName", "companyName", 100),
		x.opt("accNumber", "accountNumber", 50),
		x.opt("taxId", "taxId", 20),
		null(x.opt("taxIdType", "taxIdType", 0)),
		x.opt("track1099", "track1099", 0),
		x.opt("address1", "address1", 100),
		x.opt("address2", "address2", 100),
		x.opt("address3", "address3", 100),
		x.opt("address4", "address4", 100),
		x.opt("addressCity", "city", 50),
		x.opt("addressState", "region", 50),
		x.opt("addressZip", "zip", 20),
		x.opt("addressCountry", "country", 50),
		x.opt("email", "email", 254),
		x.opt("fax", "fax", 30),
		x.opt("phone", "phone", 30),
		x.shown("payBy", "payBy"),
		x.opt("paymentEmail", "paymentEmail", 254),
		x.opt("paymentPhone", "paymentPhone", 30),
		x.opt("description", "description", 4000),
		x.opt("contactFirstName", "contactFirstName", 50),
		x.opt("contactLastName", "contactLastName", 50),
		x.merged(),
		x.opt("accountType", "accountType", 0),
		x.opt("paymentTermId", "paymentTermId", 0),
		{Path: "balance", Field: record.View("balance", record.Money, func(v V) int64 { return v.Balance })},
		{Path: "availCredit", Field: record.View("availCredit", record.Money, func(v V) int64 { return v.AvailableCredit })},
		x.constant("lastBalanceUpdate", record.Instant, "null"),
		x.opt("sendNotifications", "sendNotifications", 0),
		x.kept("externalBillPayIn12m", record.Int, "null"),
		x.kept("since", record.Int, "null"),
		null(x.opt("payDaysBefore", "payDaysBefore", 0)),
		x.opt("enabledCombinePayments", "combinePayments", 0),
		x.constant("hasBankAccountAutoPay", record.Bool, "false"),
		x.constant("hasRecurringPayments", record.Bool, "false"),
		x.kept("billCurrency", record.Text, `"USD"`),
		x.constant("paymentCurrency", record.Text, "null"),
		x.kept("billSyncPref", record.Enum, `"0"`),
		x.kept("prefPmtMethod", record.Enum, `"1"`),
		x.kept("paymentPurpose", record.Text, "null"),
		x.kept("bankCountry", record.Text, "null"),
		{Path: "vendorBankAccountStatus", Field: record.View("vendorBankAccountStatus", record.Int, func(v V) int64 { return v.AccountStatus })},
		null(as(x.shown("networkStatus", "networkStatus"), map[int64]int64{1: 2, 2: 1})),
		{Path: "lastPaymentDate", Field: record.View("lastPaymentDate", record.Date, func(v V) civil.Date { return v.LastPaid })},
		x.shown("numberOfInvitesSent", "invitesSent"),
		x.constant("intlPaymentType", record.Enum, `"0"`),
	}, x.passThrough())...)
}

// passThrough are the members of a vendor that newer recordings show and that mean nothing here (3.1).
func (x fields) passThrough() []shape.Entry {
	return []shape.Entry{
		x.kept("sendInviteForPrivateVendor", record.Bool, "true"),
		x.kept("vendorVCardRemitEmail", record.Text, "null"),
		x.kept("vendorVCardStatus", record.Enum, `"-1"`),
		x.kept("orgVCardStatus", record.Enum, `"1"`),
		x.kept("prefRemitEmail", record.Enum, `"0"`),
		x.kept("remitEmail", record.Text, "null"),
		x.kept("processorVCardStatus", record.Text, "null"),
		x.kept("vStatusUpdateSource", record.Text, "null"),
		x.kept("allowConnectedVendorEditAddress", record.Bool, "false"),
		x.kept("informConnectedVendorAddressSyncModified", record.Bool, "false"),
		x.kept("vcardEnrollDate", record.Date, "null"),
		x.kept("vcardDeclineDate", record.Date, "null"),
		x.kept("isAccountNumberRequired", record.Bool, "false"),
		x.kept("largeBillerId", record.Ref, zero),
		x.kept("orgVCardOptOutCustReason", record.Text, "null"),
		x.kept("orgVCardOptOutCustOther", record.Text, "null"),
		x.kept("enableFundedInvite", record.Bool, "false"),
		x.kept("eligibleForEbills", record.Bool, "false"),
		x.kept("acknowledgedEbillBanner", record.Bool, "false"),
		x.kept("acknowledgedEbillError", record.Bool, "false"),
		x.kept("eBillEnablementFailed", record.Bool, "false"),
		x.kept("eBillEnabledStatus", record.Enum, `"0"`),
		x.kept("eBillEligible", record.Bool, "false"),
		x.kept("unmodifiedBillsCount", record.Int, "0"),
		x.kept("setupAutoPayPrompt", record.Bool, "false"),
		x.kept("autoPayConflict", record.Bool, "false"),
		x.kept("nameOnCheckRemediation", record.Bool, "false"),
		x.kept("autoSave", record.Bool, "null"),
		x.kept("autoSaveStatus", record.Text, "null"),
		x.kept("creationSource", record.Enum, `"0"`),
		x.kept("stpProcessor", record.Enum, `"0"`),
		x.kept("vcardProcessor", record.Enum, `"1"`),
		x.kept("isAddressValidated", record.Bool, "false"),
		x.kept("isSyncVendorCountryMapped", record.Bool, "false"),
		x.kept("optedOutOfVCardByOrg", record.Bool, "false"),
		x.kept("invalidCountryCurrencyAtNewVendorSync", record.Bool, "false"),
		x.kept("acctBalance", record.Money, "0.00"),
		x.kept("lastAcctBalanceUpdate", record.Instant, "null"),
		x.kept("paymentEmails", record.Text, "null"),
	}
}

// vendorForm refuses another currency than the one kept here.
func vendorForm(rec record.Record, o options) {
	if _, ok := shape.ReadExtras(rec.(*vendor.Vendor).Extras)["billCurrency"]; ok { // it differs from the default
		o.found.currency = "billCurrency"
	}
	if v := o.value.Get("obj").Get("payDaysBefore"); v != nil && rec.(*vendor.Vendor).PayDaysBefore < 0 {
		add(&o.found.values, "payDaysBefore")
	}
}

func vendorBankAccountShape() *shape.Shape {
	x := fields{vendor.BankAccounts.Type}
	type A = vendor.BankAccount
	return shape.New("VendorBankAccount", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("vendorId", "vendorId", 0),
		{Path: "accountNumber", Field: record.Pass("accountNumber", record.Text, 50, func(a *A) *string { return &a.ShownAccount }), Use: shape.Required},
		{Path: "routingNumber", Field: record.Pass("routingNumber", record.Text, 50, func(a *A) *string { return &a.ShownRouting }), Use: shape.Required},
		x.opt("nameOnAcct", "holderName", 100),
		x.shown("usersId", "enteredBy"),
		{Path: "isSavings", Field: x.t.Must("accountType"), Truth: [2]int64{vendor.Checking, vendor.Savings}},
		{Path: "isPersonalAcct", Field: x.t.Must("holderType"), Truth: [2]int64{vendor.Business, vendor.Person}},
		x.shown("status", "status"),
		x.kept("bankAddSource", record.Enum, `"1"`),
		x.constant("intlEPaymentAcct", record.Bool, "false"),
		x.kept("intlPaymentType", record.Enum, `"0"`),
		x.kept("paymentCurrency", record.Text, "null"),
		x.kept("bankCountry", record.Text, "null"),
		x.kept("vendorBankData", record.Text, "null"),
		x.kept("intlTemplateKey", record.Text, "null"),
		x.kept("regulatory1", record.Text, "null"),
		x.kept("regulatory2", record.Text, "null"),
		x.kept("regulatory3", record.Text, "null"),
		x.kept("regulatory4", record.Text, "null"),
		x.kept("regulatory5", record.Text, "null"),
		x.kept("regulatory6", record.Text, "null"),
		x.kept("regulatory7", record.Text, "null"),
	})...)
}

// sealVendorBankAccount seals the number, which takes too long for a transaction.
func sealVendorBankAccount(q *request, rec record.Record) error {
	a := rec.(*vendor.BankAccount)
	n, err := vendor.SealBankAccount(q.h.Vault, q.session.Caller.Org, strings.TrimSpace(a.ShownAccount))
	if err != nil {
		return err
	}
	a.ID, a.Account, a.AccountTail, a.AccountHash, a.Length = n.ID, n.Sealed.Account, n.Sealed.Tail, n.Sealed.Hash, n.Sealed.Length
	return nil
}

func createVendorBankAccount(tx *db.Tx, rec record.Record, _ options) error {
	a := rec.(*vendor.BankAccount)
	_, err := vendor.AddBankAccount(tx, vendor.NewBankAccount{
		ID: a.ID, VendorID: a.VendorID, Routing: strings.TrimSpace(a.ShownRouting),
		Sealed:      vendor.SealedNumber{Account: a.Account, Tail: a.AccountTail, Hash: a.AccountHash, Length: a.Length},
		AccountType: max(a.AccountType, vendor.Checking), HolderType: max(a.HolderType, vendor.Business), HolderName: a.HolderName, Extras: a.Extras,
	})
	return err
}

// billSums are count and total of a bill's lines of one type.
func billSums(path string, lineType int64) []shape.Entry {
	sum := func(b *bill.Bill) (n, total int64) {
		for _, l := range b.Lines {
			if l.LineType == lineType {
				n, total = n+1, total+l.Amount
			}
		}
		return n, total
	}
	return []shape.Entry{
		{Path: path + "/count", Field: record.View(path+"Count", record.Int, func(b *bill.Bill) int64 { n, _ := sum(b); return n })},
		{Path: path + "/totalAmount", Field: record.View(path+"Total", record.Money, func(b *bill.Bill) int64 { _, t := sum(b); return t })},
	}
}

func billShape() *shape.Shape {
	x, l := fields{bill.Bills.Type}, fields{bill.Lines.Type}
	type B = *bill.Bill
	s := shape.New("Bill", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("vendorId", "vendorId", 0),
		x.req("invoiceNumber", "invoiceNumber", 21),
		x.req("invoiceDate", "invoiceDate", 0),
		x.req("dueDate", "dueDate", 0),
		x.opt("glPostingDate", "glPostingDate", 0),
		x.shown("amount", "amount"),
		x.opt("description", "description", 4000),
		x.opt("poNumber", "poNumber", 50),
		x.opt("paymentTermId", "paymentTermId", 0),
		x.shown("approvalStatus", "approvalStatus"),
		x.shown("paymentStatus", "paymentStatus"),
		x.shown("uiPaymentStatus", "paymentStatus"),
		x.shown("scheduledAmount", "scheduledAmount"),
		null(x.shown("paidAmount", "paidAmount")),
		x.shown("dueAmount", "payableAmount"),
		x.shown("creditAmount", "creditAmount"),
		x.kept("localAmount", record.Money, "null"),
		x.kept("exchangeRate", record.Quantity, "null"),
		x.shown("payFromBankAccountId", "payFromBankAccountId"),
		x.shown("payFromChartOfAccountId", "payFromChartOfAccountId"),
		x.opt("chartOfAccountId", "chartOfAccountId", 0),
		x.opt("departmentId", "departmentId", 0),
		x.opt("locationId", "locationId", 0),
		x.opt("actgClassId", "actgClassId", 0),
		x.shown("createdBy", "createdBy"),
		x.kept("hasAutoPay", record.Bool, "false"),
		x.kept("eBillCreated", record.Bool, "false"),
		x.kept("useBillDesc", record.Bool, "false"),
		x.kept("defaultInvoiceNumber", record.Bool, "false"),
		x.kept("isAutoSaved", record.Bool, "false"),
		x.kept("source", record.Enum, `"0"`),
		x.kept("invoiceProductId", record.Ref, zero),
		x.shown("billTemplateId", "billTemplateId"),
		x.constant("numApprPolicyEx", record.Int, "0"),
		x.constant("quickbooksId", record.Text, "null"),
		{Path: "lastPaymentDate", Field: record.View("lastPaymentDate", record.Date, func(b B) civil.Date { return b.LastPaid })},
		{Path: "fullPaymentDate", Field: record.View("fullPaymentDate", record.Date, func(b B) civil.Date { return b.FullyPaid })},
		x.constant("hasLinkedPurchaseOrders", record.Bool, "false"),
		{Path: "multipleBillLineItems", Field: record.View("multipleBillLineItems", record.Bool, func(b B) bool { return len(b.Lines) > 1 })},
	}, billSums("item", 2), billSums("expense", 1), []shape.Entry{
		{Path: "expense/chartOfAccountGroup", Field: record.Fixed("chartOfAccountGroup", record.Text, ""), Null: "[]"},
		{Path: "orgId", Field: ownOrg},
		{Path: "organizationName", Field: ownName},
		x.constant("discountAmount", record.Money, "null"),
		x.constant("discountDueDate", record.Date, "null"),
		x.constant("discountStatus", record.Enum, `"0"`),
		x.constant("hasAmortizedLines", record.Bool, "false"),
		x.constant("is1099MissingBill", record.Bool, "false"),
		x.constant("isSppCreated", record.Bool, "false"),
		x.constant("isVcardStpCandidate", record.Bool, "false"),
		x.constant("acctEntityId", record.Ref, zero),
		x.constant("apAccountId", record.Ref, zero),
		x.constant("billLocationId", record.Ref, zero),
	})...).WithLines("billLineItems", shape.New("BillLineItem", l.t, slices.Concat([]shape.Entry{
		l.shown("id", "id"),
		l.shown("billId", "billId"),
	}, l.coding(), []shape.Entry{
		l.opt("lineType", "lineType", 0),
		l.opt("quantity", "quantity", 0),
		priced(l.opt("unitPrice", "unitPrice", 0)),
		l.lineOrder(),
		l.kept("purchaseOrderBillLinkId", record.Ref, zero),
		l.kept("unitOfMeasureId", record.Ref, zero),
		l.kept("startDate", record.Date, "null"),
		l.kept("endDate", record.Date, "null"),
		l.kept("billedUnitPrice", record.Quantity, "null"),
		l.kept("reportableAmount", record.Quantity, "null"),
		l.kept("acctEntityId", record.Ref, zero),
		l.kept("amortizationScheduleId", record.Ref, zero),
		l.kept("form1099CategoryId", record.Ref, zero),
		l.kept("jobTaskId", record.Ref, zero),
		l.kept("isReportable", record.Bool, "false"),
		l.keptHidden("cdFieldId1"), l.keptHidden("cdFieldId2"), l.keptHidden("cdFieldId3"),
		l.keptHidden("cdFieldId4"), l.keptHidden("cdFieldId5"), l.keptHidden("cdFieldId6"),
		l.shown("createdTime", "createdTime"),
		l.shown("updatedTime", "updatedTime"),
	})...))
	// Our extension: bills by what a line is coded to (spec/README 16). What the header has, too, is found in either.
	s.Also = []shape.Entry{l.opt("departmentId", "departmentId", 0), l.opt("jobId", "jobId", 0),
		l.opt("locationId", "locationId", 0), l.opt("customerId", "customerId", 0)}
	return s
}

// coding are the members that the line of a bill, of a recurring bill and of a vendor credit begins with.
func (x fields) coding() []shape.Entry {
	return []shape.Entry{
		x.opt("amount", "amount", 0),
		x.opt("chartOfAccountId", "chartOfAccountId", 0),
		x.opt("departmentId", "departmentId", 0),
		x.opt("locationId", "locationId", 0),
		x.opt("jobId", "jobId", 0),
		x.opt("customerId", "customerId", 0),
		x.opt("itemId", "itemId", 0),
		x.opt("employeeId", "employeeId", 0),
		x.opt("actgClassId", "actgClassId", 0),
		x.opt("jobBillable", "jobBillable", 0),
		x.opt("description", "description", 4000),
	}
}

// priced shows a price with two decimals at least.
func priced(e shape.Entry) shape.Entry {
	e.Scale = 2
	return e
}

// lineOrder is the place of a line, counted from 0.
func (x fields) lineOrder() shape.Entry {
	position := x.t.Must("position")
	return shape.Entry{Path: "lineOrder", Use: shape.ReadOnly,
		Field: record.From("lineOrder", position, func(n int64) int64 { return n - 1 })}
}

// keptHidden is a text that is stored and not shown.
func (x fields) keptHidden(path string) shape.Entry {
	e := x.kept(path, record.Text, "null")
	e.Use = shape.Hidden
	return e
}

// billForm computes the amounts of lines and of the bill, and looks at what only the form tells: what was sent.
func billForm(rec record.Record, o options) {
	b, obj := rec.(*bill.Bill), o.value.Get("obj")
	if rate := shape.ReadExtras(b.Extras)["exchangeRate"]; rate != nil && string(rate) != "1" {
		o.found.currency = "exchangeRate"
	}
	list := obj.Get("billLineItems")
	sent := list != nil && list.Kind == jsondoc.List
	if len(b.Lines) == 0 && (!sent || len(list.Items) == 0) {
		add(&o.found.missing, "billLineItems")
	}
	b.Amount = 0
	for i, l := range b.Lines {
		if sent && len(list.Items) == len(b.Lines) {
			lineForm(l, &list.Items[i], o)
		}
		b.Amount += l.Amount // bounded by their number and size
	}
	if b.Amount > bill.MaxAmount {
		add(&o.found.tooLong, "amount")
	}
}

// lineForm gives a line its amount: the one sent, or quantity times price.
func lineForm(l *bill.Line, sent *jsondoc.Value, o options) {
	isNew := l.ID == ""
	computes := l.Quantity.IsSet() && l.UnitPrice.IsSet() &&
		(isNew || !sent.Get("quantity").IsNone() || !sent.Get("unitPrice").IsNone())
	switch {
	case !sent.Get("amount").IsNone():
	case computes:
		amount, err := money.Multiply(l.Quantity, l.UnitPrice, 2)
		if err != nil || amount > bill.MaxAmount || amount < -bill.MaxAmount {
			add(&o.found.tooLong, "amount")
			return
		}
		l.Amount = amount
	case isNew || sent.Get("amount") != nil:
		add(&o.found.missing, "amount")
	}
	if isNew && !l.ItemID.IsNull() && !l.ChartOfAccountID.IsNull() { // 3.3: one of the two
		add(&o.found.values, "itemId")
	}
}
