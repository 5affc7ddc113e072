// Package assets holds the stylesheet, the script and the icon of the web application and serves them under
// names that contain a hash of their bytes, so a browser may keep them for ever and still sees every change.
package assets

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// Prefix is where Handler expects to be mounted.
const Prefix = "/assets/"

//go:embed app.css app.js icon.svg
var embedded embed.FS

// files maps the public name, such as "app.0c1d2e3f4a5b.css", to the bytes; public maps "app.css" to that name.
var files, public = load()

func load() (map[string][]byte, map[string]string) {
	entries, err := embedded.ReadDir(".")
	if err != nil {
		panic(err) // an embedded root is always readable
	}
	files, public := map[string][]byte{}, map[string]string{}
	for _, e := range entries {
		data, err := embedded.ReadFile(e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(data)
		ext := path.Ext(e.Name())
		hashed := strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		files[hashed], public[e.Name()] = data, hashed
	}
	return files, public
}

// URL is the address of the embedded file with that plain name, for example URL("app.css"). It panics when there is
// no such file: names are written in templates, and a wrong one must not survive the first test.
func URL(name string) string {
	hashed, ok := public[name]
	if !ok {
		panic(fmt.Sprintf("assets: no file %q", name))
	}
	return Prefix + hashed
}

// Handler answers GET and HEAD for the addresses that URL gives; everything else, an outdated hash included, is
// 404 and not to be cached. Mount it at Prefix.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, Prefix)
		data, ok := files[name]
		if !ok {
			w.Header().Set("Cache-Control", "no-store")
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", contentType(name))
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
	})
}

// contentType does not trust the host's MIME tables for the three kinds of file we have.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(path.Ext(name))
}
