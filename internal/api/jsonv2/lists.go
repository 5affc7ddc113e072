package jsonv2

import (
	"slices"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/record"
)

// lists serves the lists that documents are coded and computed with, beside the dimensions (3.13, 3.15).
func (h *Handler) lists() area {
	items := listEntity(itemShape())
	items.form = func(rec record.Record, _ options) {
		i := rec.(*dimension.Item)
		i.Price, i.PurCost = cents(i.Price), cents(i.PurCost)
	}
	return area{entities: []entity{listEntity(classShape()), listEntity(employeeShape()), listEntity(termShape()), items}}
}

// cents rounds an amount of money as every other one is (1.4). One that is too large to be rounded is left to the room.
func cents(d money.Decimal) money.Decimal {
	if !d.IsSet() {
		return d
	}
	minor, err := money.Multiply(d, money.MustDecimal("1"), 2)
	if err != nil {
		return d
	}
	rounded, err := money.ParseDecimal(money.FormatMinor(minor, 2), 2)
	if err != nil {
		return d
	}
	return rounded
}

// nameFree fails with problem.ErrNameTaken when rec, stored in this transaction as a new record or changed from before,
// takes a name that an active record beside it has (3.15).
func nameFree(tx *db.Tx, t *record.Type, before, rec record.Record) error {
	if rec.Head().Active != record.Active || before != nil && before.Head().Active == record.Active && placeOf(t, before) == placeOf(t, rec) {
		return nil
	}
	taken, err := dimension.NameTaken(tx, t, rec)
	if err == nil && taken {
		err = problem.ErrNameTaken.On("name")
	}
	return err
}

// place is a name below a parent.
type place struct {
	name   string
	parent ids.ID
}

func placeOf(t *record.Type, rec record.Record) place {
	p := place{name: *t.Must("name").At(rec).(*string), parent: ids.Null}
	if t.Parent != nil {
		if id := *t.Parent.At(rec).(*ids.ID); !id.IsNull() {
			p.parent = id
		}
	}
	return p
}

func classShape() *shape.Shape {
	x := fields{dimension.Classes.Type}
	return shape.New("ActgClass", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("name", "name", 100),
		x.opt("shortName", "shortName", 40),
		x.opt("description", "description", 4000),
		x.opt("parentActgClassId", "parentId", 0),
		x.merged(),
	})...)
}

func employeeShape() *shape.Shape {
	x := fields{dimension.Employees.Type}
	return shape.New("Employee", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("name", "name", 100),
		x.opt("shortName", "shortName", 40),
		x.opt("firstName", "firstName", 50),
		x.opt("lastName", "lastName", 50),
		x.opt("accNumber", "accountNumber", 50),
		x.opt("email", "email", 254),
		x.opt("phone", "phone", 30),
		x.opt("description", "description", 4000),
		x.merged(),
	})...)
}

func termShape() *shape.Shape {
	x := fields{dimension.Terms.Type}
	return shape.New("PaymentTerm", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("description", "name", 100),
		x.req("dueDays", "dueDays", 0),
		x.opt("discountDays", "discountDays", 0),
		x.opt("discountPercent", "discountPercent", 0),
		x.opt("allowDefaultVendor", "allowDefaultVendor", 0),
		x.opt("allowDefaultCustomer", "allowDefaultCustomer", 0),
		x.opt("type", "type", 0),
	})...)
}

func itemShape() *shape.Shape {
	x := fields{dimension.Items.Type}
	return shape.New("Item", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("name", "name", 100),
		x.req("type", "type", 0),
		x.opt("description", "description", 4000),
		priced(x.opt("price", "price", 0)),
		x.opt("percentage", "percentage", 0),
		x.opt("parentItemId", "parentId", 0),
		x.shown("hasPurInfo", "hasPurInfo"),
		x.opt("expenseAccount", "expenseAccountId", 0),
		x.opt("purDescription", "purDescription", 4000),
		priced(x.opt("purCost", "purCost", 0)),
		x.opt("chartOfAccountId", "chartOfAccountId", 0),
		x.opt("taxable", "taxable", 0),
		x.opt("shortName", "shortName", 40),
		x.merged(),
	})...)
}
