package xmlv1

import (
	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/record"
)

// creditShapes are vendor credits.
func creditShapes() []*shape.Shape {
	x, l := fields{credit.Credits.Type}, fields{credit.Lines.Type}
	also := func(e shape.Entry, alias string) shape.Entry {
		e.Aliases = []string{alias} // some clients use the words of bills (5.4)
		return e
	}
	s := shape.New("vendorCredit", x.t,
		x.id(), x.active(),
		filtered(x.req("vendorId", "vendorId", 0)),
		also(x.req("refNumber", "refNumber", 100), "invoiceNumber"),
		filtered(x.shown("approvalStatus", "approvalStatus")),
		filtered(x.shown("creditStatus", "creditStatus")),
		x.req("amount", "amount", 0),
		filtered(also(x.req("creditDate", "creditDate", 0), "invoiceDate")),
		filtered(x.opt("glPostingDate", "glPostingDate", 0)),
		x.opt("description", "description", 4000),
		x.created(), x.updated(), x.integration(), x.synced(), x.external(), x.export(),
	)
	s.WithLines("vendorCreditLineItems", shape.New("vendorCreditLineItem", l.t,
		l.shown("id", "id"),
		l.shown("vendorCreditId", "vendorCreditId"),
		l.req("amount", "amount", 0),
		l.opt("chartOfAccountId", "chartOfAccountId", 0),
		l.opt("departmentId", "departmentId", 0),
		l.opt("locationId", "locationId", 0),
		l.opt("jobId", "jobId", 0),
		l.opt("jobBillable", "jobBillable", 0),
		l.opt("description", "description", 4000),
		l.shown("createdTime", "createdTime"),
		l.shown("updatedTime", "updatedTime"),
		l.opt("integrationId", "integrationId", 100),
		l.opt("lastSyncTime", "lastSyncTime", 0),
		l.opt("externalId", "externalId", 100),
	))
	return []*shape.Shape{s}
}

// creditOperations serve vendor credits. A reference number that repeats is taken and flagged, as generation 1 knows no
// refusal of it (spec/README 3).
func (h *Handler) creditOperations() map[string]operation {
	return map[string]operation{
		"create_vendorcredit": h.create("vendorcredit", func(tx *db.Tx, r record.Record) error {
			return credit.Create(tx, r.(*credit.Credit), true)
		}),
	}
}
