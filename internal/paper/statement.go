package paper

import (
	"fmt"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// Statement is a tax statement to whom was paid: one sheet.
type Statement struct {
	Title, Year, Copy string
	From, To          Party
	FromTIN, ToTIN    string // taxpayer identification numbers as they are shown
	Facts             []Fact
	Legend            string
}

// WriteStatements makes a PDF with a US letter sheet for each statement. The same values give the same bytes.
func WriteStatements(w io.Writer, all []Statement) error {
	pdf := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: sheetWidth, Ht: sheetHeight}})
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(time.Unix(0, 0).UTC())
	pdf.SetModificationDate(time.Unix(0, 0).UTC())
	pdf.SetProducer("Duebook", true)
	pdf.SetTitle("Statements to recipients", true)
	pdf.SetLang("en-US")
	pdf.AddUTF8FontFromBytes("text", plain, goregular.TTF)
	pdf.AddUTF8FontFromBytes("text", bold, gobold.TTF)
	p := &pen{pdf: pdf}
	for _, s := range all {
		pdf.AddPage()
		p.statement(s)
	}
	if len(all) == 0 {
		pdf.AddPage()
		p.text(plain, 11, ink, left, 72, "There is nothing to report.")
	}
	if err := pdf.Output(w); err != nil {
		return fmt.Errorf("write statements: %w", err)
	}
	return nil
}

func (p *pen) statement(s Statement) {
	p.text(bold, 18, ink, left, 72, s.Title)
	p.right(bold, 18, ink, right, 72, s.Year)
	p.text(plain, 9, label, left, 88, s.Copy)
	y := p.party(110, "PAYER", s.From, "PAYER'S TIN", s.FromTIN)
	y = p.party(y+14, "RECIPIENT", s.To, "RECIPIENT'S TIN", s.ToTIN)
	y += 14
	for _, f := range s.Facts {
		p.line(hair, 0.6, left, y, right)
		p.text(plain, 10, label, left, y+16, f.Label)
		p.right(bold, 10, ink, right, y+16, f.Value)
		y += 26
	}
	p.line(hair, 0.6, left, y, right)
	y += 22
	for _, l := range p.wrap(plain, 9, right-left, s.Legend) {
		p.text(plain, 9, ink, left, y, l)
		y += leading
	}
}

// party draws a name with its address and number from y on, and gives where it ends.
func (p *pen) party(y float64, title string, of Party, tinTitle, tin string) float64 {
	const half = 330
	p.text(bold, 8, label, left, y, title)
	p.text(bold, 8, label, half+left, y, tinTitle)
	p.text(bold, 11, ink, half+left, y+15, tin)
	y += 15
	for _, l := range p.wrap(bold, 11, half-12, of.Name) {
		p.text(bold, 11, ink, left, y, l)
		y += leading + 1
	}
	for _, l := range p.wrapAll(10, half-12, of.Lines) {
		p.text(plain, 10, ink, left, y, l)
		y += leading
	}
	return y
}
