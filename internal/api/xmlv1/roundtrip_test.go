package xmlv1_test

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// The texts that have gone wrong before, and some random ones.
func someText(max int) *rapid.Generator[string] {
	return rapid.Map(rapid.OneOf(
		rapid.SampledFrom([]string{"", "x", "Café Łódź", "株式会社", "a & b <c> \"d\" ]]>", "0", "00", "true", "line\nbreak", "tab\there", "𝕏", "&amp;", "1e3", "00000000000000000000"}),
		rapid.StringN(0, max, -1),
	), func(s string) string {
		if r := []rune(s); len(r) > max {
			return string(r[:max])
		}
		return s
	})
}

// fieldsOf draws some of the named fields. A generator of nil means any text of the length.
func fieldsOf(r *rapid.T, of map[string]*rapid.Generator[string], order []string) (pairs []string) {
	for _, name := range order {
		if g := of[name]; rapid.Bool().Draw(r, "has "+name) {
			pairs = append(pairs, name, clean(g.Draw(r, name)))
		}
	}
	return pairs
}

// clean drops what XML cannot carry.
func clean(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' && c != '\t' && c != '\n' || c == 0xFFFE || c == 0xFFFF || c == 0xFFFD {
			return -1
		}
		return c
	}, s)
}

func roundTrip(h *house) {
	flag := rapid.SampledFrom([]string{"0", "1", "true", ""})
	instant := rapid.Custom(func(r *rapid.T) string {
		return fmt.Sprintf("%02d/%02d/%d %02d:%02d:%02d", rapid.IntRange(1, 12).Draw(r, "month"), rapid.IntRange(1, 28).Draw(r, "day"), rapid.IntRange(1971, 2099).Draw(r, "year"),
			rapid.IntRange(0, 23).Draw(r, "hour"), rapid.IntRange(0, 59).Draw(r, "minute"), rapid.IntRange(0, 59).Draw(r, "second"))
	})
	// Marks that a sync client sets itself, and what else a record has.
	marks := map[string]*rapid.Generator[string]{"integrationId": someText(100), "lastSyncTime": instant, "allowExport": flag}
	vendors := map[string]*rapid.Generator[string]{"vendor_id": someText(20), "taxId": someText(16), "track1099": flag, "email": rapid.SampledFrom([]string{"", "a@b.example"}),
		"fax": someText(40), "phone": someText(40), "address1": someText(60), "address2": someText(60), "address3": someText(60), "addressCity": someText(60), "addressState": someText(60),
		"addressZip": someText(20), "addressCountry": someText(60), "nameOnCheck": someText(60), "accNumber": someText(60), "description": someText(300)}
	for k, v := range marks {
		vendors[k] = v
	}
	order := []string{"integrationId", "lastSyncTime", "allowExport"}
	vendorOrder := append([]string{"vendor_id", "taxId", "track1099", "email", "fax", "phone", "address1", "address2", "address3", "addressCity", "addressState", "addressZip",
		"addressCountry", "nameOnCheck", "accNumber", "description"}, order...)
	parents := map[string][]string{"department": {""}, "job": {""}, "location": {""}, "chartOfAccount": {""}}
	up := map[string]string{"chartOfAccount": "parentChartOfAccountId", "department": "parentDepartmentId", "job": "parentJobId", "location": "parentLocationId"}
	h.t.Helper()
	rapid.Check(h.t.(rapid.TB), func(r *rapid.T) {
		object := rapid.SampledFrom([]string{"vendor", "department", "job", "location", "chartOfAccount"}).Draw(r, "object")
		pairs := []string{"name", "n" + clean(someText(60).Draw(r, "name"))}
		switch object {
		case "vendor":
			pairs = append(pairs, fieldsOf(r, vendors, vendorOrder)...)
		default:
			pairs = append(pairs, fieldsOf(r, marks, order)...)
			pairs = append(pairs, "description", clean(someText(300).Draw(r, "description")), up[object], rapid.SampledFrom(parents[object]).Draw(r, "parent"))
			if object == "chartOfAccount" {
				pairs = append(pairs, "accountType", fmt.Sprint(rapid.IntRange(0, 16).Draw(r, "accountType")), "accountNumber", clean(someText(40).Draw(r, "number")))
			}
		}
		id := h.made(create(object, pairs...))
		if rapid.Bool().Draw(r, "inactive") {
			h.made(update(object, "id", id, "isActive", "2"))
		} else if object != "vendor" && len(parents[object]) < 8 {
			parents[object] = append(parents[object], id)
		}
		version := rapid.SampledFrom([]string{"1.0", "1.1"}).Draw(r, "version")
		o := *h
		o.version = version
		row := o.one(object, id)
		h.store.Clock.Advance(time.Minute)
		var back strings.Builder
		for _, c := range row.Children {
			back.WriteString(tag(c.XMLName.Local, c.Text))
		}
		lower := strings.ToLower(object)
		o.made("<update_" + lower + "><" + object + ">" + back.String() + "</" + object + "></update_" + lower + ">")
		if after := o.one(object, id); fmt.Sprint(after) != fmt.Sprint(row) {
			r.Errorf("%v\nwas\n%v", after, row)
		}
		want := int64(1) // its creation, and that it was made inactive
		if row.child("isActive") == "2" {
			want++
		}
		if n := h.auditEvents(id); n != want {
			r.Errorf("%d audit events, want %d: posting back left one", n, want)
		}
	})
}
