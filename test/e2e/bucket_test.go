package e2e

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/blob/s3test"
)

// inBucket makes the commands of s use the bucket below prefix.
func (s *store) inBucket(server *s3test.Server, prefix string) *store {
	s.env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+s3test.Key, "AWS_SECRET_ACCESS_KEY="+s3test.Secret, "DUEBOOK_BLOBS="+server.URL(prefix))
	return s
}

// A store keeps its documents in a bucket; verify reads them there, a backup has them, a restore puts them into another
// bucket, and what is lost there is found.
func TestDocumentsInABucket(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	s := (&store{t: t, dir: t.TempDir()}).inBucket(server, "books")
	s.found()
	n := s.serve()
	session := n.login()
	bill := n.made(session, createBill(n.made(session, createVendor), "INV-1"))
	n.made(session, `<upload_document><billId>`+bill+`</billId><filename>inv-1.txt</filename><document>`+
		base64.StdEncoding.EncodeToString([]byte("Crane, two weeks: 500.00"))+`</document></upload_document>`)
	n.stop()
	s.clean()
	if lie, _ := filepath.Glob(filepath.Join(server.Dir, "books/??/??/*.sealed")); len(lie) != 1 {
		t.Fatalf("in the bucket lie %v", lie)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "blobs")); !os.IsNotExist(err) {
		t.Errorf("there is a folder of documents beside the bucket: %v", err)
	}

	backup := filepath.Join(t.TempDir(), "backup")
	s.ok("backup", backup)
	r := (&store{t: t, dir: t.TempDir()}).inBucket(server, "restored")
	if out := r.ok("restore", backup); !strings.Contains(out, "1 documents, ") || !strings.Contains(out, " audit events: clean") {
		t.Errorf("restore says %q", out)
	}
	lie, _ := filepath.Glob(filepath.Join(server.Dir, "restored/??/??/*.sealed"))
	if len(lie) != 1 {
		t.Fatalf("restored lie %v", lie)
	}
	if err := os.Remove(lie[0]); err != nil {
		t.Fatal(err)
	}
	r.damaged("DOC-4")

	wrong := &store{t: t, dir: s.dir}
	wrong.inBucket(server, "books")
	wrong.env = append(wrong.env, "AWS_SECRET_ACCESS_KEY=guessed")
	_, stderr, code := wrong.run("serve", "--listen", "127.0.0.1:0")
	if code != 1 || !strings.Contains(stderr, "SignatureDoesNotMatch") || strings.Contains(stderr, "guessed") {
		t.Errorf("serve with a wrong key: exit code %d\n%s", code, stderr)
	}
}
