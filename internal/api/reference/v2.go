package reference

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/api/jsonv2"
	"github.com/duebook/duebook/internal/api/shape"
)

// v2 is docs/reference/generation-2.md.
func v2() string {
	entities, calls := jsonv2.Catalogue()
	var b strings.Builder
	b.WriteString("# Reference of generation 2 (JSON)\n\n" + written + v2Intro)
	b.WriteString("\n## Calls\n\nIn an order in which they build on each other; each example runs behind the ones before it.\n")
	for _, e := range v2Examples {
		title := e.name
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", title, e.text)
		if i := slices.IndexFunc(calls, func(c jsonv2.Call) bool { return c.Name == e.name }); i >= 0 {
			if notes := v2Notes(calls[i]); notes != "" {
				b.WriteString("\n" + notes + "\n")
			}
		}
		fmt.Fprintf(&b, "\n```sh\n%s\n```\n", strings.TrimSpace(e.sh))
	}
	b.WriteString("\n## Entities\n\nIn the order in which their members are written, behind `entity`. *R* must be sent on creation, *–* is shown and ignored when\n" +
		"sent. Lists can be filtered and sorted by *F*, where an index finds what is asked for, and by *f*, where a filter looks at\n" +
		"one record after the other: combine it with one that has an index when there are many. *S* has an index to sort by.\n" +
		"A length is what this generation takes.\n")
	shapes := make([]*shape.Shape, len(entities))
	for i, e := range entities {
		shapes[i] = e.Shape
	}
	shown := headings(shapes)
	for _, e := range entities {
		v2Entity(&b, e, shown)
	}
	return b.String()
}

func v2Notes(c jsonv2.Call) string {
	var notes []string
	if c.Open {
		notes = append(notes, "Needs no session.")
	}
	if c.Trusted {
		notes = append(notes, "Needs a trusted session.")
	}
	if c.Get {
		notes = append(notes, "GET works too.")
	}
	if c.Upload {
		notes = append(notes, "The file is a part of a multipart form.")
	}
	return strings.Join(notes, " ")
}

func v2Entity(b *strings.Builder, e jsonv2.Entity, shown map[string]string) {
	s := e.Shape
	fmt.Fprintf(b, "\n### %s\n\n", s.Name)
	fmt.Fprintf(b, "%s\n\nOperations: %s.", records[s.Type.Name], strings.Join(e.Operations, ", "))
	if len(e.Trusted) > 0 {
		fmt.Fprintf(b, " In a trusted session: %s.", strings.Join(e.Trusted, ", "))
	}
	b.WriteString("\n\n")
	v2Fields(b, s, e, shown)
	var lines []string
	for _, path := range slices.Sorted(maps.Keys(e.Lines)) {
		if e.Lines[path] {
			lines = append(lines, "`"+path+"`")
		}
	}
	if lines != nil {
		fmt.Fprintf(b, "\nLists can be filtered by %s of the lines, too.\n", strings.Join(lines, ", "))
	}
	for _, m := range s.Root.Members {
		if m.Rows != nil {
			fmt.Fprintf(b, "\nShows a list `%s` of [%s](#%s).\n", m.Name, m.Lines.Name, anchor(m.Lines.Name))
		}
	}
	if s.Lines != nil {
		fmt.Fprintf(b, "\n#### %s in %s\n\n%s\n\n", s.Lines.Name, s.List, records[s.Lines.Type.Name])
		v2Fields(b, s.Lines, jsonv2.Entity{Shape: s.Lines}, shown)
	}
}

func v2Fields(b *strings.Builder, s *shape.Shape, e jsonv2.Entity, shown map[string]string) {
	b.WriteString("| Member | Type | Length | | Meaning |\n|---|---|---|---|---|\n")
	var constant []string
	kept := map[string][]string{} // by kind
	for i := range s.Entries {
		x := &s.Entries[i]
		if x.Extra != nil {
			kept[kinds[x.Extra.Kind]] = append(kept[kinds[x.Extra.Kind]], "`"+x.Path+"`")
			continue
		}
		if same(x) {
			constant = append(constant, "`"+x.Path+"` "+x.Null)
			continue
		}
		length := ""
		if n := most(x); n > 0 {
			length = fmt.Sprint(n)
		}
		marks := flags(x)
		if f := e.Lists[x.Path]; f != nil && !e.Lines[x.Path] {
			marks = strings.TrimSpace(marks + " " + listed(e.Plans[x.Path]))
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", x.Path, kind(x, shown), length, marks, cell(meaning(s, x)))
	}
	if len(kept) > 0 {
		var all []string
		for _, k := range slices.Sorted(maps.Keys(kept)) {
			all = append(all, k+" "+strings.Join(kept[k], ", "))
		}
		fmt.Fprintf(b, "\nKept as sent, without effect here: %s.\n", strings.Join(all, "; "))
	}
	if constant != nil {
		fmt.Fprintf(b, "\nAlways the same: %s.\n", strings.Join(constant, ", "))
	}
}

// same reports whether e is a member that every record shows alike.
func same(e *shape.Entry) bool {
	return e.Field.Derived() && !e.Field.Listable() && e.Null != "" && e.Extra == nil
}

const v2Intro = `A program posts form fields to ` + "`/api/v2/<path>.json`" + ` and reads one JSON object back: ` + "`response_status`" + ` is 0 for success and 1 for a
refusal, ` + "`response_data`" + ` holds the answer or the [error](../errors.md). What each value looks like, and what every client may rely on,
stands in the [specification](../spec/api-v2-json.md). Below are all calls and entities, written from the program itself.

The examples are commands for ` + "`bash`" + `. They begin with a sandbox of their own, its clock on Monday 23 November 2026:

    duebook org create --sandbox --name "Acme" --admin-email you@example.org --admin-password 'a long passphrase' --api-access --json > org.json
    duebook appkey issue --app "My program" --email you@example.org --mfa exempt --json > key.json
    duebook serve --sandbox

Then, in a second terminal of the same folder:

` + "```sh" + `
curl -sS -X POST http://127.0.0.1:8080/sandbox/clock -d '{"now": "2026-11-23T17:00:00Z"}'
ORG=$(sed 's/.*"orgId":"\([^"]*\)".*/\1/' org.json)
KEY=$(sed 's/.*"appKey":"\([^"]*\)".*/\1/' key.json)
# call makes a call with data, value finds a member of the answer
call() {
  curl -sS "http://127.0.0.1:8080/api/v2/$1.json" -d "devKey=$KEY" -d "sessionId=$SESSION" --data-urlencode "data=$2" | tee answer.json
  echo
}
value() { grep -o "\"$1\":\"[^\"]*" answer.json | head -n 1 | cut -d '"' -f 4; }
` + "```" + `
`

// listed marks a member that lists can ask for by how it is found.
func listed(p jsonv2.Plan) string {
	mark := "f"
	if p.Filter != "" {
		mark = "F"
	}
	if p.Sort != "" {
		mark += " S"
	}
	return mark
}
