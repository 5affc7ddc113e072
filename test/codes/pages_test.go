package codes

import (
	"html"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/limit"
)

// Whoever types a code on the page of errors finds it and what helps, and the documentation lists it.
func TestPagesOfCodes(t *testing.T) {
	t.Parallel()
	h := house{t: t, sandbox: open(t, "", limit.Settings{})}
	text, err := os.ReadFile("../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range slices.Concat(problem.V1, problem.V2) {
		a, err := h.request("GET", "/developers/errors?q="+strings.ToLower(c.Code), "", "")
		page := html.UnescapeString(a.raw)
		if err != nil || a.status != 200 {
			t.Fatal(a.status, err)
		}
		for _, piece := range []string{c.Code, c.Message, c.When, c.Remedy, c.Never} {
			if !strings.Contains(page, piece) {
				t.Errorf("/developers/errors?q=%s does not show %q", c.Code, piece)
			}
		}
		for _, other := range []string{"BDCE018", "BDC_1103"} {
			if other != c.Code && strings.Contains(page, other) {
				t.Errorf("/developers/errors?q=%s shows %s", c.Code, other)
			}
		}
		row := `| <a id="` + c.Code + `"></a>` + c.Code + " | "
		if c.Never != "" {
			row = "| " + c.Code + " | "
		}
		if n := strings.Count(string(text), row); n != 1 {
			t.Errorf("docs/errors.md has %d rows of %s", n, c.Code)
		}
	}
}
