package xmlv1_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/db/dbtest"
)

// BenchmarkList reads a page of 999 bills with three lines each by updatedTime.
func BenchmarkList(b *testing.B) {
	s := dbtest.SQLite
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		s = dbtest.Postgres
	}
	h := newHouse(b, s(b))
	v := h.made(`<create_vendor><vendor><name>Harbor Tool Rental</name></vendor></create_vendor>`)
	d := h.made(`<create_department><department><name>Yard</name></department></create_department>`)
	line := func(a string) string {
		return `<billLineItem><amount>` + a + `</amount><departmentId>` + d + `</departmentId><description>Rope and a day of crane</description></billLineItem>`
	}
	for from := 0; from < 999; from += 111 {
		var ops strings.Builder
		for i := range 111 {
			fmt.Fprintf(&ops, `<operation><create_bill><bill><vendorId>%s</vendorId><invoiceNumber>%d</invoiceNumber><invoiceDate>10/01/12</invoiceDate><dueDate>10/31/12</dueDate><amount>5.0</amount><billLineItems>%s%s%s</billLineItems></bill></create_bill></operation>`,
				v, from+i, line("2"), line("2"), line("1"))
		}
		h.send(fmt.Sprintf(`<operationbatch sessionId="%s" transaction="true">%s</operationbatch>`, h.session, ops.String()))
	}
	list := fmt.Sprintf(`<operation sessionId="%s"><get_list object="bill"><filter><expression><field>updatedTime</field><operator>&gt;=</operator><value>11/23/2026</value></expression></filter></get_list></operation>`, h.session)
	if n := strings.Count(h.raw(list), "<bill>"); n != 999 {
		b.Fatalf("%d bills", n)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		h.raw(list)
	}
}
