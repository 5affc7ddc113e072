package xmlv1

import "github.com/duebook/duebook/internal/api/shape"

// creditShapes are vendor credits.
func creditShapes() []*shape.Shape { return nil }

// creditOperations serve vendor credits.
func (h *Handler) creditOperations() map[string]operation { return nil }
