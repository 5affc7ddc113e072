package xmlv1_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// goldenID gives records of the house for the ids in the golden files.
func goldenID(h *house) func(string) string {
	made := map[string]string{"009": h.checkVendor(), "0de": h.made(create("department", "name", "d")), "job": h.made(create("job", "name", "j")),
		"loc": h.made(create("location", "name", "l")), "0ca": h.made(create("chartOfAccount", "name", "c", "accountType", "7")), "008": string(h.org)}
	made["00n"] = h.made(newBill(made["009"], "1", "1000"))
	return func(name string) string {
		if id := made[name[:3]]; id != "" {
			return id
		}
		return string(ids.New(name[:3]))
	}
}

// FuzzV1_102_Handler sends documents, valid ones of the golden files and what mutation makes of them, through the
// whole door. Every answer is well-formed XML of section 4 with HTTP 200, and none tells of a failure of ours.
func FuzzV1_102_Handler(f *testing.F) {
	files, err := filepath.Glob("testdata/golden/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		_, doc, _ := strings.Cut(string(b), "-- request --\n")
		doc, _, _ = strings.Cut(doc, "\n-- answer --")
		f.Add(doc, false)
		f.Add("request="+doc, true)
	}
	for _, doc := range []string{"", "request=", "%", "request=%3Crequest%3E", "<request>", `<request version="1.0" applicationkey="KEY"/>`,
		`<request version="1.0" applicationkey="KEY"><operation sessionId="SESSION"/></request>`, "<!DOCTYPE a []><request/>",
		`<request version="1.1" applicationkey="KEY"><operationbatch sessionId="SESSION" transaction="1"><operation/><x/></operationbatch></request>`} {
		f.Add(doc, true)
		f.Add(doc, false)
	}
	h := sqliteHouse(f)
	h.fund()
	id := goldenID(h)
	f.Fuzz(func(t *testing.T, doc string, form bool) {
		o := *h
		o.t = t
		if o.call() != "" { // an input has logged it out, and others may have locked the login
			o.write(func(tx *db.Tx) error { org.Unlock(tx, h.user); return nil })
			o.session = o.login().text("sessionId")
			h.session = o.session
		}
		doc = goldenName.ReplaceAllStringFunc(doc, id)
		doc = strings.NewReplacer("DEADKEY", "01DEAD", "KEY", h.key, "ANOTHERSESSION", h.session, "SESSION", h.session).Replace(doc)
		kind := "text/xml"
		if form {
			kind = formType
		}
		w := o.serve(kind, strings.NewReader(doc))
		if w.Code != 200 {
			t.Fatalf("status %d", w.Code)
		}
		e := o.parse(w.Body.String())
		for _, c := range e.all("errorcode") {
			if c.Text == "BDCE014" {
				t.Fatalf("V1-102, a failure of ours: %s", w.Body)
			}
		}
	})
}
