package view

import (
	"flag"
	"fmt"
	"html"
	"net"
	"net/http"
	"testing"

	"github.com/a-h/templ"

	"github.com/duebook/duebook/internal/web/assets"
)

var galleryAddress = flag.String("gallery", "", "serve every view with sample data at this address until interrupted")

// policy is the Content-Security-Policy the views are made for.
const policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// TestGallery shows all views to whoever asks for them with -gallery; it is no part of an ordinary run.
func TestGallery(t *testing.T) {
	if *galleryAddress == "" {
		t.Skip("asked for with -gallery=127.0.0.1:8099 -timeout 0")
	}
	l, err := net.Listen("tcp", *galleryAddress)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("gallery at http://%s/gallery\n", l.Addr())
	t.Fatal(http.Serve(l, gallery()))
}

func gallery() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(assets.Prefix, assets.Handler())
	var index string
	for _, s := range samples() {
		mux.Handle("GET /gallery/"+s.name, templ.Handler(s.page))
		index += fmt.Sprintf("<li><a href=%q>%s</a></li>", "/gallery/"+s.name, html.EscapeString(s.name))
	}
	mux.HandleFunc("GET /gallery", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<!DOCTYPE html><html lang=en><title>Gallery</title><h1>Gallery</h1><ul>%s</ul></html>", index)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		mux.ServeHTTP(w, r)
	})
}
