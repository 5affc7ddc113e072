// Package paper lays out what a company hands to its customers: the invoice as a PDF.
package paper

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/boombuler/barcode/qr"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/money"
)

// Invoice is everything that stands on an invoice, as it was at one moment. Amounts are minor units of Currency.
type Invoice struct {
	From, To Party
	Number   string
	Date     civil.Date
	Due      civil.Date
	Facts    []Fact // what else the head tells: terms, purchase order, shipping
	Currency string
	Lines    []Line

	Subtotal  int64
	Discount  int64 // taken off the subtotal
	Tax       int64
	TaxName   string // "Sales tax 8.875 %"; empty: "Tax"
	Total     int64
	Paid      int64
	Credits   int64
	AmountDue int64

	Note    string   // to the customer, below the lines
	PayLink string   // where to pay online; empty: no link, no code
	Remit   []string // how to pay otherwise, a line each
	Void    bool
}

// Party is a name with the lines of its address and of the ways to reach it.
type Party struct {
	Name  string
	Lines []string
}

// Fact is a label and its value: "Terms", "Net 30".
type Fact struct{ Label, Value string }

// Line is one line of an invoice. Quantity and Price are written out; both are empty where the line has none, Quantity
// is empty where Price is a percentage.
type Line struct {
	Item, Text      string
	Quantity, Price string
	Amount          int64
}

// MaxLines is how many lines an invoice may have.
const MaxLines = 5000

// ErrTooManyLines refuses an invoice with more than MaxLines lines.
var ErrTooManyLines = errors.New("the invoice has more than 5,000 lines")

// Write makes the PDF of an invoice on US letter sheets: head, lines, totals, and how to pay. The head of the table is
// repeated on each sheet, which is numbered "page n of m"; what is long takes more lines, and only addresses of more than
// ten lines are cut. The same
// values give the same bytes; the document's dates are the invoice's. It fails with ErrTooManyLines.
func Write(w io.Writer, inv Invoice) error {
	if len(inv.Lines) > MaxLines {
		return ErrTooManyLines
	}
	p := newPen(inv)
	p.foot = p.planFoot()
	p.pages = p.paginate()
	for i := range p.pages {
		p.page(i)
	}
	if err := p.pdf.Output(w); err != nil {
		return fmt.Errorf("write invoice %s: %w", inv.Number, err)
	}
	return nil
}

// Measures of the sheet in points, 72 to the inch, from its upper left corner.
const (
	sheetWidth  = 612.0
	sheetHeight = 792.0
	left        = 50.0
	right       = sheetWidth - 50
	bottom      = sheetHeight - 62 // the last baseline above the footer
	nextTop     = 96.0             // where the table begins on a sheet that is not the first

	textRight   = 352.0 // the columns of the table end here
	amountRight = right
	priceRight  = 478.0
	countRight  = 402.0

	bodySize = 9.0
	leading  = 12.0
	rowGap   = 9.0 // between two lines of the invoice
)

// The faces, as fpdf calls them.
const (
	plain = ""
	bold  = "B"
)

// color is red, green, blue.
type color [3]int

var (
	ink    = color{24, 28, 36}
	label  = color{98, 105, 118}
	hair   = color{208, 213, 221}
	shade  = color{244, 246, 249}
	accent = color{31, 68, 117}
	good   = color{25, 111, 61}
	bad    = color{168, 41, 41}
)

// pen draws the document of one invoice.
type pen struct {
	pdf   *fpdf.Fpdf
	inv   Invoice
	top   float64 // where the table begins on the first sheet
	foot  foot
	pages [][]row
}

// row is what stands beside each other in the table: a line of the invoice, or a part of one whose text is long.
type row struct {
	text            []string
	named           bool // the first line of text is the item's name
	quantity, price string
	amount          string
	last            bool // of its line; a rule follows
}

func (r row) height() float64 {
	h := leading * float64(len(r.text))
	if r.last {
		h += rowGap
	}
	return h
}

func newPen(inv Invoice) *pen {
	pdf := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: sheetWidth, Ht: sheetHeight}})
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCatalogSort(true)
	day := time.Date(inv.Date.Year(), inv.Date.Month(), inv.Date.Day(), 0, 0, 0, 0, time.UTC)
	pdf.SetCreationDate(day)
	pdf.SetModificationDate(day)
	pdf.SetProducer("Duebook", true)
	pdf.SetTitle("Invoice "+clean(inv.Number)+" from "+clean(inv.From.Name), true)
	pdf.SetAuthor(clean(inv.From.Name), true)
	pdf.SetLang("en-US")
	pdf.AddUTF8FontFromBytes("text", plain, goregular.TTF)
	pdf.AddUTF8FontFromBytes("text", bold, gobold.TTF)
	return &pen{pdf: pdf, inv: inv}
}

// paginate divides the lines among sheets, so that the totals stand below a line on the last one.
func (p *pen) paginate() [][]row {
	p.top = p.headHeight()
	var pages [][]row
	var page []row
	y := p.top + tableHead
	for _, line := range p.inv.Lines {
		for _, r := range p.rows(line) {
			if y+r.height() > bottom && len(page) > 0 {
				pages, page, y = append(pages, page), nil, nextTop+tableHead
			}
			page, y = append(page, r), y+r.height()
		}
	}
	for _, r := range p.noteRows() {
		if y+r.height() > bottom && len(page) > 0 {
			pages, page, y = append(pages, page), nil, nextTop+tableHead
		}
		page, y = append(page, r), y+r.height()
	}
	if y+p.foot.height > bottom {
		if n := len(page); n > 1 {
			pages, page = append(pages, page[:n-1]), page[n-1:]
		} else {
			pages, page = append(pages, page), nil
		}
	}
	return append(pages, page)
}

// longestNote is how many lines of a note stand below the totals; a longer one stands between lines and totals.
const longestNote = 30

// noteRows is a note that is too long for the foot.
func (p *pen) noteRows() []row {
	text := p.wrap(plain, 8.5, right-left, p.inv.Note)
	if len(text) <= longestNote {
		return nil
	}
	rows := p.rows(Line{Text: p.inv.Note})
	rows[0].amount = ""
	return rows
}

// rows are the rows of one line. A text longer than longest lines is divided.
func (p *pen) rows(l Line) []row {
	const longest = 40
	var text []string
	named := clean(l.Item) != ""
	if named {
		text = p.wrap(bold, bodySize, textRight-left, l.Item)
	}
	names := len(text)
	if strings.TrimSpace(l.Text) != "" && l.Text != l.Item {
		text = append(text, p.wrap(plain, bodySize, textRight-left, l.Text)...)
	}
	if len(text) == 0 {
		text = []string{""}
	}
	var out []row
	for len(text) > 0 {
		n := min(len(text), longest)
		if named && len(out) == 0 {
			n = min(n, max(names, longest))
		}
		out = append(out, row{text: text[:n]})
		text = text[n:]
	}
	first := &out[0]
	first.named = named
	first.quantity, first.price, first.amount = clean(l.Quantity), clean(l.Price), p.figures(l.Amount)
	out[len(out)-1].last = true
	return out
}

func (p *pen) page(i int) {
	p.pdf.AddPage()
	p.fill(accent, 0, 0, sheetWidth, 6)
	y := nextTop
	if i == 0 {
		p.head()
		y = p.top
	} else {
		p.headAgain()
	}
	y = p.table(p.pages[i], y, i > 0 && len(p.pages[i]) == 0)
	if i == len(p.pages)-1 {
		p.drawFoot(y)
	}
	p.line(hair, 0.5, left, sheetHeight-44, right)
	p.short(plain, 7.5, label, left, sheetHeight-31, 380, p.inv.From.Name+"  ·  Invoice "+p.inv.Number)
	p.right(plain, 7.5, label, right, sheetHeight-31, fmt.Sprintf("Page %d of %d", i+1, len(p.pages)))
}

// The head of the first sheet: who sends it, to whom, the facts and what is due.

const (
	headTop    = 58.0
	blockTop   = 22.0 // from the end of the sender's block to that of the customer
	factsLeft  = 362.0
	factsWidth = right - factsLeft
	smallStep  = 11.5
)

// sender and customer are the lines of the two blocks, wrapped.
func (p *pen) sender() (name, lines []string) {
	return p.wrap(bold, 16, 290, p.inv.From.Name), p.wrapAll(8.5, 290, p.inv.From.Lines)
}

func (p *pen) customer() (name, lines []string) {
	return p.wrap(bold, 10.5, 270, p.inv.To.Name), p.wrapAll(9, 270, p.inv.To.Lines)
}

// facts are the rows at the right of the head; those without a value are left out.
func (p *pen) facts() []Fact {
	all := append([]Fact{{"Invoice number", p.inv.Number}, {"Invoice date", date(p.inv.Date)}, {"Due date", date(p.inv.Due)}}, p.inv.Facts...)
	var out []Fact
	for _, f := range all {
		if clean(f.Value) != "" {
			out = append(out, f)
		}
	}
	return out
}

func (p *pen) factLines(f Fact) []string { return p.wrap(plain, bodySize, factsWidth-82, f.Value) }

// headHeight is where the table begins below the head.
func (p *pen) headHeight() float64 {
	name, lines := p.sender()
	toName, to := p.customer()
	l := headTop + 19*float64(len(name)) + smallStep*float64(len(lines)) + blockTop + 16 + 13*float64(len(toName)) + smallStep*float64(len(to))
	r := headTop + 34
	for _, f := range p.facts() {
		r += 14 * float64(len(p.factLines(f)))
	}
	return max(l, r+14+52) + 22
}

func (p *pen) head() {
	name, lines := p.sender()
	y := headTop
	for _, s := range name {
		p.text(bold, 16, ink, left, y, s)
		y += 19
	}
	y -= 4
	for _, s := range lines {
		p.text(plain, 8.5, label, left, y, s)
		y += smallStep
	}
	y += blockTop + 4
	p.text(plain, 7.5, label, left, y, "BILL TO")
	y += 16
	toName, to := p.customer()
	for _, s := range toName {
		p.text(bold, 10.5, ink, left, y, s)
		y += 13
	}
	for _, s := range to {
		p.text(plain, 9, ink, left, y, s)
		y += smallStep
	}

	p.right(bold, 22, accent, right, headTop+4, "INVOICE")
	y = headTop + 34
	for _, f := range p.facts() {
		p.text(plain, bodySize, label, factsLeft, y, f.Label)
		for _, s := range p.factLines(f) {
			p.right(plain, bodySize, ink, right, y, s)
			y += 14
		}
	}
	p.box(y)
}

// box says what is due, or that nothing is.
func (p *pen) box(y float64) {
	const height = 46.0
	p.fill(shade, factsLeft-10, y-2, factsWidth+10, height)
	word, shown := "Amount due", ink
	switch {
	case p.inv.Void:
		word, shown = "Void", bad
	case p.inv.AmountDue == 0 && p.inv.Total > 0:
		word, shown = "Paid", good
	}
	p.fill(shown, factsLeft-10, y-2, 3, height)
	p.text(plain, 8, label, factsLeft, y+13, word)
	if p.inv.Void {
		p.text(bold, 17, shown, factsLeft, y+35, "VOID")
		return
	}
	amount := p.amount(p.inv.AmountDue)
	p.text(bold, p.size(bold, 17, factsWidth-10, amount), shown, factsLeft, y+35, amount)
}

// headAgain is the head of the sheets that follow.
func (p *pen) headAgain() {
	p.short(bold, 11, ink, left, 50, 300, p.inv.From.Name)
	p.short(plain, 8.5, label, left, 64, 300, "To "+p.inv.To.Name)
	p.right(bold, 11, ink, right, 50, "Invoice "+p.inv.Number)
	p.right(plain, 8.5, label, right, 64, date(p.inv.Date))
}

// tableHead is the height of the table's head.
const tableHead = 30.0

// table draws the rows of a sheet and gives where it ends. bare: nothing but the foot is left for the sheet.
func (p *pen) table(rows []row, y float64, bare bool) float64 {
	if bare {
		return y
	}
	p.fill(shade, left-8, y-2, right-left+16, 18)
	for _, c := range []struct {
		title string
		at    float64
	}{{"QTY", countRight}, {"PRICE", priceRight}, {"AMOUNT", amountRight}} {
		p.right(plain, 7.5, label, c.at, y+10, c.title)
	}
	p.text(plain, 7.5, label, left, y+10, "DESCRIPTION")
	y += tableHead
	for _, r := range rows {
		p.right(plain, bodySize, ink, countRight, y, r.quantity)
		p.right(plain, bodySize, ink, priceRight, y, r.price)
		p.right(plain, bodySize, ink, amountRight, y, r.amount)
		for i, s := range r.text {
			if i == 0 && r.named {
				p.text(bold, bodySize, ink, left, y, s)
			} else {
				p.text(plain, bodySize, ink, left, y, s)
			}
			y += leading
		}
		if r.last {
			p.line(hair, 0.4, left, y-leading+6.5, right)
			y += rowGap
		}
	}
	return y
}

// foot is what follows the last line: totals at the right, how to pay and the note at the left.
type foot struct {
	totals []total
	note   []string
	remit  []string
	link   []string
	code   [][]bool // the QR code by rows; nil: none
	height float64
}

type total struct {
	label, amount string
	strong, rule  bool
}

const (
	footGap    = 16.0 // between table and foot
	totalsLeft = 362.0
	totalStep  = 16.0
	payWidth   = 280.0
	codeSize   = 84.0
)

// planFoot says what the foot holds and how high it is.
func (p *pen) planFoot() (f foot) {
	v := p.inv
	add := func(name string, minor int64, strong, rule bool) {
		f.totals = append(f.totals, total{name, p.amount(minor), strong, rule})
	}
	if v.Subtotal != v.Total || v.Discount != 0 || v.Tax != 0 {
		add("Subtotal", v.Subtotal, false, false)
	}
	if v.Discount != 0 {
		add("Discount", -v.Discount, false, false)
	}
	if v.Tax != 0 || v.TaxName != "" {
		name := clean(v.TaxName)
		if name == "" {
			name = "Tax"
		}
		add(name, v.Tax, false, false)
	}
	add("Total", v.Total, true, len(f.totals) > 0)
	if v.Paid != 0 {
		add("Paid", -v.Paid, false, false)
	}
	if v.Credits != 0 {
		add("Credits", -v.Credits, false, false)
	}
	if !v.Void {
		add("Amount due", v.AmountDue, true, true)
	}
	height := totalStep * float64(len(f.totals))
	paying := 0.0
	if p.payable() {
		f.code = modules(v.PayLink)
		f.link = p.wrap(plain, 8, payWidth-codeSize-14, v.PayLink)
		paying = codeSize + 12
	}
	if v.AmountDue > 0 && !v.Void {
		f.remit = p.wrapAll(8.5, payWidth, v.Remit)
	}
	if len(f.remit) > 0 {
		paying += 16 + smallStep*float64(len(f.remit))
	}
	if note := p.wrap(plain, 8.5, right-left, v.Note); strings.TrimSpace(v.Note) != "" && len(note) <= longestNote {
		f.note = note
	}
	f.height = footGap + max(height, paying)
	if len(f.note) > 0 {
		f.height += 22 + smallStep*float64(len(f.note))
	}
	return f
}

// payable reports whether the sheet shows the way to pay online.
func (p *pen) payable() bool { return p.inv.PayLink != "" && p.inv.AmountDue > 0 && !p.inv.Void }

func (p *pen) drawFoot(y float64) {
	y += footGap
	f := p.foot
	at := y
	for _, t := range f.totals {
		if t.rule {
			p.line(hair, 0.8, totalsLeft, at-11.5, right)
		}
		face, size := plain, bodySize
		if t.strong {
			face, size = bold, 10
		}
		width := right - totalsLeft - p.width(face, size, t.amount) - 8
		p.short(face, size, ink, totalsLeft, at, width, t.label)
		p.right(face, size, ink, right, at, t.amount)
		at += totalStep
	}
	pay := y
	if f.code != nil {
		p.qr(f.code, left, pay-9, codeSize)
		x := left + codeSize + 14
		p.text(bold, bodySize, ink, x, pay, "Pay online")
		p.text(plain, 8, label, x, pay+13, "Scan the code, or open this page:")
		ly := pay + 27
		for _, s := range f.link {
			p.text(plain, 8, accent, x, ly, s)
			p.pdf.LinkString(x, ly-8, p.width(plain, 8, s), 10, p.inv.PayLink)
			ly += 10.5
		}
		pay += codeSize + 12
	}
	if len(f.remit) > 0 {
		p.text(bold, bodySize, ink, left, pay, "Other ways to pay")
		pay += 14
		for _, s := range f.remit {
			p.text(plain, 8.5, ink, left, pay, s)
			pay += smallStep
		}
	}
	if len(f.note) > 0 {
		y = max(at, pay) + 14
		for _, s := range f.note {
			p.text(plain, 8.5, label, left, y, s)
			y += smallStep
		}
	}
}

// modules is the QR code of s by rows; nil if s is too long for one.
func modules(s string) [][]bool {
	code, err := qr.Encode(s, qr.M, qr.Auto)
	if err != nil {
		return nil
	}
	n := code.Bounds().Dx()
	out := make([][]bool, n)
	for y := range out {
		out[y] = make([]bool, n)
		for x := range out[y] {
			r, _, _, _ := code.At(x, y).RGBA()
			out[y][x] = r == 0
		}
	}
	return out
}

// qr draws a code of the given size; neighbours in a row are one rectangle, so that no reader sees a gap.
func (p *pen) qr(code [][]bool, x, y, size float64) {
	step := size / float64(len(code))
	p.pdf.SetFillColor(0, 0, 0)
	for i, line := range code {
		for from := 0; from < len(line); from++ {
			if !line[from] {
				continue
			}
			to := from
			for to < len(line) && line[to] {
				to++
			}
			p.pdf.Rect(x+step*float64(from), y+step*float64(i), step*float64(to-from), step+0.02, "F")
			from = to
		}
	}
}

// Drawing.

func (p *pen) text(face string, size float64, c color, x, y float64, s string) {
	if s == "" {
		return
	}
	p.pdf.SetFont("text", face, size)
	p.pdf.SetTextColor(c[0], c[1], c[2])
	p.pdf.Text(x, y, clean(s))
}

// right sets s so that it ends at x.
func (p *pen) right(face string, size float64, c color, x, y float64, s string) {
	p.text(face, size, c, x-p.width(face, size, s), y, s)
}

// short sets s and cuts it, with an ellipsis, where it does not fit: only what stands elsewhere in full.
func (p *pen) short(face string, size float64, c color, x, y, width float64, s string) {
	s = clean(s)
	if p.width(face, size, s) > width {
		cut := []rune(s)
		for len(cut) > 0 && p.width(face, size, string(cut)+"…") > width {
			cut = cut[:len(cut)-1]
		}
		s = string(cut) + "…"
	}
	p.text(face, size, c, x, y, s)
}

func (p *pen) line(c color, width, from, y, to float64) {
	p.pdf.SetDrawColor(c[0], c[1], c[2])
	p.pdf.SetLineWidth(width)
	p.pdf.Line(from, y, to, y)
}

func (p *pen) fill(c color, x, y, width, height float64) {
	p.pdf.SetFillColor(c[0], c[1], c[2])
	p.pdf.Rect(x, y, width, height, "F")
}

func (p *pen) width(face string, size float64, s string) float64 {
	p.pdf.SetFont("text", face, size)
	return p.pdf.GetStringWidth(clean(s))
}

// size is the size, up to the given one, at which s fits the width.
func (p *pen) size(face string, size, width float64, s string) float64 {
	if w := p.width(face, size, s); w > width {
		return size * width / w
	}
	return size
}

// wrap is s in lines that fit the width; a word that alone is wider is divided.
func (p *pen) wrap(face string, size, width float64, s string) []string {
	var out []string
	for _, part := range strings.Split(strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")), "\n") {
		line := ""
		for _, word := range strings.Fields(clean(part)) {
			if longer := strings.TrimLeft(line+" "+word, " "); p.width(face, size, longer) <= width {
				line = longer
				continue
			}
			if line != "" {
				out = append(out, line)
			}
			for p.width(face, size, word) > width {
				n := p.fits(face, size, width, word)
				out, word = append(out, word[:n]), word[n:]
			}
			line = word
		}
		out = append(out, line)
	}
	return out
}

// fits is how many bytes of a word fit the width, one character at least.
func (p *pen) fits(face string, size, width float64, word string) int {
	n := 0
	for i := range word {
		if i > 0 && p.width(face, size, word[:i]) > width {
			break
		}
		if i > 0 {
			n = i
		}
	}
	if n == 0 {
		n = len(string([]rune(word)[:1]))
	}
	return n
}

// wrapAll wraps the lines of a block, ten at most.
func (p *pen) wrapAll(size, width float64, lines []string) []string {
	const most = 10
	var out []string
	for _, s := range lines {
		if strings.TrimSpace(s) != "" {
			out = append(out, p.wrap(plain, size, width, s)...)
		}
	}
	return out[:min(len(out), most)]
}

// clean makes s one line of characters that a font of the document can be asked for.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r < ' ', r == 0x7F, r == '\u2028', r == '\u2029', r == '\u00A0':
			return ' '
		case r >= 0xFFFF: // the PDF writer's fonts end there
			return '\uFFFD'
		}
		return r
	}, s))
}

// figures writes minor units of the invoice's currency as "1,250.00".
func (p *pen) figures(minor int64) string {
	whole, fraction, cut := strings.Cut(money.FormatMinor(minor, money.Digits(p.inv.Currency)), ".")
	whole, negative := strings.CutPrefix(whole, "-")
	var b strings.Builder
	if negative {
		b.WriteByte('-')
	}
	for i, d := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	if cut {
		b.WriteString("." + fraction)
	}
	return b.String()
}

// amount is figures with the currency: "$1,250.00", "-$3.00", "EUR 1,250.00".
func (p *pen) amount(minor int64) string {
	s := p.figures(minor)
	if p.inv.Currency != "USD" {
		return p.inv.Currency + " " + s
	}
	if rest, negative := strings.CutPrefix(s, "-"); negative {
		return "-$" + rest
	}
	return "$" + s
}

// date is "Nov 25, 2026", "" for no date.
func date(d civil.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.Month().String()[:3] + " " + strconv.Itoa(d.Day()) + ", " + strconv.Itoa(d.Year())
}
