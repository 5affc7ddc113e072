package jsonv2_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/db/dbtest"
)

var rewrite = flag.Bool("update", false, "rewrite the golden files")

// told is one exchange of the story that the golden files tell. {name} stands for the id that the step of that name gave.
type told struct{ name, path, data string }

var story = []told{
	{"create-vendor", "Crud/Create/Vendor", `{"obj":{"entity":"Vendor","name":"Café & Tool \"Rental\"","accNumber":"H-1","taxId":"12-3456789","track1099":true,"address1":"1 Pier Road","addressCity":"Oakland","addressState":"CA","addressZip":"94607","email":"due@harbor.example","remitEmail":"pay@harbor.example"}}`},
	{"create-vendor-missing", "Crud/Create/Vendor", `{"obj":{"accNumber":"H-1"}}`},
	{"create-vendor-unknown-member", "Crud/Create/Vendor", `{"obj":{"name":"x","nmae":"y"}}`},
	{"create-vendor-taken", "Crud/Create/Vendor", `{"obj":{"name":"café & tool \"rental\""}}`},
	{"create-vendor-types", "Crud/Create/Vendor", `{"obj":{"name":"x","track1099":"yes","phone":1}}`},
	{"create-bank-account", "Crud/Create/VendorBankAccount", `{"obj":{"vendorId":"{create-vendor}","accountNumber":"123456789","routingNumber":"990000026","isSavings":true}}`},
	{"create-account", "Crud/Create/ChartOfAccount", `{"obj":{"name":"Rope","accountType":"7","accountNumber":"6110"}}`},
	{"create-department", "Crud/Create/Department", `{"obj":{"name":"Yard","shortName":"Y"}}`},
	{"create-location", "Crud/Create/Location", `{"obj":{"name":"Pier"}}`},
	{"create-job", "Crud/Create/Job", `{"obj":{"name":"Roof"}}`},
	{"create-bill", "Crud/Create/Bill", `{"obj":{"entity":"Bill","vendorId":"{create-vendor}","invoiceNumber":"K-77","invoiceDate":"2026-11-02","dueDate":"2026-12-01","departmentId":"{create-department}","billLineItems":[{"entity":"BillLineItem","amount":18.4,"description":"Paper","chartOfAccountId":"{create-account}","jobId":"{create-job}"},{"quantity":3,"unitPrice":"1.333"}]},"allowDuplicateInvNum":false}`},
	{"create-bill-number", "Crud/Create/Bill", `{"obj":{"vendorId":"{create-vendor}","invoiceNumber":"k 77","invoiceDate":"2026-11-02","dueDate":"2026-12-01","billLineItems":[{"amount":1}]}}`},
	{"create-bill-reference", "Crud/Create/Bill", `{"obj":{"vendorId":"{create-vendor}","invoiceNumber":"K-78","invoiceDate":"2026-11-02","dueDate":"2026-12-01","billLineItems":[{"amount":1,"locationId":"loc01AAAAAAAAAA00000"}]}}`},
	{"read-bill", "Crud/Read/Bill", `{"id":"{create-bill}"}`},
	{"read-unknown", "Crud/Read/Bill", `{"id":"00n01AAAAAAAAAA00000"}`},
	{"update-bill", "Crud/Update/Bill", `{"obj":{"id":"{create-bill}","description":"Two things","dueDate":"2026-12-15T00:00:00.000+0000"}}`},
	{"delete-bill", "Crud/Delete/Bill", `{"id":"{create-bill}"}`},
	{"undelete-bill", "Crud/Undelete/Bill", `{"id":"{create-bill}"}`},
	{"bulk", "Bulk/Crud/Create/Department", `{"bulk":[{"obj":{"name":"North"}},{"obj":{}},{"obj":{"name":"South"}}]}`},
	{"list-bills", "List/Bill", `{"start":0,"max":10,"filters":[{"field":"vendorId","op":"=","value":"{create-vendor}"}],"sort":[{"field":"dueDate","asc":false}],"showAudit":true}`},
	{"list-field", "List/Vendor", `{"filters":[{"field":"email","op":"=","value":"x"}]}`},
	{"list-operator", "List/Vendor", `{"filters":[{"field":"isActive","op":"sw","value":"1"}]}`},
	{"list-value", "List/Vendor", `{"max":1001}`},
	{"list-empty", "List/Location", `{"filters":[{"field":"name","op":"=","value":"nowhere"}]}`},
	{"metadata", "GetEntityMetadata", `{"entity":"Department"}`},
	{"current-time", "CurrentTime", ``},
	{"session-info", "GetSessionInfo", ``},
	{"document-pages", "GetDocumentPages", `{"id":"{create-bill}"}`},
	{"documents", "GetDocuments", `{"id":"{create-bill}"}`},
	{"entity-unknown", "Crud/Create/Widget", `{}`},
	{"verb-unknown", "Crud/Burn/Vendor", `{}`},
	{"verb-not-offered", "Crud/Update/VendorBankAccount", `{}`},
	{"endpoint-unknown", "Nope", `{}`},
	{"data-malformed", "List/Vendor", `[object Object]`},
}

var anID = regexp.MustCompile(`"((?:[0-9a-z]{3}01[A-Z]{10}[0-9a-z]{5}))"`)

// TestGolden tells the story before the door and holds every answer against its file, ids named by the order they come in.
func TestGolden(t *testing.T) {
	t.Parallel()
	h := newHouse(t, dbtest.SQLite(t))
	given := map[string]string{}
	names := map[string]string{}
	for i, s := range story {
		h.store.Clock.Advance(time.Second)
		data := s.data
		for name, id := range given {
			data = strings.ReplaceAll(data, "{"+name+"}", id)
		}
		a := h.call(s.path, data)
		given[s.name] = a.text("id")
		var b bytes.Buffer
		if err := json.Indent(&b, []byte(a.raw), "", "  "); err != nil {
			t.Fatal(err)
		}
		named := anID.ReplaceAllStringFunc(b.String(), func(id string) string {
			if names[id] == "" {
				names[id] = fmt.Sprintf(`"%s-%d"`, id[1:4], len(names)+1)
			}
			return names[id]
		})
		text := fmt.Sprintf("POST /api/v2/%s.json\ndata=%s\n\nHTTP %d\n%s\n", s.path, s.data, a.status, named)
		file := filepath.Join("testdata", "golden", fmt.Sprintf("%02d-%s.txt", i+1, s.name))
		if *rewrite {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if text != string(want) {
			t.Errorf("%s differs; go test -update rewrites it\n%s", file, text)
		}
	}
}
