// Package document keeps what comes with the business as a file: scans of bills, contracts, receipts. The content lies
// in the blob store, once however often it comes; a document is its name, type and history, and links tie it to any
// number of records (DOC-4, DOC-7). A document without a link lies in the inbox.
//
// A face first calls Store, outside any transaction, and then Attach inside of one. Content whose transaction fails
// stays in the blob store unused.
package document

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/receipt"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// targets are the types of record that documents can be linked to, by the prefix of their ids (api-v1 5.8, api-v2 5.8).
var targets = map[string]*record.Type{
	ids.Bill:         bill.Bills.Type,
	ids.Vendor:       vendor.Vendors.Type,
	ids.Job:          dimension.Jobs.Type,
	ids.VendorCredit: credit.Credits.Type,
	ids.SentPay:      payment.Payments.Type,
	ids.Customer:     customer.Customers.Type,
	ids.Invoice:      invoice.Invoices.Type,
	ids.ReceivedPay:  receipt.Receipts.Type,
	ids.Account:      dimension.Accounts.Type,
}

// Kinds of link: what the document is to the record (DOC-7).
const (
	Image          = "image" // the bill itself
	Receipt        = "receipt"
	Contract       = "contract"
	WorkStatement  = "sow"
	W9             = "w9"
	Insurance      = "insurance"
	Correspondence = "letter"
	Other          = "other"
)

// Upload is a file whose content is stored and checked.
type Upload struct {
	FileName    string
	Size        int64 // bytes
	SHA256      string
	MediaType   string
	Description string
	Kind        string // of the link; empty: Image on a bill, Other elsewhere
}

// Document is a file with its history.
type Document struct {
	ID          ids.ID
	FileName    string
	MediaType   string
	Size        int64
	SHA256      string
	Description string
	Source      string // the channel it came by
	UploadedBy  ids.ID // empty if no person did
	Created     clock.Instant
}

// Linked is a document as one of a record's.
type Linked struct {
	Document
	Record ids.ID // the record it is linked to; for a bill's contracts its vendor or job
	Kind   string
}

// Attach stores an uploaded document and links it to the record with that id; without an id it goes to the inbox. It
// fails with fault.ErrForbidden, with fault.ErrReference on id if there is no such record or it takes no documents, and
// with fault.ErrValue.
func Attach(tx *db.Tx, id ids.ID, u Upload) (Document, error) {
	if err := tx.Require(org.ManageDocuments); err != nil {
		return Document{}, err
	}
	prefix, target := ids.Document, (*record.Type)(nil)
	if !id.IsNull() {
		var err error
		if target, err = find(tx, id); err != nil {
			return Document{}, err
		}
		prefix = ids.Upload
	}
	who := tx.Caller()
	d := Document{
		ID: ids.New(prefix), FileName: u.FileName, MediaType: u.MediaType, Size: u.Size, SHA256: u.SHA256, Description: u.Description,
		Source: who.Channel, UploadedBy: who.User, Created: clock.FromTime(tx.Now()),
	}
	tx.Exec(`INSERT INTO documents (org_id, id, file_name, media_type, size, sha256, description, source, uploaded_by, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, string(tx.Org()), string(d.ID), d.FileName, d.MediaType, d.Size, d.SHA256,
		d.Description, d.Source, string(d.UploadedBy), int64(d.Created))
	tx.Audit("create", "document", d.ID, facts("fileName", d.FileName, "mediaType", d.MediaType, "size", strconv.FormatInt(d.Size, 10),
		"sha256", d.SHA256, "description", d.Description))
	if target != nil {
		if err := link(tx, target, id, d, u.Kind); err != nil {
			return Document{}, err
		}
	}
	return d, nil
}

// Link ties a document to one more record, or changes what it is to it. Errors as Attach, and fault.ErrNotFound if there
// is no such document.
func Link(tx *db.Tx, document, id ids.ID, kind string) error {
	if err := tx.Require(org.ManageDocuments); err != nil {
		return err
	}
	d, err := load(tx, document)
	if err != nil {
		return err
	}
	target, err := find(tx, id)
	if err != nil {
		return err
	}
	return link(tx, target, id, d, kind)
}

func link(tx *db.Tx, target *record.Type, id ids.ID, d Document, kind string) error {
	switch kind {
	case "":
		kind = Other
		if target.Prefix == ids.Bill {
			kind = Image
		}
	case Image, Receipt, Contract, WorkStatement, W9, Insurance, Correspondence, Other:
	default:
		return fault.ErrValue.On("kind")
	}
	tx.Exec(`INSERT INTO document_links (org_id, record_id, document_id, kind, created) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (org_id, record_id, document_id) DO UPDATE SET kind = excluded.kind`,
		string(tx.Org()), string(id), string(d.ID), kind, int64(clock.FromTime(tx.Now())))
	tx.Audit("attach", target.Name, id, facts("document", string(d.ID), "fileName", d.FileName, "kind", kind))
	return nil
}

// find gives the type of the record with that id, if it exists and takes documents.
func find(tx *db.Tx, id ids.ID) (*record.Type, error) {
	target := targets[id.Prefix()]
	if target == nil {
		return nil, fault.ErrReference.On("id").With(string(id))
	}
	var n int64
	err := tx.Row(`SELECT count(*) FROM `+target.Table+` WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(id)).Scan(&n)
	if err != nil {
		return nil, fmt.Errorf("look for %s: %w", id, err)
	}
	if n == 0 {
		return nil, fault.ErrReference.On("id").With(string(id))
	}
	return target, nil
}

const columns = `d.id, d.file_name, d.media_type, d.size, d.sha256, d.description, d.source, d.uploaded_by, d.created`

func (d *Document) dest(more ...any) []any {
	return append([]any{&d.ID, &d.FileName, &d.MediaType, &d.Size, &d.SHA256, &d.Description, &d.Source, &d.UploadedBy, &d.Created}, more...)
}

// Load reads a document. It fails with fault.ErrForbidden or fault.ErrNotFound.
func Load(tx *db.Tx, id ids.ID) (Document, error) {
	if err := tx.Require(org.ViewDocuments); err != nil {
		return Document{}, err
	}
	return load(tx, id)
}

func load(tx *db.Tx, id ids.ID) (d Document, err error) {
	err = tx.Row(`SELECT `+columns+` FROM documents d WHERE d.org_id = $1 AND d.id = $2`, string(tx.Org()), string(id)).Scan(d.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return Document{}, fault.ErrNotFound.With(string(id))
	}
	if err != nil {
		return Document{}, fmt.Errorf("load document %s: %w", id, err)
	}
	return d, nil
}

// ForRecord gives the documents of a record, oldest first, its own before others: a bill also shows the contracts and
// statements of work of its vendor and its lines' jobs (DOC-7).
func ForRecord(tx *db.Tx, id ids.ID) ([]Linked, error) {
	if err := tx.Require(org.ViewDocuments); err != nil {
		return nil, err
	}
	all, err := linked(tx, `SELECT `+columns+`, l.record_id, l.kind FROM document_links l
		JOIN documents d ON d.org_id = l.org_id AND d.id = l.document_id
		WHERE l.org_id = $1 AND (l.record_id = $2 OR l.kind IN ('contract', 'sow') AND l.record_id IN (
			SELECT vendor_id FROM bills WHERE org_id = $1 AND id = $2
			UNION ALL SELECT job_id FROM bill_lines WHERE org_id = $1 AND bill_id = $2 AND job_id <> ''))
		ORDER BY CASE WHEN l.record_id = $2 THEN 0 ELSE 1 END, d.created, d.id, l.record_id`, string(tx.Org()), string(id))
	if err != nil {
		return nil, fmt.Errorf("list the documents of %s: %w", id, err)
	}
	seen := map[ids.ID]bool{}
	once := all[:0]
	for _, l := range all {
		if !seen[l.ID] {
			seen[l.ID] = true
			once = append(once, l)
		}
	}
	return once, nil
}

// Inbox gives the documents that are linked to nothing yet, oldest first.
func Inbox(tx *db.Tx) ([]Document, error) {
	if err := tx.Require(org.UseInbox); err != nil {
		return nil, err
	}
	all, err := linked(tx, `SELECT `+columns+`, '', '' FROM documents d WHERE d.org_id = $1 AND NOT EXISTS (
			SELECT 1 FROM document_links l WHERE l.org_id = d.org_id AND l.document_id = d.id)
		ORDER BY d.created, d.id`, string(tx.Org()))
	if err != nil {
		return nil, fmt.Errorf("list the inbox: %w", err)
	}
	out := make([]Document, len(all))
	for i, l := range all {
		out[i] = l.Document
	}
	return out, nil
}

func linked(tx *db.Tx, query string, args ...any) ([]Linked, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Linked
	for rows.Next() {
		var l Linked
		if err := rows.Scan(l.dest(&l.Record, &l.Kind)...); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

// Open gives the content of a document for download. The caller closes it. It fails as blob.Store.Open does.
func Open(blobs *blob.Store, d Document) (io.ReadSeekCloser, error) {
	r, _, err := blobs.Open(d.SHA256)
	if err != nil {
		return nil, fmt.Errorf("open document %s: %w", d.ID, err)
	}
	return r, nil
}

// Verify reads the content of every document of the store, of all organisations, and calls report for each that is
// missing, damaged or of another size than recorded. It fails if the store does or ctx ends.
func Verify(ctx context.Context, d *db.DB, blobs *blob.Store, report func(sha256 string, problem error)) (checked int, err error) {
	type content struct {
		sha         string
		least, most int64
	}
	for after := ""; ; {
		var page []content
		err := d.Read(ctx, db.Caller{}, func(tx *db.Tx) error {
			page = page[:0]
			rows, err := tx.Query(`SELECT sha256, min(size), max(size) FROM documents WHERE sha256 > $1
				GROUP BY sha256 ORDER BY sha256 LIMIT 500`, after)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var c content
				if err := rows.Scan(&c.sha, &c.least, &c.most); err != nil {
					return err
				}
				page = append(page, c)
			}
			return rows.Err()
		})
		if err != nil {
			return checked, fmt.Errorf("list the contents of documents: %w", err)
		}
		if len(page) == 0 {
			return checked, nil
		}
		for _, c := range page {
			problem := blobs.Verify(ctx, c.sha)
			if ctx.Err() != nil {
				return checked, ctx.Err()
			}
			if problem == nil {
				problem = checkSize(blobs, c.sha, c.least, c.most)
			}
			if problem != nil {
				report(c.sha, problem)
			}
			checked++
		}
		after = page[len(page)-1].sha
	}
}

func checkSize(blobs *blob.Store, sha string, least, most int64) error {
	r, info, err := blobs.Open(sha)
	if err != nil {
		return err
	}
	defer r.Close()
	if info.Size != least || info.Size != most {
		return fmt.Errorf("it has %d bytes, recorded are %d to %d", info.Size, least, most)
	}
	return nil
}

// facts makes the changes of an audit event from names and texts.
func facts(pairs ...string) string {
	b := []byte{'{'}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(record.AppendQuoted(b, pairs[i]), ':')
		b = record.AppendQuoted(b, pairs[i+1])
	}
	return string(append(b, '}'))
}

// Record is a document as a record, for lists.
type Record struct {
	record.Base
	FileName, MediaType, Description string
	Size                             int64
	UploadedBy                       ids.ID
}

// Records describes documents as records. They are read only: Attach makes them.
var Records = record.Describe[Record]("document", ids.Document, "document_records",
	record.String("fileName", maxName, func(d *Record) *string { return &d.FileName }),
	record.String("mediaType", 100, func(d *Record) *string { return &d.MediaType }),
	record.String("description", 4000, func(d *Record) *string { return &d.Description }),
	record.Number("size", func(d *Record) *int64 { return &d.Size }),
	record.Reference("uploadedBy", nil, func(d *Record) *ids.ID { return &d.UploadedBy }),
)
