package reference

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/api/jsonv2"
	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/api/xmlv1"
)

// shapes are those of both generations, with their lines.
func shapes() (all []*shape.Shape) {
	ofV1, _ := xmlv1.Catalogue()
	entities, _ := jsonv2.Catalogue()
	all = slices.Clone(ofV1)
	for _, e := range entities {
		all = append(all, e.Shape)
	}
	for _, s := range all {
		if s.Lines != nil {
			all = append(all, s.Lines)
		}
	}
	return all
}

// Every record and field that a page shows is told in words, and no words are left over.
func TestEverythingIsTold(t *testing.T) {
	t.Parallel()
	unusedRecords, unusedFields := maps.Clone(records), maps.Clone(fields)
	for _, s := range shapes() {
		if records[s.Type.Name] == "" {
			t.Errorf("no text for the record %q", s.Type.Name)
		}
		delete(unusedRecords, s.Type.Name)
		for i := range s.Entries {
			e := &s.Entries[i]
			if e.Extra != nil || same(e) {
				continue
			}
			own := s.Type.Name + "." + e.Field.Name
			if fields[own] != "" {
				delete(unusedFields, own)
				continue
			}
			if fields[e.Field.Name] == "" {
				t.Errorf("no text for the field %q, or %q", e.Field.Name, own)
			}
			delete(unusedFields, e.Field.Name)
		}
	}
	for _, unused := range []map[string]string{unusedRecords, unusedFields} {
		for _, name := range slices.Sorted(maps.Keys(unused)) {
			t.Errorf("the text for %q is used by nothing", name)
		}
	}
	for _, texts := range []map[string]string{records, fields} {
		for name, text := range texts {
			if len(text) > 140 || !strings.HasSuffix(text, ".") {
				t.Errorf("the text for %q is no short sentence: %s", name, text)
			}
		}
	}
}

// Every operation of generation 1 and every call of generation 2 has an example, and nothing else has.
func TestEverythingHasAnExample(t *testing.T) {
	t.Parallel()
	_, operations := xmlv1.Catalogue()
	_, calls := jsonv2.Catalogue()
	var v1, v2 []string
	for _, o := range operations {
		v1 = append(v1, o.Name)
	}
	for _, c := range calls {
		v2 = append(v2, c.Name)
	}
	for _, g := range []struct {
		name     string
		served   []string
		general  []string // beside the catalogue
		examples []example
	}{
		{"generation 1", v1, nil, v1Examples},
		{"generation 2", v2, []string{"Crud/Create", "Crud/Read", "Crud/Update", "Crud/Delete", "List", "Bulk"}, v2Examples},
	} {
		var told []string
		for _, e := range g.examples {
			if slices.Contains(told, e.name) {
				t.Errorf("%s: two examples of %s", g.name, e.name)
			}
			told = append(told, e.name)
			if !strings.Contains(e.sh, e.name) {
				t.Errorf("%s: the example of %s does not call it", g.name, e.name)
			}
			if !slices.Contains(g.served, e.name) && !slices.Contains(g.general, e.name) {
				t.Errorf("%s: an example of %s, which is not served", g.name, e.name)
			}
		}
		for _, name := range append(g.served, g.general...) {
			if !slices.Contains(told, name) {
				t.Errorf("%s: no example of %s", g.name, name)
			}
		}
	}
}
