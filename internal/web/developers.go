package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/web/view"
)

// apiErrors is the table of both generations' error codes; whoever types a code finds it. It is for everybody, signed in or not.
func (h *handler) apiErrors(c *call) error {
	page := view.ErrorsPage{Bare: c.bare("API error codes"), Search: strings.TrimSpace(c.r.URL.Query().Get("q"))}
	words := strings.Fields(strings.ToLower(page.Search))
	for _, e := range slices.Concat(problem.V1, problem.V2) {
		text := strings.ToLower(strings.Join([]string{e.Code, e.Message, e.When, e.Remedy, e.Never}, " "))
		found := true
		for _, w := range words {
			found = found && strings.Contains(text, w)
		}
		if found {
			page.Codes = append(page.Codes, view.APIError{Code: e.Code, Message: e.Message, When: cmp.Or(e.When, "Never sent here. "+e.Never), Remedy: e.Remedy})
		}
	}
	return c.render(http.StatusOK, view.APIErrors(page))
}
