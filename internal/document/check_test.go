package document

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/duebook/duebook/internal/blob"
)

const (
	ole     = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on"
	windows = "MZ\x90\x00\x03\x00\x00\x00"
)

// archive makes a zip file of names and contents; a member named "mimetype" is stored, as OpenDocument wants it.
func archive(pairs ...string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		h := &zip.FileHeader{Name: pairs[i], Method: zip.Deflate}
		if pairs[i] == "mimetype" {
			h.Method = zip.Store
		}
		m, err := w.CreateHeader(h)
		if err != nil {
			panic(err)
		}
		if _, err := io.WriteString(m, pairs[i+1]); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// bomb makes an archive of two members, one of which says that it unpacks to most of size bytes.
func bomb(size uint64) string {
	var b, text bytes.Buffer
	d, err := flate.NewWriter(&text, flate.BestCompression)
	if err == nil {
		_, err = io.WriteString(d, strings.Repeat(" ", HeadSize))
	}
	err = errors.Join(err, d.Close())
	w := zip.NewWriter(&b)
	for name, size := range map[string]uint64{"a.txt": size - 1<<20, "b.txt": 1 << 20} {
		m, e := w.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, CompressedSize64: uint64(text.Len()), UncompressedSize64: size})
		_, e2 := m.Write(text.Bytes())
		err = errors.Join(err, e, e2)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		panic(err)
	}
	return b.String()
}

func utf16LE(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

var checks = []struct {
	name    string // of the file
	content string
	want    string // media type
	err     error
}{
	{"bill.pdf", "%PDF-1.7\n", "application/pdf", nil},
	{"BILL.PDF", "\r\n%PDF-1.7\n", "application/pdf", nil},
	{"Rechnung März 2026.v2.pdf", "%PDF-1.4", "application/pdf", nil},
	{"scan.png", "\x89PNG\r\n\x1a\n", "image/png", nil},
	{"scan.jpg", "\xff\xd8\xff\xe0", "image/jpeg", nil},
	{"scan.JPEG", "\xff\xd8\xff\xe1", "image/jpeg", nil},
	{"a.gif", "GIF89a", "image/gif", nil},
	{"a.tif", "II*\x00", "image/tiff", nil},
	{"a.tiff", "MM\x00*", "image/tiff", nil},
	{"a.bmp", "BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28", "image/bmp", nil},
	{"a.webp", "RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp", nil},
	{"a.heic", "\x00\x00\x00\x18ftypheic\x00\x00", "image/heic", nil},
	{"a.txt", "BMW, two of them", "text/plain", nil},
	{"a.txt", "naïve", "text/plain", nil},
	{"a.csv", "Name;Stra\xdfe\r\n", "text/csv", nil},
	{"a.csv", utf16LE("Name\tBetrag\r\n"), "text/csv", nil},
	{"a.csv", "MZ Wallace,12.00\n", "text/csv", nil},
	{"a.xml", "\xef\xbb\xbf<?xml version=\"1.0\"?><Invoice/>", "application/xml", nil},
	{"a.eml", "Received: from a by b\r\nFrom: x", "message/rfc822", nil},
	{"a.doc", ole, "application/msword", nil},
	{"a.xls", ole, "application/vnd.ms-excel", nil},
	{"a.ppt", ole, "application/vnd.ms-powerpoint", nil},
	{"a.msg", ole, "application/vnd.ms-outlook", nil},

	{"bill.pdf", "\x89PNG\r\n\x1a\n", "", ErrName},
	{"bill.png", "%PDF-1.7\n", "", ErrName},
	{"bill.txt", "%PDF-1.7\n", "", ErrName},
	{"setup.pdf", windows, "", ErrName},
	{"setup.txt", windows, "", ErrName},
	{"setup.zip", "\x7fELF\x02\x01\x01", "", ErrName},
	{"setup.exe", windows, "", ErrName},
	{"run.sh", "#!/bin/sh", "", ErrName},
	{"run.txt", "#!/bin/sh", "", ErrName},
	{"run.txt", "  \n<?php", "", ErrName},
	{"page.txt", "<!DOCTYPE html>", "", ErrName},
	{"page.xml", "<HTML>", "", ErrName},
	{"page.csv", utf16LE("<script>"), "", ErrName},
	{"a.svg", "<svg/>", "", ErrName},
	{"a.xml", "no markup", "", ErrName},
	{"a.eml", "Dear all,\n", "", ErrName},
	{"a.txt", "a\x00b", "", ErrName},
	{"a.webp", "RIFF\x24\x00\x00\x00WAVE", "", ErrName},
	{"a.heic", "\x00\x00\x00\x18ftypmp42\x00\x00", "", ErrName},
	{"a.doc", "{\\rtf1", "", ErrName},
	{"noextension", "%PDF-1.7", "", ErrName},
	{"bill.", "%PDF-1.7", "", ErrName},
	{".pdf", "%PDF-1.7", "", ErrName},
	{" . .pdf", "%PDF-1.7", "", ErrName},
	{"", "%PDF-1.7", "", ErrName},
	{"a/b.pdf", "%PDF-1.7", "", ErrName},
	{"a\\b.pdf", "%PDF-1.7", "", ErrName},
	{"a\x00.pdf", "%PDF-1.7", "", ErrName},
	{"a\nb.pdf", "%PDF-1.7", "", ErrName},
	{"a\u202efdp.txt", "text", "", ErrName},
	{"a\xff.pdf", "%PDF-1.7", "", ErrName},
	{"bill.pdf.exe", "%PDF-1.7", "", ErrName},
	{strings.Repeat("n", 251) + ".pdf", "%PDF-1.7", "application/pdf", nil},
	{strings.Repeat("n", 252) + ".pdf", "%PDF-1.7", "", ErrName},
	{"a.pdf", "", "", ErrEmpty},
	{"a/b.pdf", "", "", ErrName},
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, c := range checks {
		got, err := Check(c.name, int64(len(c.content)), []byte(c.content))
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("Check(%q, %q) = %q, %v; want %q, %v", c.name, c.content, got, err, c.want, c.err)
		}
	}
	pdf := []byte("%PDF-1.7")
	if _, err := Check("a.pdf", MaxSize, pdf); err != nil { // number 81 of api-v1
		t.Errorf("20,971,520 bytes: %v", err)
	}
	if _, err := Check("a.pdf", MaxSize+1, pdf); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one more: %v, want ErrTooLarge", err)
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	many := make([]string, 0, 202)
	for i := range 101 {
		many = append(many, strings.Repeat("n", i+1)+".txt", "x")
	}
	encrypted := []byte(archive("a.txt", "x"))
	encrypted[6] |= 1
	later := []byte(archive("a.txt", "x"))
	later[bytes.Index(later, []byte("PK\x01\x02"))+8] |= 1 // said in the directory only
	odt, ods := "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet"
	tests := []struct {
		name, content string
		want          error
	}{
		{"a.zip", archive("bills/", "", "bills/a.pdf", "%PDF-1.7", "b.txt", "x"), nil},
		{"a.zip", archive(), nil},
		{"a.zip", archive(many[:200]...), nil},
		{"a.zip", archive(many...), ErrName},
		{"a.zip", archive("setup.exe", windows), ErrName},
		{"a.zip", archive("a.pdf", windows), ErrName},
		{"a.zip", archive("inner.zip", archive("a.txt", "x")), ErrName},
		{"a.zip", string(encrypted), ErrName},
		{"a.zip", string(later), ErrName},
		{"a.zip", "PK\x03\x04 cut off", ErrName},
		{"a.zip", bomb(200 << 20), nil},
		{"a.zip", bomb(200<<20 + 1), ErrName},
		{"a.zip", bomb(1<<64 - 1), ErrName},
		{"a.docx", archive("[Content_Types].xml", "<x/>", "word/document.xml", "<x/>"), nil},
		{"a.xlsx", archive("[Content_Types].xml", "<x/>", "xl/workbook.xml", "<x/>"), nil},
		{"a.pptx", archive("[Content_Types].xml", "<x/>", "ppt/presentation.xml", "<x/>"), nil},
		{"a.docx", archive("[Content_Types].xml", "<x/>", "xl/workbook.xml", "<x/>"), ErrName},
		{"a.docx", archive("a.txt", "x"), ErrName},
		{"a.odt", archive("mimetype", odt, "content.xml", "<x/>"), nil},
		{"a.ods", archive("mimetype", ods, "content.xml", "<x/>"), nil},
		{"a.ods", archive("mimetype", odt, "content.xml", "<x/>"), ErrName},
		{"a.docx", archive("mimetype", odt, "content.xml", "<x/>"), ErrName},
		{"a.zip", archive("mimetype", odt, "content.xml", "<x/>"), ErrName},
		{"a.pdf", "%PDF-1.7" + strings.Repeat("x", HeadSize), nil},
		{"a.pdf", "", ErrEmpty},
		{"a.exe", windows, ErrName},
	}
	blobs, err := blob.New(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer blobs.Close()
	for _, tt := range tests {
		u, err := Store(context.Background(), blobs, tt.name, int64(len(tt.content)), strings.NewReader(tt.content))
		if !errors.Is(err, tt.want) {
			t.Errorf("Store %s %.40q = %v, want %v", tt.name, tt.content, err, tt.want)
		}
		if err != nil {
			continue
		}
		r, err := Open(blobs, Document{SHA256: u.SHA256})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != tt.content || u.Size != int64(len(got)) { // number 82 of api-v1
			t.Errorf("%s reads back as %.40q, %v; want %.40q", tt.name, got, err, tt.content)
		}
		r.Close()
	}
	if _, err := Store(context.Background(), blobs, "a.pdf", 99, strings.NewReader("%PDF-1.7")); err == nil {
		t.Error("content shorter than said is stored")
	}
}

func FuzzCheck(f *testing.F) {
	for _, c := range checks {
		f.Add(c.name, []byte(c.content))
	}
	for _, s := range []string{archive("a.txt", "x"), archive("mimetype", "application/vnd.oasis.opendocument.text")} {
		f.Add("a.zip", []byte(s))
		f.Add("a.odt", []byte(s))
	}
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		head := content[:min(len(content), HeadSize)]
		media, err := Check(name, int64(len(content)), head)
		if (err == nil) != (media != "") {
			t.Fatalf("Check = %q, %v", media, err)
		}
		if err != nil {
			return
		}
		if len(name) > 255 || strings.ContainsAny(name, "/\\\x00\r\n") || !strings.Contains(name[1:], ".") {
			t.Errorf("name %q accepted", name)
		}
		if kinds[extension(name)].media != media {
			t.Errorf("%q is taken as %s", name, media)
		}
		for _, bad := range []string{"#!", "\x7fELF", "\xca\xfe\xba\xbe", "\xcf\xfa\xed\xfe", windows, "<?php", "<html"} {
			if bytes.HasPrefix(head, []byte(bad)) {
				t.Errorf("%q accepted with content %q", name, head)
			}
		}
		if kinds[extension(name)].form == formZIP {
			_ = checkArchive(name, int64(len(content)), bytes.NewReader(content))
		}
	})
}
