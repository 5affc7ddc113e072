package web

import (
	"net/http"
	"strings"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/web/view"
)

// apiErrors is the table of error codes; whoever types a code finds it. It is for everybody, signed in or not.
func (h *handler) apiErrors(c *call) error {
	page := view.ErrorsPage{Bare: c.bare("API error codes"), Search: strings.TrimSpace(c.r.URL.Query().Get("q"))}
	words := strings.Fields(strings.ToLower(page.Search))
	for _, e := range problem.V1 {
		text := strings.ToLower(strings.Join([]string{e.Code, e.Message, e.When, e.Remedy}, " "))
		found := true
		for _, w := range words {
			found = found && strings.Contains(text, w)
		}
		if found {
			page.Codes = append(page.Codes, view.APIError{Code: e.Code, Message: e.Message, When: e.When, Remedy: e.Remedy})
		}
	}
	return c.render(http.StatusOK, view.APIErrors(page))
}
