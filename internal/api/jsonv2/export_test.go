package jsonv2

import (
	"maps"
	"slices"
)

// Calls are the names of all calls that the door serves.
func (h *Handler) Calls() []string { return slices.Sorted(maps.Keys(h.calls)) }
