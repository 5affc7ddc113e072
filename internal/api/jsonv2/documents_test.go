package jsonv2_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"mime/multipart"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"codeberg.org/go-pdf/fpdf"

	"github.com/duebook/duebook/internal/db"
)

// threePages is a PDF of three pages.
func threePages(t testing.TB) []byte {
	t.Helper()
	f := fpdf.New("P", "mm", "Letter", "")
	f.SetFont("Helvetica", "", 20)
	for _, s := range []string{"one", "two", "three"} {
		f.AddPage()
		f.Text(20, 20, s)
	}
	var b bytes.Buffer
	if err := f.Output(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func picture(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 20, 30))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// upload sends a file in the part named file; the parts with the session stand behind it, as some clients have it.
func (h *house) upload(data string, content []byte) answer {
	h.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if content != nil {
		p, err := w.CreateFormFile("file", "local name.bin")
		if err != nil {
			h.t.Fatal(err)
		}
		_, _ = p.Write(content)
	}
	for name, value := range map[string]string{"devKey": h.key, "sessionId": h.session, "data": data} {
		_ = w.WriteField(name, value)
	}
	_ = w.Close()
	return h.send("POST", "/api/v2/UploadAttachment.json", b.String(), "Content-Type", w.FormDataContentType())
}

// get fetches a file; headers are given as names and values.
func (h *house) get(target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}

func TestV2_128(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.made("Vendor", `{"name":"Harbor"}`)
		b := h.made("Bill", bill(v, "1", `{"amount":1}`))
		content := threePages(t)
		a := h.upload(`{"id":"`+b+`","fileName":"Invoice 1.pdf"}`, content)
		ticket := a.text("documentUploadedId")
		if !strings.HasPrefix(ticket, "0du") {
			t.Fatal(a.raw)
		}
		for _, id := range []string{b, ticket} {
			p := h.ok("GetDocumentPages", `{"id":"`+id+`"}`)
			if p.text("documentPages.numPages") != "3" || p.text("documentPages.fileUrl") != "/is/BillImageServlet?entityId="+id {
				t.Error(p.raw)
			}
		}
		at := "/is/BillImageServlet?entityId=" + b
		session := strings.ReplaceAll(h.session, "!", "%21")
		for name, w := range map[string]*httptest.ResponseRecorder{"header": h.get(at, "sessionId", h.session, "devKey", h.key),
			"session alone": h.get(at, "sessionId", h.session), "query": h.get(at + "&pageNumber=2&sessionId=" + session),
			"below the base": h.get("/api/v2" + at + "&pageNumber=3&sessionId=" + session)} {
			if w.Code != 200 || w.Body.Len() < 100 {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
				continue
			}
			if _, err := exec.LookPath("pdftoppm"); err == nil {
				if _, kind, err := image.DecodeConfig(w.Body); err != nil || kind != "png" || w.Header().Get("Content-Type") != "image/png" {
					t.Errorf("%s: %s %v", name, kind, err)
				}
			}
		}
		for name, w := range map[string]*httptest.ResponseRecorder{"nothing": h.get(at), "nonsense": h.get(at + "&sessionId=x"), "another key": h.get(at, "sessionId", h.session, "devKey", "nope")} {
			if w.Code != 401 || !parse(t, w).failed {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
		if w := h.get(at + "&pageNumber=4&sessionId=" + session); w.Code != 404 {
			t.Errorf("page 4: %d", w.Code)
		}
		o := h.other()
		if w := o.get(at, "sessionId", o.session); w.Code != 404 {
			t.Errorf("another organisation: %d", w.Code)
		}
		if w := h.get("/HtmlServlet?id="+ticket, "sessionId", h.session); w.Code != 200 || !bytes.Equal(w.Body.Bytes(), content) ||
			w.Header().Get("Content-Type") != "application/pdf" {
			t.Errorf("as it came: %d, %d bytes", w.Code, w.Body.Len())
		}
		docs := h.ok("GetDocuments", `{"id":"`+b+`","start":0,"max":10}`)
		doc := "00h" + ticket[3:]
		for path, want := range map[string]string{"numPages": "3", "documents.0.id": doc, "documents.0.fileName": "Invoice 1.pdf", "documents.0.entity": "Document",
			"documents.0.pagesInfo.2.association.billId": b, "documents.0.pagesInfo.0.association.type": "Bill", "documents.0.usersId": string(h.user)} {
			if got := docs.text(path); got != want {
				t.Errorf("%s is %q, want %q", path, got, want)
			}
		}
		h.ok("RemoveAttachment", `{"id":"`+doc+`"}`)
		if p := h.ok("GetDocumentPages", `{"id":"`+b+`"}`); p.text("documentPages.numPages") != "null" {
			t.Error(p.raw)
		}
		if in := h.ok("GetDocuments", `{}`); in.text("documents.0.id") != doc || in.text("documents.0.numUnprocessed") != "3" {
			t.Error(in.raw)
		}
		h.ok("AssignDocument", `{"documentId":"`+doc+`","objectId":"`+v+`"}`)
		if p := h.ok("GetDocumentPages", `{"id":"`+v+`"}`); p.text("documentPages.numPages") != "3" {
			t.Error(p.raw)
		}
		h.refused("AssignDocument", `{"documentId":"`+doc+`","objectId":"00901AAAAAAAAAA00000"}`, "BDC_1119", "objectId")
		h.refused("AssignDocument", `{"documentId":"00h01AAAAAAAAAA00000","objectId":"`+v+`"}`, "BDC_1119", "documentId")
		h.refused("RemoveAttachment", `{"id":"00h01AAAAAAAAAA00000"}`, "BDC_1119", "id")
	})
}

func TestV2_129(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.made("Vendor", `{"name":"Harbor"}`)
		code := func(name, data string, content []byte, want string) {
			t.Helper()
			if a := h.upload(data, content); a.code != want || a.status != 200 {
				t.Errorf("%s: %d %s, want %s", name, a.status, a.raw, want)
			}
		}
		documents := func() (n int64) {
			h.write(func(tx *db.Tx) error { return tx.Row(`SELECT count(*) FROM documents`).Scan(&n) })
			return n
		}
		code("a picture named .pdf", `{"fileName":"x.pdf"}`, picture(t), "BDC_9044")
		code("no extension", `{"fileName":"x"}`, picture(t), "BDC_9044")
		code("no name", `{}`, picture(t), "BDC_1117")
		code("no file", `{"fileName":"x.png"}`, nil, "BDC_1117")
		code("20 MiB and a byte", `{"fileName":"x.txt"}`, bytes.Repeat([]byte("a"), 20<<20+1), "BDC_9056")
		code("an unknown record", `{"fileName":"x.png","id":"00901AAAAAAAAAA00000"}`, picture(t), "BDC_1119")
		code("a record that takes none", `{"fileName":"x.png","id":"`+string(h.user)+`"}`, picture(t), "BDC_1119")
		code("base 64 that is none", `{"fileName":"x.png","document":"**"}`, nil, "BDC_9043")
		if n := documents(); n != 0 {
			t.Errorf("%d documents stored", n)
		}
		code("base 64", `{"fileName":"x.png","id":"`+v+`","document":"`+base64.StdEncoding.EncodeToString(picture(t))+`"}`, nil, "")
		code("20 MiB", `{"fileName":"x.txt"}`, bytes.Repeat([]byte("a"), 20<<20), "")
		if n := documents(); n != 2 {
			t.Errorf("%d documents stored, want 2", n)
		}
		if p := h.ok("GetDocumentPages", `{"id":"`+h.made("Vendor", `{"name":"Bare"}`)+`"}`); p.text("documentPages.numPages") != "null" ||
			p.text("documentPages.fileUrl") != "null" {
			t.Error(p.raw)
		}
		text := h.upload(`{"id":"`+v+`","fileName":"note.txt"}`, []byte("Paid <b>late</b>\n")).text("documentUploadedId")
		if p := h.ok("GetDocumentPages", `{"id":"`+text+`"}`); p.text("documentPages.fileUrl") != "/HtmlServlet?id=00h"+text[3:] {
			t.Error(p.raw)
		}
		if w := h.get("/HtmlServlet?id=00h"+text[3:], "sessionId", h.session); w.Header().Get("Content-Type") != "text/plain; charset=utf-8" ||
			w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%v", w.Header())
		}
		if rows := h.list("Document"); len(rows) != 3 || !strings.HasPrefix(rows[0].text("id"), "00h") ||
			h.read("Document", rows[2].text("id")).text("fileName") != rows[2].text("fileName") {
			t.Errorf("%d documents listed: %v", len(rows), column(rows, "id"))
		}
		h.refused("GetDocuments", `{"max":0}`, "BDC_1129")
		clerk := h.as("auditor")
		if a := clerk.upload(`{"fileName":"x.png"}`, picture(t)); a.code != "BDC_9006" {
			t.Error(a.raw)
		}
	})
}
