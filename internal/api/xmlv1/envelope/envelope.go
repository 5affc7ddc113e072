// Package envelope takes the XML document of generation 1 out of an HTTP request.
//
// The programs of the time wrap it in four ways: form-encoded in a field named request, in the same field without
// any encoding, as a part of a multipart form, or bare (T-3 to T-6). Whichever it is, the body goes through as a
// stream: what a request costs is its tree, while the text of document elements lies in a temporary file. Sizes,
// depth and the sender's pace are limited (T-10); what the elements mean is decided elsewhere.
package envelope

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/xmldoc"
)

// The refusals. The cause of ErrMalformed is often an *xmldoc.Error with the place.
var (
	ErrMethod    = fault.New(fault.Invalid, "method_not_allowed", "Requests are sent with POST.")
	ErrMalformed = fault.New(fault.Invalid, "request_malformed", "The request is not the XML document it should be.")
	ErrTooLarge  = fault.New(fault.Limit, "request_too_large", "The request is larger than the server takes.")
	ErrTooSlow   = fault.New(fault.Limit, "request_too_slow", "The request did not arrive in time.")
	ErrCutOff    = fault.New(fault.Invalid, "request_cut_off", "The connection ended before the request did.")
)

// field is the form field that holds the document, root the name of its root element.
const (
	field = "request"
	root  = "request"
)

var (
	errNone = errors.New("no document")
	errTwo  = errors.New("two documents")
)

// maxParts is how many parts a multipart form may have.
const maxParts = 100

// Options limits a request. A zero value means the default behind it.
type Options struct {
	MaxBody  int64         // bytes of the body: 64 MiB
	Patience time.Duration // for the whole body: 60 s, and then
	Pace     int64         // bytes that earn the sender a further second: 64 KiB
	SpoolDir string        // for temporary files: the system's folder
}

// Read gives the document of a request, whose root is named request; the caller closes it. Rules T-2 to T-10, T-18.
//
// It fails with ErrMethod, ErrTooLarge (the connection will be closed after the answer), ErrTooSlow, ErrCutOff or
// ErrMalformed, and with any other error if our disk failed. It sets the connection's read deadline, and takes it
// away once all of the body is read. Nothing is read from the query string.
func Read(w http.ResponseWriter, r *http.Request, o Options) (*xmldoc.Document, error) {
	o.MaxBody = cmp.Or(o.MaxBody, xmldoc.MaxBytes)
	o.Patience = cmp.Or(o.Patience, 60*time.Second)
	o.Pace = cmp.Or(o.Pace, 64<<10)
	if r.Method != http.MethodPost {
		return nil, ErrMethod
	}
	if r.ContentLength > o.MaxBody {
		w.Header().Set("Connection", "close")
		return nil, ErrTooLarge
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, ErrMalformed.Because(errors.New("content encoding"))
	}

	b := newBody(w, r, o)
	doc, err := b.document(r.Header.Get("Content-Type"))
	if err == nil {
		_, err = io.Copy(io.Discard, b) // the rest of a form, so that the connection serves on
	}
	if errors.Is(b.err, io.EOF) { // else the server still has to get rid of the rest
		_ = b.conn.SetReadDeadline(time.Time{}) // or it would cancel the request's context while the answer is made
	}
	if err == nil && doc.Root.Name != root {
		err = errors.New("root element")
	}
	if err = b.refusal(err); err != nil {
		_ = doc.Close()
		return nil, err
	}
	return doc, nil
}

// body is the request's body with the limits of size and pace.
type body struct {
	src   io.Reader
	conn  *http.ResponseController
	o     Options
	start time.Time
	n     int64 // bytes so far
	next  int64 // when the deadline moves again
	err   error // how it ended
}

func newBody(w http.ResponseWriter, r *http.Request, o Options) *body {
	return &body{
		src:   http.MaxBytesReader(w, r.Body, o.MaxBody), // also has the connection closed
		conn:  http.NewResponseController(w),
		o:     o,
		start: time.Now(),
	}
}

// Read reads on, moving the deadline as the sender earns it.
func (b *body) Read(p []byte) (int, error) {
	if b.n >= b.next {
		earned := time.Duration(b.n/b.o.Pace) * time.Second
		_ = b.conn.SetReadDeadline(b.start.Add(b.o.Patience + earned)) // a recorder in a test has none
		b.next = b.n + b.o.Pace
	}
	n, err := b.src.Read(p)
	b.n += int64(n)
	if err != nil {
		b.err = err
	}
	return n, err
}

// refusal turns what reading ended with into ours. How the body ended comes before what its end did to the document.
func (b *body) refusal(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(b.err, &tooLarge):
		return ErrTooLarge
	case errors.Is(b.err, os.ErrDeadlineExceeded):
		return ErrTooSlow.Because(fmt.Errorf("%d bytes in %v", b.n, time.Since(b.start).Round(time.Second)))
	case b.err != nil && !errors.Is(b.err, io.EOF):
		return ErrCutOff.Because(b.err)
	case err == nil:
		return nil
	case errors.Is(err, xmldoc.ErrSpool):
		return fmt.Errorf("read request: %w", err)
	}
	return ErrMalformed.Because(err)
}

// document finds the document by the content type. Rules T-3 to T-6.
func (b *body) document(contentType string) (*xmldoc.Document, error) {
	mediaType, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(mediaType)) {
	case "", "application/x-www-form-urlencoded":
		return b.form()
	case "multipart/form-data":
		return b.multipart(contentType)
	case "text/xml", "application/xml":
		return b.parse(b, false)
	}
	return nil, errors.New("content type")
}

func (b *body) parse(r io.Reader, dropTail bool) (*xmldoc.Document, error) {
	return xmldoc.Parse(r, xmldoc.Options{
		MaxBytes: b.o.MaxBody,
		Spool:    "document",
		SpoolDir: b.o.SpoolDir,
		DropTail: dropTail,
	})
}

// form reads the field of a form-encoded body, or the raw document of rule T-4. A second field of the name is
// refused: which of the two was meant, nobody can say. With an error may come a document, to be closed.
func (b *body) form() (doc *xmldoc.Document, err error) {
	f := newForm(b)
	defer f.release()
	if f.raw() {
		return b.parse(f.rest(), true)
	}
	for f.next() {
		if !f.named(field) {
			continue
		}
		if doc != nil {
			return doc, errTwo
		}
		if doc, err = b.parse(f, false); err != nil {
			return nil, err
		}
	}
	if doc == nil {
		return nil, errNone
	}
	return doc, nil
}

// multipart reads the part of the field's name, like form. Rule T-6.
func (b *body) multipart(contentType string) (doc *xmldoc.Document, err error) {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return nil, errors.New("no boundary")
	}
	parts := multipart.NewReader(b, params["boundary"])
	for range maxParts {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF) && doc == nil:
			return nil, errNone
		case errors.Is(err, io.EOF):
			return doc, nil
		case err != nil:
			return doc, err
		case part.FormName() != field:
			continue
		case doc != nil:
			return doc, errTwo
		}
		if doc, err = b.parse(part, false); err != nil {
			return nil, err
		}
	}
	return doc, errors.New("too many parts")
}
