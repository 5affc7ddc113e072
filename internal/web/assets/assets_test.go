package assets

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestHandler(t *testing.T) {
	t.Parallel()
	css := URL("app.css")
	tests := []struct {
		name, method, path string
		status             int
		cache, kind        string
	}{
		{"stylesheet", "GET", css, 200, "public, max-age=31536000, immutable", "text/css; charset=utf-8"},
		{"script", "GET", URL("app.js"), 200, "public, max-age=31536000, immutable", "text/javascript; charset=utf-8"},
		{"icon, head only", "HEAD", URL("icon.svg"), 200, "public, max-age=31536000, immutable", "image/svg+xml"},
		{"post", "POST", css, 405, "", "text/plain; charset=utf-8"},
		{"plain name", "GET", Prefix + "app.css", 404, "no-store", "text/plain; charset=utf-8"},
		{"old hash", "GET", Prefix + "app.000000000000.css", 404, "no-store", "text/plain; charset=utf-8"},
		{"outside", "GET", Prefix + "../assets.go", 404, "no-store", "text/plain; charset=utf-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			Handler().ServeHTTP(w, httptest.NewRequest(tt.method, "http://duebook.test"+tt.path, http.NoBody))
			got := fmt.Sprint(w.Code, "|", w.Header().Get("Cache-Control"), "|", w.Header().Get("Content-Type"))
			want := fmt.Sprint(tt.status, "|", tt.cache, "|", tt.kind)
			if got != want {
				t.Errorf("%s %s = %s, want %s", tt.method, tt.path, got, want)
			}
			if tt.method == "HEAD" && w.Body.Len() != 0 {
				t.Errorf("HEAD sent %d bytes", w.Body.Len())
			}
		})
	}
}

func TestURLUnknown(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("URL of an unknown file did not panic")
		}
	}()
	URL("app.cs")
}

func TestBudget(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]int{"app.css": 30_000, "app.js": 5_000, "icon.svg": 1_000} {
		if n := len(files[public[name]]); n == 0 || n > limit {
			t.Errorf("%s has %d bytes, want 1 to %d", name, n, limit)
		}
	}
}

// TestContrast computes WCAG 2.2 contrast of the text and control colours on the grounds they stand on, in both
// colour schemes (success criteria 1.4.3: 4.5 for text; 1.4.11: 3 for the edges of controls and for focus).
func TestContrast(t *testing.T) {
	t.Parallel()
	css := string(files[public["app.css"]])
	light, rest, ok := strings.Cut(css, "/* dark */")
	dark, _, ok2 := strings.Cut(rest, "/* end dark */")
	if !ok || !ok2 {
		t.Fatal("app.css has no marked dark tokens")
	}
	text := [][2]string{
		{"ink", "paper"}, {"ink", "surface"}, {"ink", "sunken"},
		{"muted", "paper"}, {"muted", "surface"}, {"muted", "sunken"},
		{"accent", "paper"}, {"accent", "surface"}, {"accent", "sunken"}, {"accent", "accent-soft"},
		{"on-accent", "accent-fill"}, {"on-accent", "accent-fill-hover"},
		{"good", "good-soft"}, {"warn", "warn-soft"}, {"bad", "bad-soft"},
		{"good", "surface"}, {"warn", "surface"}, {"bad", "surface"}, {"bad", "paper"},
		{"ink", "good-soft"}, {"ink", "warn-soft"}, {"ink", "bad-soft"}, {"ink", "accent-soft"},
	}
	edges := [][2]string{{"edge", "surface"}, {"edge", "paper"}, {"focus", "paper"}, {"focus", "surface"}, {"bar", "surface"}}
	base := tokens(light)
	for scheme, own := range map[string]map[string]string{"light": {}, "dark": tokens(dark)} {
		colour := func(name string) float64 {
			v, ok := own[name]
			if !ok {
				if v, ok = base[name]; !ok {
					t.Fatalf("no token --%s", name)
				}
			}
			return luminance(t, v)
		}
		check := func(pairs [][2]string, least float64) {
			for _, p := range pairs {
				a, b := colour(p[0]), colour(p[1])
				if got := (math.Max(a, b) + 0.05) / (math.Min(a, b) + 0.05); got < least {
					t.Errorf("%s: contrast of %s on %s = %.2f, want %.1f", scheme, p[0], p[1], got, least)
				}
			}
		}
		check(text, 4.5)
		check(edges, 3)
	}
}

func tokens(css string) map[string]string {
	m := map[string]string{}
	for _, g := range regexp.MustCompile(`--([a-z-]+):\s*(#[0-9a-f]{6});`).FindAllStringSubmatch(css, -1) {
		m[g[1]] = g[2]
	}
	return m
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	lin := func(c uint64) float64 {
		v := float64(c&0xff) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(n>>16) + 0.7152*lin(n>>8) + 0.0722*lin(n)
}
