package view

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func render(t *testing.T, s sample) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.page.Render(t.Context(), &b); err != nil {
		t.Fatalf("render %s: %v", s.name, err)
	}
	return b.String()
}

// voids are the elements without an end tag.
var voids = []string{"meta", "link", "img", "input", "hr", "br"}

// TestWellFormed reads every view token by token: what opens closes, in order, and nothing in it would need more
// than the policy "default-src 'self'" allows.
func TestWellFormed(t *testing.T) {
	t.Parallel()
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			var open []string
			z := html.NewTokenizer(strings.NewReader(render(t, s)))
			for {
				switch z.Next() {
				case html.ErrorToken:
					if z.Err() != io.EOF {
						t.Fatal(z.Err())
					}
					if len(open) > 0 {
						t.Errorf("still open at the end: %v", open)
					}
					return
				case html.StartTagToken:
					token := z.Token()
					checkPolicy(t, token)
					if !slices.Contains(voids, token.Data) {
						open = append(open, token.Data)
					}
				case html.SelfClosingTagToken:
					checkPolicy(t, z.Token())
				case html.EndTagToken:
					token := z.Token()
					if len(open) == 0 || open[len(open)-1] != token.Data {
						t.Fatalf("</%s> closes nothing; open: %v", token.Data, open)
					}
					open = open[:len(open)-1]
				}
			}
		})
	}
}

func checkPolicy(t *testing.T, token html.Token) {
	t.Helper()
	if token.Data == "style" || token.Data == "iframe" || token.Data == "object" || token.Data == "base" {
		t.Errorf("<%s> in a view", token.Data)
	}
	src := ""
	for _, a := range token.Attr {
		switch {
		case a.Key == "style", strings.HasPrefix(a.Key, "on"):
			t.Errorf("%s has the inline attribute %s", token, a.Key)
		case a.Key == "src":
			src = a.Val
		case a.Key == "href" || a.Key == "action":
			if strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
				t.Errorf("%s leads to a script", token)
			}
		}
	}
	switch token.Data {
	case "script", "img":
		if !strings.HasPrefix(src, "/assets/") && !(token.Data == "img" && strings.HasPrefix(src, "/payments/")) {
			t.Errorf("%s is not one of our files", token)
		}
	}
}

// node walks a parsed page.
type node struct{ *html.Node }

func (n node) attr(key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

func (n node) text() string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func (n node) inside(tag string) bool {
	for p := range n.Ancestors() {
		if p.Data == tag {
			return true
		}
	}
	return false
}

// TestAccessible holds what can be held without a browser of WCAG 2.2 AA: a title, one main and one h1, unique ids,
// references that resolve, labels on fields, names on links and buttons, headers in tables.
func TestAccessible(t *testing.T) {
	t.Parallel()
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			root, err := html.Parse(strings.NewReader(render(t, s)))
			if err != nil {
				t.Fatal(err)
			}
			count := map[string]int{}
			ids := map[string]bool{}
			labelled := map[string]bool{}
			for d := range root.Descendants() {
				n := node{d}
				if n.Type != html.ElementNode {
					continue
				}
				count[n.Data]++
				if id, ok := n.attr("id"); ok {
					if id == "" || ids[id] {
						t.Errorf("id %q is empty or used twice", id)
					}
					ids[id] = true
				}
				if n.Data == "label" {
					if f, _ := n.attr("for"); f != "" && n.text() != "" {
						labelled[f] = true
					}
				}
			}
			for _, tag := range []string{"title", "main", "h1"} {
				if count[tag] < 1 || tag != "title" && count[tag] != 1 { // a chart's columns have titles too
					t.Errorf("%d <%s>, want one", count[tag], tag)
				}
			}
			for d := range root.Descendants() {
				if d.Type == html.ElementNode {
					checkNames(t, node{d}, ids, labelled)
				}
			}
		})
	}
}

func checkNames(t *testing.T, n node, ids, labelled map[string]bool) {
	t.Helper()
	for _, key := range []string{"aria-describedby", "aria-labelledby", "for"} {
		v, ok := n.attr(key)
		for id := range strings.FieldsSeq(v) {
			if !ids[id] {
				t.Errorf("<%s %s=%q> refers to nothing", n.Data, key, v)
			}
		}
		if ok && v == "" {
			t.Errorf("<%s> has an empty %s", n.Data, key)
		}
	}
	label, _ := n.attr("aria-label")
	by, _ := n.attr("aria-labelledby")
	switch n.Data {
	case "input", "select", "textarea":
		kind, _ := n.attr("type")
		_, hidden := n.attr("hidden")
		if id, _ := n.attr("id"); kind != "hidden" && !hidden && !labelled[id] {
			t.Errorf("<%s id=%q> has no label", n.Data, id)
		}
		if _, ok := n.attr("name"); !ok {
			t.Errorf("<%s> has no name", n.Data)
		}
	case "a":
		href, ok := n.attr("href")
		if !ok || href == "" || href == "#" || n.text() == "" {
			t.Errorf("link %q leads to %q", n.text(), href)
		}
		if target, inPage := strings.CutPrefix(href, "#"); inPage && !ids[target] {
			t.Errorf("link to %s leads nowhere", href)
		}
	case "button", "summary", "h1", "h2", "h3", "legend", "option", "title":
		if n.text() == "" {
			t.Errorf("empty <%s>", n.Data)
		}
	case "form":
		if method, _ := n.attr("method"); method != "get" && method != "post" {
			t.Errorf("form with method %q", method)
		}
		if action, _ := n.attr("action"); !strings.HasPrefix(action, "/") {
			t.Errorf("form with action %q", action)
		}
	case "nav", "section":
		if label == "" && by == "" {
			t.Errorf("<%s> without a name", n.Data)
		}
	case "img":
		if _, ok := n.attr("alt"); !ok {
			t.Error("<img> without alt")
		}
	case "svg":
		hidden, _ := n.attr("aria-hidden")
		if hidden != "true" && label == "" {
			t.Error("<svg> that is neither hidden nor named")
		}
	case "th":
		if scope, _ := n.attr("scope"); scope == "" || n.text() == "" {
			t.Errorf("header cell %q with scope %q", n.text(), scope)
		}
	case "td":
		if !n.inside("table") {
			t.Error("<td> outside a table")
		}
	}
}

// TestEscaping looks for the attacks of the samples: as text they are fine, as elements they are not.
func TestEscaping(t *testing.T) {
	t.Parallel()
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			got := render(t, s)
			if strings.Contains(got, attack) || strings.Contains(got, markup) || strings.Contains(got, "<img src=x") {
				t.Error("an attack came through unescaped")
			}
			if n := strings.Count(got, "<script"); n != 1 {
				t.Errorf("%d script elements, want the one in the head", n)
			}
		})
	}
}

// TestPaths are the pages whose words users were promised (rules ORG-4, LOG-3).
func TestPaths(t *testing.T) {
	t.Parallel()
	find := func(name string) string {
		for _, s := range samples() {
			if s.name == name {
				return render(t, s)
			}
		}
		t.Fatalf("no sample %q", name)
		return ""
	}
	tests := []struct {
		name, page string
		order      []string // stands in the page, in this order
	}{
		{"ORG-4: the gear leads to Settings > Overview", "home", []string{`href="/settings"`, "Settings"}},
		{"ORG-4: Overview > Your company > Profile", "settings", []string{">Overview<", "Your company", `href="/settings/profile"`, ">Profile<"}},
		{"ORG-4: Profile has Edit", "profile", []string{`href="/settings/profile/edit">Edit<`, "Allow API Access", "No"}},
		{"ORG-4: who may not edit sees no Edit", "profile-reader", []string{"Manage Company Info"}},
		{"ORG-4: the switch and Save are last", "profile-edit", []string{`name="fax"`, "Allow API Access", `value="yes"`, "Yes", `value="no" checked`, "No", ">Save<"}},
		{"ORG-4: the older path", "preferences", []string{"Setup › Company", "Preferences", "Allow API Access", `href="/settings/profile/edit#allowApiAccess"`}},
		{"LOG-3: a locked login leads to the forgotten password", "signin-locked", []string{"locked", `href="/forgot-password"`}},
		{"the search box finds bills", "home", []string{`role="search" action="/bills" method="get"`, `name="q"`}},
		{"sort links tell the order", "bills", []string{`aria-sort="ascending"`, "Due"}},
		{"an error is tied to its field", "pay-errors", []string{`href="#amount"`, `aria-describedby="amount-hint amount-error" aria-invalid="true"`}},
		{"a bill has one primary action", "bill", []string{`class="btn primary big" href="/bills/00n01HARTWELL0000001/pay">Pay $2,420.50<`}},
		{"a bill that cannot be paid says why", "bill-awkward", []string{"denied this bill"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rest := find(tt.page)
			for _, want := range tt.order {
				_, after, ok := strings.Cut(rest, want)
				if !ok {
					t.Fatalf("%s lacks %q after %q", tt.page, want, tt.order)
				}
				rest = after
			}
		})
	}
	if got := find("profile-reader"); strings.Contains(got, EditProfileURL) {
		t.Error("ORG-4: a reader is offered Edit")
	}
	for _, page := range []string{"bill-paid", "bill-awkward"} {
		if got := find(page); strings.Contains(got, "/pay\"") {
			t.Errorf("%s offers Pay", page)
		}
	}
}

// TestGalleryServes asks the gallery for everything it links to itself: index, pages, stylesheet.
func TestGalleryServes(t *testing.T) {
	t.Parallel()
	h := gallery()
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		return w
	}
	root, err := html.Parse(get("/gallery").Body)
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for d := range root.Descendants() {
		if href, ok := (node{d}).attr("href"); ok {
			links++
			if w := get(href); w.Code != http.StatusOK || w.Header().Get("Content-Security-Policy") != policy {
				t.Errorf("GET %s = %d", href, w.Code)
			}
		}
	}
	if links != len(samples()) {
		t.Errorf("%d links, want %d", links, len(samples()))
	}
}
