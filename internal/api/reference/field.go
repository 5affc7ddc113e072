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

// kind says what a field's values are; a reference names its record, by shown: the headings of types by domain name.
func kind(e *shape.Entry, shown map[string]string) string {
	f := e.Field
	if f.Kind != record.Ref || f.Target == nil || f.Target() == nil {
		return kinds[f.Kind]
	}
	heading := shown[f.Target().Name]
	if heading == "" {
		return kinds[f.Kind]
	}
	article := "a"
	if strings.ContainsRune("AEIOaeio", rune(heading[0])) {
		article = "an"
	}
	return "id of " + article + " [" + heading + "](#" + anchor(heading) + ")"
}

// headings are the headings of records by their domain names.
func headings(shapes []*shape.Shape) map[string]string {
	shown := map[string]string{}
	for _, s := range shapes {
		shown[s.Type.Name] = s.Name
	}
	return shown
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
	table := map[int64]string{} // of the numbers shown
	for _, n := range slices.Sorted(maps.Keys(e.Field.Words)) {
		shown := n
		if other, ok := e.Show[n]; ok {
			shown = other
		}
		if table[shown] == "" {
			table[shown] = word(e.Field.Words[n])
		}
	}
	var words []string
	for _, n := range slices.Sorted(maps.Keys(table)) {
		words = append(words, fmt.Sprintf("%d %s", n, table[n]))
	}
	return text + " " + strings.Join(words, ", ") + "."
}

// word is the name of a number of an enumeration as a sentence has it.
func word(name string) string {
	words := strings.Split(strings.ToLower(name), "_")
	for i, w := range words {
		if slices.Contains([]string{"ach", "ein", "rpps", "ssn"}, w) {
			words[i] = strings.ToUpper(w)
		}
	}
	return strings.Join(words, " ")
}
