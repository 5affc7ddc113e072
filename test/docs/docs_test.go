// Package docs runs the commands of the documentation, as a reader would type them.
package docs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const root = "../.."

// commands gives the indented lines of a page that are commands, joined where a line goes on.
func commands(t *testing.T, page string) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, line := range strings.Split(string(raw), "\n") {
		if c, ok := strings.CutPrefix(line, "    "); ok && !strings.HasPrefix(c, " ") && c != "" {
			out = append(out, strings.TrimSpace(c))
		}
	}
	return out
}

// reader is a person in a shell: a folder with the built program under bin/, and what earlier commands printed.
type reader struct {
	t       *testing.T
	dir     string
	addr    string
	env     []string
	servers []*exec.Cmd
}

func newReader(t *testing.T) *reader {
	t.Helper()
	r := &reader{t: t, dir: t.TempDir(), env: os.Environ()}
	if out, err := exec.Command("go", "build", "-o", filepath.Join(r.dir, "bin", "duebook"), "github.com/duebook/duebook/cmd/duebook").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().String()
	_ = l.Close()
	t.Cleanup(func() {
		for _, s := range r.servers {
			_ = s.Process.Signal(syscall.SIGTERM)
			if err := s.Wait(); err != nil {
				t.Errorf("the server does not end with 0: %v", err)
			}
		}
	})
	return r
}

// run runs one command and gives what it printed.
func (r *reader) run(command string) string {
	r.t.Helper()
	command = strings.ReplaceAll(command, "127.0.0.1:8080", r.addr)
	if strings.Contains(command, "duebook serve") && !strings.Contains(command, "--help") {
		r.serve(command + " --listen " + r.addr)
		return ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", command)
	cmd.Dir, cmd.Env = r.dir, r.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		r.t.Errorf("%s\n%v\n%s%s", command, err, out, stderr.String())
	}
	r.remember(string(out))
	return string(out)
}

func (r *reader) serve(command string) {
	cmd := exec.Command("bash", "-c", "exec "+command)
	cmd.Dir, cmd.Env = r.dir, r.env
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.servers = append(r.servers, cmd)
	for begin := time.Now(); time.Since(begin) < 30*time.Second; time.Sleep(20 * time.Millisecond) {
		if resp, err := http.Get("http://" + r.addr + "/readyz"); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
	}
	r.t.Fatalf("%s: not ready", command)
}

var session = regexp.MustCompile(`<sessionId>(\w+)</sessionId>`)

// remember keeps what a reader would copy from an answer into the next command.
func (r *reader) remember(out string) {
	var made struct{ OrgID, AppKey string }
	if json.Unmarshal([]byte(out), &made) == nil {
		if made.OrgID != "" {
			r.env = append(r.env, "ORGID="+made.OrgID)
		}
		if made.AppKey != "" {
			r.env = append(r.env, "APPKEY="+made.AppKey)
		}
	}
	if m := session.FindStringSubmatch(out); m != nil {
		r.env = append(r.env, "SESSION="+m[1])
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pages := range [][]string{{"README.md"}, {"docs/getting-started.md", "docs/operating.md"}} {
		r := newReader(t)
		for _, page := range pages {
			ran := 0
			for _, c := range commands(t, page) {
				ran++
				if target, ok := strings.CutPrefix(c, "make "); ok {
					if name := strings.Fields(target)[0]; !bytes.Contains(makefile, []byte("\n"+name+":")) {
						t.Errorf("%s: there is no make target %s", page, name)
					}
					continue
				}
				out := r.run(c)
				if strings.Contains(out, "<errorcode>") {
					t.Errorf("%s: %s answers %s", page, c, out)
				}
			}
			if ran == 0 {
				t.Errorf("%s has no commands", page)
			}
		}
	}
}

// The commands of the table in operating.md exist, and each explains itself.
func TestHelp(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	raw, err := os.ReadFile(filepath.Join(root, "docs/operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, m := range regexp.MustCompile("`(?:duebook )?((?:serve|org|user|operator|bank|appkey|verify|backup|restore|migrate|bench)(?: [a-z]+)?)").FindAllStringSubmatch(string(raw), -1) {
		found++
		if out := r.run(fmt.Sprintf("bin/duebook %s --help", m[1])); !strings.Contains(out, "Usage:") || !strings.Contains(out, "--data") {
			t.Errorf("duebook %s --help: %s", m[1], out)
		}
	}
	if found < 12 {
		t.Errorf("only %d commands in the table", found)
	}
}
