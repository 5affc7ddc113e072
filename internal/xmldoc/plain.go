package xmldoc

// Plain adds text that needs no escaping: digits, ids, dates.
func (w *Writer) Plain(value []byte) {
	w.seal()
	w.b = append(w.b, value...)
}
