// Package hosttest runs an OpenSSH server that stands for a bank's SFTP host.
package hosttest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bankhost"
)

// Bank is a running server with its folders.
type Bank struct {
	bankhost.Settings
	Out, In string // the folders behind Outbox and Inbox
	t       testing.TB
	config  string
	daemon  *exec.Cmd
}

// Start runs a server with an outbox and an inbox, to which the settings lead; it ends with the test. Without an OpenSSH
// server the test fails: make test installs one.
func Start(t testing.TB) *Bank {
	t.Helper()
	program, err := exec.LookPath("/usr/sbin/sshd")
	if err != nil {
		t.Fatalf("no OpenSSH server (Debian's openssh-server): %v", err)
	}
	dir := t.TempDir()
	b := &Bank{t: t, Out: filepath.Join(dir, "to-bank"), In: filepath.Join(dir, "from-bank"), config: filepath.Join(dir, "sshd_config")}
	hostKey, hostLine, err := bankhost.NewKey()
	must(t, err)
	key, line, err := bankhost.NewKey()
	must(t, err)
	me, err := user.Current()
	must(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0") // a free port
	must(t, err)
	b.Settings = bankhost.Settings{Address: listener.Addr().String(), User: me.Username, HostKey: hostLine, Key: key, Outbox: b.Out, Inbox: b.In}
	must(t, listener.Close())
	must(t, os.Mkdir(b.Out, 0o700))
	must(t, os.Mkdir(b.In, 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "host_key"), hostKey, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "authorized"), []byte(line+"\n"), 0o600))
	_, port, err := net.SplitHostPort(b.Address)
	must(t, err)
	must(t, os.WriteFile(b.config, []byte(strings.Join([]string{"ListenAddress 127.0.0.1", "Port " + port, "HostKey " + filepath.Join(dir, "host_key"),
		"AuthorizedKeysFile " + filepath.Join(dir, "authorized"), "StrictModes no", "UsePAM no", "PasswordAuthentication no",
		"PermitRootLogin prohibit-password", "PidFile none", "Subsystem sftp internal-sftp", ""}, "\n")), 0o600))
	if os.Geteuid() == 0 {
		must(t, os.MkdirAll("/run/sshd", 0o755)) // it wants this when it runs as root
	}
	b.daemon = exec.Command(program, "-D", "-e", "-f", b.config) //nolint:gosec // a fixed program with a file of ours
	b.Open()
	t.Cleanup(b.Shut)
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Admit lets in whoever holds the private half of that key.
func (b *Bank) Admit(public string) {
	b.t.Helper()
	f, err := os.OpenFile(filepath.Join(filepath.Dir(b.config), "authorized"), os.O_APPEND|os.O_WRONLY, 0)
	must(b.t, err)
	_, err = f.WriteString(public + "\n")
	must(b.t, err)
	must(b.t, f.Close())
}

// Shut stops the server, with all visits.
func (b *Bank) Shut() {
	if b.daemon.Process != nil && b.daemon.ProcessState == nil {
		kill(b.daemon.Process.Pid)
		_ = b.daemon.Wait()
	}
}

// kill ends a process and those that it started: each visit has some.
func kill(pid int) {
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	_ = syscall.Kill(pid, syscall.SIGKILL)
	for _, c := range strings.Fields(string(children)) {
		if n, err := strconv.Atoi(c); err == nil {
			kill(n)
		}
	}
}

// Open starts the server, at first or after Shut.
func (b *Bank) Open() {
	b.t.Helper()
	b.daemon = exec.Command(b.daemon.Path, b.daemon.Args[1:]...) //nolint:gosec // the same again
	var said strings.Builder
	b.daemon.Stderr = &said
	must(b.t, b.daemon.Start())
	for range 200 {
		if c, err := net.Dial("tcp", b.Address); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	b.t.Fatalf("the SSH server does not listen: %s", said.String())
}
