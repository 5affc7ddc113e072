package jsonv2

import (
	"slices"

	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// dimensions serves what documents are coded to (3.14, 3.15).
func (h *Handler) dimensions() area {
	return area{entities: []entity{
		listEntity(accountShape()), listEntity(departmentShape()), listEntity(locationShape()), listEntity(jobShape()),
	}}
}

// listEntity is an entity that is one of the lists of package dimension.
func listEntity(s *shape.Shape) entity {
	return entity{
		shape: s, ops: crud, view: db.Of(org.ViewBills), manage: db.Of(org.ManageLists),
		create: func(tx *db.Tx, rec record.Record, _ options) error {
			if err := dimension.Create(tx, s.Type, rec); err != nil {
				return err
			}
			return nameFree(tx, s.Type, nil, rec)
		},
		update: func(tx *db.Tx, before, after record.Record, _ options) error {
			if err := dimension.Update(tx, s.Type, before, after); err != nil {
				return err
			}
			return nameFree(tx, s.Type, before, after)
		},
	}
}

// merged is mergedIntoId: nothing is merged here.
func (x fields) merged() shape.Entry {
	return shape.Entry{Path: "mergedIntoId", Field: record.Fixed("mergedIntoId", record.Ref, ids.Null)}
}

func accountShape() *shape.Shape {
	x := fields{dimension.Accounts.Type}
	return shape.New("ChartOfAccount", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("name", "name", 100),
		x.req("accountType", "accountType", 0),
		x.opt("accountNumber", "accountNumber", 50),
		x.opt("description", "description", 4000),
		x.opt("parentChartOfAccountId", "parentId", 0),
		x.merged(),
	})...)
}

func departmentShape() *shape.Shape {
	x := fields{dimension.Departments.Type}
	return shape.New("Department", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("name", "name", 100),
		x.opt("shortName", "shortName", 40),
		x.opt("description", "description", 4000),
		x.opt("parentDepartmentId", "parentId", 0),
		x.merged(),
	})...)
}

func locationShape() *shape.Shape {
	x := fields{dimension.Locations.Type}
	return shape.New("Location", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("name", "name", 100),
		x.opt("shortName", "shortName", 40),
		x.opt("description", "description", 4000),
		x.opt("parentLocationId", "parentId", 0),
		x.merged(),
	})...)
}

func jobShape() *shape.Shape {
	x := fields{dimension.Jobs.Type}
	return shape.New("Job", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("name", "name", 100),
		x.opt("shortName", "shortName", 40),
		x.opt("description", "description", 4000),
		x.opt("parentJobId", "parentId", 0),
		x.opt("customerId", "customerId", 0),
		x.merged(),
	})...)
}
