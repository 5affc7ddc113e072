package shape_test

import (
	"slices"

	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// The shapes of two records in three generations. They carry whatever those generations ask of a record's members; the
// doors keep shapes of their own, with filters and all.

const (
	required = shape.Required
	readOnly = shape.ReadOnly
	null     = "00000000000000000000"
)

type entries = []shape.Entry

// first and last are the entries that records of generation 1 begin and end with.
func first(f func(string) *record.Field) entries {
	return entries{{Field: f("id"), Use: readOnly}, {Field: f("isActive")}}
}

func last(f func(string) *record.Field) entries {
	return entries{{Field: f("createdTime"), Use: readOnly}, {Field: f("updatedTime"), Use: readOnly}, {Field: f("integrationId")},
		{Field: f("lastSyncTime")}, {Field: f("externalId")}, {Field: f("allowExport")}}
}

// billXML is api-v1 6.6 and 6.7.
func billXML() *shape.Shape {
	b, l := bill.Bills.Must, bill.Lines.Must
	return shape.New("bill", bill.Bills.Type, slices.Concat(first(b), entries{
		{Field: b("vendorId"), Use: required},
		{Field: b("invoiceNumber"), Use: required},
		{Field: b("approvalStatus"), Use: readOnly},
		{Field: b("paymentStatus"), Use: readOnly, Show: map[int64]int64{bill.Pending: bill.Scheduled}},
		{Field: b("amount"), Use: required},
		{Field: b("invoiceDate"), Use: required},
		{Field: b("dueDate"), Use: required},
		{Field: b("glPostingDate")},
		{Field: b("description")},
	}, last(b))...).WithLines("billLineItems", shape.New("billLineItem", bill.Lines.Type, entries{
		{Field: l("id"), Use: readOnly},
		{Field: l("billId"), Use: readOnly},
		{Field: l("amount"), Use: required},
		{Field: l("chartOfAccountId")},
		{Field: l("departmentId")},
		{Field: l("locationId")},
		{Field: l("jobId")},
		{Field: l("customerId")},
		{Field: l("jobBillable")},
		{Field: l("description")},
		{Field: l("createdTime"), Use: readOnly},
		{Field: l("updatedTime"), Use: readOnly},
		{Field: l("integrationId")},
		{Field: l("lastSyncTime")},
		{Field: l("externalId")},
		{Field: l("lineType"), Use: readOnly},
		{Field: l("itemId")},
		{Field: l("quantity")},
		{Field: l("unitPrice"), Scale: 2},
	}...))
}

// departmentXML is api-v1 6.5.
func departmentXML() *shape.Shape {
	d := dimension.Departments.Must
	return shape.New("department", dimension.Departments.Type, slices.Concat(first(d), entries{
		{Field: d("name"), Use: required},
		{Field: d("description")},
		{Path: "parentDepartmentId", Field: d("parentId"), Null: null},
	}, last(d))...)
}

// sums are the totals of a bill's lines of one type, which generation 2 shows in objects of their own.
func sums(path string, lineType int64) entries {
	return entries{
		{Path: path + "/count", Field: record.View(path+"Count", record.Int, func(b *bill.Bill) (n int64) {
			for _, l := range b.Lines {
				if l.LineType == lineType {
					n++
				}
			}
			return n
		})},
		{Path: path + "/totalAmount", Field: record.View(path+"Total", record.Money, func(b *bill.Bill) (sum int64) {
			for _, l := range b.Lines {
				if l.LineType == lineType {
					sum += l.Amount
				}
			}
			return sum
		})},
	}
}

// billJSON is what api-v2 3.3 shows of the facts there are, and one constant of each kind.
func billJSON() *shape.Shape {
	b, l := bill.Bills.Must, bill.Lines.Must
	return shape.New("Bill", bill.Bills.Type, slices.Concat(first(b), entries{
		{Field: b("vendorId"), Use: required},
		{Field: b("invoiceNumber"), Use: required, Max: 21},
		{Field: b("approvalStatus"), Use: readOnly},
		{Field: b("invoiceDate"), Use: required},
		{Field: b("dueDate"), Use: required},
		{Field: b("glPostingDate")},
		{Field: b("amount"), Use: readOnly},
		{Field: b("scheduledAmount"), Use: readOnly},
		{Field: b("paidAmount"), Use: readOnly, Null: "null"},
		{Path: "dueAmount", Field: b("payableAmount")},
		{Field: b("creditAmount"), Use: readOnly},
		{Field: b("paymentStatus"), Use: readOnly},
		{Path: "uiPaymentStatus", Field: b("paymentStatus"), Use: readOnly},
		{Field: b("description")},
		{Field: b("poNumber")},
		{Field: b("createdBy"), Use: readOnly},
		{Field: record.View("multipleBillLineItems", record.Bool, func(b *bill.Bill) bool { return len(b.Lines) > 1 })},
		{Field: record.Fixed("discountStatus", record.Enum, int64(0))},
		{Field: record.Fixed("discountAmount", record.Quantity, money.Decimal{})},
		{Field: record.Fixed("hasAmortizedLines", record.Bool, false)},
		{Field: record.Fixed("apAccountId", record.Ref, ids.Null)},
	}, sums("item", 2), sums("expense", 1), last(b))...).WithLines("billLineItems", shape.New("BillLineItem", bill.Lines.Type, entries{
		{Field: l("id"), Use: readOnly},
		{Field: l("billId"), Use: readOnly},
		{Field: l("amount")},
		{Field: l("chartOfAccountId")},
		{Field: l("departmentId")},
		{Field: l("locationId")},
		{Field: l("jobId")},
		{Field: l("customerId")},
		{Field: l("jobBillable")},
		{Field: l("description")},
		{Field: l("createdTime"), Use: readOnly},
		{Field: l("updatedTime"), Use: readOnly},
		{Path: "lineOrder", Field: l("position")},
		{Field: l("lineType")},
		{Field: l("itemId")},
		{Field: l("quantity")},
		{Field: l("unitPrice"), Scale: 2},
	}...))
}

// departmentJSON is api-v2 3.15.
func departmentJSON() *shape.Shape {
	d := dimension.Departments.Must
	return shape.New("Department", dimension.Departments.Type, slices.Concat(first(d), entries{
		{Field: d("name"), Use: required},
		{Field: d("shortName")},
		{Field: d("description")},
		{Path: "parentDepartmentId", Field: d("parentId")},
		{Field: record.Fixed("mergedIntoId", record.Ref, ids.Null)},
	}, last(d))...)
}

// archived is how generation 3 shows isActive, with the id before it (api-v3 11.1).
func archived(f func(string) *record.Field) entries {
	return entries{{Field: f("id"), Use: readOnly},
		{Path: "archived", Field: f("isActive"), Use: readOnly, Truth: [2]int64{record.Active, record.Inactive}}}
}

// times end a record of generation 3.
func times(f func(string) *record.Field) entries {
	return entries{{Field: f("createdTime"), Use: readOnly}, {Field: f("updatedTime"), Use: readOnly}}
}

// billREST is api-v3 5.3.1 as far as the facts go.
func billREST() *shape.Shape {
	b, l := bill.Bills.Must, bill.Lines.Must
	return shape.New("Bill", bill.Bills.Type, slices.Concat(archived(b), entries{
		{Field: b("vendorId"), Use: required},
		{Path: "vendorName", Field: vendor.Vendors.Must("name"), Via: b("vendorId")},
		{Field: b("description")},
		{Field: b("dueDate"), Use: required},
		{Path: "invoice/invoiceNumber", Aliases: []string{"invoiceNumber"}, Field: b("invoiceNumber"), Use: required},
		{Path: "invoice/invoiceDate", Aliases: []string{"invoiceDate"}, Field: b("invoiceDate"), Use: required},
		{Path: "purchaseOrderNumber", Field: b("poNumber")},
		{Field: b("amount"), Use: readOnly},
		{Field: b("paidAmount"), Use: readOnly},
		{Field: b("scheduledAmount"), Use: readOnly},
		{Field: b("creditAmount"), Use: readOnly},
		{Path: "dueAmount", Field: b("payableAmount")},
		{Field: b("paymentStatus"), Use: readOnly},
		{Field: b("approvalStatus"), Use: readOnly},
	}, times(b))...).WithLines("billLineItems", shape.New("BillLineItem", bill.Lines.Type, entries{
		{Field: l("id"), Use: readOnly},
		{Field: l("amount")},
		{Field: l("quantity")},
		{Path: "price", Field: l("unitPrice")},
		{Field: l("description")},
		{Path: "classifications/chartOfAccountId", Field: l("chartOfAccountId")},
		{Path: "classifications/departmentId", Field: l("departmentId")},
		{Path: "classifications/locationId", Field: l("locationId")},
		{Path: "classifications/jobId", Field: l("jobId")},
		{Path: "classifications/customerId", Field: l("customerId")},
		{Path: "classifications/itemId", Field: l("itemId")},
	}...))
}

// departmentREST is api-v3 5.14; the short name is never trimmed (domain VRT-2).
func departmentREST() *shape.Shape {
	d := dimension.Departments.Must
	return shape.New("departments", dimension.Departments.Type, slices.Concat(archived(d), entries{
		{Field: d("name"), Use: required},
		{Field: d("shortName"), Exact: true},
		{Field: d("description")},
		{Field: d("parentId")},
	}, times(d))...)
}

// accountREST is api-v3 5.14: enum words that a client sends, in an object.
func accountREST() *shape.Shape {
	a := dimension.Accounts.Must
	return shape.New("chartOfAccounts", dimension.Accounts.Type, slices.Concat(archived(a), entries{
		{Field: a("name"), Use: required},
		{Field: a("description")},
		{Field: a("parentId")},
		{Path: "account/type", Field: a("accountType")},
		{Path: "account/number", Field: a("accountNumber")},
	}, times(a))...)
}
