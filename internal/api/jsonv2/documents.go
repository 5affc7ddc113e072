package jsonv2

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/document"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// documents serves 5.8, and documents as records (3.20).
func (h *Handler) documents() area {
	h.pages = document.NewPages(h.Blobs, h.SpoolDir)
	see, keep := db.Of(org.ViewDocuments), db.Of(org.ManageDocuments)
	return area{
		entities: []entity{{shape: documentShape(), ops: readOnly, view: see}},
		calls: map[string]call{
			"UploadAttachment":   {upload: true, needs: keep, run: h.upload},
			"GetDocumentPages":   {get: true, needs: see, run: h.documentPages},
			"GetDocuments":       {get: true, needs: see, run: h.getDocuments},
			"RetrieveAttachment": {get: true, needs: see, run: h.getDocuments},
			"RemoveAttachment":   {needs: keep, run: h.removeAttachment},
			"AssignDocument":     {needs: keep, run: h.assignDocument},
		},
		files: map[string]download{"/HtmlServlet": h.original, "/is/BillImageServlet": h.pageImage},
	}
}

func documentShape() *shape.Shape {
	x := fields{document.Records.Type}
	return shape.New("Document", x.t, slices.Concat(x.head(), []shape.Entry{
		x.shown("fileName", "fileName"),
		x.shown("size", "size"),
		x.shown("description", "description"),
		x.shown("usersId", "uploadedBy"),
	})...)
}

// upload serves UploadAttachment: a file, or the same in base 64 among the data, for a record or the inbox.
func (h *Handler) upload(q *request, in *args) (any, error) {
	name, id := in.text("fileName", required), in.ref("id", optional)
	var content io.ReadSeeker
	size := q.params.fileSize
	if q.params.file != nil {
		content = q.params.file
	} else {
		text := in.text("document", optional)
		b, err := decodeBase64(text)
		if text != "" && err != nil {
			return nil, problem.ErrBase64
		}
		content, size = bytes.NewReader(b), int64(len(b))
		if text == "" {
			add(&in.found.missing, "file")
		}
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	if size > document.MaxSize {
		return nil, document.ErrTooLarge
	}
	if err := document.CheckName(name); err != nil {
		return nil, err
	}
	if err := q.read(func(tx *db.Tx) error { // nothing is stored for a record that does not exist
		if id.IsNull() {
			return nil
		}
		return sent(id, document.Takes(tx, id))
	}); err != nil {
		return nil, err
	}
	u, err := document.Store(q.ctx, h.Blobs, name, size, content)
	if err != nil {
		return nil, err
	}
	out := map[string]ids.ID{}
	return out, q.write(func(tx *db.Tx) error {
		d, err := document.Attach(tx, id, u)
		if err == nil {
			out["documentUploadedId"] = d.Ticket()
		}
		return sent(id, err)
	})
}

// sent completes a refusal of the id that was sent.
func sent(id ids.ID, err error) error {
	if errors.Is(err, fault.ErrReference) || errors.Is(err, fault.ErrNotFound) {
		return fault.ErrReference.On("id").With(string(id))
	}
	return err
}

// decodeBase64 reads base 64 with or without padding and line breaks.
func decodeBase64(s string) ([]byte, error) {
	s = strings.NewReplacer("\r", "", "\n", "", " ", "+").Replace(strings.TrimSpace(s))
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
}

// of gives the documents of what id names: of a record those tied to it, a document itself with the first record that it
// is tied to. Contracts that a bill shows of its vendor are not its pages.
func (h *Handler) of(q *request, id ids.ID) (docs []document.Linked, err error) {
	err = q.read(func(tx *db.Tx) error {
		docs = nil
		if id.Is(ids.Upload) || id.Is(ids.Document) {
			d, err := document.ByTicket(tx, id)
			if err != nil {
				return sent(id, err)
			}
			tied, err := d.Records(tx)
			docs = append(docs, document.Linked{Document: d, Record: slices.Concat(tied, []ids.ID{ids.Null})[0]})
			return err
		}
		if err := document.Takes(tx, id); err != nil {
			return sent(id, err)
		}
		linked, err := document.ForRecord(tx, id)
		for _, l := range linked {
			if l.Record == id {
				docs = append(docs, l)
			}
		}
		return err
	})
	return docs, err
}

func (h *Handler) documentPages(q *request, in *args) (any, error) {
	id, err := idOf(in)
	if err != nil {
		return nil, err
	}
	docs, err := h.of(q, id)
	if err != nil {
		return nil, err
	}
	type pages struct {
		NumPages *int    `json:"numPages"`
		FileURL  *string `json:"fileUrl"`
	}
	var out pages
	if len(docs) > 0 {
		n := 0
		for _, d := range docs {
			m, err := h.pages.Count(q.ctx, d.Document)
			if err != nil {
				return nil, err
			}
			n += m
		}
		u := imageURL(id)
		if strings.HasPrefix(docs[0].MediaType, "text/") {
			u = "/HtmlServlet?id=" + string(docs[0].Shown())
		}
		out = pages{&n, &u}
	}
	return map[string]pages{"documentPages": out}, nil
}

// imageURL is where the pages of an object are shown.
func imageURL(id ids.ID) string { return "/is/BillImageServlet?entityId=" + string(id) }

// documentRow is a document as GetDocuments has it (3.20).
type documentRow struct {
	Entity             string     `json:"entity"`
	ID                 ids.ID     `json:"id"`
	OrgID              ids.ID     `json:"orgId"`
	FileName           string     `json:"fileName"`
	CreatedDate        string     `json:"createdDate"`
	UpdatedDate        string     `json:"updatedDate"`
	NumPages           int        `json:"numPages"`
	NumUnprocessed     int        `json:"numUnprocessed"`
	FirstUnprocessed   *int       `json:"firstUnprocessed"`
	DocumentRef        *string    `json:"documentRef"`
	ParentDocumentID   ids.ID     `json:"parentDocumentId"`
	Type               string     `json:"type"`
	FlagPriority       string     `json:"flagPriority"`
	IsUserMarkedAsSpam bool       `json:"isUserMarkedAsSpam"`
	UsersID            ids.ID     `json:"usersId"`
	EmailFrom          *string    `json:"emailFrom"`
	ScanStatus         string     `json:"scanStatus"`
	ScanStatusValue    *string    `json:"scanStatusValue"`
	FileURL            string     `json:"fileUrl"`
	URL                string     `json:"url"`
	UnprocessedPages   []int      `json:"unprocessedPages"`
	AssociatedPages    []int      `json:"associatedPages"`
	PageNumbers        []int      `json:"pageNumbers"`
	ThumbNewURL        string     `json:"thumbNewUrl"`
	ThumbType          string     `json:"thumbType"`
	PagesInfo          []pageInfo `json:"pagesInfo"`
}

type pageInfo struct {
	PageNumber  int             `json:"pageNumber"`
	Association pageAssociation `json:"association"`
}

type pageAssociation struct {
	Type           string `json:"type"`
	BillID         ids.ID `json:"billId"`
	AssociatedPage int    `json:"associatedPage"`
}

// getDocuments serves GetDocuments: those of a record, of a document itself, or without id of the inbox. start counts
// documents from 0.
func (h *Handler) getDocuments(q *request, in *args) (any, error) {
	id := in.ref("id", optional)
	start, most := in.int("start", optional, 0), in.int("max", optional, pageSize)
	if err := in.err(); err != nil {
		return nil, err
	}
	if start < 0 || most < 1 || most > maxPage {
		return nil, problem.ErrListValue.On("start", "max")
	}
	var docs []document.Linked
	var err error
	if id.IsNull() {
		err = q.read(func(tx *db.Tx) error {
			inbox, err := document.Inbox(tx)
			docs = nil
			for _, d := range inbox {
				docs = append(docs, document.Linked{Document: d, Record: ids.Null})
			}
			return err
		})
	} else {
		docs, err = h.of(q, id)
	}
	if err != nil {
		return nil, err
	}
	out := struct {
		Documents []documentRow `json:"documents"`
		NumPages  int           `json:"numPages"`
	}{Documents: []documentRow{}}
	for i, d := range docs {
		n, err := h.pages.Count(q.ctx, d.Document)
		if err != nil {
			return nil, err
		}
		out.NumPages += n
		if int64(i) >= start && int64(i) < start+most {
			out.Documents = append(out.Documents, h.row(q, d, n))
		}
	}
	return out, nil
}

// row shows a document; one that is tied to no record lies in the inbox, its pages unprocessed.
func (h *Handler) row(q *request, d document.Linked, pages int) documentRow {
	created := string(appendInstant(nil, d.Created))
	by := d.UploadedBy
	if by == "" {
		by = ids.Null
	}
	page := imageURL(d.Shown())
	if strings.HasPrefix(d.MediaType, "text/") {
		page = "/HtmlServlet?id=" + string(d.Shown())
	}
	r := documentRow{Entity: "Document", ID: d.Shown(), OrgID: q.session.Caller.Org, FileName: d.FileName, CreatedDate: created, UpdatedDate: created,
		NumPages: pages, ParentDocumentID: ids.Null, Type: "0", FlagPriority: "0", UsersID: by, ScanStatus: "0", FileURL: page, URL: page,
		UnprocessedPages: []int{}, AssociatedPages: []int{}, PageNumbers: []int{}, ThumbNewURL: page, ThumbType: "png", PagesInfo: []pageInfo{}}
	for n := 1; n <= pages; n++ {
		r.PageNumbers = append(r.PageNumbers, n)
		if d.Record.IsNull() {
			r.UnprocessedPages = append(r.UnprocessedPages, n)
			continue
		}
		r.AssociatedPages = append(r.AssociatedPages, n)
		kind := ""
		if e := h.byPrefix[d.Record.Prefix()]; e != nil {
			kind = e.name
		}
		r.PagesInfo = append(r.PagesInfo, pageInfo{n, pageAssociation{kind, d.Record, n}})
	}
	if len(r.UnprocessedPages) > 0 {
		r.NumUnprocessed, r.FirstUnprocessed = pages, &r.UnprocessedPages[0]
	}
	return r
}

func (h *Handler) removeAttachment(q *request, in *args) (any, error) {
	id, err := idOf(in)
	if err != nil {
		return nil, err
	}
	return empty, q.write(func(tx *db.Tx) error {
		d, err := document.ByTicket(tx, id)
		if err != nil {
			return sent(id, err)
		}
		return document.Unlink(tx, d.ID)
	})
}

func (h *Handler) assignDocument(q *request, in *args) (any, error) {
	id, object := in.ref("documentId", required), in.ref("objectId", required)
	if err := in.err(); err != nil {
		return nil, err
	}
	return empty, q.write(func(tx *db.Tx) error {
		d, err := document.ByTicket(tx, id)
		if errors.Is(err, fault.ErrNotFound) {
			return fault.ErrReference.On("documentId").With(string(id))
		}
		if err != nil {
			return err
		}
		err = document.Link(tx, d.ID, object, "")
		if errors.Is(err, fault.ErrReference) {
			err = fault.ErrReference.On("objectId").With(string(object))
		}
		return err
	})
}

// download serves a file by its address.
type download func(w http.ResponseWriter, q *request)

// serveFile finds the session and serves the file. Without a session the answer is 401 (5.8).
func (h *Handler) serveFile(w http.ResponseWriter, q *request, d download) {
	if q.http.Method != http.MethodGet && q.http.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		q.fail(w, http.StatusMethodNotAllowed, errMethod)
		return
	}
	q.params = params{query: readForm(q.http.URL.RawQuery, nil), header: q.http.Header}
	q.creds = org.Credentials{Session: q.params.get("sessionId"), Key: q.params.get("devKey"), Kind: org.KindJSON, Address: clientAddress(q.http)}
	q.creds.OwnKey = q.creds.Key == ""
	if err := q.read(func(*db.Tx) error { return nil }); err != nil {
		q.fail(w, http.StatusUnauthorized, err)
		return
	}
	d(w, q)
}

// fileRefused answers what cannot be downloaded.
func (q *request) fileRefused(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	switch f := fault.From(err); {
	case errors.Is(err, document.ErrNoPage), errors.Is(err, fault.ErrReference), f != nil && f.Kind == fault.NotFound:
		status, err = http.StatusNotFound, problem.ErrNothing
	case errors.Is(err, fault.ErrForbidden):
		status = http.StatusForbidden
	case f != nil:
		status = http.StatusBadRequest
	}
	q.fail(w, status, err)
}

// original serves HtmlServlet: a document as it came.
func (h *Handler) original(w http.ResponseWriter, q *request) {
	docs, err := h.of(q, ids.ID(q.params.get("id")))
	if err != nil || len(docs) == 0 {
		q.fileRefused(w, errors.Join(problem.ErrNothing, err))
		return
	}
	h.sendOriginal(w, q, docs[0].Document)
}

// pageImage serves BillImageServlet: one page of what is tied to a record, as a picture where that can be made.
func (h *Handler) pageImage(w http.ResponseWriter, q *request) {
	page := 1
	if n := q.params.get("pageNumber"); n != "" {
		var err error
		if page, err = strconv.Atoi(n); err != nil || page < 1 {
			q.fileRefused(w, document.ErrNoPage)
			return
		}
	}
	docs, err := h.of(q, ids.ID(q.params.get("entityId")))
	if err != nil {
		q.fileRefused(w, err)
		return
	}
	for _, l := range docs {
		d := l.Document
		n, err := h.pages.Count(q.ctx, d)
		if err != nil {
			q.fileRefused(w, err)
			return
		}
		if page > n {
			page -= n
			continue
		}
		b, err := h.pages.Page(q.ctx, d, page)
		switch {
		case err == nil:
			fileHead(w, d, "image/png", "page.png")
			w.Header().Set("Content-Length", strconv.Itoa(len(b)))
			_, _ = w.Write(b)
		case errors.Is(err, document.ErrNoPage) && page == 1:
			h.sendOriginal(w, q, d)
		default:
			q.fileRefused(w, err)
		}
		return
	}
	q.fileRefused(w, document.ErrNoPage)
}

func (h *Handler) sendOriginal(w http.ResponseWriter, q *request, d document.Document) {
	r, err := document.Open(h.Blobs, d)
	if err != nil {
		q.fileRefused(w, err)
		return
	}
	defer r.Close()
	kind := d.MediaType
	if strings.HasPrefix(kind, "text/") {
		kind += "; charset=utf-8"
	}
	fileHead(w, d, kind, d.FileName)
	http.ServeContent(w, q.http, "", d.Created.Time(), r)
}

// fileHead writes the head of a download. Whatever the file holds, a browser runs none of it.
func fileHead(w http.ResponseWriter, _ document.Document, kind, name string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'")
	w.Header().Set("Content-Disposition", "inline; filename*=UTF-8''"+url.PathEscape(path.Base(name)))
}
