package xmlv1

import (
	"cmp"
	"slices"

	"github.com/duebook/duebook/internal/api/shape"
)

// Operation is one operation as the reference shows it.
type Operation struct {
	Name     string
	Elements []string     // what it holds; of records, the record's element
	Record   *shape.Shape // what it takes, nil if no record
}

// Catalogue gives what this door serves, for the reference: its records in the order of the specification, and its
// operations by name.
func Catalogue() ([]*shape.Shape, []Operation) {
	h := New(nil, nil, nil, "", nil)
	var operations []Operation
	for name, o := range h.operations {
		operations = append(operations, Operation{name, o.fields, o.shape})
	}
	slices.SortFunc(operations, func(a, b Operation) int { return cmp.Compare(a.Name, b.Name) })
	return records(), operations
}
