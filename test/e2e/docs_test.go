package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/blob/s3test"
)

const root = "../.."

// readers are the pages with commands, and what a reader who types them sees, in this order.
var readers = map[string][]string{
	"README.md": {`{"orgId":"008`, `{"appKey":"01`},
	"docs/getting-started.md": {`{"orgId":"008`, `{"appKey":"01`, `{"now":"2026-11-23T17:00:00Z"}`, "<sessionId>", "<id>009", "<id>00n", "<id>blp",
		`{"now":"2026-12-07T17:00:00Z"}`, "-positivepay.csv", "<sessionId>", "<paymentStatus>0</paymentStatus>", "1 bills, 1 payments", ": clean",
		`"sessionId":"`, `"id":"00n`, `"id":"stp`, `"id":"0cu`, `"id":"00e`, "office@lakeside.example", `"id":"0rp`, `"amountDue":27.50`, ": clean",
		`"garble":10`, `"5551234":"0003"`, `"manual":true`, `"manual":true`, `"manual":false`},
	"docs/reference/generation-1.md": {`{"now":"2026-11-23T17:00:00Z"}`, "<sessionId>", "<id>0ca", "<id>0cu", "<id>009", "<id>00n", "<id>blp",
		"<id>vcr", "<id>00e", "<amountDue>137.83</amountDue>", "<logoutresult><status>OK"},
	"docs/reference/generation-2.md": {`{"now":"2026-11-23T17:00:00Z"}`, `"sessionId":"`, "BDC_1001", `"id":"0ca`, `"id":"009`, `"id":"00n`,
		`"mfaId":"`, `"id":"stp`, `"id":"bap`, `"id":"0cu`, `"id":"00e`, `"id":"0rp`, `"networkId":"`, `{"now":"2026-12-07T17:00:00Z"}`, `"sessionId":"`},
	"docs/operating.md": {`{"orgId":"008`, "Bank account Operating", "achId=1234567890", "clerk", "active  false", "ready", "apiAccess=true",
		"Application key of Ledger Bridge", "Backup in", ": clean", ": clean", "Backup in", ": clean", ": clean", "Organisation Acme", "ready", ": clean"},
}

// Every command of the documentation runs, page by page, in a shell of its own.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	reference, err := filepath.Glob(filepath.Join(root, "docs", "reference", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.Concat(pages, reference, []string{filepath.Join(root, "README.md")}) {
		page, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		blocks := commands(string(raw))
		want, known := readers[page]
		if known != (len(blocks) > 0) {
			t.Errorf("%s has %d blocks of commands; known to the test: %t", page, len(blocks), known)
		}
		if known {
			t.Run(page, func(t *testing.T) {
				t.Parallel()
				follow(t, blocks, want)
			})
		}
	}
}

// commands gives the blocks of a page that are commands: those that are indented, and those fenced as sh.
func commands(page string) (blocks []string) {
	var block strings.Builder
	fence, before := "", ""
	end := func() {
		if block.Len() > 0 {
			blocks = append(blocks, block.String())
		}
		block.Reset()
	}
	for _, line := range strings.Split(page, "\n") {
		indented, is := strings.CutPrefix(line, "    ")
		switch {
		case strings.HasPrefix(line, "```"):
			end()
			if fence == "" {
				fence = line
			} else {
				fence = ""
			}
		case fence == "```sh":
			block.WriteString(line + "\n")
		case fence == "" && is && (before == "" || block.Len() > 0):
			block.WriteString(indented + "\n")
		default:
			end()
		}
		before = line
	}
	end()
	return blocks
}

var (
	address = regexp.MustCompile(`127\.0\.0\.1:80\d\d`)
	target  = regexp.MustCompile(`^make ([a-z]+)`)
	refused = regexp.MustCompile(`<errorcode>[^<]|"response_status":1`)
	example = "postgres://duebook:secret@db.example/duebook"
	bucket  = "https://s3.example"
)

// follow types the blocks into one shell, in an empty folder with the program under bin/ and in PATH. Servers run on
// beside it, and end with 0 in the end.
func follow(t *testing.T, blocks, want []string) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(duebook, filepath.Join(dir, "bin", "duebook")); err != nil {
		t.Fatal(err)
	}
	ports := map[string]string{}
	free := func(shown string) string {
		if ports[shown] == "" {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			ports[shown] = l.Addr().String()
		}
		return ports[shown]
	}
	var script strings.Builder
	script.WriteString("set -euo pipefail\nservers=()\n")
	for _, b := range blocks {
		if strings.Contains(b, bucket) {
			if !s3test.Built() {
				at := len(want) - 6 // what the last block but one of operating.md prints
				want = slices.Delete(slices.Clone(want), at, at+3)
				continue
			}
			b = strings.NewReplacer(bucket, s3test.Start(t).Endpoint, "=duebook ", "="+s3test.Key+" ",
				"the secret of that key", s3test.Secret).Replace(b)
		}
		if strings.Contains(b, example) {
			if os.Getenv("TEST_POSTGRES_URL") == "" {
				want = want[:len(want)-3] // what the last block of operating.md prints
				continue
			}
			b = strings.ReplaceAll(b, example, "'"+database(t)+"'")
		}
		for _, line := range strings.Split(strings.TrimSuffix(b, "\n"), "\n") {
			if m := target.FindStringSubmatch(line); m != nil {
				if !bytes.Contains(makefile, []byte("\n"+m[1]+":")) {
					t.Errorf("%s: there is no such target", line)
				}
				continue
			}
			line = address.ReplaceAllStringFunc(line, free)
			if !regexp.MustCompile(`duebook serve\b`).MatchString(line) {
				script.WriteString(line + "\n")
				continue
			}
			if !strings.Contains(line, "--listen") {
				line += " --listen " + free("127.0.0.1:8080")
			}
			fmt.Fprintf(&script, "%s 2>>server.log & servers+=($!)\nuntil curl -fs http://%s/readyz >/dev/null; do kill -0 $!; sleep 0.05; done\n",
				line, strings.Fields(line[strings.Index(line, "--listen"):])[1])
		}
	}
	script.WriteString("for s in \"${servers[@]}\"; do kill -TERM $s; wait $s; done\n")

	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script.String())
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH")), time.Second
	raw, err := cmd.CombinedOutput()
	out := string(raw)
	log, _ := os.ReadFile(filepath.Join(dir, "server.log"))
	if err != nil || refused.MatchString(out) || bytes.Contains(log, []byte("level=ERROR")) {
		t.Fatalf("%v\n%s\n--- prints\n%s\n--- the servers\n%s", err, script.String(), out, log)
	}
	rest := out
	for _, w := range want {
		_, after, found := strings.Cut(rest, w)
		if !found {
			t.Fatalf("%q is missing, or comes too early, in\n%s", w, out)
		}
		rest = after
	}
}

// The commands in the tables of the operator's page exist, take the flags that stand there and explain themselves.
func TestDocumentedCommands(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(root, "docs/operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	flags := func(command, text, help string) {
		for _, f := range regexp.MustCompile(`--[a-z-]+`).FindAllString(text, -1) {
			if !strings.Contains(help, f) {
				t.Errorf("duebook %s has no flag %s", command, f)
			}
		}
	}
	help := func(command string) string {
		out, err := exec.Command(duebook, append(strings.Fields(command), "--help")...).CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), "Usage: duebook "+command) {
			t.Errorf("duebook %s --help: %v\n%s", command, err, out)
		}
		return string(out)
	}
	var everything strings.Builder
	for _, c := range allCommands {
		everything.WriteString(help(c))
	}
	for _, line := range strings.Split(string(raw), "\n") {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		for _, m := range regexp.MustCompile("`duebook ([a-z]+(?: [a-z][a-z-]*)?)([^`]*)`").FindAllStringSubmatch(line, -1) {
			seen[m[1]] = true
			flags(m[1], m[2], help(m[1]))
		}
		if m := regexp.MustCompile("^\\| `(--[a-z-]+)[^|]*\\| `(DUEBOOK_[A-Z_]+)`").FindStringSubmatch(line); m != nil {
			if !regexp.MustCompile(regexp.QuoteMeta(m[1]) + `\b[\s\S]*?\$` + m[2]).MatchString(everything.String()) {
				t.Errorf("no command reads %s from %s", m[1], m[2])
			}
		}
	}
	for _, c := range allCommands {
		if !seen[c] {
			t.Errorf("docs/operating.md does not tell of duebook %s", c)
		}
	}
}
