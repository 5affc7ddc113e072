package document

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/fault"
)

// Limits of a document.
const (
	MaxSize     = 20 << 20 // bytes (DOC-1)
	maxName     = 255      // bytes (api-v1 5.8)
	HeadSize    = 4096     // bytes of the beginning that Check wants to see
	maxMembers  = 100      // of an archive (DOC-2)
	maxUnpacked = 200 << 20
)

// What is wrong with a file.
var (
	ErrName = fault.New(fault.Invalid, "document_name",
		"The file name is not allowed: it needs an extension of the list, which the content must fit, and no path.")
	ErrEmpty    = fault.New(fault.Invalid, "document_empty", "The document is empty.")
	ErrTooLarge = fault.New(fault.Limit, "document_too_large", "The document is larger than 20 MB.")
	// ErrStorage is ours: the content could not be kept.
	ErrStorage = fault.New(fault.Internal, "document_storage", "The document could not be stored.")
)

// form is what content looks like from its first bytes. Several types of file share one.
type form uint8

const (
	unknown form = iota
	formPDF
	formPNG
	formJPEG
	formGIF
	formTIFF
	formBMP
	formWebP
	formHEIC
	formOLE // a compound file: the older office formats and stored mails
	formZIP // an archive: the newer office formats too
	formText
)

// kind is a type of file that is taken.
type kind struct {
	form  form
	media string
}

// kinds are the extensions that are taken (DOC-2).
var kinds = map[string]kind{
	"pdf":  {formPDF, "application/pdf"},
	"png":  {formPNG, "image/png"},
	"jpg":  {formJPEG, "image/jpeg"},
	"jpeg": {formJPEG, "image/jpeg"},
	"gif":  {formGIF, "image/gif"},
	"tif":  {formTIFF, "image/tiff"},
	"tiff": {formTIFF, "image/tiff"},
	"bmp":  {formBMP, "image/bmp"},
	"webp": {formWebP, "image/webp"},
	"heic": {formHEIC, "image/heic"},
	"txt":  {formText, "text/plain"},
	"csv":  {formText, "text/csv"},
	"xml":  {formText, "application/xml"},
	"eml":  {formText, "message/rfc822"},
	"doc":  {formOLE, "application/msword"},
	"xls":  {formOLE, "application/vnd.ms-excel"},
	"ppt":  {formOLE, "application/vnd.ms-powerpoint"},
	"msg":  {formOLE, "application/vnd.ms-outlook"},
	"docx": {formZIP, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
	"xlsx": {formZIP, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	"pptx": {formZIP, "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
	"odt":  {formZIP, "application/vnd.oasis.opendocument.text"},
	"ods":  {formZIP, "application/vnd.oasis.opendocument.spreadsheet"},
	"zip":  {formZIP, "application/zip"},
}

// CheckName fails with ErrName unless name is a plain file name with an extension that is taken (api-v1 5.8).
func CheckName(name string) error {
	if len(name) > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool {
		return r == '/' || r == '\\' || unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
	}) {
		return ErrName.On("fileName")
	}
	if _, ok := kinds[extension(name)]; !ok || strings.Trim(name[:strings.LastIndexByte(name, '.')], ". ") == "" {
		return ErrName.On("fileName")
	}
	return nil
}

// extension is what follows the last dot, in lower case.
func extension(name string) string {
	return strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
}

// Check judges a file by its name, its size and its first HeadSize bytes (fewer if it is shorter), and gives its media
// type. It fails with ErrName, also if the content does not look like what the extension says or is a script, with
// ErrEmpty and with ErrTooLarge, in this order but for the content, which is looked at last. Rules DOC-1, DOC-2.
func Check(name string, size int64, head []byte) (mediaType string, err error) {
	if err := CheckName(name); err != nil {
		return "", err
	}
	switch {
	case size <= 0:
		return "", ErrEmpty
	case size > MaxSize:
		return "", ErrTooLarge
	}
	k := kinds[extension(name)]
	if formOf(head) != k.form || !fits(k, head) {
		return "", ErrName.On("fileName")
	}
	return k.media, nil
}

// formOf tells the form of content from its beginning.
func formOf(head []byte) form {
	has := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	switch {
	case has("\x89PNG\r\n\x1a\n"):
		return formPNG
	case has("\xff\xd8\xff"):
		return formJPEG
	case has("GIF87a"), has("GIF89a"):
		return formGIF
	case has("II*\x00"), has("MM\x00*"), has("II+\x00"), has("MM\x00+"):
		return formTIFF
	case has("BM") && len(head) > 14 && binary.LittleEndian.Uint32(head[6:]) == 0:
		return formBMP
	case has("RIFF") && len(head) >= 12 && string(head[8:12]) == "WEBP":
		return formWebP
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		switch string(head[8:12]) {
		case "heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1":
			return formHEIC
		}
		return unknown
	case has("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
		return formOLE
	case has("PK\x03\x04"), has("PK\x05\x06"):
		return formZIP
	case bytes.HasPrefix(plain(head), []byte("%PDF-")):
		return formPDF
	case isText(head):
		return formText
	}
	return unknown
}

// plain is text without byte-order mark, white space before it, and the zero bytes of UTF-16.
func plain(head []byte) []byte {
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(head, []byte(mark)) {
			head = head[len(mark):]
			if mark[0] != 0xef {
				head = bytes.ReplaceAll(head, []byte{0}, nil)
			}
			break
		}
	}
	return bytes.TrimLeft(head, " \t\r\n")
}

// isText reports whether head is text in UTF-8, a code page of one byte, or UTF-16 with its mark: no controls but those
// of lines.
func isText(head []byte) bool {
	for _, c := range plain(head) {
		if c < ' ' && !strings.ContainsRune("\t\n\r\f", rune(c)) || c == 0x7f {
			return false
		}
	}
	return true
}

// fits looks closer where several types share a form.
func fits(k kind, head []byte) bool {
	switch k.form {
	case formText:
		text := bytes.ToLower(plain(head)[:min(64, len(plain(head)))])
		for _, script := range []string{"#!", "<?php", "<%", "<script", "<html", "<!doctype html", "<svg", "@echo off"} {
			if bytes.HasPrefix(text, []byte(script)) {
				return false
			}
		}
		switch k.media {
		case "application/xml":
			return bytes.HasPrefix(text, []byte("<"))
		case "message/rfc822":
			return isMail(plain(head))
		}
		return true
	case formZIP:
		if len(head) >= 30 && head[0] == 'P' && head[2] == 3 && binary.LittleEndian.Uint16(head[6:])&1 != 0 {
			return false // encrypted
		}
		open := strings.HasPrefix(k.media, "application/vnd.oasis.")
		return open == bytes.Contains(head[:min(len(head), 128)], []byte("mimetypeapplication/vnd.oasis.")) &&
			(!open || bytes.Contains(head[:min(len(head), 128)], []byte("mimetype"+k.media)))
	}
	return true
}

// isMail reports whether text begins with the fields of a mail's header.
func isMail(text []byte) bool {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if bytes.HasPrefix(line, []byte("From ")) {
		return true
	}
	name, _, found := bytes.Cut(line, []byte(":"))
	return found && len(name) > 0 && !bytes.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' })
}

// Store checks a file and puts its content into the blob store: all that has to happen before the transaction with
// Attach. Beyond Check it opens archives. It fails with ErrName, ErrEmpty, ErrTooLarge, ErrStorage, or as content does.
func Store(ctx context.Context, blobs *blob.Store, name string, size int64, content io.ReadSeeker) (Upload, error) {
	if err := CheckName(name); err != nil {
		return Upload{}, err
	}
	head := make([]byte, HeadSize)
	n, err := io.ReadFull(content, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Upload{}, fmt.Errorf("read the document: %w", err)
	}
	media, err := Check(name, size, head[:n])
	if err != nil {
		return Upload{}, err
	}
	if kinds[extension(name)].form == formZIP {
		if err := checkArchive(name, size, content); err != nil {
			return Upload{}, err
		}
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return Upload{}, fmt.Errorf("read the document: %w", err)
	}
	info, err := blobs.Put(ctx, io.LimitReader(content, MaxSize+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return Upload{}, err
	case err != nil:
		return Upload{}, ErrStorage.Because(err)
	case info.Size != size:
		return Upload{}, fmt.Errorf("read the document: it has %d bytes, not %d", info.Size, size)
	}
	return Upload{FileName: name, Size: size, SHA256: info.SHA256, MediaType: media}, nil
}

// checkArchive opens an archive: nothing encrypted, not too much unpacked, an office file has its parts, and each
// member of a plain archive would itself be taken, but no archive in an archive (DOC-2).
func checkArchive(name string, size int64, content io.ReadSeeker) error {
	refuse := ErrName.On("fileName")
	r, err := zip.NewReader(readerAt{content}, size)
	if err != nil {
		return refuse.Because(err)
	}
	part := map[string]string{"docx": "word/", "xlsx": "xl/", "pptx": "ppt/", "odt": "content.xml", "ods": "content.xml"}[extension(name)]
	found := part == ""
	var unpacked uint64
	for _, f := range r.File {
		unpacked += min(f.UncompressedSize64, maxUnpacked+1)
		if f.Flags&1 != 0 || unpacked > maxUnpacked {
			return refuse
		}
		found = found || strings.HasPrefix(f.Name, part)
		if part != "" || strings.HasSuffix(f.Name, "/") {
			continue
		}
		if len(r.File) > maxMembers || kinds[extension(f.Name)].media == "application/zip" {
			return refuse
		}
		if err := checkMember(f); err != nil {
			return refuse.Because(err)
		}
	}
	if !found {
		return refuse
	}
	return nil
}

func checkMember(f *zip.File) error {
	m, err := f.Open()
	if err != nil {
		return err
	}
	defer m.Close()
	head := make([]byte, HeadSize)
	n, err := io.ReadFull(m, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	_, err = Check(path.Base(f.Name), max(1, min(int64(f.UncompressedSize64), MaxSize)), head[:n])
	return err
}

// readerAt reads at an offset by seeking; one reader at a time.
type readerAt struct{ io.ReadSeeker }

func (r readerAt) ReadAt(p []byte, off int64) (int, error) {
	if _, err := r.Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(r, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}
