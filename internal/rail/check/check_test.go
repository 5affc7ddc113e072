package check_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/api"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/rail/check"
	"github.com/duebook/duebook/internal/rail/check/micr"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func layout() check.Layout {
	return check.Layout{
		BankName:       "First Harbor Bank of New York",
		Fractional:     "1-2/210",
		Routing:        "021000021",
		Account:        "123456789",
		CompanyName:    "Bluewater Bicycle Works, Inc.",
		CompanyAddress: []string{"1200 Harbor Street, Suite 4", "Portland, OR 97201"},
		SerialWidth:    6,
	}
}

func oneCheck() check.Check {
	return check.Check{
		Serial:  1234,
		Date:    civil.MustDate("2026-11-25"),
		Payee:   "Łódź Façade & Söhne GmbH",
		Address: []string{"Attn: Accounts Receivable", "88 Market Square", "San Francisco, CA 94105"},
		Amount:  125000,
		Memo:    "Invoices of October, account 77-4410",
		Bills: []check.StubLine{
			{Invoice: "INV-2026-0917", Date: civil.MustDate("2026-10-03"), Amount: 100000, Discount: 2000, Paid: 98000},
			{Invoice: "INV-2026-0922", Date: civil.MustDate("2026-10-12"), Amount: 32000, Paid: 32000},
			{Invoice: "CM-118", Date: civil.MustDate("2026-10-20"), Amount: -5000, Paid: -5000},
		},
	}
}

// withBills is a check that pays n bills of a dollar and a cent.
func withBills(n int) check.Check {
	c := oneCheck()
	c.Bills, c.Amount = nil, int64(n)*101
	for i := range n {
		c.Bills = append(c.Bills, check.StubLine{Invoice: fmt.Sprintf("B-%05d", i+1), Date: c.Date.AddDays(-i), Amount: 101, Paid: 101})
	}
	return c
}

func pdf(tb testing.TB, l check.Layout, checks ...check.Check) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := check.Write(&b, l, checks); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// poppler runs a program of poppler-utils on a PDF and gives its standard output. pdftoppm writes there by itself, the
// others when the last argument is "-".
func poppler(t *testing.T, pdf []byte, program string, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is missing: install poppler-utils, these tests read the PDF back with it", program)
	}
	file := filepath.Join(t.TempDir(), "check.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), path, args...)
	cmd.Args = append(cmd.Args, file)
	if program != "pdftoppm" {
		cmd.Args = append(cmd.Args, "-")
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", program, err, stderr.String())
	}
	return out
}

func text(t *testing.T, pdf []byte) string {
	t.Helper()
	return string(poppler(t, pdf, "pdftotext", "-layout"))
}

func TestWriteReadsBack(t *testing.T) {
	t.Parallel()
	for _, place := range []check.Place{check.Top, check.Middle, check.Bottom} {
		l := layout()
		l.Place = place
		got := text(t, pdf(t, l, oneCheck()))
		for _, want := range []string{
			"Bluewater Bicycle Works, Inc.", "1200 Harbor Street, Suite 4", "Portland, OR 97201",
			"First Harbor Bank of New York", "1-2/210", "001234", "November 25, 2026", "Void after 90 days",
			"One thousand two hundred fifty and 00/100", "**1,250.00",
			"Łódź Façade & Söhne GmbH", "Attn: Accounts Receivable", "88 Market Square", "San Francisco, CA 94105",
			"Invoices of October, account 77-4410",
			"⑈001234⑈ ⑆021000021⑆ 123456789⑈",
			"INV-2026-0917", "10/03/2026", "1,000.00", "20.00", "980.00", "CM-118", "-50.00",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("CHK-1, CHK-2: place %d: %q is not in\n%s", place, want, got)
			}
		}
		if n := strings.Count(got, "INV-2026-0922"); n != 2 {
			t.Errorf("CHK-1: the bill stands on %d stubs, want 2", n)
		}
	}
}

// XO-4: the sheet of a void number names it and nothing that a bank could pay.
func TestWriteVoid(t *testing.T) {
	t.Parallel()
	void := oneCheck()
	void.Void = true
	got := text(t, pdf(t, layout(), void))
	for _, want := range []string{"VOID", "Check 001234", "Bluewater Bicycle Works, Inc."} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	for _, unwanted := range []string{"1,250.00", "One thousand", "021000021", "INV-2026-0917"} {
		if strings.Contains(got, unwanted) {
			t.Errorf("%q is in\n%s", unwanted, got)
		}
	}
}

func TestWriteStub(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		bills, pages  int
		first, listed int // bills on the first page and after it
	}{
		{"a check without bills", 0, 1, 0, 0},
		{"one column", 18, 1, 18, 0},
		{"two columns", 19, 1, 19, 0},
		{"CHK-8: 35 bills on the stub", 35, 1, 35, 0},
		{"CHK-8: 36 go to the enclosed list", 36, 2, 0, 36},
		{"CHK-8: a list of one full page", 132, 2, 0, 132},
		{"CHK-8: a list of two pages", 133, 3, 0, 133},
	}
	bill := regexp.MustCompile(`B-\d{5}`)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := withBills(tt.bills)
			if tt.bills == 0 {
				c.Amount = 1
			}
			got := text(t, pdf(t, layout(), c))
			pages := strings.SplitAfter(strings.TrimSuffix(got, "\f"), "\f")
			if len(pages) != tt.pages {
				t.Fatalf("%d pages, want %d", len(pages), tt.pages)
			}
			if n := len(bill.FindAllString(pages[0], -1)); n != 2*tt.first { // there are two stubs
				t.Errorf("%d bills on the stubs, want twice %d", n, tt.first)
			}
			seen := map[string]bool{}
			for _, b := range bill.FindAllString(strings.Join(pages[1:], ""), -1) {
				seen[b] = true
			}
			if len(seen) != tt.listed {
				t.Errorf("%d bills on the list, want %d", len(seen), tt.listed)
			}
			if notice := strings.Contains(pages[0], "See enclosed list"); notice != (tt.listed > 0) {
				t.Errorf("notice of the list: %v", notice)
			}
		})
	}
}

// The longest amount, and texts that only just fit, keep out of each other's way: every word of the page has its own
// box.
func TestWriteCrowded(t *testing.T) {
	t.Parallel()
	l := layout()
	l.CompanyName = "The Very Long Company Name of Bluewater Bicycle Works and Daughters, Incorporated"
	l.CompanyAddress = []string{strings.Repeat("Building ", 5), "Second line of an address", "Third line", "Fourth line 97201"}
	l.BankName = "The First National Harbor Bank and Trust Company of Western New York"
	l.Account, l.SerialWidth = "12345678901234567", 17
	c := withBills(35)
	c.Serial = 98765432109876543
	c.Payee = "The Honourable Company of Makers of Extraordinarily Long Names, Successors and Assigns of Wolverhampton"
	c.Address = []string{"c/o Department of Long Addresses and Related Matters, Fourth Floor, Room 4711", "One", "Two", "Three", "Four"}
	c.Memo = strings.Repeat("W", check.MaxMemo)
	c.Amount = 77777777_77
	c.Bills[0].Invoice = strings.Repeat("INVOICE-", 12)
	c.Bills[0].Amount, c.Bills[0].Discount = check.MaxAmount, check.MaxAmount
	c.Bills[0].Paid = c.Amount - 34*101
	b := pdf(t, l, c)
	got := text(t, b)
	for _, want := range []string{
		"**77,777,777.77",
		"Seventy-seven million seven hundred seventy-seven thousand seven hundred seventy-seven and 77/100", "Wolverhampton",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}

	type word struct {
		text                   string
		xMin, yMin, xMax, yMax float64
	}
	var words []word
	line := regexp.MustCompile(`<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*)</word>`)
	for _, m := range line.FindAllStringSubmatch(string(poppler(t, b, "pdftotext", "-bbox")), -1) {
		w := word{text: m[5]}
		for i, to := range []*float64{&w.xMin, &w.yMin, &w.xMax, &w.yMax} {
			v, err := strconv.ParseFloat(m[i+1], 64)
			if err != nil {
				t.Fatal(err)
			}
			*to = v
		}
		// Boxes have the ascent and descent of the whole font; a third of the height in the middle is surely letters.
		third := (w.yMax - w.yMin) / 3
		w.yMin, w.yMax = w.yMin+third, w.yMax-third
		words = append(words, w)
	}
	if len(words) < 100 {
		t.Fatalf("found only %d words", len(words))
	}
	for i, a := range words {
		if a.xMin < 5 || a.xMax > 607 {
			t.Errorf("%q leaves the sheet: %v", a.text, a)
		}
		for _, b := range words[:i] {
			if a.xMin < b.xMax-0.1 && b.xMin < a.xMax-0.1 && a.yMin < b.yMax && b.yMin < a.yMax {
				t.Errorf("%q and %q overlap", a.text, b.text)
			}
		}
	}
}

// The clear band, rasterised at 600 dots to the inch: nothing but the magnetic line, at its height, each character in
// its position. Rule CHK-2.
func TestClearBand(t *testing.T) {
	t.Parallel()
	const dpi = 600
	for place, foot := range map[check.Place]float64{check.Top: 3.5, check.Middle: 7, check.Bottom: 11} {
		l := layout()
		l.Place = place
		c := oneCheck()
		c.Address = []string{"One", "Two", "Three", "Four", "Five gjpqy"}
		c.Payee = "The Honourable Company of Makers of Extraordinarily Long Names, Successors and Assigns"
		const width, height = 85 * dpi / 10, 5 * dpi / 8
		img := poppler(t, pdf(t, l, c), "pdftoppm", "-gray", "-singlefile", "-r", strconv.Itoa(dpi),
			"-x", "0", "-y", strconv.Itoa(int(foot*dpi)-height), "-W", strconv.Itoa(width), "-H", strconv.Itoa(height))
		header := fmt.Sprintf("P5\n%d %d\n255\n", width, height)
		if !bytes.HasPrefix(img, []byte(header)) || len(img) != len(header)+width*height {
			t.Fatalf("image begins %q and has %d bytes", img[:20], len(img))
		}
		pixels := img[len(header):]

		line, err := micr.Line("001234", l.Routing, l.Account)
		if err != nil {
			t.Fatal(err)
		}
		var cells [micr.Positions]struct{ dots, left, right, top, bottom int }
		for i, v := range pixels {
			if v > 127 {
				continue
			}
			x, y := i%width, i/width
			fromRight := float64(width-x)/dpi - 5.0/16 + micr.Bearing // from the end of the cell of position 1
			n := micr.Positions - 1 - int(fromRight/micr.Pitch)
			if fromRight < 0 || n < 0 {
				t.Fatalf("place %d: ink at %d, %d, beside the line", place, x, y)
			}
			cell := &cells[n]
			if cell.dots == 0 {
				cell.left, cell.top = x, y
			}
			cell.dots++
			cell.left, cell.right = min(cell.left, x), max(cell.right, x)
			cell.bottom = y
		}
		const digitTop, digitBottom = height - (5.0/16+micr.Height/2)*dpi, height - (5.0/16-micr.Height/2)*dpi
		for i, r := range []rune(line) {
			cell := cells[i]
			position := micr.Positions - i
			if (r != ' ') != (cell.dots > 0) {
				t.Errorf("place %d, position %d: %d dots for %q", place, position, cell.dots, r)
				continue
			}
			if r == ' ' {
				continue
			}
			edge := width - (5.0/16+float64(position-1)*micr.Pitch)*dpi
			if d := float64(cell.right+1) - edge; d < -1.5 || d > 1.5 {
				t.Errorf("place %d, position %d: %q ends %.1f dots from where it should", place, position, r, d)
			}
			if r >= '0' && r <= '9' && (abs(float64(cell.top)-digitTop) > 1.5 || abs(float64(cell.bottom+1)-digitBottom) > 1.5) {
				t.Errorf("place %d, position %d: %q stands from %d to %d, want %.0f to %.0f", place, position, r, cell.top, cell.bottom, digitTop, digitBottom)
			}
		}
	}
}

func abs(f float64) float64 { return max(f, -f) }

func TestWriteIsValidAndReproducible(t *testing.T) {
	t.Parallel()
	api.DisableConfigDir()
	second := withBills(140)
	second.Serial = 1235
	first := pdf(t, layout(), oneCheck(), second)
	if err := api.Validate(bytes.NewReader(first), nil); err != nil {
		t.Errorf("pdfcpu: %v", err)
	}
	for range 5 {
		if again := pdf(t, layout(), oneCheck(), second); !bytes.Equal(first, again) {
			t.Fatal("CHK-5: the same checks gave other bytes")
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		edit  func(*check.Layout, *check.Check)
		field string
		want  error
	}{
		{"LIM-5: the largest amount passes", func(_ *check.Layout, c *check.Check) { c.Amount, c.Bills = check.MaxAmount, nil }, "", nil},
		{"LIM-5: a cent more", func(_ *check.Layout, c *check.Check) { c.Amount, c.Bills = check.MaxAmount+1, nil }, "Amount", check.ErrAmount},
		{"no amount", func(_ *check.Layout, c *check.Check) { c.Amount, c.Bills = 0, nil }, "Amount", check.ErrAmount},
		{"a negative amount", func(_ *check.Layout, c *check.Check) { c.Amount, c.Bills = -1, nil }, "Amount", check.ErrAmount},
		{"the stub does not add up", func(_ *check.Layout, c *check.Check) { c.Bills[0].Paid++ }, "Bills", check.ErrSum},
		{"a bill beyond any check", func(_ *check.Layout, c *check.Check) { c.Bills[1].Amount = 1 << 62 }, "Bills[1].Amount", check.ErrAmount},
		{"no payee", func(_ *check.Layout, c *check.Check) { c.Payee = " \t" }, "Payee", check.ErrMissing},
		{"a payee without letters in the font", func(_ *check.Layout, c *check.Check) { c.Payee = "株式会社" }, "Payee", check.ErrCharacter},
		{"a line break in the payee", func(_ *check.Layout, c *check.Check) { c.Payee = "A\nB" }, "Payee", check.ErrCharacter},
		{"a payee read backwards", func(_ *check.Layout, c *check.Check) { c.Payee = "A\u202eB" }, "Payee", check.ErrCharacter},
		{"a payee that is no UTF-8", func(_ *check.Layout, c *check.Check) { c.Payee = "A\xff" }, "Payee", check.ErrCharacter},
		{"a payee in decomposed letters is composed", func(_ *check.Layout, c *check.Check) { c.Payee = "Cafe\u0301" }, "", nil},
		{"a payee of three lines", func(_ *check.Layout, c *check.Check) { c.Payee = strings.Repeat("Company and Sons ", 12) }, "Payee", check.ErrTooLong},
		{"a payee of one endless word", func(_ *check.Layout, c *check.Check) { c.Payee = strings.Repeat("W", 80) }, "Payee", check.ErrTooLong},
		{"an address of six lines", func(_ *check.Layout, c *check.Check) { c.Address = strings.Fields("1 2 3 4 5 6") }, "Address", check.ErrTooLong},
		{"empty lines of an address do not count", func(_ *check.Layout, c *check.Check) { c.Address = []string{"1", "", "2", "3", "4", "", "5"} }, "", nil},
		{"an endless line of an address", func(_ *check.Layout, c *check.Check) { c.Address[1] = strings.Repeat("W", 80) }, "Address", check.ErrTooLong},
		{"a memo of 71", func(_ *check.Layout, c *check.Check) { c.Memo = strings.Repeat("i", 71) }, "Memo", check.ErrTooLong},
		{"an invoice number of 201", func(_ *check.Layout, c *check.Check) { c.Bills[1].Invoice = strings.Repeat("1", 201) }, "Bills[1].Invoice", check.ErrTooLong},
		{"no date", func(_ *check.Layout, c *check.Check) { c.Date = civil.Date{} }, "Date", check.ErrMissing},
		{"no serial", func(_ *check.Layout, c *check.Check) { c.Serial = 0 }, "Serial", check.ErrValue},
		{"CHK-2: a serial wider than the account's", func(_ *check.Layout, c *check.Check) { c.Serial = 1000000 }, "Serial", check.ErrValue},
		{"CHK-2: any width", func(l *check.Layout, c *check.Check) { l.SerialWidth, c.Serial = 0, 1000000 }, "", nil},
		{"a routing number with a wrong digit", func(l *check.Layout, _ *check.Check) { l.Routing = "021000022" }, "Routing", micr.ErrRouting},
		{"an account with letters", func(l *check.Layout, _ *check.Check) { l.Account = "12A" }, "Account", micr.ErrAccount},
		{"no bank", func(l *check.Layout, _ *check.Check) { l.BankName = "" }, "BankName", check.ErrMissing},
		{"an endless bank", func(l *check.Layout, _ *check.Check) { l.BankName = strings.Repeat("W", 80) }, "BankName", check.ErrTooLong},
		{"no fraction", func(l *check.Layout, _ *check.Check) { l.Fractional = "" }, "Fractional", check.ErrMissing},
		{"an endless company", func(l *check.Layout, _ *check.Check) { l.CompanyName = strings.Repeat("W", 80) }, "CompanyName", check.ErrTooLong},
		{"an endless company address", func(l *check.Layout, _ *check.Check) { l.CompanyAddress[1] = strings.Repeat("W", 80) }, "CompanyAddress[1]", check.ErrTooLong},
		{"void in the past", func(l *check.Layout, _ *check.Check) { l.VoidAfterDays = -1 }, "VoidAfterDays", check.ErrValue},
		{"a width beyond the field", func(l *check.Layout, _ *check.Check) { l.SerialWidth = 20 }, "SerialWidth", check.ErrValue},
		{"a place that is none", func(l *check.Layout, _ *check.Check) { l.Place = 3 }, "Place", check.ErrValue},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l, c := layout(), oneCheck()
			tt.edit(&l, &c)
			refused(t, tt.field, tt.want, func(b *bytes.Buffer) error { return check.Write(b, l, []check.Check{c}) })
		})
	}
	t.Run("no checks", func(t *testing.T) {
		t.Parallel()
		refused(t, "Checks", check.ErrMissing, func(b *bytes.Buffer) error { return check.Write(b, layout(), nil) })
	})
	t.Run("XO-4: a number twice", func(t *testing.T) {
		t.Parallel()
		refused(t, "Serial", check.ErrTwice, func(b *bytes.Buffer) error {
			return check.Write(b, layout(), []check.Check{oneCheck(), oneCheck()})
		})
	})
}

// refused asks that write fails with want on field and writes nothing, or, without a field, that it does not fail.
func refused(t *testing.T, field string, want error, write func(*bytes.Buffer) error) {
	t.Helper()
	var b bytes.Buffer
	err := write(&b)
	if field == "" {
		if err != nil || b.Len() == 0 {
			t.Errorf("wrote %d bytes, %v; want a file", b.Len(), err)
		}
		return
	}
	var fe *check.FieldError
	if !errors.As(err, &fe) || fe.Field != field || !errors.Is(err, want) || b.Len() > 0 {
		t.Errorf("wrote %d bytes, %v; want nothing and %q %v", b.Len(), err, field, want)
	}
}

// FuzzWrite: whatever text a vendor record brings is refused or printed, in a document that pdfcpu accepts.
func FuzzWrite(f *testing.F) {
	api.DisableConfigDir()
	f.Add("Acme", "1 Main Street", "thanks", "INV-1", int64(100))
	f.Add("(Acme) \\ <>", "\u00a0", "a\u0301", "﷽", int64(check.MaxAmount))
	f.Fuzz(func(t *testing.T, payee, address, memo, invoice string, amount int64) {
		c := oneCheck()
		c.Payee, c.Address, c.Memo, c.Amount = payee, []string{address}, memo, amount
		c.Bills = []check.StubLine{{Invoice: invoice, Amount: amount, Paid: amount}}
		var b bytes.Buffer
		if err := check.Write(&b, layout(), []check.Check{c}); err != nil {
			var fe *check.FieldError
			if !errors.As(err, &fe) || b.Len() > 0 {
				t.Fatalf("%d bytes, %v", b.Len(), err)
			}
			return
		}
		if err := api.Validate(bytes.NewReader(b.Bytes()), nil); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWritePositivePay(t *testing.T) {
	t.Parallel()
	day := civil.MustDate("2026-11-25")
	issues := []check.Issue{
		{Account: "123456789", Serial: 1234, Date: day, Amount: 125000, Payee: "Łódź Façade & Söhne GmbH"},
		{Account: "123456789", Serial: 1235, Date: day, Amount: 1, Payee: `Smith, Jones & "Co"`},
		{Account: "12-345 6", Serial: 1, Date: day.AddDays(1), Amount: check.MaxAmount, Payee: "=Formula Works", Void: true},
		{Account: "123456789", Serial: 1236, Date: day, Amount: 5, Payee: "+1 Studio", Void: true},
	}
	var b bytes.Buffer
	if err := check.WritePositivePay(&b, check.Generic(), issues); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "positive_pay.csv")
	if *update {
		if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("CHK-6: WritePositivePay gave\n%s\nwant\n%s", b.Bytes(), want)
	}
}

func TestWritePositivePayRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		edit  func(*check.Issue)
		field string
		want  error
	}{
		{"no account", func(i *check.Issue) { i.Account = "" }, "Account", check.ErrMissing},
		{"a formula as account", func(i *check.Issue) { i.Account = "=1" }, "Account", check.ErrCharacter},
		{"no serial", func(i *check.Issue) { i.Serial = 0 }, "Serial", check.ErrValue},
		{"no date", func(i *check.Issue) { i.Date = civil.Date{} }, "Date", check.ErrMissing},
		{"LIM-5: a cent too much", func(i *check.Issue) { i.Amount = check.MaxAmount + 1 }, "Amount", check.ErrAmount},
		{"nothing", func(i *check.Issue) { i.Amount = 0 }, "Amount", check.ErrAmount},
		{"no payee", func(i *check.Issue) { i.Payee = " " }, "Payee", check.ErrMissing},
		{"CHK-6: a line break", func(i *check.Issue) { i.Payee = "A\r\nB" }, "Payee", check.ErrCharacter},
		{"CHK-6: a tab", func(i *check.Issue) { i.Payee = "A\tB" }, "Payee", check.ErrCharacter},
		{"CHK-6: NUL", func(i *check.Issue) { i.Payee = "A\x00" }, "Payee", check.ErrCharacter},
		{"CHK-6: a line separator", func(i *check.Issue) { i.Payee = "A\u2028B" }, "Payee", check.ErrCharacter},
		{"CHK-6: no UTF-8", func(i *check.Issue) { i.Payee = "A\xff" }, "Payee", check.ErrCharacter},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			good := check.Issue{Account: "1", Serial: 7, Date: civil.MustDate("2026-11-25"), Amount: 1, Payee: "Acme"}
			bad := good
			tt.edit(&bad)
			refused(t, tt.field, tt.want, func(b *bytes.Buffer) error {
				return check.WritePositivePay(b, check.Generic(), []check.Issue{good, bad})
			})
		})
	}
}

// BenchmarkWrite prints runs of checks with three bills each.
func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{1, 200} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			checks := make([]check.Check, n)
			for i := range checks {
				checks[i] = oneCheck()
				checks[i].Serial += int64(i)
			}
			for b.Loop() {
				pdf(b, layout(), checks...)
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "checks/s")
		})
	}
}
