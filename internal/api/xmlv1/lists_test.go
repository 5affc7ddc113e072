package xmlv1_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/ids"
)

func TestItems(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		income := h.made(create("chartOfAccount", "name", "Services", "accountType", "9"))
		cost := h.made(create("chartOfAccount", "name", "Purchases", "accountType", "7"))
		h.run("V1-064 sales tax needs its percentage", func(h *house) {
			h.refused(create("item", "type", "6", "name", "County tax"), "BDCE009", "percentage")
			h.refused(create("item", "type", "6", "name", "County tax", "price", "1"), "BDCE009", "percentage")
			tax := h.one("item", h.made(create("item", "type", "6", "name", "County tax", "price", "1", "percentage", "8.25000")))
			if tax.child("percentage") != "8.25" || tax.child("price") != "" {
				h.t.Errorf("%+v", tax)
			}
			h.refused(update("item", "id", tax.child("id"), "percentage", ""), "BDCE009", "percentage")
		})
		h.run("5.2 what an item takes", func(h *house) {
			h.refused(create("item"), "BDCE009", "type, name")
			h.refused(create("item", "type", "0", "name", "i"), "BDCE040", "type")
			h.refused(create("item", "type", "13", "name", "i"), "BDCE040", "type")
			h.refused(create("item", "type", "1", "name", "i", "price", "1", "percentage", "1"), "BDCE040", "price, percentage")
			h.refused(create("item", "type", "1", "name", "i", "price", "1.005"), "BDCE040", "price")
			h.refused(create("item", "type", "1", "name", "i", "price", "10000000"), "BDCE048", "price")
			h.refused(create("item", "type", "5", "name", "i", "percentage", "1.000001"), "BDCE040", "percentage")
			h.refused(create("item", "type", "1", "name", "i", "chartOfAccountId", string(ids.New(ids.Account))), "BDCE007", "chartOfAccountId")
			h.refused(create("item", "type", "1", "name", "i", "expenseAccount", income[:19]+"?"), "BDCE049", "expenseAccount")
		})
		h.run("6.3 the record", func(h *house) {
			parent := h.made(create("item", "type", "1", "name", "Design"))
			id := h.made(create("item", "type", "3", "name", "Bolts", "chartOfAccountId", income, "description", "M8", "price", "12.5",
				"parentItemId", parent, "expenseAccount", cost, "purDescription", "box of 100", "purCost", "-7", "taxable", "1", "shortName", "B8",
				"hasPurInfo", "0"))
			e := h.one("item", id)
			want := []string{"id", "isActive", "type", "name", "chartOfAccountId", "description", "price", "parentItemId", "createdTime", "updatedTime",
				"allowExport", "hasPurInfo", "expenseAccount", "purDescription", "purCost", "taxable", "shortName"}
			if !slices.Equal(e.names(), want) {
				h.t.Errorf("elements %v\nwant     %v", e.names(), want)
			}
			for name, want := range map[string]string{"price": "12.50", "purCost": "-7.00", "hasPurInfo": "1", "taxable": "1", "parentItemId": parent} {
				if got := e.child(name); got != want {
					h.t.Errorf("%s %q, want %q", name, got, want)
				}
			}
			h.refused(update("item", "id", parent, "parentItemId", id), "BDCE040", "parentItemId")
			h.made(update("item", "id", id, "expenseAccount", ""))
			if got := h.one("item", id).child("hasPurInfo"); got != "0" {
				h.t.Errorf("hasPurInfo %q without an expense account", got)
			}
		})
		h.run("7.2 filters", func(h *house) {
			for _, c := range []struct {
				field, value string
				want         int
			}{{"type", "6", 1}, {"chartOfAccountId", income, 1}, {"taxable", "1", 1}, {"hasPurInfo", "1", 0}} {
				if got := h.list("ITEM", c.field, "=", c.value); len(got) != c.want {
					h.t.Errorf("%s %s: %d items, want %d", c.field, c.value, len(got), c.want)
				}
			}
		})
		h.run("5.3 a bill line names an item", func(h *house) {
			item := h.made(create("item", "type", "1", "name", "Work"))
			v := h.made(create("vendor", "name", "V"))
			id := h.made(strings.Replace(newBill(v, "i1", "5", "5"), "</billLineItem>", tag("itemId", item)+"</billLineItem>", 1))
			line := h.one("bill", id).find("billLineItem")
			if line.child("itemId") != item || line.child("lineType") != "2" {
				h.t.Errorf("%+v", line)
			}
		})
	})
}
