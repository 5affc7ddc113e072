package acceptance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/org"
)

// The hard cases of 15.5 about clients: what they poll for, and how people come in.

const wire2 = "2006-01-02T15:04:05.000+0000"

// E26: a client whose clock is three minutes ahead keeps its own time and misses a change inside the gap; the Date of the
// answer less five minutes finds it (SYN-5).
func TestE26_ClockAhead(t *testing.T) {
	each(t, func(h *house) {
		poll := func(since time.Time) (names []string, a answer) {
			a = h.ana.do2("List/Vendor", record{"start": 0, "max": 999, "filters": []record{{"field": "updatedTime", "op": ">=", "value": since.UTC().Format(wire2)}}})
			all, _ := a.data.([]any)
			for _, r := range records(all) {
				names = append(names, r.str("name"))
			}
			return names, a
		}
		h.ana.vendor("Before", "")
		h.clock.Set(h.clock.Now().Add(10 * time.Minute))
		_, a := poll(h.clock.Now().Add(-time.Hour))
		date, err := http.ParseTime(a.header.Get("Date"))
		if err != nil || date.Sub(h.clock.Now()).Abs() > time.Second {
			h.t.Fatalf("the answer is dated %q, the server's clock shows %s", a.header.Get("Date"), h.clock.Now())
		}
		if old := h.ana.try1(`<get_list object="vendor"></get_list>`); old.header.Get("Date") != a.header.Get("Date") {
			h.t.Errorf("generation 1 is dated %q", old.header.Get("Date"))
		}
		own := h.clock.Now().Add(3 * time.Minute)
		h.clock.Set(h.clock.Now().Add(time.Minute))
		h.ana.vendor("Inside the gap", "")
		h.clock.Set(h.clock.Now().Add(10 * time.Minute))
		if names, _ := poll(own); slices.Contains(names, "Inside the gap") {
			h.t.Error("the fast client finds it: the test proves nothing")
		}
		if names, _ := poll(date.Add(-5 * time.Minute)); !slices.Equal(names, []string{"Inside the gap"}) {
			h.t.Errorf("by the documented time: %v", names)
		}
	})
}

// E27: pages of 999 over 1,500 records of one second, with changes in between; the client restarts from the last time it
// has seen (SYN-6).
func TestE27_PagesOfOneSecond(t *testing.T) {
	each(t, func(h *house) {
		begin := h.clock.Now()
		ids := map[string]bool{}
		for part := range 15 {
			var bulk []record
			for i := range 100 {
				bulk = append(bulk, record{"obj": record{"name": fmt.Sprintf("D %02d %02d", part, i)}})
			}
			h.clock.Set(h.clock.Now().Add(time.Millisecond))
			h.ana.do2("Bulk/Crud/Create/Department", record{"bulk": bulk})
		}
		seen, since, pages := map[string]string{}, begin.UTC().Format(wire2), 0
		for {
			a := h.ana.do2("List/Department", record{"start": 0, "max": 999,
				"filters": []record{{"field": "updatedTime", "op": ">=", "value": since}}})
			all, _ := a.data.([]any)
			page := records(all)
			for _, r := range page {
				seen[r.str("id")] = r.str("name")
				ids[r.str("id")] = true
			}
			if pages++; len(page) < 999 || pages > 9 {
				break
			}
			since = page[len(page)-1].str("updatedTime")
			h.clock.Set(h.clock.Now().Add(time.Millisecond))
			for _, i := range []int{0, 1, 500, 998} { // what was read changes while the client pages
				h.ana.do2("Crud/Update/Department", record{"obj": record{"id": page[i].str("id"), "name": fmt.Sprint("Changed ", pages, i)}})
			}
		}
		if len(ids) != 1500 || pages > 4 {
			h.t.Errorf("%d pages told of %d departments", pages, len(ids))
		}
		for _, r := range append(h.ana.all("Department", [3]string{"name", "sw", "Changed"}), h.ana.all("Department", [3]string{"name", "sw", "D 00"})...) {
			if seen[r.str("id")] != r.str("name") {
				h.t.Errorf("%q was seen last as %q", r.str("name"), seen[r.str("id")])
			}
		}
	})
}

func TestE28_Documents(t *testing.T) {
	each(t, func(h *house) {
		upload := func(name, content string) string {
			return "<upload_document>" + tags("filename", name) + "<document>" + content + "</document></upload_document>"
		}
		h.ana.do1(upload("x.pdf", "JVBERi0x\r\nLjQKJSVFT0Y="))
		h.ana.refused1(upload("x.pdf", "JVBERi0x!LjQKJSVFT0Y="), "BDCE043", "")
		h.ana.refused1(upload("../../x.pdf", "JVBERi0xLjQKJSVFT0Y="), "BDCE044", "")
		if in := h.ana.do2("GetDocuments", record{}).record().list("documents"); len(in) != 1 {
			h.t.Errorf("%d documents are stored", len(in))
		}
	})
}

// E29: five wrong passwords lock the login in every organisation and through every door, until it is reset.
func TestE29_Locked(t *testing.T) {
	each(t, func(h *house) {
		second := h.other("Second LLC")
		second.write(func(tx *db.Tx) error {
			user, err := org.AddUser(tx, h.ana.email, "Ana", "")
			if err != nil {
				return err
			}
			return org.SetMembership(tx, user, "administrator", true)
		})
		wrong := func() answer {
			return h.send1("<login>" + tags("username", h.ana.email, "password", "not this one at all", "orgID", string(h.org)) + "</login>")
		}
		for range 5 {
			wantCode(h, wrong(), "BDCE005")
		}
		wantCode(h, h.ana.login1(), "BDCE016")
		wantCode(h, h.ana.login2(), "BDC_1110")
		elsewhere := &person{house: second, email: h.ana.email}
		wantCode(h, elsewhere.login1(), "BDCE016")
		wantCode(h, elsewhere.login2(), "BDC_1110")
		signIn := func(word string) string {
			resp, err := http.PostForm(h.base+"/signin", map[string][]string{"email": {h.ana.email}, "password": {word}})
			return h.body(resp, err)
		}
		if page := signIn(password); !strings.Contains(page, "locked") || !strings.Contains(page, "BDCE016") && !strings.Contains(page, "orgot") {
			h.t.Errorf("on the web:\n%s", page)
		}
		resp, err := http.PostForm(h.base+"/forgot-password", map[string][]string{"email": {h.ana.email}})
		h.body(resp, err)
		mails, err := http.Get(h.base + "/sandbox/mail")
		token := found1(h.t, h.body(mails, err), `/reset-password\?token=(\w+)`)
		resp, err = http.PostForm(h.base+"/reset-password", map[string][]string{"token": {token}, "password": {"another long phrase 53"}, "again": {"another long phrase 53"}})
		h.body(resp, err)
		wantCode(h, h.ana.login1(), "BDCE005") // the old one is no longer right, and no longer locked
		wantCode(h, h.send1("<login>"+tags("username", h.ana.email, "password", "another long phrase 53", "orgID", string(h.org))+"</login>"), "")
		wantCode(h, h.send1("<login>"+tags("username", h.ana.email, "password", "another long phrase 53", "orgID", string(second.org))+"</login>"), "")
	})
}
