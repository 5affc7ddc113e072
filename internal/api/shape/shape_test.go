package shape_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	billID = ids.ID("00n01AAAGAHIXRM7k0c2")
	lineA  = ids.ID("bli01AAAGAHIXRM7k0d1")
	lineB  = ids.ID("bli01AAAGAHIXRM7k0d2")
	seller = ids.ID("00901AAAGAHIXRM7k0a1")
	userID = ids.ID("00601AAAGAHIXRM7k0u1")
	depID  = ids.ID("0de01AAAGAHIXRM7k0e1")
	topID  = ids.ID("0de01AAAGAHIXRM7k0e0")
	costID = ids.ID("0ca01AAAGAHIXRM7k0f1")
)

var (
	created = clock.FromTime(time.Date(2026, 3, 31, 23, 59, 58, 123_456_000, time.UTC))
	updated = created.Add(25 * time.Hour)
	synced  = clock.FromTime(time.Date(2026, 4, 1, 8, 30, 0, 0, time.UTC))
)

// awkwardBill is inactive, has a payment waiting for approval, something paid, a line below zero, a price of half
// cents, references to nothing in both spellings, and a text that every wire must escape.
func awkwardBill() record.Record {
	line := func(id ids.ID, position, amount int64) *bill.Line {
		return &bill.Line{Base: record.Base{ID: id, Active: record.Active, AllowExport: true, CreatedTime: created, UpdatedTime: created},
			BillID: billID, Position: position, Amount: amount, LineType: 1}
	}
	a, b := line(lineA, 0, 12401), line(lineB, 1, -2000)
	a.ChartOfAccountID, a.DepartmentID, a.CustomerID = costID, depID, ids.Null
	a.Quantity, a.UnitPrice, a.JobBillable, a.Description = money.MustDecimal("3"), money.MustDecimal("41.335"), true, `"Reams" <A4> & more`
	b.ItemID, b.LineType = "0ii01AAAGAHIXRM7k0i1", 2
	return &bill.Bill{
		Base: record.Base{ID: billID, Active: record.Inactive, CreatedTime: created, UpdatedTime: updated, IntegrationID: "erp-77",
			LastSyncTime: synced},
		VendorID: seller, InvoiceNumber: "AC-771/ü", NumberKey: "AC771", ApprovalStatus: bill.Denied, PaymentStatus: bill.Pending,
		Amount: 10401, ScheduledAmount: 5000, PaidAmount: 401, Currency: "USD", InvoiceDate: civil.MustDate("2026-02-28"),
		DueDate: civil.MustDate("2026-03-31"), GLPostingDate: civil.MustDate("2026-03-01"), Description: "Größe: 5 µm\n2nd row",
		Channel: "web", CreatedBy: userID, PostingVersion: 3, Lines: []*bill.Line{a, b},
	}
}

// bareBill holds nothing that it need not hold.
func bareBill() record.Record {
	return &bill.Bill{
		Base:     record.Base{ID: billID, Active: record.Active, CreatedTime: created, UpdatedTime: created},
		VendorID: seller, InvoiceNumber: "1", PaymentStatus: bill.Open, InvoiceDate: civil.MustDate("2026-02-28"), DueDate: civil.MustDate("2026-03-31"),
	}
}

func childDepartment() record.Record {
	return &dimension.Department{Base: record.Base{ID: depID, Active: record.Active, AllowExport: true, CreatedTime: created, UpdatedTime: updated},
		Name: "Ward 7", ShortName: " 0042 ", Description: "Paediatrics", ParentID: topID}
}

func topDepartment() record.Record {
	return &dimension.Department{Base: record.Base{ID: topID, Active: record.Active, CreatedTime: created, UpdatedTime: created}, Name: "Clinic"}
}

// records finds what bills refer to, as a face has loaded it for a page.
func records(t *record.Type, id ids.ID) record.Record {
	if t == vendor.Vendors.Type && id == seller {
		return &vendor.Vendor{Name: "Müller & Söhne"}
	}
	return nil
}

var proofs = []struct {
	name  string // of the golden file
	wire  generation
	shape func() *shape.Shape
	rec   func() record.Record
}{
	{"bill.v1.xml", xmlWire, billXML, awkwardBill},
	{"bill.v2.json", jsonWire, billJSON, awkwardBill},
	{"bill.v3.json", restWire, billREST, awkwardBill},
	{"bill-bare.v1.xml", xmlWire, billXML, bareBill},
	{"bill-bare.v2.json", jsonWire, billJSON, bareBill},
	{"bill-bare.v3.json", restWire, billREST, bareBill},
	{"department.v1.xml", xmlWire, departmentXML, childDepartment},
	{"department.v2.json", jsonWire, departmentJSON, childDepartment},
	{"department.v3.json", restWire, departmentREST, childDepartment},
	{"department-top.v1.xml", xmlWire, departmentXML, topDepartment},
	{"department-top.v2.json", jsonWire, departmentJSON, topDepartment},
	{"department-top.v3.json", restWire, departmentREST, topDepartment},
}

func TestShown(t *testing.T) {
	t.Parallel()
	for _, p := range proofs {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			got := p.wire.write(p.shape(), p.rec(), records)
			file := filepath.Join("testdata", p.name)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil || got != string(want) {
				t.Errorf("write gives\n%s\nwant (%v)\n%s", got, err, want)
			}
		})
	}
}

// What is shown is read back: by a client's right, all that a client may set and nothing else; with every right, a
// record that is shown as the first one was.
func TestReadBack(t *testing.T) {
	t.Parallel()
	for _, p := range proofs {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			s, rec := p.shape(), p.rec()
			wire := p.wire.write(s, rec, records)
			back, err := p.wire.read(s, wire, false)
			if err != nil {
				t.Fatal(err)
			}
			sameSet(t, s, back, rec)
			all, err := p.wire.read(s, wire, true)
			if err != nil {
				t.Fatal(err)
			}
			if again := p.wire.write(s, all, records); again != wire {
				t.Errorf("shown again\n%s\nwant\n%s", again, wire)
			}
		})
	}
}

// sameSet compares got with want in what a client sets, and with a new record in all else.
func sameSet(t *testing.T, s *shape.Shape, got, want record.Record) {
	t.Helper()
	fresh := s.Type.New()
	for _, f := range s.Type.Fields {
		from := fresh
		for _, e := range s.Entries {
			if e.Field == f && (e.Use == shape.Optional || e.Use == shape.Required) {
				from = want
			}
		}
		g, w := f.At(got), f.At(from)
		if id, ok := w.(*ids.ID); ok && id.IsNull() {
			w = new(ids.ID)
		}
		if !f.Derived() && !reflect.DeepEqual(g, w) {
			t.Errorf("%s %s = %v, want %v", s.Name, f.Name, reflect.ValueOf(g).Elem(), reflect.ValueOf(w).Elem())
		}
	}
	if s.Lines == nil {
		return
	}
	lines, wanted := s.Type.Lines.All(got), s.Type.Lines.All(want)
	if len(lines) != len(wanted) {
		t.Fatalf("%s has %d lines, want %d", s.Name, len(lines), len(wanted))
	}
	for i := range lines {
		sameSet(t, s.Lines, lines[i], wanted[i])
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	const v3 = `{"vendorId":"00901AAAGAHIXRM7k0a1","dueDate":"2026-03-31",`
	tests := []struct {
		name   string
		wire   generation
		shape  *shape.Shape
		sent   string
		field  string // of the record or its first line
		want   string // its value, as fmt has it
		refuse string // part of the error
	}{
		{"v2: an id of nothing is empty", jsonWire, departmentJSON(), `{"name":"A","parentDepartmentId":""}`, "parentId", "", ""},
		{"v2: so is null", jsonWire, departmentJSON(), `{"name":"A","parentDepartmentId":null}`, "parentId", "", ""},
		{"v2: so are zeros", jsonWire, departmentJSON(), `{"name":"A","parentDepartmentId":"` + null + `"}`, "parentId", "", ""},
		{"v2: an enum is a string of digits", jsonWire, departmentJSON(), `{"name":"A","isActive":"2"}`, "isActive", "2", ""},
		{"v2: or a number", jsonWire, departmentJSON(), `{"name":"A","isActive":2}`, "isActive", "2", ""},
		{"v2: of the table", jsonWire, departmentJSON(), `{"name":"A","isActive":"3"}`, "", "", "isActive"},
		{"v2: what is left out keeps its default", jsonWire, departmentJSON(), `{"name":"A"}`, "isActive", "1", ""},
		{"v2: a length of its own", jsonWire, billJSON(), `{"invoiceNumber":"1234567890123456789012"}`, "", "", "invoiceNumber"},
		{"v2: a constant is ignored", jsonWire, departmentJSON(), `{"name":"A","mergedIntoId":"` + string(topID) + `"}`, "name", "A", ""},
		{"v3: nested", restWire, billREST(), v3 + `"invoice":{"invoiceNumber":"7","invoiceDate":"2026-03-01"}}`, "invoiceNumber", "7", ""},
		{"v3: aliases", restWire, billREST(), v3 + `"invoiceNumber":"7","invoiceDate":"2026-03-01"}`, "invoiceDate", "2026-03-01", ""},
		{"v3: the path goes before its alias", restWire, billREST(), v3 + `"invoiceNumber":"8","invoice":{"invoiceNumber":"7","invoiceDate":"2026-03-01"}}`, "invoiceNumber", "7", ""},
		{"v3: a path is no name", restWire, billREST(), v3 + `"invoice/invoiceNumber":"7","invoiceDate":"2026-03-01"}`, "", "", "invoice/invoiceNumber is missing"},
		{"v3: a sum as string", restWire, billREST(), v3 + `"invoiceNumber":"7","invoiceDate":"2026-03-01","billLineItems":[{"amount":"50.25"}]}`, "amount", "5025", ""},
		{"v3: lines are named in errors", restWire, billREST(), v3 + `"invoiceNumber":"7","invoiceDate":"2026-03-01","billLineItems":[{"classifications":{"jobId":"x"}}]}`, "", "", "classifications/jobId"},
		{"v3: an enum's word", restWire, accountREST(), `{"name":"A","account":{"type":"COST_OF_GOODS_SOLD"}}`, "accountType", "4", ""},
		{"v3: of that case", restWire, accountREST(), `{"name":"A","account":{"type":"Expense"}}`, "", "", "account/type"},
		{"v3: not its number", restWire, accountREST(), `{"name":"A","account":{"type":7}}`, "", "", "account/type"},
		{"v3: texts are trimmed", restWire, departmentREST(), `{"name":" A "}`, "name", "A", ""},
		{"VRT-2: the code is not", restWire, departmentREST(), `{"name":"A","shortName":" 7 "}`, "shortName", " 7 ", ""},
		{"v3: archived is not set by a client", restWire, departmentREST(), `{"name":"A","archived":true}`, "isActive", "1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rec, err := tt.wire.read(tt.shape, tt.sent, false)
			if tt.refuse != "" {
				if err == nil || !strings.Contains(err.Error(), tt.refuse) {
					t.Fatalf("read(%s) = %v, want an error on %s", tt.sent, err, tt.refuse)
				}
				return
			}
			if err != nil {
				t.Fatalf("read(%s): %v", tt.sent, err)
			}
			typ := tt.shape.Type
			if typ.Lines != nil && len(typ.Lines.All(rec)) > 0 {
				rec, typ = typ.Lines.All(rec)[0], typ.Lines.Type
			}
			if got := reflect.ValueOf(typ.Must(tt.field).At(rec)).Elem(); fmt.Sprint(got.Interface()) != tt.want {
				t.Errorf("read(%s).%s = %v, want %s", tt.sent, tt.field, got, tt.want)
			}
		})
	}
}

// A value of another record is left out where nobody looked it up, as in answers to writes (api-v3 5.3.1).
func TestViaNeedsALook(t *testing.T) {
	t.Parallel()
	if got := restWire.write(billREST(), awkwardBill(), nil); strings.Contains(got, "vendorName") {
		t.Errorf("write without a look gives %s, want no vendorName", got)
	}
}

func TestWire(t *testing.T) {
	t.Parallel()
	tests := []struct {
		shape       *shape.Shape
		field, want string
	}{
		{billREST(), "invoiceNumber", "invoice/invoiceNumber"},
		{billREST(), "payableAmount", "dueAmount"},
		{billREST(), "departmentId", "classifications/departmentId"}, // of a line
		{billREST(), "name", "name"},                                 // the vendor's is none of the bill's
		{billJSON(), "paymentStatus", "paymentStatus"},               // shown twice, named once
		{departmentJSON(), "parentId", "parentDepartmentId"},
		{departmentREST(), "isActive", "archived"},
	}
	for _, tt := range tests {
		if got := tt.shape.Wire(tt.field); got != tt.want {
			t.Errorf("%s.Wire(%s) = %s, want %s", tt.shape.Name, tt.field, got, tt.want)
		}
	}
}

// A shape that cannot be meant is a mistake in the program and stops it at its start.
func TestNewPanics(t *testing.T) {
	t.Parallel()
	b := bill.Bills.Must
	tests := []struct {
		name    string
		entries func() entries
	}{
		{"one path twice", func() entries { return entries{{Field: b("amount")}, {Path: "amount", Field: b("paidAmount")}} }},
		{"an alias that is a path", func() entries {
			return entries{{Field: b("amount")}, {Field: b("paidAmount"), Aliases: []string{"amount"}}}
		}},
		{"a field inside a field", func() entries {
			return entries{{Path: "invoice", Field: b("amount")}, {Path: "invoice/number", Field: b("invoiceNumber")}}
		}},
		{"a field in place of an object", func() entries {
			return entries{{Path: "invoice/number", Field: b("invoiceNumber")}, {Path: "invoice", Field: b("amount")}}
		}},
		{"a fact there is not", func() entries { return entries{{Field: b("colour")}} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("New does not panic")
				}
			}()
			shape.New("Bill", bill.Bills.Type, tt.entries()...)
		})
	}
}

// An object first met in an alias is still written once a field stands in it.
func TestAliasObject(t *testing.T) {
	t.Parallel()
	d := dimension.Departments.Must
	s := shape.New("x", dimension.Departments.Type, shape.Entry{Field: d("name"), Aliases: []string{"info/name"}},
		shape.Entry{Path: "info/code", Field: d("shortName")})
	got := restWire.object(nil, s, &s.Root, &dimension.Department{Name: "A", ShortName: "7"}, nil)
	if want := `{"name":"A","info":{"code":"7"}}`; string(got) != want {
		t.Errorf("object = %s, want %s", got, want)
	}
}
