package xmlv1

import "github.com/duebook/duebook/internal/api/shape"

// listShapes are items and whatever else generation 1 knows of the lists.
func listShapes() []*shape.Shape { return nil }

// listOperations serve items and whatever else generation 1 knows of the lists.
func (h *Handler) listOperations() map[string]operation { return nil }
