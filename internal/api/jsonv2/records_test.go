package jsonv2_test

import "testing"

func TestV2_042(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.create("Vendor", `{"entity":"Vendor","name":"Harbor Tool Rental"}`)
		t.Log(v.raw)
		d := h.create("Department", `{"name":"Yard","shortName":"Y"}`)
		t.Log(d.raw)
		t.Log(h.ok("List/Department", `{}`).raw)
		t.Log(h.ok("List/ChartOfAccount", `{"filters":[{"field":"name","op":"sw","value":"ACC"}],"sort":[{"field":"name","asc":0}]}`).raw)
		t.Log(h.ok("CurrentTime", ``).raw)
		t.Log(h.ok("GetSessionInfo", ``).raw)
		t.Log(h.ok("GetEntityMetadata", `{"entity":"Bill"}`).raw)
	})
}
