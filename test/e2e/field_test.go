package e2e

import (
	"database/sql"
	"encoding/json"
	"go/format"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var changeBlock = regexp.MustCompile("(?s)```diff\n--- (\\S+)\n(.*?)```")

// overlay applies the changes of a page to copies of the sources and gives the file that makes the go command see those.
// Each change is lines that stand in the source once, and lines to add behind them.
func overlay(t *testing.T, page string) string {
	t.Helper()
	checkout, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, m := range changeBlock.FindAllStringSubmatch(string(raw), -1) {
		var before, after strings.Builder
		for _, line := range strings.SplitAfter(m[2], "\n") {
			if rest, ok := strings.CutPrefix(line, " "); ok {
				before.WriteString(rest)
				after.WriteString(rest)
			} else if rest, ok := strings.CutPrefix(line, "+"); ok {
				after.WriteString(rest)
			}
		}
		path := filepath.Join(checkout, m[1])
		if _, seen := files[path]; !seen && before.Len() > 0 {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files[path] = string(src)
		}
		if n := strings.Count(files[path], before.String()); n != 1 && before.Len() > 0 {
			t.Fatalf("%s: %s holds these lines %d times:\n%s", page, m[1], n, before.String())
		}
		files[path] = strings.Replace(files[path], before.String(), after.String(), 1)
	}
	dir, replace := t.TempDir(), map[string]string{}
	for path, src := range files {
		if formatted, err := format.Source([]byte(src)); strings.HasSuffix(path, ".go") && (err != nil || string(formatted) != src) {
			t.Errorf("%s: %s would not be formatted any more: %v", page, path, err)
		}
		replace[path] = filepath.Join(dir, strings.ReplaceAll(strings.TrimPrefix(path, checkout), "/", "_"))
		if err := os.WriteFile(replace[path], []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(name, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// A field that is added as docs/adding-a-field.md says is stored, taken, shown, refused when too long, described and audited.
func TestAddingAField(t *testing.T) {
	t.Parallel()
	changes, dir := overlay(t, "docs/adding-a-field.md"), t.TempDir()
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command("go", args...)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %v: %v\n%s", args, err, out)
		}
	}
	program := filepath.Join(dir, "duebook")
	run("build", "-overlay", changes, "-o", program, "./cmd/duebook")
	run("run", "-overlay", changes, "./internal/api/reference/generate", dir)

	s := &store{t: t, dir: t.TempDir(), program: program}
	s.found()
	n := s.serve()
	session := n.login()
	id := n.made(session, `<create_department><department><name>Yard</name><manager>Ana</manager></department></create_department>`)
	other := n.made(session, `<create_department><department><name>Office</name></department></create_department>`)
	operation := func(inner string) string {
		return n.call(`<operation transactionId="t" sessionId="` + session + `">` + inner + `</operation>`)
	}
	if a := operation(`<get_list object="department"/>`); !strings.Contains(a, "<name>Yard</name><manager>Ana</manager>") {
		t.Errorf("get_list shows no manager: %s", a)
	}
	long := strings.Repeat("x", 101)
	if a := operation(`<update_department><department><id>` + id + `</id><manager>` + long + `</manager></department></update_department>`); !strings.Contains(a, "BDCE048") {
		t.Errorf("101 characters: %s", a)
	}

	two := ""
	call := func(path, data string) string {
		resp, err := http.PostForm(n.base+"/api/v2/"+path+".json", url.Values{"devKey": {s.key}, "sessionId": {two}, "data": {data},
			"userName": {email}, "password": {password}, "orgId": {s.org}})
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	two = between(call("Login", ""), `"sessionId":"`, `"`)
	for _, c := range []struct{ path, data, want string }{
		{"Crud/Read/Department", `{"id":"` + id + `"}`, `"manager":"Ana"`},
		{"Crud/Update/Department", `{"obj":{"id":"` + other + `","manager":"Bo"}}`, `"manager":"Bo"`},
		{"Crud/Update/Department", `{"obj":{"id":"` + other + `","manager":"` + long + `"}}`, `BDC_1143`},
		{"List/Department", `{"filters":[{"field":"name","op":"=","value":"Office"}]}`, `"manager":"Bo"`},
		{"GetEntityMetadata", `{"entity":"Department"}`, `"manager":{"type":"string","maxLength":100}`},
	} {
		if a := call(c.path, c.data); !strings.Contains(a, c.want) {
			t.Errorf("%s %s: no %s in %s", c.path, c.data, c.want, a)
		}
	}
	n.stop()

	for page, row := range map[string]string{"generation-1.md": "| `manager` | text | 100 |", "generation-2.md": "| `manager` | text | 100 |"} {
		raw, err := os.ReadFile(filepath.Join(dir, "reference", page))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(raw), row) {
			t.Errorf("reference/%s has no row %q", page, row)
		}
	}
	db, err := sql.Open("sqlite", filepath.Join(s.dir, "duebook.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var audited string
	err = db.QueryRow(`SELECT changes FROM audit_events WHERE record_id = ? AND action = 'update'`, other).Scan(&audited)
	if err != nil || !strings.Contains(audited, `"manager":["","Bo"]`) {
		t.Errorf("the audit trail says %s, %v", audited, err)
	}
}
