package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/paper"
)

// cell writes a cell as data: amounts without grouping, dates as YYYY-MM-DD.
func (t *Table) cell(i int, v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		if t.Columns[i].Kind == Money {
			return t.amount(v)
		}
		return fmt.Sprint(v)
	case civil.Date:
		if !v.IsZero() {
			return v.String()
		}
	}
	return ""
}

// CSV writes the rows under the titles of the columns, without totals, so that a spreadsheet can work on. A text that it
// would take for a formula is preceded by an apostrophe. Rule SEC-11.
func (t *Table) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	line := make([]string, len(t.Columns))
	for i, col := range t.Columns {
		line[i] = col.Title
	}
	_ = c.Write(line)
	for _, r := range t.Rows {
		if r.Sum {
			continue
		}
		for i, v := range r.Cells {
			line[i] = t.cell(i, v)
			if t.Columns[i].Kind == Text && line[i] != "" && strings.ContainsRune("=+-@\t\r", rune(line[i][0])) {
				line[i] = "'" + line[i]
			}
		}
		_ = c.Write(line)
	}
	c.Flush()
	return c.Error()
}

// JSON writes the report as one object. Amounts are texts, as no float holds them.
func (t *Table) JSON(w io.Writer) error {
	type column struct {
		Name  string `json:"name"`
		Title string `json:"title"`
		Kind  Kind   `json:"kind"`
	}
	type object = map[string]any
	row := func(cells []any) object {
		o := object{}
		for i, v := range cells {
			if v == nil || t.cell(i, v) == "" {
				continue
			}
			if o[t.Columns[i].Name] = t.cell(i, v); t.Columns[i].Kind == Number {
				o[t.Columns[i].Name] = v
			}
		}
		return o
	}
	params := object{}
	for _, p := range t.Report.Takes {
		if s := t.Params.Value(p.Name); s != "" {
			params[p.Name] = s
		}
	}
	columns, rows, facts := []column{}, []object{}, object{}
	for _, c := range t.Columns {
		columns = append(columns, column{c.Name, c.Title, c.Kind})
	}
	for _, r := range t.Rows {
		if r.Sum {
			continue
		}
		o := row(r.Cells)
		if r.Of.Record != "" {
			o["id"] = r.Of.Record
		}
		rows = append(rows, o)
	}
	for _, f := range t.Facts {
		facts[f.Title] = f.Text
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Report   string   `json:"report"`
		Title    string   `json:"title"`
		Company  string   `json:"organisation"`
		Currency string   `json:"currency"`
		Params   object   `json:"parameters"`
		Columns  []column `json:"columns"`
		Rows     []object `json:"rows"`
		Totals   object   `json:"totals"`
		Facts    object   `json:"facts"`
	}{t.Report.Name, t.Report.Title, t.Company, t.Currency, params, columns, rows, row(t.Total), facts})
}

// Text writes the report in columns of characters.
func (t *Table) Text(w io.Writer) error {
	lines := [][]string{make([]string, len(t.Columns))}
	for i, c := range t.Columns {
		lines[0][i] = c.Title
	}
	add := func(cells []any) {
		line := make([]string, len(t.Columns))
		for i, v := range cells {
			line[i] = t.cell(i, v)
		}
		lines = append(lines, line)
	}
	for _, r := range t.Rows {
		add(r.Cells)
	}
	if t.Total != nil {
		add(t.Total)
		if t.Columns[0].Kind == Text {
			lines[len(lines)-1][0] = "Total"
		}
	}
	width := make([]int, len(t.Columns))
	for _, line := range lines {
		for i, s := range line {
			width[i] = max(width[i], utf8.RuneCountInString(s))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s\n%s\n\n", t.Report.Title, t.Company, t.Subtitle())
	for _, line := range lines {
		for i, s := range line {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(s))
			if t.right(i) {
				s = pad + s
			} else if i < len(line)-1 {
				s += pad
			}
			if i > 0 {
				b.WriteString("  ")
			}
			b.WriteString(s)
		}
		b.WriteByte('\n')
	}
	for _, f := range t.Facts {
		fmt.Fprintf(&b, "\n%s: %s", f.Title, f.Text)
	}
	if len(t.Facts) > 0 {
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *Table) right(i int) bool { return t.Columns[i].Kind == Money || t.Columns[i].Kind == Number }

// PDF writes the report on sheets. It fails with ErrTooLong for more than paper.MaxRows rows.
func (t *Table) PDF(w io.Writer) error {
	if len(t.Rows) > paper.MaxRows {
		return ErrTooLong
	}
	out := paper.Table{Title: t.Report.Title, Company: t.Company, Subtitle: t.Subtitle()}
	for i, c := range t.Columns {
		out.Columns = append(out.Columns, paper.Column{Title: c.Title, Right: t.right(i)})
	}
	add := func(cells []any, strong bool) {
		r := paper.Row{Strong: strong}
		for i, v := range cells {
			r.Cells = append(r.Cells, t.shown(i, v))
		}
		out.Rows = append(out.Rows, r)
	}
	for _, r := range t.Rows {
		add(r.Cells, r.Sum)
	}
	if t.Total != nil {
		add(t.Total, true)
		if t.Columns[0].Kind == Text {
			out.Rows[len(out.Rows)-1].Cells[0] = "Total"
		}
	}
	for _, f := range t.Facts {
		out.Notes = append(out.Notes, f.Title+": "+f.Text)
	}
	return paper.WriteTable(w, out)
}

// shown writes a cell for people: amounts with grouping.
func (t *Table) shown(i int, v any) string {
	if n, ok := v.(int64); ok && t.Columns[i].Kind == Money {
		return paper.Figures(n, t.Currency)
	}
	return t.cell(i, v)
}
