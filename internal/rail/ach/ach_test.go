package ach

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"github.com/duebook/duebook/internal/civil"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var newYork = time.FixedZone("EST", -5*60*60)

// entries yields es.
func entries(es ...Entry) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for _, e := range es {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// credits yields n live credits to the bank of the scenarios, traces first, first+1, ...
func credits(first uint64, n int, amount func(i int) int64, addenda ...string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for i := range n {
			e := Entry{TransactionCode: CheckingCredit, Routing: "990000026", Account: "000001234", Amount: amount(i),
				ID: "DB0000000000001", Name: "REBATE RECEIVER", Trace: first + uint64(i), Addenda: addenda}
			if !yield(e, nil) {
				return
			}
		}
	}
}

func cents(n int64) func(int) int64 { return func(int) int64 { return n } }

// oneEntry is a file like that of scenario A, step 8 (domain 15.1).
func oneEntry() File {
	return File{
		Destination: "021000021", DestinationName: "OPERATING BANK", Origin: "1987654320", OriginName: "HARBOR SUPPLY LLC",
		Created: time.Date(2026, 11, 25, 4, 0, 0, 0, newYork), Modifier: 'A',
		Batches: []Batch{{
			CompanyName: "HARBOR SUPPLY", CompanyID: "1987654320", SEC: CCD, Description: "VENDOR PMT",
			Effective: civil.MustDate("2026-11-27"), ODFI: "02100002",
			Entries: entries(Entry{
				TransactionCode: CheckingCredit, Routing: "990000026", Account: "000001234", Amount: 970_00,
				ID: "DB2611250000001", Name: "VENDOR TWO INC", Trace: 1,
				Addenda: []string{Remittance([]InvoicePaid{{"INV-2002", 970_00}}, "DB2611250000001")},
			}),
		}},
	}
}

// twoBatches pays a business and two persons whose names no NACHA file can hold as they are, in the balanced style
// for the first batch, and tests a third person's account.
func twoBatches() File {
	f := oneEntry()
	f.Origin, f.Reference, f.Modifier = "121042882", "R-000017", '7'
	business, persons := f.Batches[0], f.Batches[0]
	business.Discretionary, business.DescriptiveDate = "AP RUN 17", "NOV 25"
	business.Entries = entries(
		Entry{TransactionCode: CheckingCredit, Routing: "011000015", Account: "12-3456-789", Amount: 1,
			ID: "DB2611250000002", Name: name("Łódź Żaglówki Spółka z o.o. — Gdańsk"), Trace: 41},
		Entry{TransactionCode: SavingsCredit, Routing: "121042882", Account: "ABCD12345678901ZZ", Amount: MaxAmount - 1,
			ID: "DB2611250000003", Name: name("Großhändler Sørensen & Œuvre"), Trace: 57,
			Addenda: []string{Remittance([]InvoicePaid{{"A*1", 12_34}, {`B\2`, 5}}, "DB2611250000003")}},
	)
	business.Offset = &Entry{TransactionCode: CheckingDebit, Routing: "021000021", Account: "00007777",
		ID: "OFFSET", Name: "HARBOR SUPPLY LLC", Trace: 58}
	persons.SEC, persons.Description = PPD, "EXPENSE"
	persons.Entries = entries(
		Entry{TransactionCode: CheckingCredit, Routing: "990000026", Account: "0002", Amount: 5_25,
			ID: "DB2611250000004", Name: name("Nguyễn Thị Đào"), Trace: 59,
			Addenda: []string{Remittance([]InvoicePaid{{strings.Repeat("9", 70), 5_25}}, "DB2611250000004")}},
		Entry{TransactionCode: SavingsPrenote, Routing: "990000026", Account: "0003",
			Name: name("O’Brien-山田 Ünal"), Trace: 60},
	)
	f.Batches = []Batch{business, persons}
	return f
}

// debits takes money in from a business, and from two persons, one of whom has authorised it over the internet (AR-12).
func debits() File {
	f := oneEntry()
	business := f.Batches[0]
	business.Debits, business.Description = true, "INVOICE"
	paper, web := business, business
	business.Entries = entries(Entry{TransactionCode: CheckingDebit, Routing: "990000026", Account: "000001234", Amount: 40_00, ID: "INV-1",
		Name: "HARTWELL HOTEL", Trace: 1})
	paper.SEC, paper.Entries = PPD, entries(Entry{TransactionCode: SavingsDebit, Routing: "990000026", Account: "0002", Amount: 1, Name: "ANA", Trace: 2})
	web.SEC, web.Entries = WEB, entries(
		Entry{TransactionCode: CheckingDebit, Routing: "990000039", Account: "0003", Amount: MaxAmount, Name: "BO", PaymentType: Single, Trace: 3},
		Entry{TransactionCode: CheckingDebit, Routing: "990000039", Account: "0003", Amount: 2, Name: "BO", PaymentType: Recurring, Trace: 4,
			Addenda: []string{Remittance([]InvoicePaid{{"INV-1", 2}}, "R1")}})
	f.Batches = []Batch{business, paper, web}
	return f
}

func TestDebitRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		set  func(b *Batch, e *Entry)
		want string
	}{
		{"a credit", func(_ *Batch, e *Entry) { e.TransactionCode = CheckingCredit }, "TransactionCode"},
		{"a prenote", func(_ *Batch, e *Entry) { e.TransactionCode, e.Amount = CheckingPrenote, 0 }, "TransactionCode"},
		{"AR-12: a prenote of a debit with money", func(_ *Batch, e *Entry) { e.TransactionCode = CheckingDebitPrenote }, "Amount"},
		{"AR-12: a prenote of a debit among credits", func(b *Batch, e *Entry) { b.Debits, e.TransactionCode, e.Amount = false, SavingsDebitPrenote, 0 }, "TransactionCode"},
		{"nothing", func(_ *Batch, e *Entry) { e.Amount = 0 }, "Amount"},
		{"an offset", func(b *Batch, _ *Entry) {
			b.Offset = &Entry{TransactionCode: CheckingDebit, Routing: "021000021", Account: "00007777", Name: "H", Trace: 9}
		}, "Offset"},
		{"a debit among credits", func(b *Batch, _ *Entry) { b.Debits = false }, "TransactionCode"},
		{"WEB credits", func(b *Batch, _ *Entry) { b.Debits, b.SEC = false, WEB }, "SEC"},
		{"WEB without a payment type", func(b *Batch, _ *Entry) { b.SEC = WEB }, "PaymentType"},
		{"a payment type elsewhere", func(_ *Batch, e *Entry) { e.PaymentType = Single }, "PaymentType"},
	} {
		f := debits()
		f.Batches = f.Batches[:1]
		b := &f.Batches[0]
		e := Entry{TransactionCode: CheckingDebit, Routing: "990000026", Account: "000001234", Amount: 40_00, Name: "HARTWELL HOTEL", Trace: 1}
		c.set(b, &e)
		b.Entries = entries(e)
		_, err := Write(io.Discard, f)
		if fe := (*FieldError)(nil); !errors.As(err, &fe) || fe.Field != c.want {
			t.Errorf("%s: %v, want a refusal of %s", c.name, err, c.want)
		}
	}
}

func name(s string) string {
	s = Transliterate(s)
	return s[:min(len(s), MaxName)]
}

func TestGolden(t *testing.T) {
	t.Parallel()
	tests := []struct {
		golden string
		file   File
		want   Totals
	}{
		{"scenario_a.ach", oneEntry(), Totals{Batches: 1, Blocks: 1, Records: 2, Hash: 99000002, Credits: 970_00}},
		{"two_batches.ach", twoBatches(), Totals{Batches: 2, Blocks: 2, Records: 7,
			Hash:   1100001 + 12104288 + 2100002 + 2*99000002,
			Debits: MaxAmount, Credits: MaxAmount + 5_25}},
		{"debits.ach", debits(), Totals{Batches: 3, Blocks: 2, Records: 5, Hash: 2*99000002 + 2*99000003, Debits: MaxAmount + 40_03}},
	}
	for _, tt := range tests {
		t.Run(tt.golden, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			got, err := Write(&b, tt.file)
			if err != nil || got != tt.want {
				t.Fatalf("Write() = %+v, %v, want %+v", got, err, tt.want)
			}
			path := filepath.Join("testdata", tt.golden)
			if *update {
				if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b.Bytes(), want) {
				t.Errorf("file differs from %s (rewrite with -update):\n%s\nwant\n%s", path, b.Bytes(), want)
			}
			if got := recompute(t, b.String()); got != tt.want {
				t.Errorf("recomputed from the bytes: %+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestScenarioA reads the figures of domain 15.1 step 8 at the columns of appendix A.
func TestScenarioA(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if _, err := Write(&b, oneEntry()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 10 {
		t.Fatalf("%d lines, want 10", len(lines))
	}
	tests := []struct {
		what           string
		line, from, to int
		want           string
	}{
		{"destination", 0, 4, 13, " 021000021"},
		{"origin", 0, 14, 23, "1987654320"},
		{"ACH-1: record size, blocking, format", 0, 35, 40, "094101"},
		{"created, in the caller's zone", 0, 24, 33, "2611250400"},
		{"service class", 1, 2, 4, "220"},
		{"ACH-2: SEC", 1, 51, 53, "CCD"},
		{"ACH-3: description", 1, 54, 63, "VENDOR PMT"},
		{"effective date", 1, 70, 75, "261127"},
		{"settlement date is the operator's", 1, 76, 78, "   "},
		{"ACH-6: transaction code", 2, 2, 3, "22"},
		{"RDFI and check digit", 2, 4, 12, "990000026"},
		{"account, left", 2, 13, 29, "000001234        "},
		{"amount", 2, 30, 39, "0000097000"},
		{"ACH-7: discretionary data empty, addenda indicator", 2, 77, 79, "  1"},
		{"ACH-7: trace", 2, 80, 94, "021000020000001"},
		{"ACH-4: addenda", 3, 1, 30, `705RMR*IV*INV-2002**970.00\   `},
		{"addenda sequence and entry", 3, 84, 94, "00010000001"},
		{"batch control: class, count, hash", 4, 2, 20, "2200000020099000002"},
		{"batch control: debits, credits", 4, 21, 44, "000000000000000000097000"},
		{"file control: batches, blocks, count, hash", 5, 2, 31, "000001000001000000020099000002"},
		{"file control: debits, credits, blank", 5, 32, 94, "000000000000000000097000" + strings.Repeat(" ", 39)},
		{"filler", 6, 1, 94, strings.Repeat("9", 94)},
	}
	for _, tt := range tests {
		if got := lines[tt.line][tt.from-1 : tt.to]; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.what, got, tt.want)
		}
	}
}

// TestScenarioD writes the mass payment of domain 15.4 step 5: 39,861 persons with an addenda each.
func TestScenarioD(t *testing.T) {
	t.Parallel()
	var amounts []int64
	for i := int64(1); i <= 100_000; i++ { // the rows of step 1 that are valid and go by ACH
		duplicate := i%2500 == 1 && i > 1
		if i%5 <= 1 && i%1000 != 0 && !duplicate {
			amounts = append(amounts, 5_00+25*(i%200))
		}
	}
	if len(amounts) != 39_861 {
		t.Fatalf("%d rows, want 39,861", len(amounts))
	}
	f := oneEntry()
	company := f.Batches[0]
	company.SEC, company.Description, company.Effective = PPD, "REBATE", civil.MustDate("2026-12-03")
	f.Batches = nil
	trace := uint64(1)
	for part := range slices.Chunk(amounts, 10_000) {
		company.Entries = credits(trace, len(part), func(i int) int64 { return part[i] }, `RMR*IV*1**5.25\`)
		f.Batches = append(f.Batches, company)
		trace += uint64(len(part))
	}
	var b strings.Builder
	got, err := Write(&b, f)
	want := Totals{Batches: 4, Blocks: 7_974, Records: 79_722, Hash: 6239079722, Credits: 1_178_795_25}
	if err != nil || got != want {
		t.Errorf("Write() = %+v, %v, want %+v", got, err, want)
	}
	if got := recompute(t, b.String()); got != want {
		t.Errorf("recomputed from the bytes: %+v, want %+v", got, want)
	}
}

func TestFiller(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ entries, lines, nines int }{ // ACH-1: two headers, two controls
		{1, 10, 5}, {5, 10, 1}, {6, 10, 0}, {7, 20, 9}, {16, 20, 0},
	} {
		f := oneEntry()
		f.Batches[0].Entries = credits(1, tt.entries, cents(1))
		var b strings.Builder
		got, err := Write(&b, f)
		if err != nil || got.Blocks != tt.lines/10 {
			t.Errorf("%d entries: %+v, %v, want %d blocks", tt.entries, got, err, tt.lines/10)
		}
		if n := strings.Count(b.String(), "\n"); n != tt.lines {
			t.Errorf("%d entries: %d lines, want %d", tt.entries, n, tt.lines)
		}
		if n := strings.Count(b.String(), strings.Repeat("9", 94)); n != tt.nines {
			t.Errorf("%d entries: %d lines of nines, want %d", tt.entries, n, tt.nines)
		}
	}
}

// TestRefusals changes one thing in a good file (with an offset) and wants it named.
func TestRefusals(t *testing.T) {
	t.Parallel()
	type parts struct {
		f *File
		b *Batch
		e *Entry // the second of the batch
		o *Entry
	}
	tests := []struct {
		name  string
		spoil func(p parts)
		field string
		want  error
	}{
		{"no destination", func(p parts) { p.f.Destination = "" }, "Destination", ErrMissing},
		{"check digit of destination", func(p parts) { p.f.Destination = "021000022" }, "Destination", ErrRouting},
		{"destination name", func(p parts) { p.f.DestinationName = strings.Repeat("x", 24) }, "DestinationName", ErrTooLong},
		{"no origin", func(p parts) { p.f.Origin = "" }, "Origin", ErrMissing},
		{"short origin", func(p parts) { p.f.Origin = "12345678" }, "Origin", ErrCharacter},
		{"origin of 9 with a letter", func(p parts) { p.f.Origin = "12345678A" }, "Origin", ErrCharacter},
		{"origin name", func(p parts) { p.f.OriginName = strings.Repeat("x", 24) }, "OriginName", ErrTooLong},
		{"reference", func(p parts) { p.f.Reference = "123456789" }, "Reference", ErrTooLong},
		{"never created", func(p parts) { p.f.Created = time.Time{} }, "Created", ErrValue},
		{"XO-6: lower-case modifier", func(p parts) { p.f.Modifier = 'a' }, "Modifier", ErrValue},
		{"XO-6: no modifier", func(p parts) { p.f.Modifier = 0 }, "Modifier", ErrValue},
		{"no batches", func(p parts) { p.f.Batches = nil }, "Batches", ErrValue},

		{"company name", func(p parts) { p.b.CompanyName = "12345678901234567" }, "CompanyName", ErrTooLong},
		{"blank company name", func(p parts) { p.b.CompanyName = "  " }, "CompanyName", ErrMissing},
		{"company name off the left", func(p parts) { p.b.CompanyName = " X" }, "CompanyName", ErrCharacter},
		{"company name not ASCII", func(p parts) { p.b.CompanyName = "CAFÉ" }, "CompanyName", ErrCharacter},
		{"line feed", func(p parts) { p.b.CompanyName = "A\nB" }, "CompanyName", ErrCharacter},
		{"no company id", func(p parts) { p.b.CompanyID = "" }, "CompanyID", ErrMissing},
		{"company id", func(p parts) { p.b.CompanyID = "12345678901" }, "CompanyID", ErrTooLong},
		{"discretionary", func(p parts) { p.b.Discretionary = strings.Repeat("x", 21) }, "Discretionary", ErrTooLong},
		{"ACH-2: class", func(p parts) { p.b.SEC = "IAT" }, "SEC", ErrValue},
		{"description", func(p parts) { p.b.Description = "VENDOR PMTS" }, "Description", ErrTooLong},
		{"no description", func(p parts) { p.b.Description = "" }, "Description", ErrMissing},
		{"ACH-3: payroll", func(p parts) { p.b.Description = "Payroll 12" }, "Description", ErrValue},
		{"descriptive date", func(p parts) { p.b.DescriptiveDate = "2026-11" }, "DescriptiveDate", ErrTooLong},
		{"no effective date", func(p parts) { p.b.Effective = civil.Date{} }, "Effective", ErrValue},
		{"no ODFI", func(p parts) { p.b.ODFI = "" }, "ODFI", ErrMissing},
		{"ODFI with check digit", func(p parts) { p.b.ODFI = "021000021" }, "ODFI", ErrCharacter},
		{"no iterator", func(p parts) { p.b.Entries = nil }, "Entries", ErrMissing},
		{"no entry", func(p parts) { p.b.Entries = entries() }, "Entries", ErrMissing},

		{"ACH-6: a debit among credits", func(p parts) { p.e.TransactionCode = CheckingDebit }, "TransactionCode", ErrValue},
		{"ACH-6: a return code", func(p parts) { p.e.TransactionCode = 21 }, "TransactionCode", ErrValue},
		{"a prenote to balance", func(p parts) { p.e.TransactionCode, p.e.Amount = 23, 0 }, "TransactionCode", ErrValue},
		{"a prenote with money", func(p parts) { p.b.Offset, p.e.TransactionCode = nil, 33 }, "Amount", ErrValue},
		{"no amount", func(p parts) { p.e.Amount = 0 }, "Amount", ErrValue},
		{"negative amount", func(p parts) { p.e.Amount = -1 }, "Amount", ErrValue},
		{"LIM-3: amount", func(p parts) { p.e.Amount = MaxAmount + 1 }, "Amount", ErrValue},
		{"offset of one entry", func(p parts) { p.e.Amount = MaxAmount }, "Amount", ErrOverflow},
		{"no routing number", func(p parts) { p.e.Routing = "" }, "Routing", ErrMissing},
		{"VEN-3: check digit", func(p parts) { p.e.Routing = "990000027" }, "Routing", ErrRouting},
		{"no account", func(p parts) { p.e.Account = "" }, "Account", ErrMissing},
		{"VEN-3: account of 3", func(p parts) { p.e.Account = "123" }, "Account", ErrValue},
		{"VEN-3: account of 18", func(p parts) { p.e.Account = strings.Repeat("1", 18) }, "Account", ErrTooLong},
		{"account with a blank", func(p parts) { p.e.Account = "12 34" }, "Account", ErrCharacter},
		{"account of zeros", func(p parts) { p.e.Account = "0000-0000" }, "Account", ErrValue},
		{"id", func(p parts) { p.e.ID = "1234567890123456" }, "ID", ErrTooLong},
		{"no name", func(p parts) { p.e.Name = Transliterate("山田") }, "Name", ErrMissing},
		{"ACH-7: name not cut", func(p parts) { p.e.Name = strings.Repeat("X", 23) }, "Name", ErrTooLong},
		{"ACH-7: name not transliterated", func(p parts) { p.e.Name = "Łukasz" }, "Name", ErrCharacter},
		{"ACH-7: trace not above the last", func(p parts) { p.e.Trace = 1 }, "Trace", ErrOrder},
		{"ACH-7: trace of 8 digits", func(p parts) { p.e.Trace = 10_000_000 }, "Trace", ErrValue},
		{"huge trace", func(p parts) { p.e.Trace = 1<<64 - 1 }, "Trace", ErrValue},
		{"ACH-2: two addenda", func(p parts) { p.e.Addenda = []string{"A", "B"} }, "Addenda", ErrValue},
		{"ACH-4: long addenda", func(p parts) { p.e.Addenda = []string{strings.Repeat("x", 81)} }, "Addenda", ErrTooLong},
		{"empty addenda", func(p parts) { p.e.Addenda = []string{""} }, "Addenda", ErrMissing},

		{"offset that credits", func(p parts) { p.o.TransactionCode = 22 }, "Offset.TransactionCode", ErrValue},
		{"offset with an amount", func(p parts) { p.o.Amount = 3 }, "Offset.Amount", ErrValue},
		{"offset to no bank", func(p parts) { p.o.Routing = "000000000" }, "Offset.Routing", ErrRouting},
		{"offset before the entries", func(p parts) { p.o.Trace = 2 }, "Offset.Trace", ErrOrder},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			first := Entry{TransactionCode: CheckingCredit, Routing: "990000026", Account: "000001234", Amount: 1,
				Name: "FIRST", Trace: 1}
			second, offset := first, first
			second.Trace, offset.Trace = 2, 3
			offset.TransactionCode, offset.Amount = CheckingDebit, 0
			f := oneEntry()
			b := &f.Batches[0]
			b.Offset = &offset
			b.Entries = func(yield func(Entry, error) bool) { _ = yield(first, nil) && yield(second, nil) }
			if _, err := Write(io.Discard, f); err != nil {
				t.Fatalf("before: %v", err)
			}
			tt.spoil(parts{&f, b, &second, &offset})
			var out bytes.Buffer
			totals, err := Write(&out, f)
			var fe *FieldError
			if !errors.As(err, &fe) || fe.Field != tt.field || !errors.Is(err, tt.want) {
				t.Fatalf("Write() = %v, want %s: %v", err, tt.field, tt.want)
			}
			if totals != (Totals{}) || bytes.Contains(out.Bytes(), []byte("\n9")) {
				t.Errorf("totals %+v or a file control left after %v", totals, err)
			}
		})
	}
}

func TestModifier(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		n    int
		want byte
		ok   bool
	}{{0, 'A', true}, {25, 'Z', true}, {26, '0', true}, {35, '9', true}, {36, 0, false}, {-1, 0, false}} {
		if got, ok := Modifier(tt.n); got != tt.want || ok != tt.ok {
			t.Errorf("XO-6: Modifier(%d) = %c, %t", tt.n, got, ok)
		}
	}
}

// TestFieldError wants the place in the message and the value nowhere.
func TestFieldError(t *testing.T) {
	t.Parallel()
	f := oneEntry()
	f.Batches = append(f.Batches, f.Batches[0])
	f.Batches[1].Entries = entries(Entry{TransactionCode: 22, Routing: "990000026", Account: "secret number", Amount: 1,
		Name: "X", Trace: 9})
	_, err := Write(io.Discard, f)
	want := "ACH file batch 2 entry 9: Account has a character or form that the field does not take"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestRoom fills each control field to its last digit and one further.
func TestRoom(t *testing.T) {
	t.Parallel()
	e := &Entry{Amount: 1, Addenda: []string{"A"}}
	plain, balanced := &Batch{}, &Batch{Offset: &Entry{}}
	tests := []struct {
		name      string
		b         *Batch
		sum, file Totals
		lines     int
		field     string // empty: fits
	}{
		{"records of a batch, full", plain, Totals{Records: 999_997}, Totals{}, 0, ""},
		{"records of a batch", plain, Totals{Records: 999_998}, Totals{}, 0, "Entries"},
		{"records with offset, full", balanced, Totals{Records: 999_996}, Totals{}, 0, ""},
		{"records with offset", balanced, Totals{Records: 999_997}, Totals{}, 0, "Entries"},
		{"blocks, full", plain, Totals{}, Totals{}, 9_999_986, ""},
		{"blocks", plain, Totals{}, Totals{}, 9_999_987, "Entries"},
		{"credits of a batch, full", plain, Totals{Credits: 999_999_999_998}, Totals{}, 0, ""},
		{"credits of a batch", plain, Totals{Credits: 999_999_999_999}, Totals{}, 0, "Amount"},
		{"credits of the file, full", plain, Totals{Credits: 8}, Totals{Credits: 999_999_999_990}, 0, ""},
		{"credits of the file", plain, Totals{Credits: 9}, Totals{Credits: 999_999_999_990}, 0, "Amount"},
		{"LIM-3: offset, full", balanced, Totals{Credits: MaxAmount - 1}, Totals{}, 0, ""},
		{"LIM-3: offset", balanced, Totals{Credits: MaxAmount}, Totals{}, 0, "Amount"},
	}
	for _, tt := range tests {
		got := tt.b.checkRoom(e, tt.sum, tt.file, tt.lines)
		switch {
		case tt.field == "" && got != nil, tt.field != "" && (got == nil || got.Field != tt.field || got.Err != ErrOverflow):
			t.Errorf("%s: %v, want %q", tt.name, got, tt.field)
		}
	}
}

// TestOtherErrors wants errors of the source and of the sink passed on, and the source not read on after either.
func TestOtherErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("database away")
	f := oneEntry()
	read := 0
	f.Batches[0].Entries = func(yield func(Entry, error) bool) {
		for range 3 {
			read++
			if !yield(Entry{}, broken) {
				return
			}
		}
	}
	if _, err := Write(io.Discard, f); !errors.Is(err, broken) || read != 1 {
		t.Errorf("source: %v after %d reads", err, read)
	}
	full := errors.New("disk full")
	read = 0
	many := credits(1, 100_000, func(int) int64 { read++; return 1 })
	f.Batches[0].Entries = many
	if _, err := Write(sink{full}, f); !errors.Is(err, full) || read > 1000 {
		t.Errorf("sink: %v after %d reads", err, read)
	}
	f = oneEntry()
	if _, err := Write(iotest.TruncateWriter(sink{full}, 0), f); err != nil {
		t.Errorf("sink that drops: %v", err)
	}
	if _, err := Write(sink{full}, f); !errors.Is(err, full) {
		t.Errorf("sink at the flush: %v", err)
	}
}

type sink struct{ err error }

func (s sink) Write([]byte) (int, error) { return 0, s.err }

// TestProperties writes random files and finds every control figure again in the bytes. Rule ACH-1.
func TestProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := oneEntry()
		f.Batches = nil
		for range rapid.IntRange(1, 5).Draw(t, "batches") {
			b := oneEntry().Batches[0]
			b.SEC = rapid.SampledFrom([]SEC{CCD, PPD}).Draw(t, "sec")
			balanced := rapid.Bool().Draw(t, "balanced")
			var es []Entry
			trace := uint64(0)
			draw := func(code int, amount int64) Entry {
				id := rapid.StringMatching(`[0-9]{7}[1-9]`).Draw(t, "rdfi")
				check, _ := CheckDigit(id)
				trace += rapid.Uint64Range(1, 9).Draw(t, "step")
				e := Entry{TransactionCode: code, Routing: id + string(check), Amount: amount, Trace: trace,
					Account: rapid.StringMatching(`[0-9A-Za-z-]{3,16}[1-9]`).Draw(t, "account"),
					ID:      rapid.StringMatching(`([!-~][ -~]{0,14})?`).Draw(t, "id"),
					Name:    rapid.StringMatching(`[!-~][ -~]{0,21}`).Draw(t, "name")}
				if rapid.Bool().Draw(t, "addenda") {
					e.Addenda = []string{rapid.StringMatching(`[!-~][ -~]{0,79}`).Draw(t, "text")}
				}
				return e
			}
			for range rapid.IntRange(1, 25).Draw(t, "entries") {
				code := rapid.SampledFrom([]int{22, 32, 23, 33}).Draw(t, "code")
				amount := rapid.Int64Range(1, MaxAmount/25).Draw(t, "amount")
				if code%10 == 3 {
					amount = 0
					if balanced {
						continue
					}
				}
				es = append(es, draw(code, amount))
			}
			if len(es) == 0 {
				es = append(es, draw(22, 1))
			}
			if balanced {
				o := draw(27, 0)
				b.Offset = &o
			}
			b.Entries = entries(es...)
			f.Batches = append(f.Batches, b)
		}
		var out strings.Builder
		got, err := Write(&out, f)
		if err != nil {
			t.Fatalf("Write: %v", err)
		}
		if want := recompute(t, out.String()); got != want {
			t.Fatalf("Write() = %+v, the bytes say %+v\n%s", got, want, out.String())
		}
	})
}

// recompute adds up a file from its entry and addenda records alone, compares every control record, and returns the
// sums. It shares nothing with the writer.
func recompute(t interface {
	Helper()
	Fatalf(string, ...any)
}, file string) Totals {
	t.Helper()
	if len(file)%(95*10) != 0 {
		t.Fatalf("%d bytes are no whole blocks", len(file))
	}
	var all, batch Totals
	var header, entry string
	var last int
	due := 0 // addenda the entry announced
	ended := false
	for i := 0; i < len(file); i += 95 {
		l := file[i : i+94]
		if file[i+94] != '\n' || strings.ContainsFunc(l, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("line %d is no record: %q", i/95+1, l)
		}
		col := func(from, to int) string { return l[from-1 : to] }
		num := func(from, to int) int {
			n, err := strconv.Atoi(col(from, to))
			if err != nil {
				t.Fatalf("columns %d–%d of %q: %v", from, to, l, err)
			}
			return n
		}
		if due > 0 && l[0] != '7' {
			t.Fatalf("addenda missing before %q", l)
		}
		switch {
		case ended:
			if l != strings.Repeat("9", 94) {
				t.Fatalf("after the end: %q", l)
			}
		case l[0] == '1':
			if i != 0 {
				t.Fatalf("second file header %q", l)
			}
		case l[0] == '5':
			header, batch, last = l, Totals{}, 0
			if all.Batches++; num(88, 94) != all.Batches {
				t.Fatalf("batch %d: %q", all.Batches, l)
			}
		case l[0] == '6':
			entry = l
			batch.Records++
			batch.Hash += uint64(num(4, 11))
			if code := num(2, 3); code == 27 || code == 37 {
				batch.Debits += int64(num(30, 39))
			} else {
				batch.Credits += int64(num(30, 39))
			}
			if col(80, 87) != header[79:87] || num(88, 94) <= last {
				t.Fatalf("trace after %d: %q", last, l)
			}
			last, due = num(88, 94), num(79, 79)
		case l[0] == '7':
			batch.Records++
			if due--; due < 0 || col(2, 3) != "05" || num(84, 87) != 1 || col(88, 94) != entry[87:94] {
				t.Fatalf("addenda %q of %q", l, entry)
			}
		case l[0] == '8':
			want := fmt.Sprintf("8%s%06d%010d%012d%012d%s", header[1:4], batch.Records, batch.Hash%1e10, batch.Debits,
				batch.Credits, header[40:50])
			if l[:54] != want || l[54:79] != strings.Repeat(" ", 25) || l[79:] != header[79:] {
				t.Fatalf("batch control %q, want %q", l, want)
			}
			if class := header[1:4]; (class == "220") != (batch.Debits == 0) {
				t.Fatalf("class %s with debits %d", class, batch.Debits)
			}
			if header[1:4] == "225" && batch.Credits != 0 || header[1:4] == "200" && batch.Debits != batch.Credits {
				t.Fatalf("offset %d of %d", batch.Debits, batch.Credits)
			}
			all.Records += batch.Records
			all.Hash += batch.Hash
			all.Debits += batch.Debits
			all.Credits += batch.Credits
		case l[0] == '9':
			ended = true
			all.Hash %= 1e10
			all.Blocks = len(file) / 950
			want := fmt.Sprintf("9%06d%06d%08d%010d%012d%012d%39s", all.Batches, all.Blocks, all.Records, all.Hash,
				all.Debits, all.Credits, "")
			if l != want {
				t.Fatalf("file control %q, want %q", l, want)
			}
		default:
			t.Fatalf("record %q", l)
		}
	}
	if !ended {
		t.Fatalf("no file control")
	}
	return all
}

// TestMemory wants the same number of allocations for few entries and many.
func TestMemory(t *testing.T) {
	f := oneEntry()
	addenda := []string{"A"}
	allocs := func(n int) float64 {
		return testing.AllocsPerRun(5, func() {
			f.Batches[0].Entries = credits(1, n, cents(1), addenda...)
			if _, err := Write(io.Discard, f); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := allocs(10), allocs(20_000); many > few+2 {
		t.Errorf("%v allocations for 20,000 entries, %v for 10", many, few)
	}
}

func BenchmarkWrite100000(b *testing.B) {
	b.ReportAllocs()
	f := oneEntry()
	for b.Loop() {
		f.Batches[0].Entries = credits(1, 100_000, cents(12_34), `RMR*IV*INV-2002**970.00\`)
		if _, err := Write(io.Discard, f); err != nil {
			b.Fatal(err)
		}
	}
}
