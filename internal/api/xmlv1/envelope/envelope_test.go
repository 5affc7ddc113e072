package envelope_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/duebook/duebook/internal/api/xmlv1/envelope"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/xmldoc"
)

const formType = "application/x-www-form-urlencoded"

// post makes a request of a content type; none if empty.
func post(contentType string, body io.Reader) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/crudApi", body)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func read(r *http.Request) (*xmldoc.Document, error) {
	return envelope.Read(httptest.NewRecorder(), r, envelope.Options{})
}

// texts gives the texts of the leaves, each in brackets.
func texts(n *xmldoc.Node) string {
	out, leaf := "", true
	for c := range n.Children() {
		out, leaf = out+texts(c), false
	}
	if leaf {
		return "[" + n.Text + "]"
	}
	return out
}

// check reads a body, whole and byte by byte, and compares the texts or the refusal.
func check(t *testing.T, contentType, body, want string, refusal error) {
	t.Helper()
	for _, r := range []io.Reader{strings.NewReader(body), iotest.OneByteReader(strings.NewReader(body))} {
		doc, err := read(post(contentType, r))
		if !errors.Is(err, refusal) || refusal == nil && err != nil {
			t.Errorf("Read(%q, %.200q): %v, want %v", contentType, body, err, refusal)
		}
		if err != nil {
			continue
		}
		if got := texts(doc.Root); got != want {
			t.Errorf("Read(%q, %.200q) = %s, want %s", contentType, body, got, want)
		}
		_ = doc.Close()
	}
}

const login = `<request version="1.0" applicationkey="01EXAMPLEKEY00000001"><login><username>ana@example.com</username>` +
	`<password>a+b &amp; c%</password><orgID>00801MKQWERTYUIPab12</orgID></login></request>`
const loginTexts = "[ana@example.com][a+b & c%][00801MKQWERTYUIPab12]"

func TestV1_001_FormEncodedLogin(t *testing.T) {
	t.Parallel()
	encoded := "request=" + url.QueryEscape(login)
	for _, contentType := range []string{formType, "Application/X-WWW-Form-Urlencoded; charset=utf-8", formType + ";", ""} {
		check(t, contentType, encoded, loginTexts, nil)
	}
	for _, body := range []string{
		"a=1&" + encoded, "a&b=%zz&=&&" + encoded + "&c=%3Ca%3E", "%72e%71uest=" + url.QueryEscape(login), encoded + "&",
		"Request=x&requests=y&" + encoded, strings.Repeat("x", 1<<17) + "=" + strings.Repeat("y", 1<<17) + "&" + encoded + "&" + strings.Repeat("z", 1<<17),
	} {
		check(t, formType, body, loginTexts, nil)
	}
}

func TestV1_002_BlanksBeforeNoDeclaration(t *testing.T) {
	t.Parallel()
	check(t, formType, "request="+url.QueryEscape("\n    "+login), loginTexts, nil)
	check(t, formType, "request=\n "+url.QueryEscape(login), loginTexts, nil)
	check(t, formType, "request=\n    "+strings.Replace(login, "&amp;", "&#38;", 1), loginTexts, nil)
	check(t, "text/xml", "\n    "+login, loginTexts, nil)
}

func TestV1_003_DeclarationBOMTrailingNewline(t *testing.T) {
	t.Parallel()
	doc := "\ufeff" + xmldoc.Declaration + "\n" + login + "\n"
	check(t, formType, "request="+url.QueryEscape(doc), loginTexts, nil)
	check(t, formType, "request="+doc, loginTexts, nil)
	check(t, "application/xml;charset=utf-8", doc, loginTexts, nil)
}

// The raw form body of S5: rules T-4 and T-5.
const cdata = `request=<?xml version="1.0" encoding="UTF-8"?><request version="1.0"><operation><create_vendor><vendor>` +
	`<name><![CDATA[%s]]></name></vendor></create_vendor></operation></request>`

func TestV1_004_RawBody(t *testing.T) {
	t.Parallel()
	for _, tail := range []string{"", "\n", "&a=1", "&", " ;x%"} {
		check(t, "", fmt.Sprintf(cdata, "Harbor Tool Rental")+tail, "[Harbor Tool Rental]", nil)
		check(t, formType, fmt.Sprintf(cdata, "Harbor Tool Rental")+tail, "[Harbor Tool Rental]", nil)
	}
	check(t, "", fmt.Sprintf(cdata, "x")+"&a=>", "", envelope.ErrMalformed)
}

func TestV1_005_RawBodyIsLiteral(t *testing.T) {
	t.Parallel()
	check(t, "", fmt.Sprintf(cdata, "1+1 %41 &amp; ; A & B &request=<x> 100%"), "[1+1 %41 &amp; ; A & B &request=<x> 100%]", nil)
	long := strings.Repeat("&>+%", 1<<17)
	check(t, "", fmt.Sprintf(cdata, long), "["+long+"]", nil)
}

func TestV1_006_EncodedPlusAndAmp(t *testing.T) {
	t.Parallel()
	check(t, formType, "request=%3Crequest%3E%3Cname%3E1%2B1+%26amp%3B%3C/name%3E%3C/request%3E", "[1+1 &]", nil)
}

func TestV1_007_OtherMethods(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS"} {
		r := httptest.NewRequest(method, "/crudApi?request="+url.QueryEscape(login), strings.NewReader("request="+login))
		if _, err := read(r); !errors.Is(err, envelope.ErrMethod) {
			t.Errorf("%s: %v, want ErrMethod", method, err)
		}
	}
	r := httptest.NewRequest("POST", "/crudApi?request="+url.QueryEscape(login), http.NoBody)
	if _, err := read(r); !errors.Is(err, envelope.ErrMalformed) {
		t.Errorf("document in the query of a POST: %v, want ErrMalformed", err)
	}
}

func TestV1_008_NoDocument(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "request", "request=", "request=%20%0A", "request= \n", "a=1", "Request=" + login, "=" + login, login} {
		check(t, formType, body, "", envelope.ErrMalformed)
	}
	check(t, "text/xml", " ", "", envelope.ErrMalformed)
}

func TestV1_009_Malformed(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{"<request><login></request>", "<request>", "<Request/>", "<response/>", "<request/><request/>"} {
		check(t, formType, "request="+url.QueryEscape(doc), "", envelope.ErrMalformed)
		check(t, formType, "request="+doc, "", envelope.ErrMalformed)
		check(t, "text/xml", doc, "", envelope.ErrMalformed)
	}
	for _, body := range []string{
		"request=%3Crequest/%3E%", "request=%3Crequest/%3E%2", "request=%3Crequest/%3E%zz", // broken escapes
		"request=%3Crequest/%3E&request=%3Crequest/%3E", // two documents
	} {
		check(t, formType, body, "", envelope.ErrMalformed)
	}
	check(t, "application/json", "{}", "", envelope.ErrMalformed)
	r := post("text/xml", strings.NewReader(login))
	r.Header.Set("Content-Encoding", "gzip")
	if _, err := read(r); !errors.Is(err, envelope.ErrMalformed) {
		t.Errorf("gzip: %v, want ErrMalformed", err)
	}
}

// allocated gives the bytes allocated by f.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Not parallel, like all tests that measure memory.
func TestV1_010_Entities(t *testing.T) {
	bomb := `<!DOCTYPE request [<!ENTITY a "ha">` + strings.Repeat(`<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">`, 1e5) + `]><request>&b;</request>`
	external := `<!DOCTYPE request SYSTEM "http://192.0.2.1/x.dtd"><request/>`
	for _, doc := range []string{bomb, external, `<request>&a;</request>`} {
		for contentType, body := range map[string]string{formType: "request=" + url.QueryEscape(doc), "": "request=" + doc, "text/xml": doc} {
			r := post(contentType, strings.NewReader(body))
			var err error
			var took time.Duration
			used := allocated(func() {
				begin := time.Now()
				_, err = read(r)
				took = time.Since(begin)
			})
			if !errors.Is(err, envelope.ErrMalformed) {
				t.Errorf("Read(%.60q): %v, want ErrMalformed", body, err)
			}
			if used > 256<<10 || took > 100*time.Millisecond {
				t.Errorf("Read(%.60q): %d bytes and %v for a body of %d", body, used, took, len(body))
			}
		}
	}
}

func TestV1_011_Depth(t *testing.T) {
	t.Parallel()
	nested := func(n int) string {
		return "<request>" + strings.Repeat("<a>", n-1) + strings.Repeat("</a>", n-1) + "</request>"
	}
	check(t, formType, "request="+nested(32), "[]", nil)
	check(t, formType, "request="+nested(33), "", envelope.ErrMalformed)
	check(t, formType, "request="+url.QueryEscape(nested(33)), "", envelope.ErrMalformed)
}

// endless gives a head, then s again and again up to size bytes, without holding them.
type endless struct {
	head string
	s    []byte
	size int64
}

func (e *endless) Read(b []byte) (int, error) {
	if e.size == 0 {
		return 0, io.EOF
	}
	b = b[:min(int64(len(b)), e.size)]
	n := copy(b, e.head)
	e.head = e.head[n:]
	for n < len(b) {
		n += copy(b[n:], e.s)
	}
	e.size -= int64(n)
	return n, nil
}

func TestV1_012_TooLarge(t *testing.T) {
	const limit, less = xmldoc.MaxBytes, 8 << 20 // less where only the way in differs
	line := bytes.Repeat([]byte("x"), 4<<10)
	texts := append(append([]byte("<a>"), line[:4<<10-7]...), "</a>"...)
	tests := []struct {
		name, contentType, head string
		s                       []byte
		limit, size             int64
		declared                bool
		want                    error
		most                    uint64 // bytes allocated
	}{
		{"declared", "text/xml", login, line, 0, limit + 1, true, envelope.ErrTooLarge, 64 << 10},
		{"document of a file", "", "request=<request><document>", line, 0, limit + 1, false, envelope.ErrTooLarge, 2 << 20},
		{"blanks behind", "text/xml", login, []byte("  \n"), less, less + 1, false, envelope.ErrTooLarge, 1 << 20},
		{"blanks within the limit", "text/xml", login, []byte("  \n"), less, less, false, nil, 1 << 20},
		{"another field", formType, "request=" + url.QueryEscape(login) + "&a=", line, less, less + 1, false, envelope.ErrTooLarge, 1 << 20},
		{"one text", "text/xml", "<request>", line, 0, limit + 1, false, envelope.ErrMalformed, 8 << 20},
		{"many texts", "text/xml", "<request>", texts, less, less + 1, false, envelope.ErrTooLarge, less * 3 / 2},
	}
	for _, tt := range tests {
		r := post(tt.contentType, &endless{head: tt.head, s: tt.s, size: tt.size})
		if r.ContentLength = -1; tt.declared {
			r.ContentLength = tt.size
		}
		var err error
		used := allocated(func() {
			var doc *xmldoc.Document
			doc, err = envelope.Read(httptest.NewRecorder(), r, envelope.Options{MaxBody: tt.limit, SpoolDir: t.TempDir()})
			_ = doc.Close()
		})
		t.Logf("%s: %d KiB allocated, %v", tt.name, used>>10, err)
		if !errors.Is(err, tt.want) || tt.want == nil && err != nil || used > tt.most {
			t.Errorf("%s: %v and %d bytes, want %v and at most %d", tt.name, err, used, tt.want, tt.most)
		}
	}
}

// TestV1_012_TooLargeAnswered: a client hears of it, and the connection is closed.
func TestV1_012_TooLargeAnswered(t *testing.T) {
	t.Parallel()
	srv := serve(t, envelope.Options{MaxBody: 1 << 20})
	for _, length := range []int64{-1, 1<<20 + 1} {
		r, _ := http.NewRequest(http.MethodPost, srv.URL, &endless{head: "request=", s: []byte(" "), size: 1<<20 + 1})
		r.ContentLength = length
		res, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if string(answer) != envelope.ErrTooLarge.Code || !res.Close {
			t.Errorf("length %d: answer %q, closing %v", length, answer, res.Close)
		}
	}
}

// serve answers with the code of the refusal, or the texts of the document.
func serve(t *testing.T, o envelope.Options) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		doc, err := envelope.Read(w, r, o)
		if err != nil {
			if f := fault.From(err); f != nil {
				_, _ = io.WriteString(w, f.Code)
			}
			return
		}
		defer func() { _ = doc.Close() }()
		time.Sleep(2 * o.Patience) // an answer may take longer than the request was allowed to
		if r.Context().Err() == nil {
			_, _ = io.WriteString(w, texts(doc.Root))
		}
	}))
	t.Cleanup(srv.Close)
	return srv
}

func TestV1_043_ListPunctuation(t *testing.T) {
	t.Parallel()
	check(t, formType, "request="+url.QueryEscape(
		"<request><set_external_id>['<externalId>7</externalId>', '<id>00901HBTRWQZXCVMab13</id>']</set_external_id></request>"),
		"[7][00901HBTRWQZXCVMab13]", nil)
}

func TestMultipart(t *testing.T) {
	t.Parallel()
	form := func(fields ...string) (string, string) {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for i := 0; i < len(fields); i += 2 {
			_ = w.WriteField(fields[i], fields[i+1])
		}
		_ = w.Close()
		return w.FormDataContentType(), b.String()
	}
	tests := []struct {
		name   string
		fields []string
		want   error
	}{
		{"alone", []string{"request", login}, nil},
		{"among others", []string{"a", "1", "request", xmldoc.Declaration + login + "\n", "b", "2"}, nil},
		{"missing", []string{"a", "1"}, envelope.ErrMalformed},
		{"twice", []string{"request", login, "request", login}, envelope.ErrMalformed},
		{"malformed", []string{"request", "<request>"}, envelope.ErrMalformed},
		{"too many", append(strings.Split(strings.Repeat("a,", 200), ","), "1"), envelope.ErrMalformed},
	}
	for _, tt := range tests {
		contentType, body := form(tt.fields...)
		check(t, contentType, body, loginTexts, tt.want)
	}
	contentType, body := form("request", login)
	check(t, contentType, body[:len(body)-30], "", envelope.ErrMalformed)
	check(t, "multipart/form-data", body, "", envelope.ErrMalformed)
}

// TestUpload: a file of 20 MiB costs about a megabyte, whichever way it is sent, and leaves nothing behind. Only one
// way takes all of it, for the race detector's sake.
func TestUpload(t *testing.T) {
	const size = xmldoc.MaxSpool / 10
	upload := func(file []byte) string {
		return "<request><operation><upload_attachment><filename>a.pdf</filename><document>" +
			base64.StdEncoding.EncodeToString(file) + "</document></upload_attachment></operation></request>"
	}
	whole := bytes.Repeat([]byte("invoice "), xmldoc.MaxSpool/8)
	part := whole[:size]
	var parts bytes.Buffer
	mw := multipart.NewWriter(&parts)
	_ = mw.WriteField("request", upload(part))
	_ = mw.Close()
	tests := []struct {
		name, contentType, body string
		file                    []byte
	}{
		{"encoded", formType, "request=" + url.QueryEscape(upload(whole)), whole},
		{"raw", "", "request=" + upload(part), part},
		{"multipart", mw.FormDataContentType(), parts.String(), part},
		{"bare", "text/xml", upload(part), part},
	}
	dir := t.TempDir()
	for _, tt := range tests {
		r := post(tt.contentType, strings.NewReader(tt.body))
		var d *xmldoc.Document
		var err error
		begin := time.Now()
		used := allocated(func() { d, err = envelope.Read(httptest.NewRecorder(), r, envelope.Options{SpoolDir: dir}) })
		t.Logf("%s: %d KiB allocated, %v", tt.name, used>>10, time.Since(begin))
		if err != nil || used > 2<<20 {
			t.Fatalf("%s: %v, %d bytes", tt.name, err, used)
		}
		sp := d.Root.Child("operation").Child("upload_attachment").Child("document").Spool
		f, err := sp.Open()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, tt.file) {
			t.Errorf("%s: %d bytes, %v", tt.name, len(got), err)
		}
		_ = d.Close()
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
}

// TestDiskFails: that is no fault of the sender.
func TestDiskFails(t *testing.T) {
	t.Parallel()
	doc := "<request><document>" + strings.Repeat("QUJD", 1<<17) + "</document></request>"
	_, err := envelope.Read(httptest.NewRecorder(), post("text/xml", strings.NewReader(doc)),
		envelope.Options{SpoolDir: filepath.Join(t.TempDir(), "missing")})
	if err == nil || fault.From(err) != nil || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v, want an error that is no fault", err)
	}
}

// talk sends the parts of a request over a connection, with a pause behind each, perhaps hangs up, and gives the
// answer.
func talk(t *testing.T, srv *httptest.Server, pause time.Duration, cut bool, parts ...string) string {
	t.Helper()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	go func() {
		defer func() {
			if cut {
				_ = conn.(*net.TCPConn).CloseWrite()
			}
		}()
		for _, p := range parts {
			if _, err := io.WriteString(conn, p); err != nil {
				return
			}
			time.Sleep(pause)
		}
	}()
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	b, _ := io.ReadAll(conn)
	_, answer, _ := strings.Cut(string(b), "\r\n\r\n")
	return answer
}

func TestSlowSender(t *testing.T) {
	t.Parallel()
	const head = "POST /crudApi HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
	srv := serve(t, envelope.Options{Patience: 600 * time.Millisecond, Pace: 1 << 10})

	parts := []string{fmt.Sprintf(head, len(login)+8), "request="}
	for _, c := range login {
		parts = append(parts, string(c))
	}
	if got := talk(t, srv, 20*time.Millisecond, false, parts...); got != envelope.ErrTooSlow.Code {
		t.Errorf("a byte every 20 ms: %q, want %q", got, envelope.ErrTooSlow.Code)
	}

	// Whoever sends a lot earns time: 4 KiB in 0.8 s are allowed 0.6 s + 4 s.
	body := "request=" + login + strings.Repeat(" ", 4<<10)
	parts = []string{fmt.Sprintf(head, len(body)), body[:2<<10], body[2<<10 : 3<<10], body[3<<10 : 4<<10], body[4<<10:]}
	if got := talk(t, srv, 200*time.Millisecond, false, parts...); got != loginTexts {
		t.Errorf("1 KiB every 200 ms: %q, want %q", got, loginTexts)
	}

	body = "request=" + login
	if got := talk(t, srv, 0, true, fmt.Sprintf(head, len(body)+9), body); got != envelope.ErrCutOff.Code {
		t.Errorf("cut off: %q, want %q", got, envelope.ErrCutOff.Code)
	}
}

// TestCutOff: a body that fails is refused as such, wherever it does and whatever was read before.
func TestCutOff(t *testing.T) {
	t.Parallel()
	broken := errors.New("line dropped")
	body := "a=1&request=" + url.QueryEscape(login) + "&b=2"
	for n := range len(body) + 1 {
		r := post(formType, io.MultiReader(strings.NewReader(body[:n]), iotest.ErrReader(broken)))
		if _, err := read(r); !errors.Is(err, envelope.ErrCutOff) || !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v, want ErrCutOff", n, err)
		}
	}
}

// FuzzRead holds the form reader against net/url: where both take a body, they see the same document.
func FuzzRead(f *testing.F) {
	f.Add(formType, "request="+url.QueryEscape(login))
	f.Add("", fmt.Sprintf(cdata, "a & b")+"&x")
	f.Add(formType, "a=1&request=%3Crequest%3E+%2B%3C/request%3E&b")
	f.Add("text/xml", login)
	f.Add("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"request\"\r\n\r\n"+login+"\r\n--x--\r\n")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		doc, err := read(post(contentType, iotest.HalfReader(strings.NewReader(body))))
		defer func() { _ = doc.Close() }()
		switch {
		case err != nil && fault.From(err) == nil:
			t.Fatalf("Read(%q, %q): %v, which is no fault", contentType, body, err)
		case err == nil && doc.Root.Name != "request":
			t.Fatalf("Read(%q, %q): root %s", contentType, body, doc.Root.Name)
		}
		after, named := strings.CutPrefix(body, "request=")
		if contentType != formType || named && strings.HasPrefix(strings.TrimLeft(strings.Replace(after, "\ufeff", "", 1), " \t\r\n"), "<") {
			return
		}
		values, err2 := url.ParseQuery(body)
		if err2 != nil {
			return // it refuses what other fields hold
		}
		want, err2 := xmldoc.Parse(strings.NewReader(values.Get("request")), xmldoc.Options{Spool: "document"})
		defer func() { _ = want.Close() }()
		good := err2 == nil && want.Root.Name == "request" && len(values["request"]) == 1
		if good != (err == nil) || good && texts(want.Root) != texts(doc.Root) {
			t.Fatalf("Read(%q): %v; with net/url: %v", body, err, err2)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	body := "request=" + url.QueryEscape(login)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	w := httptest.NewRecorder()
	r := post(formType, http.NoBody)
	src := strings.NewReader("")
	r.Body = io.NopCloser(src)
	for b.Loop() {
		src.Reset(body)
		doc, err := envelope.Read(w, r, envelope.Options{})
		if err != nil {
			b.Fatal(err)
		}
		_ = doc.Close()
	}
}
