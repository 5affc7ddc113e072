package xmlv1

// networkOperations serve links between vendors and organisations.
func (h *Handler) networkOperations() map[string]operation { return nil }
