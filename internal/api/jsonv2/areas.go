package jsonv2

// areas is the index of what the door serves.
func (h *Handler) areas() []area {
	return []area{
		h.access(),
		h.payables(),
		h.credits(),
		h.payments(),
		h.approvals(),
		h.dimensions(),
		h.lists(),
		h.receivables(),
		h.receipts(),
		h.sending(),
		h.recurring(),
		h.documents(),
		h.network(),
		h.general(),
	}
}
