// Package s3test gives tests a real S3-compatible server: a program of other people (tools/s3), built by
// `make bin/versitygw`. It checks signatures and keeps its objects as files, so that a test looks at a bucket as at a
// folder.
package s3test

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The keys that the server knows.
const (
	Key    = "testkey"
	Secret = "a secret of the tests"
)

// Server is a server with one empty bucket, documents, in region us-east-1.
type Server struct {
	Endpoint string // its URL
	Dir      string // where the bucket's objects lie
}

// Start starts a server for one test and skips the test if the program was not built.
func Start(t testing.TB) *Server {
	t.Helper()
	program := program()
	if program == "" {
		t.Skip("no S3 server: make bin/versitygw builds one")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	root := t.TempDir()
	dir, meta := filepath.Join(root, "files"), filepath.Join(root, "meta")
	s := &Server{"http://" + addr, filepath.Join(dir, "documents")}
	if err := errors.Join(os.MkdirAll(s.Dir, 0o700), os.Mkdir(meta, 0o700)); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command(program, "--quiet", "--port", addr, "posix", "--sidecar", meta, dir)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+Key, "ROOT_SECRET_KEY="+Secret)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 400 {
		if r, err := http.Get(s.Endpoint); err == nil {
			_ = r.Body.Close()
			return s
		}
		time.Sleep(25 * time.Millisecond)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	t.Fatalf("the S3 server does not answer: %s", said.String())
	return nil
}

// URL is the address of the bucket below prefix, as blob.NewBucket reads it.
func (s *Server) URL(prefix string) string {
	return "s3://documents/" + prefix + "?region=us-east-1&endpoint=" + s.Endpoint
}

// Env tells the keys.
func Env(name string) string {
	return map[string]string{"AWS_ACCESS_KEY_ID": Key, "AWS_SECRET_ACCESS_KEY": Secret}[name]
}

// Built reports whether Start finds its program.
func Built() bool { return program() != "" }

// program finds the server's program in bin/ of this checkout.
func program() string {
	dir, err := os.Getwd()
	for ; err == nil && dir != "/"; dir = filepath.Dir(dir) {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			break
		}
	}
	path := filepath.Join(dir, "bin", "versitygw")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}
