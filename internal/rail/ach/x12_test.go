package ach

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/rail/ach/achread"
)

// advice pays n invoices with numbers of some length.
func advice(n, length int) Advice {
	a := Advice{Payer: "Harbor: Supply^LLC", Payee: "Łódź Żaglówki", CompanyID: "1987654320", Confirmation: "P26112500 - 0000002", Amount: int64(n) * 100,
		Effective: civil.MustDate("2026-11-27"), Created: oneEntry().Created, Control: 42}
	for i := range n {
		number := fmt.Sprintf("INV-%05d", i)
		a.Invoices = append(a.Invoices, InvoiceAdvised{InvoicePaid{number + strings.Repeat("x", max(0, length-len(number))), 100}, 12345,
			civil.MustDate("2026-11-01")})
	}
	return a
}

// ctx is a file with one CTX entry for each Advice.
func ctx(t rapid.TB, all ...Advice) File {
	t.Helper()
	f := oneEntry()
	var es []Entry
	for i, a := range all {
		pieces, err := Advise(a)
		if err != nil {
			t.Fatal(err)
		}
		es = append(es, Entry{TransactionCode: CheckingCredit, Routing: "990000026", Account: "000001234", Amount: a.Amount, ID: "DB1",
			Name: "SIXTEEN LETTERS.", Trace: uint64(i + 1), Addenda: pieces})
	}
	f.Batches[0].SEC, f.Batches[0].Entries = CTX, entries(es...)
	return f
}

// TestACH_2_CTX writes entries with one to 9,999 addenda and reads them back with the reader of files and the one of 820s,
// which share no code with the writer.
func TestACH_2_CTX(t *testing.T) {
	t.Parallel()
	all := []Advice{advice(1, 0), advice(35, 21), advice(9_000, 50)}
	var file bytes.Buffer
	totals, err := Write(&file, ctx(t, all...))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(file.String()[2*95:], "\n")
	if want := fmt.Sprintf("622990000026000001234        0000000100DB1            %04dSIXTEEN LETTERS.  ", 5); !strings.HasPrefix(first, want) {
		t.Errorf("appendix A: got\n%s\nwant\n%s", first, want)
	}
	n := 0
	read, err := achread.Read(&file, func(e achread.Entry) error {
		want := all[n]
		n++
		got, err := achread.ReadAdvice(e.Texts)
		if err != nil {
			return err
		}
		if got.Amount != dollars(want.Amount) || got.Payer != "Harbor- Supply-LLC" || got.Payee != "Lodz Zaglowki" ||
			got.Confirmation != want.Confirmation || got.Effective != "20261127" || len(got.Invoices) != len(want.Invoices) {
			t.Errorf("entry %d: got %+v", n, got)
		}
		for i, g := range got.Invoices {
			if w := want.Invoices[i]; g != (achread.Invoice{Number: w.Number, Paid: "1.00", Total: "123.45", Date: "20261101"}) {
				t.Fatalf("entry %d: invoice %+v, want %+v", n, g, w)
			}
		}
		if e.Batch.SEC != "CTX" || e.Name != "SIXTEEN LETTERS." {
			t.Errorf("entry %d: got %+v", n, e)
		}
		return nil
	})
	if err != nil || n != 3 {
		t.Fatalf("%d entries: %v", n, err)
	}
	if read.Entries+read.Addenda != totals.Records || read.Addenda < 9_500 {
		t.Errorf("got %+v, want %+v", read, totals)
	}
	if _, err := Advise(advice(12_000, 50)); !errors.Is(err, ErrTooLong) {
		t.Errorf("more than 9,999 addenda: %v", err)
	}
}

func TestCTXRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		set  func(b *Batch, e *Entry)
		want error
	}{
		{"ACH-2: two addenda in CCD", func(b *Batch, e *Entry) { b.SEC, e.Addenda = CCD, []string{"a", "b"} }, ErrValue},
		{"a long name", func(_ *Batch, e *Entry) { e.Name = "SEVENTEEN LETTERS" }, ErrTooLong},
		{"an empty addenda", func(_ *Batch, e *Entry) { e.Addenda = []string{"a", ""} }, ErrMissing},
		{"a long addenda", func(_ *Batch, e *Entry) { e.Addenda = []string{"a", strings.Repeat("x", 81)} }, ErrTooLong},
		{"an odd addenda", func(_ *Batch, e *Entry) { e.Addenda = []string{"a", "é"} }, ErrCharacter},
		{"a blank at the beginning of a later one", func(_ *Batch, e *Entry) { e.Addenda = []string{"a", " b"} }, nil},
		{"10,000 addenda", func(_ *Batch, e *Entry) { e.Addenda = make([]string, 10_000) }, ErrValue},
		{"none", func(_ *Batch, e *Entry) { e.Addenda = nil }, nil},
	} {
		f := oneEntry()
		b := &f.Batches[0]
		e := Entry{TransactionCode: CheckingCredit, Routing: "990000026", Account: "000001234", Amount: 1, Name: "X", Trace: 1}
		b.SEC = CTX
		c.set(b, &e)
		b.Entries = entries(e)
		if _, err := Write(&bytes.Buffer{}, f); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestAdviceRoundTrip: what any 820 says is read back from its pieces, whatever the texts.
func TestAdviceRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := advice(0, 0)
		a.Payee = rapid.String().Draw(t, "payee")
		for range rapid.IntRange(1, 40).Draw(t, "invoices") {
			i := InvoiceAdvised{InvoicePaid: InvoicePaid{"N" + rapid.String().Draw(t, "number"), rapid.Int64Range(1, MaxAmount).Draw(t, "paid")}}
			if rapid.Bool().Draw(t, "dated") {
				i.Date = civil.MustDate("2026-02-28")
			}
			a.Invoices, a.Amount = append(a.Invoices, i), i.Amount
		}
		var file bytes.Buffer
		if _, err := Write(&file, ctx(t, a)); err != nil {
			t.Fatal(err)
		}
		_, err := achread.Read(&file, func(e achread.Entry) error {
			got, err := achread.ReadAdvice(e.Texts)
			if err == nil && len(got.Invoices) != len(a.Invoices) {
				err = fmt.Errorf("%d invoices, want %d", len(got.Invoices), len(a.Invoices))
			}
			for i, g := range got.Invoices {
				if g.Paid != dollars(a.Invoices[i].Amount) || (g.Date == "") != a.Invoices[i].Date.IsZero() {
					err = fmt.Errorf("got %+v, want %+v", g, a.Invoices[i])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzReadAdvice: the reader of 820s refuses or reads, and never falls over.
func FuzzReadAdvice(f *testing.F) {
	pieces, err := Advise(advice(3, 0))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(strings.Join(pieces, "\n"))
	f.Add("ISA")
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := achread.ReadAdvice(strings.Split(s, "\n")); err != nil && !errors.Is(err, achread.ErrAdvice) {
			t.Error(err)
		}
	})
}
