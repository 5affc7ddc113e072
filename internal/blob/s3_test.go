package blob

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/blob/s3test"
	"github.com/duebook/duebook/internal/secret"
)

func newBucketStore(t testing.TB, server *s3test.Server, prefix string, v *secret.Vault) *Store {
	t.Helper()
	s, err := NewBucket(server.URL(prefix), t.TempDir(), s3test.Env, v)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestBucketNamedWrongly(t *testing.T) {
	t.Parallel()
	none := func(string) string { return "" }
	for address, want := range map[string]string{
		"":                                    "s3://BUCKET",
		"documents":                           "s3://BUCKET",
		"http://documents":                    "s3://BUCKET",
		"s3://":                               "s3://BUCKET",
		"s3://key:secret@documents":           "without keys",
		"s3://documents?endpoint=minio:9000":  "https://HOST",
		"s3://documents?endpoint=http://":     "https://HOST",
		"s3://documents?endpoint=http://h/p":  "https://HOST",
		"s3://documents?path=style":           `no setting "path"`,
		"s3://documents/a?endpoint=http://h1": "", // right
	} {
		_, err := NewBucket(address, t.TempDir(), s3test.Env, nil)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("NewBucket(%q) = %v, want %q", address, err, want)
		}
	}
	if _, err := NewBucket("s3://documents", t.TempDir(), none, nil); err == nil || !strings.Contains(err.Error(), "AWS_ACCESS_KEY_ID") {
		t.Errorf("without keys: %v", err)
	}
}

// What is wrong with a bucket is found at the start and named, without the secret.
func TestCheckNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	wrong := func(name string) string { return strings.Replace(s3test.Env(name), s3test.Secret, "guessed", 1) }
	for _, c := range []struct {
		name, address string
		getenv        func(string) string
		want          string
	}{
		{"right", server.URL("check"), s3test.Env, ""},
		{"region asked for", "s3://documents/check?endpoint=" + server.Endpoint, s3test.Env, ""},
		{"no such bucket", "s3://elsewhere?region=us-east-1&endpoint=" + server.Endpoint, s3test.Env, "NoSuchBucket"},
		{"wrong keys", "s3://documents?region=us-east-1&endpoint=" + server.Endpoint, wrong, "SignatureDoesNotMatch"},
		{"nobody there", "s3://documents?region=us-east-1&endpoint=http://127.0.0.1:9", s3test.Env, "127.0.0.1:9"},
	} {
		s, err := NewBucket(c.address, t.TempDir(), c.getenv, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = s.Check(t.Context())
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Check = %v, want %q", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), s3test.Secret) {
			t.Errorf("%s: the message has the secret: %v", c.name, err)
		}
	}
	if left := files(t, filepath.Join(server.Dir, "check")); len(left) != 0 {
		t.Errorf("Check left %v", left)
	}
}

// A server without conditions on puts would let two writers of one sealed content replace each other under a reader.
func TestCheckRefusesAServerWithoutConditions(t *testing.T) {
	t.Parallel()
	old := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
		}
		w.Header().Set("ETag", `"x"`)
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = old.Serve(l) }()
	t.Cleanup(func() { old.Close() })
	s, err := NewBucket("s3://documents?region=r&endpoint=http://"+l.Addr().String(), t.TempDir(), s3test.Env, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "If-None-Match") {
		t.Errorf("Check = %v, want that the server has no conditions", err)
	}
}

// A document of more than one part, and one that comes while another writer was first.
func TestBucketPutsInParts(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	for name, v := range map[string]*secret.Vault{"plain": nil, "sealed": newVault(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			prefix := "parts/" + name
			s, dir := newBucketStore(t, server, prefix, v), filepath.Join(server.Dir, prefix)
			b := make([]byte, 2*partSize+12345)
			copy(b, content(1000))
			info := put(t, s, b)
			if err := s.Verify(t.Context(), info.SHA256); err != nil || len(files(t, dir)) != 1 {
				t.Fatalf("Verify = %v, files %v", err, files(t, dir))
			}
			lying := files(t, dir)[0]
			first, _ := os.ReadFile(lying)

			f, err := s.shelf.temp() // a writer that has looked before the first one was done
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write(make([]byte, len(first))); err != nil {
				t.Fatal(err)
			}
			rel, _ := filepath.Rel(dir, lying)
			if err := s.shelf.keep(t.Context(), f, rel, false); err != nil {
				t.Errorf("keep after another writer = %v", err)
			}
			if now, _ := os.ReadFile(lying); string(now) != string(first) {
				t.Error("the later writer replaced the first one's object")
			}
		})
	}
}

// Seeking asks for the range that is read; an object replaced meanwhile is noticed.
func TestBucketReadsRanges(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	s := newBucketStore(t, server, "ranges", newVault(t))
	b := content(300_000)
	info := put(t, s, b)
	r, _, err := s.Open(info.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, at := range []int64{299_990, 0, 150_000, 149_000, chunkSize} {
		if _, err := r.Seek(at, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 10)
		if _, err := io.ReadFull(r, got); err != nil || string(got) != string(b[at:at+10]) {
			t.Errorf("10 bytes at %d = %x, %v", at, got, err)
		}
	}
}

func TestBucketStopsWithItsContext(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts and never answers
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s, err := NewBucket("s3://documents?region=r&endpoint=http://"+l.Addr().String(), t.TempDir(), s3test.Env, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.Check(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Check of a server that is silent = %v, want the deadline", err)
	}
	if err := s.Walk(ctx, func(Info) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Walk = %v, want the deadline", err)
	}
}

// A backup copies from a bucket into a folder, and a restore the other way: sealed as it lies, and only what is missing.
func TestCopyBetweenFolderAndBucket(t *testing.T) {
	t.Parallel()
	server, v := s3test.Start(t), newVault(t)
	from := newBucketStore(t, server, "copy/from", v)
	var infos []Info
	for n := range 5 {
		infos = append(infos, put(t, from, content(n*40_000)))
	}
	dir := t.TempDir()
	backup := newStore(t, dir, nil)
	if n, err := from.CopyTo(t.Context(), backup); n != 5 || err != nil {
		t.Fatalf("CopyTo = %d, %v", n, err)
	}
	for _, name := range files(t, dir) {
		if !strings.HasSuffix(name, sealedSuffix) {
			t.Errorf("%s lies in the clear", name)
		}
	}
	to := newBucketStore(t, server, "copy/to", v)
	put(t, to, content(0))
	if n, err := backup.CopyTo(t.Context(), to); n != 4 || err != nil {
		t.Fatalf("CopyTo back = %d, %v, want the four that are missing", n, err)
	}
	for _, i := range infos {
		if err := to.Verify(t.Context(), i.SHA256); err != nil {
			t.Error(err)
		}
	}
}
