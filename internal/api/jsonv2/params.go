package jsonv2

import (
	"cmp"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/jsondoc"
)

// Limits of a request (1.2.14, 5.8).
const (
	maxBody   = 2 << 20
	maxFile   = 20 << 20
	maxUpload = 50 << 20 // a file, and the same again in base 64, as one client sends it
	maxParts  = 100
	patience  = 60 * time.Second // for a body, and a second more for every 64 KiB
)

// Refusals of a request as a whole.
var (
	errMethod   = fault.New(fault.Invalid, "method_not_allowed", "The endpoint does not take this method.")
	errTooLarge = fault.New(fault.Limit, "request_too_large", "The request is larger than the server takes.")
	errCutOff   = fault.New(fault.Invalid, "request_cut_off", "The connection ended before the request did.")
	errTooSlow  = fault.New(fault.Limit, "request_too_slow", "The request did not arrive in time.")
)

// param is a name and its value.
type param struct{ name, value string }

// sessionCookie carries a session for clients that know no other place for it (1.2.9). A foreign page cannot use it: every
// call needs the developer key as well.
const sessionCookie = "sid"

// params are the parameters of a request by where they stood. The body wins over the query, the first of one name over
// later ones (1.2.5), headers are asked next and the cookie last (1.2.9). One that is empty counts as absent.
type params struct {
	body, query []param
	header      http.Header
	data        *jsondoc.Value // of a JSON body, where data is an object
	file        *os.File       // the part named file, at its beginning
	fileName    string
	fileSize    int64
}

func (p *params) get(name string) string {
	for _, in := range [][]param{p.body, p.query} {
		for _, x := range in {
			if x.name == name && x.value != "" {
				if name == "data" {
					return x.value // its texts are looked at one by one
				}
				return clean(x.value)
			}
		}
	}
	if name != "devKey" && name != "sessionId" {
		return ""
	}
	value := p.header.Get(name)
	if value == "" && name == "sessionId" {
		if c, err := (&http.Request{Header: p.header}).Cookie(sessionCookie); err == nil {
			value = c.Value
		}
	}
	return clean(value)
}

// clean makes a parameter what a database takes as a text.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// object gives the parameter data; an empty object where there is none, or null. It fails with problem.ErrMalformed (1.2.12).
func (p *params) object() (*jsondoc.Value, error) {
	if p.data != nil {
		return p.data, nil
	}
	text := p.get("data")
	if text == "" {
		return &jsondoc.Value{Kind: jsondoc.Object}, nil
	}
	v, err := jsondoc.Parse(text)
	switch {
	case err == nil && v.Kind == jsondoc.Null:
		return &jsondoc.Value{Kind: jsondoc.Object}, nil
	case err != nil || v.Kind != jsondoc.Object:
		return nil, problem.ErrMalformed
	}
	return &v, nil
}

// close removes the file that came with the request.
func (p *params) close() {
	if p.file != nil {
		_ = p.file.Close()
		_ = os.Remove(p.file.Name())
	}
}

// readParams gathers the parameters of a request. Only an upload's file is kept, in a temporary file in dir; parts with
// files are passed over elsewhere. It fails with errTooLarge, errTooSlow, errCutOff and problem.ErrMalformed.
func readParams(w http.ResponseWriter, r *http.Request, dir string, upload bool) (p params, err error) {
	p.header = r.Header
	p.query = readForm(r.URL.RawQuery, nil)
	if r.Method == http.MethodGet || r.Body == nil {
		return p, nil
	}
	limit := int64(maxBody)
	if upload {
		limit = maxUpload
	}
	if r.ContentLength > limit {
		return p, errTooLarge
	}
	conn := http.NewResponseController(w)
	_ = conn.SetReadDeadline(time.Now().Add(patience + time.Duration(max(r.ContentLength, 0)>>16)*time.Second))
	body := http.MaxBytesReader(w, r.Body, limit)
	kind, options, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "multipart/form-data" && err == nil && options["boundary"] != "" {
		err = p.readParts(multipart.NewReader(body, options["boundary"]), dir, upload)
	} else {
		var text []byte
		if text, err = io.ReadAll(body); err == nil {
			if kind == "application/json" {
				err = p.readJSON(string(text))
			} else {
				p.body = readForm(string(text), nil)
			}
		}
	}
	_ = conn.SetReadDeadline(time.Time{})
	if err != nil {
		p.close()
		return params{}, refusal(err)
	}
	return p, nil
}

// refusal says why a body could not be read.
func refusal(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case fault.From(err) != nil:
		return err
	case errors.As(err, &tooLarge):
		return errTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errTooSlow
	case errors.Is(err, errDisk):
		return err
	}
	return errCutOff.Because(err)
}

var errDisk = errors.New("keep an upload")

// readForm appends the pairs of a form. An escape that is none stands for itself: clients send texts with per cent signs.
func readForm(s string, to []param) []param {
	for s != "" {
		var pair string
		pair, s, _ = strings.Cut(s, "&")
		if name, value, _ := strings.Cut(pair, "="); name != "" {
			to = append(to, param{unescape(name), unescape(value)})
		}
	}
	return to
}

func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b = append(b, ' ')
		case s[i] == '%' && i+2 < len(s) && hex(s[i+1]) < 16 && hex(s[i+2]) < 16:
			b = append(b, hex(s[i+1])<<4|hex(s[i+2]))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}

// hex is the value of a hexadecimal digit, 16 for another character.
func hex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}

// readJSON takes the members of a JSON body for form fields; data may be an object there (1.2.7).
func (p *params) readJSON(text string) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	v, err := jsondoc.Parse(text)
	if err != nil || v.Kind != jsondoc.Object {
		return problem.ErrMalformed
	}
	for i := range v.Members {
		m := &v.Members[i]
		switch m.Value.Kind {
		case jsondoc.Object:
			if m.Name == "data" && p.data == nil {
				p.data = &m.Value
			}
		case jsondoc.List:
			if m.Name == "data" {
				return problem.ErrMalformed
			}
		case jsondoc.Null:
		default:
			p.body = append(p.body, param{m.Name, m.Value.Text})
		}
	}
	return nil
}

// readParts reads a multipart form.
func (p *params) readParts(form *multipart.Reader, dir string, upload bool) error {
	for n := 0; ; n++ {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if n == maxParts {
			return problem.ErrMalformed
		}
		if part.FileName() != "" || part.FormName() == "file" {
			if upload && part.FormName() == "file" && p.file == nil {
				if err := p.keep(part, dir); err != nil {
					return err
				}
			}
			continue // NextPart passes over what is left
		}
		var b strings.Builder
		if _, err := io.Copy(&b, io.LimitReader(part, maxUpload)); err != nil {
			return err
		}
		p.body = append(p.body, param{part.FormName(), b.String()})
	}
}

// keep writes the part to a temporary file, at most one byte more than a document may have.
func (p *params) keep(part *multipart.Part, dir string) error {
	f, err := os.CreateTemp(cmp.Or(dir, os.TempDir()), "upload-*")
	if err != nil {
		return errors.Join(errDisk, err)
	}
	p.file, p.fileName = f, part.FileName()
	to := &diskWriter{f: f}
	p.fileSize, err = io.Copy(to, io.LimitReader(part, maxFile+1))
	if to.err != nil {
		return errors.Join(errDisk, to.err)
	}
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return errors.Join(errDisk, err)
	}
	return nil
}

// diskWriter tells a failure of our disk from one of the client's connection.
type diskWriter struct {
	f   *os.File
	err error
}

func (d *diskWriter) Write(b []byte) (n int, err error) {
	n, d.err = d.f.Write(b)
	return n, d.err
}
