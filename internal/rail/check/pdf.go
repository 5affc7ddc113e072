package check

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/rail/check/micr"
)

// Measures of the sheet in points, 72 to the inch. Vertical ones count down from the top of their part.
const (
	sheetWidth  = 612.0
	sheetHeight = 792.0
	checkHeight = 252.0 // 3.5 inches
	margin      = 36.0
	rightMargin = sheetWidth - margin
	clearBand   = checkHeight - 45 // 5/8 inch above the foot; below it only the magnetic line (CHK-2)

	// The line's characters stand in the middle of the band from 3/16 to 7/16 inch, and position 1 ends 5/16 inch from
	// the right edge. Source: ANSI X9.100-160-1.
	lineBase = checkHeight - 72*(5.0/16-micr.Height/2)
	lineLeft = sheetWidth - 72*(5.0/16-micr.Bearing+micr.Positions*micr.Pitch)
)

// Write makes one PDF with a US letter sheet for every check: the check and two stubs (CHK-1, CHK-2). A stub has up to
// StubBills bills; where there are more it points to an enclosed list, which follows the sheet (CHK-8). The same values
// give the same bytes; the document's dates are the date of the first check.
//
// It fails with a *FieldError and writes nothing when a field is refused: nothing on a check is ever cut to fit. On the
// stubs a long invoice number is.
func Write(w io.Writer, layout Layout, checks []Check) error {
	p, err := draw(layout, checks)
	if err != nil {
		return err
	}
	if err := p.pdf.Output(w); err != nil {
		return fmt.Errorf("write checks: %w", err)
	}
	return nil
}

// Try fails as Write would and makes no document.
func Try(layout Layout, checks []Check) error {
	_, err := draw(layout, checks)
	return err
}

func draw(layout Layout, checks []Check) (*pen, error) {
	if len(checks) == 0 {
		return nil, &FieldError{Field: "Checks", Err: ErrMissing}
	}
	layout, err := layout.clean()
	if err != nil {
		return nil, err
	}
	serials := make(map[int64]bool, len(checks))
	var p *pen
	for _, c := range checks {
		if c, err = c.clean(layout); err != nil {
			return nil, err
		}
		if serials[c.Serial] {
			return nil, &FieldError{Serial: c.Serial, Field: "Serial", Err: ErrTwice}
		}
		serials[c.Serial] = true
		if p == nil {
			p = newPen(layout, c.Date)
		}
		if err := p.sheet(c); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// pen draws on the document of one run.
type pen struct {
	pdf    *fpdf.Fpdf
	layout Layout
	top    float64 // where the part that is drawn begins on the sheet
}

// The faces, as fpdf calls them.
const (
	plain = ""
	bold  = "B"
)

// The greys: ink, labels, hairlines.
const (
	ink   = 0
	label = 95
	hair  = 170
)

func newPen(layout Layout, date civil.Date) *pen {
	pdf := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: sheetWidth, Ht: sheetHeight}})
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCatalogSort(true)
	day := time.Date(date.Year(), date.Month(), date.Day(), 0, 0, 0, 0, time.UTC)
	pdf.SetCreationDate(day)
	pdf.SetModificationDate(day)
	pdf.SetProducer("Duebook", true)
	pdf.SetTitle("Checks of "+layout.CompanyName, true)
	pdf.AddUTF8FontFromBytes("text", plain, goregular.TTF)
	pdf.AddUTF8FontFromBytes("text", bold, gobold.TTF)
	pdf.AddUTF8FontFromBytes("micr", plain, micr.Font())
	return &pen{pdf: pdf, layout: layout}
}

// sheet draws a check with its stubs, and the enclosed list if there is one.
func (p *pen) sheet(c Check) error {
	at, first, second := 0.0, checkHeight, 2*checkHeight
	switch p.layout.Place {
	case Middle:
		at, first = checkHeight, 0
	case Bottom:
		at, first, second = sheetHeight-checkHeight, 0, checkHeight
	}
	p.pdf.AddPage()
	p.top = at
	if c.Void {
		p.void(c)
		return nil
	}
	if err := p.check(c); err != nil {
		return err
	}
	for _, p.top = range []float64{first, second} {
		p.stub(c)
	}
	p.top = 0
	if len(c.Bills) > StubBills {
		p.enclosed(c)
	}
	return nil
}

// check draws the check itself. Rules CHK-1, CHK-2.
func (p *pen) check(c Check) error {
	const (
		bankLeft, bankRight = 250.0, 452.0
		boxLeft             = 462.0
		payLeft, payRight   = 74.0, 446.0 // words; also where a window envelope shows the payee
		windowRight         = 350.0
		signLeft            = 366.0
	)
	l, serial := p.layout, p.layout.serial(c.Serial)
	refused := func(field string) error {
		return &FieldError{Serial: c.Serial, Field: field, Err: ErrTooLong}
	}

	// Who pays, at which bank.
	y, ok := p.name(11, margin, 32, bankLeft-10-margin, l.CompanyName)
	if !ok {
		return &FieldError{Field: "CompanyName", Err: ErrTooLong}
	}
	for i, s := range l.CompanyAddress {
		if !p.fit(plain, 7.5, 5, margin, y+11+9*float64(i), bankLeft-10-margin, s) {
			return &FieldError{Field: "CompanyAddress[" + strconv.Itoa(i) + "]", Err: ErrTooLong}
		}
	}
	if !p.fit(bold, 9, 5, bankLeft, 32, bankRight-bankLeft, l.BankName) {
		return &FieldError{Field: "BankName", Err: ErrTooLong}
	}
	if !p.fit(plain, 7.5, 5, bankLeft, 43, bankRight-bankLeft, l.Fractional) {
		return &FieldError{Field: "Fractional", Err: ErrTooLong}
	}

	// Number and date.
	p.right(bold, p.size(bold, 13, rightMargin-bankRight-48, serial), rightMargin, 33, serial)
	p.right(plain, 9, rightMargin, 59, longDate(c.Date))
	p.grey(label)
	p.right(plain, 6.5, rightMargin, 71, "Void after "+strconv.Itoa(l.VoidAfterDays)+" days")
	p.text(plain, 6, bankRight+10, 32, "CHECK NO.")
	p.text(plain, 6, bankRight+10, 59, "DATE")

	// The amount, twice.
	p.text(plain, 6, margin, 101, "PAY")
	p.right(plain, 6, boxLeft-9, 101, "DOLLARS")
	p.grey(ink)
	words := money.Words(c.Amount)
	const dollars = 34.0 // room for the label
	if !p.fit(plain, 10.5, 6, payLeft, 101, payRight-dollars-payLeft, words) {
		return refused("Amount")
	}
	after := payLeft + p.pdf.GetStringWidth(words) + 5
	p.rule(hair, 0.5, margin, 105, payRight+6)
	if after < payRight-dollars { // nothing can be written behind the words
		p.rule(ink, 0.8, after, 98, payRight-dollars)
	}
	p.pdf.SetLineWidth(0.8)
	p.pdf.Rect(boxLeft, p.top+86, rightMargin-boxLeft, 22, "D")
	p.text(bold, 11, boxLeft+6, 101, "$")
	p.right(bold, 12, rightMargin-6, 101.5, "**"+figures(c.Amount))

	// The payee, in the window of the envelope.
	p.grey(label)
	p.text(plain, 6, margin, 122, "TO THE")
	p.text(plain, 6, margin, 129, "ORDER OF")
	p.grey(ink)
	if y, ok = p.name(10.5, payLeft, 129, windowRight-payLeft, c.Payee); !ok {
		return refused("Payee")
	}
	size := p.size(plain, 9, windowRight-payLeft, c.Address...)
	if size < 5.5 {
		return refused("Address")
	}
	for i, s := range c.Address {
		p.text(plain, size, payLeft, y+12+10.5*float64(i), s)
	}

	// Memo and signature, above the clear band.
	const foot = clearBand - 11
	p.rule(ink, 0.6, signLeft, foot, rightMargin)
	p.grey(label)
	p.text(plain, 6, signLeft, foot+7, "AUTHORIZED SIGNATURE")
	if c.Memo != "" {
		p.text(plain, 6, margin, clearBand-4, "MEMO")
		p.grey(ink)
		if !p.fit(plain, 8, 4, payLeft, clearBand-4, windowRight-payLeft, c.Memo) {
			return refused("Memo")
		}
	}
	p.grey(ink)

	line, err := micr.Line(serial, l.Routing, l.Account)
	if err != nil {
		return &FieldError{Serial: c.Serial, Field: "Serial", Err: err}
	}
	p.pdf.SetFont("micr", plain, micr.FontSize)
	p.pdf.Text(lineLeft, p.top+lineBase, line)
	return nil
}

// void draws the sheet of a number that must not be paid: no amount, no words, no magnetic line (XO-4).
func (p *pen) void(c Check) {
	p.heading(c, "")
	p.text(bold, 96, margin, 165, "VOID")
	p.text(plain, 9, margin, 190, "This number was voided before it was printed. File this sheet: it explains the number.")
}

// stub draws one stub with its bills, in two columns where one does not hold them. Rule CHK-8.
func (p *pen) stub(c Check) {
	const rows = (StubBills + 1) / 2
	p.heading(c, "")
	switch n := len(c.Bills); {
	case n > StubBills:
		p.text(plain, 9, margin, 84, "See enclosed list: "+strconv.Itoa(n)+" bills.")
	case n > rows:
		p.columns(c.Bills, rows, 9.4)
	case n > 0:
		p.bills(c.Bills, margin, rightMargin-margin, 9.4, 7.5)
	}
	if c.Memo != "" {
		p.short(plain, 7, margin, 245, 300, c.Memo)
	}
	p.right(bold, 8, rightMargin, 245, "Total  "+figures(c.Amount))
}

// enclosed draws the list that a stub points to, on as many sheets as it takes. Rule CHK-8.
func (p *pen) enclosed(c Check) {
	const rows = 66
	sheets := (len(c.Bills) + 2*rows - 1) / (2 * rows)
	for i := range sheets {
		p.pdf.AddPage()
		p.heading(c, fmt.Sprintf(", enclosed list, page %d of %d", i+1, sheets))
		p.columns(c.Bills[i*2*rows:min((i+1)*2*rows, len(c.Bills))], rows, 9.8)
		if i == sheets-1 {
			p.right(bold, 8, rightMargin, sheetHeight-margin, "Total  "+figures(c.Amount))
		}
	}
}

// heading is the top of a stub or list: from whom, to whom, which check, and what part of its papers this is.
func (p *pen) heading(c Check, suffix string) {
	p.short(bold, 9, margin, 25, 330, p.layout.CompanyName)
	p.right(bold, 9, rightMargin, 25, "Check "+p.layout.serial(c.Serial)+suffix)
	p.short(plain, 8, margin, 38, 330, c.Payee)
	p.right(plain, 8, rightMargin, 38, longDate(c.Date))
}

// columns draws bills in two columns of up to rows.
func (p *pen) columns(bills []StubLine, rows int, step float64) {
	const gap, width = 18.0, (rightMargin - margin - 18) / 2
	left := min(rows, len(bills))
	p.bills(bills[:left], margin, width, step, 6.5)
	if rest := bills[left:]; len(rest) > 0 {
		p.bills(rest, margin+width+gap, width, step, 6.5)
	}
}

// bills draws one table: a line of headings, then a bill a line.
func (p *pen) bills(bills []StubLine, left, width, step, size float64) {
	const y = 62.0
	right := left + width
	share := max(width*0.18, 48) // of each amount
	date := right - 3*share - 36 // the date's left edge
	p.grey(label)
	p.text(plain, 6, left, y, "INVOICE")
	p.text(plain, 6, date-10, y, "DATE")
	for i, title := range [...]string{"PAID", "DISCOUNT", "AMOUNT"} {
		p.right(plain, 6, right-float64(i)*share, y, title)
	}
	p.grey(ink)
	p.rule(hair, 0.5, left, y+3, right)
	for i, b := range bills {
		y := y + 4 + step*float64(i+1)
		p.short(plain, size, left, y, date-14-left, b.Invoice)
		p.text(plain, size, date-10, y, shortDate(b.Date))
		p.right(plain, size, right-2*share, y, figures(b.Amount))
		if b.Discount != 0 {
			p.right(plain, size, right-share, y, figures(b.Discount))
		}
		p.right(plain, size, right, y, figures(b.Paid))
	}
}

func (p *pen) grey(level int) { p.pdf.SetTextColor(level, level, level) }

// text sets s from x; y is its baseline within the part.
func (p *pen) text(face string, size, x, y float64, s string) {
	p.pdf.SetFont("text", face, size)
	p.pdf.Text(x, p.top+y, s)
}

// right sets s so that it ends at x.
func (p *pen) right(face string, size, x, y float64, s string) {
	p.pdf.SetFont("text", face, size)
	p.pdf.Text(x-p.pdf.GetStringWidth(s), p.top+y, s)
}

// size is the size, up to the given one, at which every line fits the width.
func (p *pen) size(face string, size, width float64, lines ...string) float64 {
	p.pdf.SetFont("text", face, size)
	least := size
	for _, s := range lines {
		if w := p.pdf.GetStringWidth(s); w > width {
			least = min(least, size*width/w)
		}
	}
	return least
}

// fit sets s as large as its width allows; false: not even the least size fits, and nothing is set.
func (p *pen) fit(face string, size, least, x, y, width float64, s string) bool {
	size = p.size(face, size, width, s)
	if size < least {
		return false
	}
	p.text(face, size, x, y, s)
	return true
}

// name sets a name in one line or, smaller, in two, and gives the baseline of the last; false: it needs more.
func (p *pen) name(size, x, y, width float64, s string) (float64, bool) {
	const least = 8
	lines := p.wrap(bold, size, least, width, s)
	if len(lines) == 0 || len(lines) > 2 {
		return 0, false
	}
	size = p.size(bold, size, width, lines...)
	for i, line := range lines {
		p.text(bold, size, x, y+size*1.1*float64(i), line)
	}
	return y + size*1.1*float64(len(lines)-1), true
}

// short sets s and cuts it, with an ellipsis, where it does not fit a little smaller either.
func (p *pen) short(face string, size, x, y, width float64, s string) {
	if p.fit(face, size, size*0.8, x, y, width, s) {
		return
	}
	p.pdf.SetFont("text", face, size*0.8)
	cut := []rune(s)
	for len(cut) > 0 && p.pdf.GetStringWidth(string(cut)+"…") > width {
		cut = cut[:len(cut)-1]
	}
	p.text(face, size*0.8, x, y, string(cut)+"…")
}

// wrap is s in one line if that fits at some size from least up, or its words in lines that fit at the least size; none
// if a word alone does not.
func (p *pen) wrap(face string, size, least, width float64, s string) []string {
	if p.size(face, size, width, s) >= least {
		return []string{s}
	}
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		longer := strings.TrimSpace(line + " " + word)
		switch {
		case p.size(face, least, width, longer) == least:
			line = longer
		case line == "" || p.size(face, least, width, word) < least:
			return nil
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// rule draws a horizontal line.
func (p *pen) rule(grey int, width, from, y, to float64) {
	p.pdf.SetDrawColor(grey, grey, grey)
	p.pdf.SetLineWidth(width)
	p.pdf.Line(from, p.top+y, to, p.top+y)
	p.pdf.SetDrawColor(ink, ink, ink)
}

// figures writes cents as "1,250.00".
func figures(minor int64) string {
	s := money.FormatMinor(minor, 2)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	for i := len(s) - len(".00") - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// longDate is a date that no stroke of a pen changes: "November 25, 2026".
func longDate(d civil.Date) string {
	return fmt.Sprintf("%s %d, %d", d.Month(), d.Day(), d.Year())
}

// shortDate is "11/25/2026", "" for no date.
func shortDate(d civil.Date) string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%02d/%02d/%04d", int(d.Month()), d.Day(), d.Year())
}
