package xmlv1

import "github.com/duebook/duebook/internal/api/shape"

// receivableShapes are customers and invoices.
func receivableShapes() []*shape.Shape { return nil }

// receivableOperations serve customers and invoices.
func (h *Handler) receivableOperations() map[string]operation { return nil }
