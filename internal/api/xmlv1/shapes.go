package xmlv1

import (
	"slices"

	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// The shapes of generation 1: closed sets of fields in the order of the DTD (api-v1 section 6).

// fields builds the entries of one type.
type fields struct{ t *record.Type }

func (x fields) entry(path, field string, use shape.Use) shape.Entry {
	return shape.Entry{Path: path, Field: x.t.Must(field), Use: use}
}

// opt is a text that may be left out, of at most max characters.
func (x fields) opt(path, field string, max int) shape.Entry {
	e := x.entry(path, field, shape.Optional)
	e.Max = max
	return e
}

// req is a value that a new record must bring.
func (x fields) req(path, field string, max int) shape.Entry {
	e := x.entry(path, field, shape.Required)
	e.Max = max
	return e
}

// shown is a value the client cannot set.
func (x fields) shown(path, field string) shape.Entry { return x.entry(path, field, shape.ReadOnly) }

// hidden is a value taken and not shown.
func (x fields) hidden(path, field string, max int) shape.Entry {
	e := x.entry(path, field, shape.Hidden)
	e.Max = max
	return e
}

// filtered lets lists be filtered by the value.
func filtered(e shape.Entry) shape.Entry {
	e.Filter = true
	return e
}

// zeros shows an empty reference as twenty zeros, as the DTD's mandatory ids are (2.7).
func zeros(e shape.Entry) shape.Entry {
	e.Null = string(ids.Null)
	return e
}

func (x fields) id() shape.Entry      { return filtered(x.shown("id", "id")) }
func (x fields) active() shape.Entry  { return filtered(x.opt("isActive", "isActive", 0)) }
func (x fields) created() shape.Entry { return filtered(x.shown("createdTime", "createdTime")) }
func (x fields) updated() shape.Entry { return filtered(x.shown("updatedTime", "updatedTime")) }
func (x fields) integration() shape.Entry {
	return filtered(x.opt("integrationId", "integrationId", 100))
}
func (x fields) external() shape.Entry { return filtered(x.opt("externalId", "externalId", 100)) }
func (x fields) synced() shape.Entry   { return filtered(x.opt("lastSyncTime", "lastSyncTime", 0)) }
func (x fields) export() shape.Entry   { return filtered(x.opt("allowExport", "allowExport", 0)) }

// records are the shapes of everything that can be listed.
func records() []*shape.Shape {
	return slices.Concat(payableShapes(), listShapes(), receivableShapes(), receiptShapes(), creditShapes())
}

// payableShapes are what bills are paid by.
func payableShapes() []*shape.Shape {
	return []*shape.Shape{vendorShape(), accountShape(), departmentShape(), jobShape(), locationShape(), billShape(), billPayShape()}
}

func vendorShape() *shape.Shape {
	x := fields{vendor.Vendors.Type}
	return shape.New("vendor", x.t,
		x.id(), x.active(),
		x.opt("vendor_id", "shortName", 20),
		x.req("name", "name", 100),
		x.opt("taxId", "taxId", 16),
		filtered(x.opt("track1099", "track1099", 0)),
		x.opt("email", "email", 100),
		x.opt("fax", "fax", 40),
		x.opt("phone", "phone", 40),
		x.opt("address1", "address1", 500),
		x.opt("address2", "address2", 500),
		x.hidden("address3", "address3", 500),
		x.hidden("address4", "address4", 500),
		x.opt("addressCity", "city", 255),
		x.opt("addressState", "region", 255),
		x.opt("addressZip", "zip", 20),
		x.opt("addressCountry", "country", 255),
		x.opt("nameOnCheck", "nameOnCheck", 250),
		x.opt("accNumber", "accountNumber", 100),
		x.opt("description", "description", 4000),
		x.created(), x.updated(), x.integration(), x.synced(), x.external(), x.export(),
	)
}

func accountShape() *shape.Shape {
	x := fields{dimension.Accounts.Type}
	return shape.New("chartOfAccount", x.t,
		x.id(), x.active(),
		x.req("name", "name", 250),
		x.opt("accountNumber", "accountNumber", 40),
		filtered(x.req("accountType", "accountType", 0)),
		x.opt("description", "description", 4000),
		filtered(zeros(x.opt("parentChartOfAccountId", "parentId", 0))),
		x.created(), x.updated(), x.integration(), x.synced(), x.external(), x.export(),
	)
}

func departmentShape() *shape.Shape {
	x := fields{dimension.Departments.Type}
	return shape.New("department", x.t,
		x.id(), x.active(),
		x.req("name", "name", 100),
		x.opt("description", "description", 4000),
		filtered(zeros(x.opt("parentDepartmentId", "parentId", 0))),
		x.created(), x.updated(), x.integration(), x.synced(), x.external(), x.export(),
	)
}

func jobShape() *shape.Shape {
	x := fields{dimension.Jobs.Type}
	return shape.New("job", x.t,
		x.id(), x.active(),
		x.req("name", "name", 100),
		x.opt("description", "description", 4000),
		filtered(zeros(x.opt("parentJobId", "parentId", 0))),
		x.created(), x.updated(), x.integration(), x.synced(), x.external(), x.export(),
	)
}

func locationShape() *shape.Shape {
	x := fields{dimension.Locations.Type}
	return shape.New("location", x.t,
		x.id(), x.active(),
		x.req("name", "name", 100),
		x.opt("shortName", "shortName", 20),
		x.opt("description", "description", 4000),
		filtered(zeros(x.opt("parentLocationId", "parentId", 0))),
		x.created(), x.updated(), x.integration(), x.synced(), x.external(), x.export(),
	)
}

func billShape() *shape.Shape {
	x, l := fields{bill.Bills.Type}, fields{bill.Lines.Type}
	payStatus := filtered(x.shown("paymentStatus", "paymentStatus"))
	payStatus.Show = map[int64]int64{bill.Pending: bill.Scheduled}
	s := shape.New("bill", x.t,
		x.id(), x.active(),
		filtered(x.req("vendorId", "vendorId", 0)),
		x.req("invoiceNumber", "invoiceNumber", 100),
		filtered(x.shown("approvalStatus", "approvalStatus")),
		payStatus,
		x.req("amount", "amount", 0),
		filtered(x.req("invoiceDate", "invoiceDate", 0)),
		filtered(x.req("dueDate", "dueDate", 0)),
		filtered(x.opt("glPostingDate", "glPostingDate", 0)),
		x.opt("description", "description", 4000),
		x.created(), x.updated(), x.integration(), x.synced(), x.external(), x.export(),
	)
	quantity := l.opt("quantity", "quantity", 0)
	price := l.opt("unitPrice", "unitPrice", 0)
	price.Scale = 2
	s.WithLines("billLineItems", shape.New("billLineItem", l.t,
		l.shown("id", "id"),
		l.shown("billId", "billId"),
		l.req("amount", "amount", 0),
		l.opt("chartOfAccountId", "chartOfAccountId", 0),
		l.opt("departmentId", "departmentId", 0),
		l.opt("locationId", "locationId", 0),
		l.opt("jobId", "jobId", 0),
		l.opt("customerId", "customerId", 0),
		l.opt("jobBillable", "jobBillable", 0),
		l.opt("description", "description", 4000),
		l.shown("createdTime", "createdTime"),
		l.shown("updatedTime", "updatedTime"),
		l.opt("integrationId", "integrationId", 100),
		l.opt("lastSyncTime", "lastSyncTime", 0),
		l.opt("externalId", "externalId", 100),
		l.shown("lineType", "lineType"),
		l.opt("itemId", "itemId", 0),
		quantity, price,
	))
	// Our extension: bills by what a line is coded to (spec/README 16).
	s.Also = []shape.Entry{l.opt("departmentId", "departmentId", 0), l.opt("jobId", "jobId", 0),
		l.opt("locationId", "locationId", 0), l.opt("customerId", "customerId", 0)}
	return s
}

func billPayShape() *shape.Shape {
	x := fields{payment.BillPays.Type}
	status := filtered(x.shown("paymentStatus", "paymentStatus"))
	status.Show = map[int64]int64{0: 1, 5: 2} // approving and escheated are not known here (6.9)
	return shape.New("billpay", x.t,
		x.id(),
		filtered(zeros(x.shown("billId", "billId"))),
		x.shown("name", "name"),
		x.shown("amount", "amount"),
		status,
		x.shown("description", "description"),
		filtered(x.shown("billPayProcessDate", "processDate")),
		x.shown("txnNumber", "txnNumber"),
		x.created(), x.updated(), x.integration(), x.synced(),
		filtered(x.shown("paymentType", "paymentType")),
		x.shown("syncReference", "syncReference"),
		filtered(x.shown("toPrintCheck", "toPrintCheck")),
		filtered(zeros(x.shown("chartOfAccountId", "chartOfAccountId"))),
		x.external(), x.export(),
	)
}
