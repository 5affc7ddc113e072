package xmldoc_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/xmldoc"
)

// content gives n bytes that are not all alike.
func content(n int) []byte {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func TestSpool(t *testing.T) {
	t.Parallel()
	lines := func(s string) string { // as S3 breaks them
		var b strings.Builder
		for len(s) > 76 {
			b.WriteString(s[:76] + "\r\n\t ")
			s = s[76:]
		}
		return b.String() + s
	}
	big, huge := content(300<<10), content(xmldoc.MaxSpool+1)
	tests := []struct {
		name, text string
		want       []byte // nil: not kept
		size       int64
		bad, empty bool
	}{
		{"one byte", "QQ==", []byte("A"), 1, false, false},
		{"blanks and lines", " Q U\r\nJ\tD ", []byte("ABC"), 3, false, false},
		{"CDATA and comment", "<![CDATA[QU]]>J<!-- x -->D", []byte("ABC"), 3, false, false},
		{"in memory", lines(encode(content(1000))), content(1000), 1000, false, false},
		{"as much as memory takes", encode(content(256 << 10)), content(256 << 10), 256 << 10, false, false},
		{"in the file", lines(encode(big)), big, int64(len(big)), false, false},
		{"81: 20,971,520 bytes", encode(huge[:xmldoc.MaxSpool]), huge[:xmldoc.MaxSpool], xmldoc.MaxSpool, false, false},
		{"81: one byte more", encode(huge), nil, xmldoc.MaxSpool + 1, false, false},
		{"81: no base-64", "%%%", nil, 0, true, false},
		{"empty", "", nil, 0, true, true},
		{"blank", " \n", nil, 0, true, true},
		{"no padding", "QQ", nil, 0, true, false},
		{"padding only", "====", nil, 0, true, false},
		{"behind the padding", "QQ==QQ==", nil, 0, true, false},
		{"behind the padding, a block later", encode(content(24<<10-1)) + "QQ==", nil, 0, true, false},
		{"URL alphabet", "-_-_", nil, 0, true, false},
		{"bad after the file began", encode(content(600<<10)) + "%", nil, 0, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			d, err := xmldoc.Parse(strings.NewReader("<a><document>"+tt.text+"</document><document>QkI=</document></a>"),
				xmldoc.Options{Spool: "document", SpoolDir: dir})
			if err != nil {
				t.Fatal(err)
			}
			n := d.Root.Child("document")
			sp := n.Spool
			if sp.Bad != tt.bad || sp.Empty != tt.empty || !tt.bad && sp.Size != tt.size || n.Text != "" {
				t.Errorf("Size %d, Bad %v, Empty %v; want %d, %v, %v", sp.Size, sp.Bad, sp.Empty, tt.size, tt.bad, tt.empty)
			}
			got, err := slurp(sp)
			if tt.want == nil {
				if !errors.Is(err, xmldoc.ErrSpool) || sp.SHA256 != [32]byte{} {
					t.Errorf("Open: %v, sum %x; want ErrSpool and none", err, sp.SHA256)
				}
			} else if err != nil || !bytes.Equal(got, tt.want) || sp.SHA256 != sha256.Sum256(tt.want) {
				t.Errorf("Open: %d bytes, %v, sum %x; want %d bytes", len(got), err, sp.SHA256, len(tt.want))
			}
			for c := range d.Root.Children() {
				if c != n {
					if got, err := slurp(c.Spool); err != nil || string(got) != "BB" {
						t.Errorf("next spool: %q, %v", got, err)
					}
				}
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
			if err := d.Close(); err != nil {
				t.Errorf("second Close: %v", err)
			}
			if _, err := sp.Open(); !errors.Is(err, xmldoc.ErrSpool) {
				t.Errorf("Open after Close: %v", err)
			}
			left(t, dir)
		})
	}
}

func slurp(s *xmldoc.Spool) ([]byte, error) {
	r, err := s.Open()
	if err != nil {
		return nil, err
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(r, first); err != nil {
		return nil, err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	return b, errors.Join(err, r.Close())
}

// left fails the test if a file is left in dir.
func left(t *testing.T, dir string) {
	t.Helper()
	if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
}

// TestSpoolsShareMemory: documents by the hundred fill the memory of one, and then one file.
func TestSpoolsShareMemory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one := content(100 << 10)
	d, err := xmldoc.Parse(strings.NewReader("<a>"+strings.Repeat("<document>"+encode(one)+"</document>", 20)+"</a>"),
		xmldoc.Options{Spool: "document", SpoolDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for c := range d.Root.Children() {
		if got, err := slurp(c.Spool); err != nil || !bytes.Equal(got, one) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	left(t, dir)
}

func TestSpoolInSpool(t *testing.T) {
	t.Parallel()
	d, err := xmldoc.Parse(strings.NewReader("<document>QU<document> x </document>JD</document>"), xmldoc.Options{Spool: "document"})
	if err != nil {
		t.Fatal(err)
	}
	inner := d.Root.Child("document")
	if got, err := slurp(d.Root.Spool); string(got) != "ABC" || err != nil || inner.Text != "x" || inner.Spool != nil {
		t.Errorf("outer %q, %v; inner %+v", got, err, inner)
	}
}

// TestSpoolFails: a refused document leaves no file, and a disk that fails is not the sender's fault.
func TestSpoolFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	doc := "<a><document>" + encode(content(300<<10)) + "</document>"
	if _, err := xmldoc.Parse(strings.NewReader(doc), xmldoc.Options{Spool: "document", SpoolDir: dir}); !errors.Is(err, xmldoc.ErrMalformed) {
		t.Errorf("unclosed: %v", err)
	}
	left(t, dir)

	var refused *xmldoc.Error
	_, err := xmldoc.Parse(strings.NewReader(doc+"</a>"), xmldoc.Options{Spool: "document", SpoolDir: filepath.Join(dir, "missing")})
	if !errors.Is(err, xmldoc.ErrSpool) || !errors.Is(err, os.ErrNotExist) || errors.As(err, &refused) {
		t.Errorf("without a folder: %v", err)
	}
}

// TestLatin1Large: a declaration of ISO-8859-1 is judged by all of a document, however long.
func TestLatin1Large(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const decl = "<?xml version='1.0' encoding='ISO-8859-1'?>"
	for _, last := range []string{"é", "\xe9"} {
		text := strings.Repeat("株", 300<<10)
		big := encode(content(300 << 10))
		d, err := xmldoc.Parse(strings.NewReader(decl+"<a><t>"+text+"</t><document>"+big+"</document><u>"+last+"</u></a>"),
			xmldoc.Options{Spool: "document", SpoolDir: dir, MaxText: 2 << 20})
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Root.Child("u").Text; got != "é" {
			t.Errorf("last text %q", got)
		}
		if got, want := d.Root.Child("t").Text == text, last == "é"; got != want {
			t.Errorf("read as UTF-8: %v, want %v", got, want)
		}
		if got, err := slurp(d.Root.Child("document").Spool); err != nil || !bytes.Equal(got, content(300<<10)) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	left(t, dir)
}

func BenchmarkSpool(b *testing.B) {
	doc := "<a><document>" + encode(content(xmldoc.MaxSpool)) + "</document></a>"
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	dir := b.TempDir()
	for b.Loop() {
		d, err := xmldoc.Parse(strings.NewReader(doc), xmldoc.Options{Spool: "document", SpoolDir: dir})
		if err != nil {
			b.Fatal(err)
		}
		_ = d.Close()
	}
}
