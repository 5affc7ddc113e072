package xmlv1_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
)

func TestValues(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		v := h.made(create("vendor", "name", "Harbor Tool Rental"))
		dated := func(field, value string) string {
			return strings.Replace(newBill(v, "d", "5"), "<"+field+">10/31/12<", "<"+field+">"+value+"<", 1)
		}
		h.run("V1-045 forms of a date", func(h *house) {
			for _, s := range []string{"10/01/12", "10/1/2012", "2012-10-01", "10-01-12", "10-1-2012", " 10/01/2012 ", "<![CDATA[10/01/12]]>"} {
				if got := h.one("bill", h.made(dated("dueDate", s))).child("dueDate"); got != "10/01/12" {
					h.t.Errorf("%s: %s", s, got)
				}
			}
		})
		h.run("V1-046 no dates", func(h *house) {
			for _, s := range []string{"13/01/12", "02/30/2012", "02/29/2013", "tomorrow", "10/01", "10/01/123", "10/01-12", "0/1/12", "10/00/12", "2012-13-01", "10/01/12 x", "１０/01/12", "-1/1/12"} {
				h.refused(dated("dueDate", s), "BDCE049", "dueDate")
			}
			h.refused(strings.ReplaceAll(dated("dueDate", "x"), "10/01/12", "y"), "BDCE049", "invoiceDate, dueDate")
		})
		h.run("V1-047 years of two digits", func(h *house) { // today is 11/23/2026
			for s, want := range map[string]string{"11/23/46": "2046-11-23", "11/24/46": "1946-11-24", "01/01/47": "1947-01-01", "11/23/47": "1947-11-23", "12/31/99": "1999-12-31", "01/01/00": "2000-01-01"} {
				id := h.made(dated("dueDate", s))
				if n := len(h.list("bill", "id", "=", id, "dueDate", "=", want)); n != 1 {
					h.t.Errorf("%s is not %s", s, want)
				}
			}
		})
		h.run("V1-048 amounts", func(h *house) {
			for s, want := range map[string]string{"25.0": "25.00", "12.5": "12.50", "25": "25.00", "25.00": "25.00", ".5": "0.50", "5.": "5.00", "5.100": "5.10", "00012": "12.00",
				"999999999.99": "999999999.99", "-0": "0.00"} {
				if got := h.one("bill", h.made(newBill(v, "a", s))).child("amount"); got != want {
					h.t.Errorf("%s: %s, want %s", s, got, want)
				}
			}
			for _, s := range []string{"1e3", "$5", "1,000", "5.001", "+5", "5.0.0", "--5", "five", "0x5", "5 0", ".", "-", "Infinity", "NaN", "５"} {
				h.refused(newBill(v, "a", s), "BDCE040", "amount")
			}
			for _, s := range []string{"1000000000", "-1000000000.00", "9223372036854775808", strings.Repeat("9", 400)} {
				h.refused(newBill(v, "a", s), "BDCE048", "amount")
			}
			quantity := func(q, p string) string {
				return strings.Replace(newBill(v, "q", "5", "5"), "</billLineItem>", tags("quantity", q, "unitPrice", p)+"</billLineItem>", 1)
			}
			l := h.one("bill", h.made(quantity("2.500", "0.123456"))).find("billLineItem")
			if l.child("quantity") != "2.5" || l.child("unitPrice") != "0.123456" || l.child("amount") != "5.00" {
				h.t.Errorf("quantity %s, price %s, amount %s", l.child("quantity"), l.child("unitPrice"), l.child("amount"))
			}
			if l := h.one("bill", h.made(quantity("3", "2"))).find("billLineItem"); l.child("unitPrice") != "2.00" || l.child("quantity") != "3" {
				h.t.Errorf("quantity %s, price %s", l.child("quantity"), l.child("unitPrice"))
			}
			h.refused(quantity("0.1234567", "1"), "BDCE040", "quantity")
			h.refused(quantity("1", "1e1"), "BDCE040", "unitPrice")
		})
		h.run("V1-049 booleans and enums", func(h *house) {
			for s, want := range map[string]string{"1": "1", "true": "1", "True": "1", "TRUE": "1", "0": "0", "false": "0", "False": "0"} {
				if got := h.one("vendor", h.made(create("vendor", "name", "b", "track1099", s))).child("track1099"); got != want {
					h.t.Errorf("%s: %s", s, got)
				}
			}
			for _, s := range []string{"yes", "2", "-1", "on", "t", "01"} {
				h.refused(create("vendor", "name", "b", "track1099", s), "BDCE040", "track1099")
			}
			for _, s := range []string{"3", "0", "-1", "+1", "active", "1.0", "99999999999999999999"} {
				h.refused(update("vendor", "id", v, "isActive", s), "BDCE040", "isActive")
			}
		})
		h.run("V1-050 lengths are characters", func(h *house) {
			for _, c := range []string{"x", "株", "𝕏"} {
				id := h.made(create("vendor", "name", strings.Repeat(c, 100)))
				if got := h.one("vendor", id).child("name"); got != strings.Repeat(c, 100) {
					h.t.Errorf("%s: %q", c, got)
				}
				h.refused(create("vendor", "name", strings.Repeat(c, 101)), "BDCE048", "name")
			}
			for field, max := range map[string]int{"vendor_id": 20, "taxId": 16, "fax": 40, "phone": 40, "address1": 500, "address4": 500, "addressCity": 255, "addressState": 255,
				"addressZip": 20, "addressCountry": 255, "nameOnCheck": 250, "accNumber": 100, "description": 4000, "integrationId": 100, "externalId": 100} {
				h.made(create("vendor", "name", "l", field, strings.Repeat("y", max)))
				h.refused(create("vendor", "name", "l", field, strings.Repeat("z", max+1)), "BDCE048", field)
			}
		})
		h.run("V1-051 ids", func(h *house) {
			b := h.other()
			d := h.made(create("department", "name", "d"))
			theirs := b.made(create("department", "name", "d"))
			parent := func(id string) string { return create("department", "name", "c", "parentDepartmentId", id) }
			for _, s := range []string{d[:19], d + "x", "x", strings.Repeat("é", 20), d[:19] + "!", d[:19] + " x"} {
				h.refused(parent(s), "BDCE049", "parentDepartmentId")
				h.refused(update("department", "id", s), "BDCE049", "id")
			}
			for _, s := range []string{string(ids.New(ids.Department)), theirs, v, strings.ToUpper(d[:3]) + "01AAAAAAAAAA00000"} {
				h.refused(parent(s), "BDCE007", "parentDepartmentId")
				h.refused(update("department", "id", s, "name", "stolen"), "BDCE007", "id")
			}
			if got := b.one("department", theirs).child("name"); got != "d" {
				h.t.Errorf("theirs is called %q", got)
			}
			h.made(parent(d))
		})
		h.run("V1-052 twenty zeros are none", func(h *house) {
			bill := h.made(strings.Replace(newBill(v, "z", "5", "5"), "</billLineItem>", tags("departmentId", string(ids.Null), "itemId", string(ids.Null))+"</billLineItem>", 1))
			if l := h.one("bill", bill).find("billLineItem"); l.child("departmentId") != "" || l.child("lineType") != "1" {
				h.t.Errorf("line %+v", l)
			}
			h.refused(newBill(string(ids.Null), "z", "5"), "BDCE009", "vendorId")
			h.refused(update("vendor", "id", string(ids.Null)), "BDCE009", "id")
		})
		h.run("V1-053 what is none", func(h *house) {
			d := h.one("department", h.made(create("department", "name", "d")))
			if d.child("parentDepartmentId") != string(ids.Null) || d.find("description") != nil {
				h.t.Errorf("%+v", d)
			}
			for _, object := range []string{"vendor", "bill", "department", "job", "location", "chartofaccount", "billpay", "org_info", "orgdetail"} {
				h.op(`<get_list object="` + object + `"/>`) // and the harness looks for empty elements
			}
		})
		h.run("V1-054 the hour that comes twice, and the one that is left out", func(h *house) {
			for in, want := range map[string]string{
				"11/04/2012 01:30:00": "11/04/12 08:30 AM", // the earlier one, PDT
				"11/04/2012 00:59:59": "11/04/12 07:59 AM", "11/04/2012 02:00:00": "11/04/12 10:00 AM",
				"03/11/2012 02:30:00": "03/11/12 10:30 AM", // 03:30 PDT
				"03/11/2012 01:59:00": "03/11/12 09:59 AM", "03/11/2012 03:00:00": "03/11/12 10:00 AM",
			} {
				id := h.made(update("vendor", "id", v, "lastSyncTime", in))
				o := *h
				o.version = "1.1"
				if got := o.one("vendor", id).child("lastSyncTime"); got != want {
					h.t.Errorf("%s: %s, want %s", in, got, want)
				}
			}
		})
		h.run("2.3 forms of a date-time", func(h *house) {
			for in, want := range map[string]string{ // all of them in Pacific time, shown in it
				"09/18/2012 15:27:08": "09/18/12 03:27 PM", "09/18/12 03:27 PM": "09/18/12 03:27 PM", "9/18/12 3:27 pm": "09/18/12 03:27 PM",
				"09/18/2012 15:27": "09/18/12 03:27 PM", "09/18/12 03:27:59 PM": "09/18/12 03:27 PM", "2012-09-18T15:27:08": "09/18/12 03:27 PM",
				"2012-09-18T15:27:08.123": "09/18/12 03:27 PM", "2012-09-18T22:27:08Z": "09/18/12 03:27 PM", "2012-09-18T22:27:08GMT": "09/18/12 03:27 PM",
				"2012-09-18T15:27:08PDT": "09/18/12 03:27 PM", "2012-09-18T14:27:08PST": "09/18/12 03:27 PM", "2012-09-19T00:27:08+02:00": "09/18/12 03:27 PM",
				"2012-09-18T22:27:08 UTC": "09/18/12 03:27 PM", "09/18/12": "09/18/12 12:00 AM", "2012-09-18": "09/18/12 12:00 AM", "09/18/12 12:00 PM": "09/18/12 12:00 PM", "09/18/12 12:05 AM": "09/18/12 12:05 AM",
			} {
				if got := h.one("vendor", h.made(update("vendor", "id", v, "lastSyncTime", in))).child("lastSyncTime"); got != want {
					h.t.Errorf("%s: %s, want %s", in, got, want)
				}
			}
			for _, in := range []string{"09/18/2012 25:00:00", "09/18/12 13:00 PM", "09/18/12 00:10 AM", "now", "09/18/12 10", "09/18/12 10:60", "09/31/12 10:00", "2012-09-18T10:00:00+25:00",
				"2012-09-18T10:00:00.", "2012-09-18T", "09/18/12 10:00 XM", "09/18/12 10:00 CET"} {
				h.refused(update("vendor", "id", v, "lastSyncTime", in), "BDCE049", "lastSyncTime")
			}
		})
		h.run("V1-091 1.0 and 1.1", func(h *house) {
			id := h.made(update("vendor", "id", v, "lastSyncTime", "01/15/2013 20:00:00"))
			o := *h
			o.version = "1.1"
			if a, b := h.one("vendor", id).child("lastSyncTime"), o.one("vendor", id).child("lastSyncTime"); a != "01/15/13 08:00 PM" || b != "01/16/13 04:00 AM" {
				h.t.Errorf("1.0 %s, 1.1 %s", a, b)
			}
			for _, c := range []struct {
				h        *house
				from, to string
			}{{h, "01/15/13 08:00 PM", "01/15/13 08:01 PM"}, {&o, "01/16/13 04:00 AM", "01/16/13 04:01 AM"}} {
				if n := len(c.h.list("vendor", "lastSyncTime", ">=", c.from, "lastSyncTime", "<", c.to)); n != 1 {
					h.t.Errorf("version %s: %d rows", c.h.version, n)
				}
			}
			if n := len(o.list("vendor", "lastSyncTime", "=", "01/15/13 08:00 PM")); n != 0 {
				h.t.Errorf("%d rows in the wrong zone", n)
			}
		})
	})
}

// A longer value that another generation has stored is shown in full and can be posted back (section 6, Lengths).
func TestLongerThanThisGeneration(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		id := h.made(create("vendor", "name", "n"))
		h.write(func(tx *db.Tx) error {
			tx.Exec(`UPDATE vendors SET tax_id = $3, short_name = $4, description = $5 WHERE org_id = $1 AND id = $2`, string(h.org), id,
				strings.Repeat("9", 20), strings.Repeat("s", 40), "  outer blanks, a control \x01 and a tab\t")
			return nil
		})
		v := h.one("vendor", id)
		if len(v.child("taxId")) != 20 || len(v.child("vendor_id")) != 40 {
			h.t.Errorf("%+v", v)
		}
		h.store.Clock.Advance(60e9)
		var back strings.Builder
		for _, c := range v.Children {
			back.WriteString(tag(c.XMLName.Local, c.Text))
		}
		h.made("<update_vendor><vendor>" + back.String() + "</vendor></update_vendor>")
		if after := h.one("vendor", id); fmt.Sprint(after) != fmt.Sprint(v) {
			h.t.Errorf("%v\nwas\n%v", after, v)
		}
		h.refused(update("vendor", "id", id, "taxId", strings.Repeat("8", 20)), "BDCE048", "taxId")
	})
}
