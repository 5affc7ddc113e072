package jsonv2

import "net/http"

// download is a file served by GET.
type download func(w http.ResponseWriter, q *request)

// documents serves 5.8.
func (h *Handler) documents() area { return area{} }

func (h *Handler) serveFile(w http.ResponseWriter, q *request, d download) { d(w, q) }
