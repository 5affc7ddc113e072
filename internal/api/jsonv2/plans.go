package jsonv2

import (
	_ "embed"
	"strings"
)

// plansText is the golden table of TestPlans.
//
//go:embed plans.txt
var plansText string

// Plan says how a list by a field is found: the indexes that serve a filter by it, and a sort, on both databases. Empty
// where none does: a filter then looks at every record up to the end of the page, a sort at every record that matches.
type Plan struct{ Filter, Sort string }

// plans reads the table: "Bill.dueDate filter bills_due | sort bills_due".
func plans() map[string]Plan {
	out := map[string]Plan{}
	for line := range strings.Lines(plansText) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " filter ")
		filter, sort, _ := strings.Cut(rest, " | sort ")
		out[name] = Plan{served(filter), served(sort)}
	}
	return out
}

func served(by string) string {
	if by == noIndex {
		return ""
	}
	return by
}

// noIndex is what the table says where no index serves.
const noIndex = "-"
