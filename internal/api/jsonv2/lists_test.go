package jsonv2_test

import (
	"fmt"
	"slices"
	"testing"
)

func TestLists(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		for _, c := range []struct{ entity, name, more, parent string }{
			{"ActgClass", "name", "", "parentActgClassId"}, {"Department", "name", "", "parentDepartmentId"}, {"Location", "name", "", "parentLocationId"},
			{"Job", "name", "", "parentJobId"}, {"Employee", "name", "", ""}, {"PaymentTerm", "description", `,"dueDays":0`, ""},
			{"Item", "name", `,"type":"1"`, "parentItemId"}, {"ChartOfAccount", "name", `,"accountType":"7"`, "parentChartOfAccountId"},
		} {
			h.run("3.15 "+c.entity, func(h *house) {
				object := func(name, more string) string { return fmt.Sprintf(`{%q:%q%s%s}`, c.name, name, c.more, more) }
				a := h.create(c.entity, object("North", ""))
				id := a.text("id")
				if a.text("isActive") != "1" || a.text("createdTime") != a.text("updatedTime") || c.entity != "PaymentTerm" && a.text("mergedIntoId") != null {
					h.t.Errorf("%s", a.raw)
				}
				create := "Crud/Create/" + c.entity
				h.refused(create, `{"obj":`+object("North", "")+`}`, "BDC_9102", c.name)
				h.refused(create, `{"obj":{"description":"x"}}`, "BDC_1117")
				other := h.made(c.entity, object("South", ""))
				h.refused("Crud/Update/"+c.entity, fmt.Sprintf(`{"obj":{"id":%q,%q:"North"}}`, other, c.name), "BDC_9102", c.name)
				h.ok("Crud/Delete/"+c.entity, `{"id":"`+other+`"}`)
				h.ok("Crud/Update/"+c.entity, fmt.Sprintf(`{"obj":{"id":%q,%q:"North"}}`, other, c.name))
				h.refused("Crud/Undelete/"+c.entity, `{"id":"`+other+`"}`, "BDC_9102", c.name)
				h.ok("Crud/Update/"+c.entity, fmt.Sprintf(`{"obj":{"id":%q,%q:"North"}}`, id, c.name))
				if c.parent == "" {
					return
				}
				child := h.create(c.entity, object("North", `,"`+c.parent+`":"`+id+`"`))
				if child.text(c.parent) != id {
					h.t.Errorf("3.15: the same name below another parent: %s", child.raw)
				}
				h.refused("Crud/Update/"+c.entity, fmt.Sprintf(`{"obj":{"id":%q,%q:%q}}`, id, c.parent, child.text("id")), "BDC_1143", c.parent)
				if rows := h.list(c.entity, c.parent, "=", `"`+id+`"`); len(rows) != 1 {
					h.t.Errorf("%d below the parent", len(rows))
				}
			})
		}
		h.run("3.15 PaymentTerm", func(h *house) {
			a := h.create("PaymentTerm", `{"description":"2/10 Net 45","dueDays":"45","discountDays":10,"discountPercent":2,"type":0,"allowDefaultVendor":true}`)
			for name, want := range map[string]string{"dueDays": "45", "discountDays": "10", "discountPercent": "2", "type": "0",
				"allowDefaultVendor": "true", "allowDefaultCustomer": "false"} {
				if got := a.text(name); got != want {
					h.t.Errorf("%s %q, want %q", name, got, want)
				}
			}
			h.refused("Crud/Create/PaymentTerm", `{"obj":{"description":"Day 40","dueDays":40,"type":1}}`, "BDC_1143", "dueDays")
			h.refused("Crud/Create/PaymentTerm", `{"obj":{"description":"t"}}`, "BDC_1117", "dueDays")
		})
		h.run("3.13 Item", func(h *house) {
			create := "Crud/Create/Item"
			h.refused(create, `{"obj":{"name":"Tax","type":"6"}}`, "BDC_1117", "percentage")
			h.refused(create, `{"obj":{"name":"x","type":"0"}}`, "BDC_1143", "type")
			h.refused(create, `{"obj":{"name":"x","type":"13"}}`, "BDC_1119", "type, 13")
			h.refused(create, `{"obj":{"name":"x","type":1,"price":1,"percentage":2}}`, "BDC_1143", "price")
			account := h.made("ChartOfAccount", `{"name":"Purchases","accountType":"7"}`)
			a := h.create("Item", `{"name":"Bolts","type":"3","price":12.345,"purCost":"7","expenseAccount":"`+account+`","taxable":true}`)
			for name, want := range map[string]string{"price": "12.35", "purCost": "7.00", "hasPurInfo": "true", "percentage": "null", "taxable": "true",
				"chartOfAccountId": null, "description": "null"} {
				if got := a.text(name); got != want {
					h.t.Errorf("%s %q, want %q: %s", name, got, want, a.raw)
				}
			}
			if got := column(h.list("Item", "type", "in", `"3,6"`), "name"); !slices.Equal(got, []string{"Bolts"}) {
				h.t.Errorf("items %v", got)
			}
		})
		h.run("2.7 who may", func(h *house) {
			h.as("clerk").refused("Crud/Create/ActgClass", `{"obj":{"name":"c"}}`, "BDC_9006")
		})
	})
}
