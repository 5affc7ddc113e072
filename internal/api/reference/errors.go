// Package reference writes the documentation of the API's generations from what serves them: the error catalogues, and
// the shapes, operations and calls of the doors.
package reference

import (
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/api/problem"
)

//go:generate go run ./generate ../../../docs

// written begins every page, so that nobody edits one by hand.
const written = "<!-- Written by go generate ./internal/api/reference; edit the sources instead. -->\n\n"

// errors is docs/errors.md: every code of both generations.
func errors() string {
	var b strings.Builder
	b.WriteString("# Error codes\n\n" + written)
	b.WriteString(`Every refusal carries a code and a message that names the field, the rule or the limit. The codes below are the ones
programs see; people see the same conditions in words. A running server shows this table, searchable, under
` + "`/developers/errors`" + `. In messages, words in braces are filled in.
`)
	for _, g := range []struct {
		title, text string
		codes       []problem.Code
	}{
		{"Generation 1", "Answered as `<error><code>…</code><message>…</message></error>` with HTTP 200.", problem.V1},
		{"Generation 2", "Answered as `{\"error_code\": …, \"error_message\": …}` in `response_data`, with `response_status` 1, and\nHTTP 200 but for an unknown address (404), a wrong method (405), too large a request (413) and a failure of ours (500).\n" +
			"`Errors.json` lists them on the wire. Numbers from 9000 on are our own.", problem.V2},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| Code | Message | When | What helps |\n|---|---|---|---|\n", g.title, g.text)
		var never []problem.Code
		for _, c := range g.codes {
			if c.Never != "" {
				never = append(never, c)
				continue
			}
			fmt.Fprintf(&b, "| <a id=\"%[1]s\"></a>%[1]s | %[2]s | %[3]s | %[4]s |\n", c.Code, cell(c.Message), cell(c.When), cell(c.Remedy))
		}
		if len(never) > 0 {
			b.WriteString("\nKnown from the origin, and never sent here:\n\n| Code | Meaning there | Why not here |\n|---|---|---|\n")
		}
		for _, c := range never {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", c.Code, cell(c.Message), cell(c.Never))
		}
	}
	return b.String()
}

// cell makes a text fit a cell of a table.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;").Replace(s)
}
