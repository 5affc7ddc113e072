package paper

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// Table is a report on paper: rows under the titles of their columns.
type Table struct {
	Title, Company, Subtitle string
	Columns                  []Column
	Rows                     []Row
	Notes                    []string // below the rows
}

// Column is a column of a table. Right: its cells end in line, as figures do.
type Column struct {
	Title string
	Right bool
}

// Row is one line of a table, cut where a cell does not fit its column.
type Row struct {
	Cells  []string
	Strong bool
}

// MaxRows is how many rows a table may have.
const MaxRows = 20_000

// ErrTooManyRows refuses a table with more than MaxRows rows.
var ErrTooManyRows = errors.New("the table has more than 20,000 rows")

const (
	tableSize = 7.5
	tableStep = 13.0
	cellGap   = 8.0
)

// WriteTable makes the PDF of a table on US letter sheets, turned where the columns need the room. Its head is repeated on
// each sheet, which is numbered "page n of m". The same values give the same bytes. It fails with ErrTooManyRows.
func WriteTable(w io.Writer, t Table) error {
	if len(t.Rows) > MaxRows {
		return ErrTooManyRows
	}
	width, height := sheetWidth, sheetHeight
	if len(t.Columns) > 6 {
		width, height = height, width
	}
	pdf := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: width, Ht: height}})
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(time.Unix(0, 0).UTC())
	pdf.SetModificationDate(time.Unix(0, 0).UTC())
	pdf.SetProducer("Duebook", true)
	pdf.SetTitle(clean(t.Title)+", "+clean(t.Company), true)
	pdf.SetLang("en-US")
	pdf.AddUTF8FontFromBytes("text", plain, goregular.TTF)
	pdf.AddUTF8FontFromBytes("text", bold, gobold.TTF)
	p := &pen{pdf: pdf}
	at := p.columns(t, width-2*left)

	const head, first = 60.0, 92.0
	perSheet := int((height - 48 - first) / tableStep)
	sheets := max(1, (len(t.Rows)+len(t.Notes)+perSheet-1)/perSheet)
	for sheet := range sheets {
		pdf.AddPage()
		p.text(bold, 14, ink, left, head-18, t.Title)
		p.text(plain, 9, label, left, head-5, t.Company+"   "+t.Subtitle)
		p.right(plain, 8, label, width-left, height-30, "Page "+strconv.Itoa(sheet+1)+" of "+strconv.Itoa(sheets))
		p.fill(shade, left-4, first-tableStep-9, width-2*left+8, tableStep+1)
		p.row(t, at, first-tableStep, Row{Cells: titles(t.Columns), Strong: true})
		y := first + 3
		for i := sheet * perSheet; i < min((sheet+1)*perSheet, len(t.Rows)+len(t.Notes)); i++ {
			if i < len(t.Rows) {
				p.row(t, at, y, t.Rows[i])
				p.line(hair, 0.4, left, y+3.5, width-left)
			} else {
				p.short(plain, tableSize, label, left, y, width-2*left, t.Notes[i-len(t.Rows)])
			}
			y += tableStep
		}
	}
	if err := pdf.Output(w); err != nil {
		return fmt.Errorf("write table %s: %w", t.Title, err)
	}
	return nil
}

func titles(columns []Column) []string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = c.Title
	}
	return all
}

// columns gives where each column begins, and where the last one ends: each as wide as its cells ask for, and where that
// is more than there is, the widest of those that hold words give way.
func (p *pen) columns(t Table, room float64) []float64 {
	widths := make([]float64, len(t.Columns))
	measure := func(face string, cells []string) {
		for i, s := range cells {
			widths[i] = max(widths[i], p.width(face, tableSize, clean(s))+cellGap)
		}
	}
	measure(bold, titles(t.Columns))
	for i, r := range t.Rows {
		if i < 500 || i%(len(t.Rows)/500+1) == 0 || r.Strong { // a sample: each cell's width costs
			measure(bold, r.Cells)
		}
	}
	sum := func() (s float64) {
		for _, w := range widths {
			s += w
		}
		return s
	}
	for range 1000 {
		over := sum() - room
		if over <= 0 {
			break
		}
		widest := -1
		for i, c := range t.Columns {
			if !c.Right && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 || widths[widest] < 30 {
			for i := range widths {
				widths[i] *= room / sum()
			}
			break
		}
		widths[widest] -= min(over, 5)
	}
	spare := max(0, room-sum()) / float64(max(1, len(widths)))
	at := []float64{left}
	for i := range widths {
		at = append(at, at[i]+widths[i]+spare)
	}
	return at
}

func (p *pen) row(t Table, at []float64, y float64, r Row) {
	face := plain
	if r.Strong {
		face = bold
	}
	for i, s := range r.Cells {
		if t.Columns[i].Right {
			p.right(face, tableSize, ink, at[i+1], y, s)
		} else {
			p.short(face, tableSize, ink, at[i], y, at[i+1]-at[i]-cellGap, s)
		}
	}
}

// Figures writes minor units of a currency as "1,250.00".
func Figures(minor int64, currency string) string {
	p := pen{inv: Invoice{Currency: currency}}
	return p.figures(minor)
}
