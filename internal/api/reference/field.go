package reference

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/record"
)

// anchor is what a heading can be linked to by.
func anchor(heading string) string {
	return strings.ReplaceAll(strings.ToLower(heading), " ", "-")
}

var kinds = map[record.Kind]string{
	record.Text: "text", record.Ref: "id", record.Bool: "boolean", record.Enum: "enum", record.Int: "integer", record.Money: "money",
	record.Quantity: "number", record.Date: "date", record.Instant: "date-time",
}

// kind says what a field's values are; a reference names its record.
func kind(e *shape.Entry) string {
	f := e.Field
	if f.Kind == record.Ref && f.Target != nil && f.Target() != nil {
		return "id of a " + f.Target().Name
	}
	return kinds[f.Kind]
}

// most is how many characters a generation takes, 0 for no limit of its own.
func most(e *shape.Entry) int {
	if e.Field.Kind != record.Text || e.Use == shape.ReadOnly {
		return 0
	}
	return cmp.Or(e.Max, e.Field.Max)
}

func flags(e *shape.Entry) string {
	var out []string
	switch e.Use {
	case shape.Required:
		out = append(out, "R")
	case shape.ReadOnly:
		out = append(out, "–")
	case shape.Hidden:
		out = append(out, "not shown")
	}
	if e.Filter {
		out = append(out, "F")
	}
	return strings.Join(out, " ")
}

// meaning is what a field says, with the table of an enumeration.
func meaning(s *shape.Shape, e *shape.Entry) string {
	text := cmp.Or(fields[s.Type.Name+"."+e.Field.Name], fields[e.Field.Name])
	if e.Field.Kind != record.Enum || len(e.Field.Words) == 0 {
		return text
	}
	var words []string
	for _, n := range slices.Sorted(maps.Keys(e.Field.Words)) {
		shown := n
		if other, ok := e.Show[n]; ok {
			shown = other
		}
		word := fmt.Sprintf("%d %s", shown, strings.ToLower(strings.ReplaceAll(e.Field.Words[n], "_", " ")))
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	list := strings.Join(words, ", ")
	if text == "" {
		return list
	}
	return text + " " + strings.ToUpper(list[:1]) + list[1:] + "."
}
