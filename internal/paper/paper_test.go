package paper_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/paper"
)

var update = flag.Bool("update", false, "write the golden files anew")

// usual is an invoice as most are.
func usual() paper.Invoice {
	return paper.Invoice{
		From: paper.Party{Name: "Northwind Paper & Pulp, LLC", Lines: []string{"1200 Harbor Way, Suite 400", "Seattle, WA 98101", "Phone (206) 555-0142"}},
		To:   paper.Party{Name: "Contoso Catering Inc.", Lines: []string{"Attn: Accounts Payable", "88 Market Street", "San Francisco, CA 94105"}},

		Number: "INV-000417", Date: civil.MustDate("2026-11-23"), Due: civil.MustDate("2026-12-23"), Currency: "USD",
		Facts: []paper.Fact{{Label: "Terms", Value: "Net 30"}, {Label: "PO number", Value: "PO-7781"}},
		Lines: []paper.Line{
			{Item: "Menu cards", Text: "Heavy stock, 2 colours, folded. Artwork as approved on November 12.", Quantity: "1,200", Price: "1.85", Amount: 222000},
			{Item: "Design hours", Text: "Layout and two rounds of corrections", Quantity: "6.5", Price: "95.00", Amount: 61750},
			{Text: "Courier, same day", Quantity: "1", Price: "38.40", Amount: 3840},
			{Item: "Rush surcharge", Price: "10%", Amount: 28759},
		},
		Subtotal: 316349, Discount: 16349, Tax: 24600, TaxName: "WA sales tax 10.25%", Total: 324600, Paid: 100000, Credits: 5000, AmountDue: 219600,
		Note:    "Thank you for your business. Please quote the invoice number with your payment.",
		PayLink: "https://books.northwind.example/pay/4f9c2b7e1a6d4c0f8b3e5a7d9c1f2e4b",
		Remit:   []string{"Check payable to Northwind Paper & Pulp, LLC, to the address above."},
	}
}

func write(t testing.TB, inv paper.Invoice) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := paper.Write(&b, inv); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// text is what a reader sees, laid out.
func text(t *testing.T, pdf []byte) string {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext is not installed")
	}
	cmd := exec.Command("pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestWrite(t *testing.T) {
	t.Parallel()
	many := usual()
	many.Lines = nil
	for i := range 60 {
		many.Lines = append(many.Lines, paper.Line{Item: fmt.Sprintf("Item %d", i+1), Text: strings.Repeat("a thing that takes some words ", i%4), Quantity: "1", Price: "10.00", Amount: 1000})
	}
	odd := usual()
	odd.From = paper.Party{Name: strings.Repeat("The Very Long Company Name of Ångström & Żółć ", 3)}
	odd.To = paper.Party{Name: "Ελληνικά 😀 Москва"}
	odd.Facts, odd.Note, odd.PayLink, odd.Remit = nil, "", "", nil
	odd.Currency, odd.Void = "EUR", true
	odd.Lines = []paper.Line{{Text: strings.Repeat("long ", 900)}, {Text: strings.Repeat("x", 400), Amount: -5}, {Item: "Two\nlines", Text: "one\r\ntwo\tthree"}}
	noted := usual()
	noted.Note = strings.Repeat("A note of many short lines.\n", 70)
	noted.To.Lines = strings.Split(strings.Repeat("another line of the address,", 30), ",")
	paid := usual()
	paid.Paid, paid.AmountDue = 319600, 0
	for name, inv := range map[string]paper.Invoice{"usual": usual(), "many": many, "odd": odd, "paid": paid, "noted": noted} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pdf := write(t, inv)
			if !bytes.Equal(pdf, write(t, inv)) {
				t.Error("the same invoice gives other bytes")
			}
			if dir := os.Getenv("DUEBOOK_SHOW"); dir != "" {
				if err := os.WriteFile(filepath.Join(dir, name+".pdf"), pdf, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, file := text(t, pdf), filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("want -, got +:\n%s", d)
			}
		})
	}
}

func TestManyLines(t *testing.T) {
	t.Parallel()
	inv := usual()
	inv.Lines = nil
	for i := range paper.MaxLines {
		inv.Lines = append(inv.Lines, paper.Line{Item: fmt.Sprint("Part ", i), Text: "as ordered", Quantity: "1", Price: "1.00", Amount: 100})
	}
	got := text(t, write(t, inv))
	pages := strings.Count(got, "\f")
	if !strings.Contains(got, fmt.Sprintf("Page %d of %d", pages, pages)) || strings.Count(got, "as ordered") != paper.MaxLines {
		t.Errorf("%d pages, %d lines", pages, strings.Count(got, "as ordered"))
	}
	inv.Lines = append(inv.Lines, paper.Line{})
	if err := paper.Write(&bytes.Buffer{}, inv); err != paper.ErrTooManyLines {
		t.Errorf("one line more: %v", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	inv := usual()
	for b.Loop() {
		write(b, inv)
	}
}
