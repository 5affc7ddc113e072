package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // Page shows the first picture of one
	_ "image/jpeg"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// Pages tells how many pages documents have and shows them as pictures. PDFs need the programs of poppler beside the
// server; without them a PDF has as many pages as it says in plain text, and is not rendered.
type Pages struct {
	blobs *blob.Store
	dir   string // for temporary files
	turns chan struct{}

	mu    sync.Mutex
	known map[string]int // pages by content
}

// NewPages makes the reader of pages. Temporary files lie in dir.
func NewPages(blobs *blob.Store, dir string) *Pages {
	return &Pages{blobs: blobs, dir: dir, turns: make(chan struct{}, 2), known: map[string]int{}}
}

// What a page may cost.
const (
	renderTime = 20 * time.Second
	maxPixels  = 50_000_000
	maxKnown   = 10_000
)

// ErrNoPage says that a document has no such page, or that it cannot be shown as a picture.
var ErrNoPage = errors.New("there is no picture of this page")

// Count gives the number of pages of a document, at least one.
func (p *Pages) Count(ctx context.Context, d Document) (int, error) {
	if d.MediaType != "application/pdf" {
		return 1, nil
	}
	p.mu.Lock()
	n, ok := p.known[d.SHA256]
	p.mu.Unlock()
	if ok {
		return n, nil
	}
	n, err := p.count(ctx, d)
	if err != nil {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxKnown {
		p.known = map[string]int{}
	}
	p.known[d.SHA256] = n
	return n, nil
}

func (p *Pages) count(ctx context.Context, d Document) (int, error) {
	file, remove, err := p.file(d)
	if err != nil {
		return 0, err
	}
	defer remove()
	if out, err := p.run(ctx, "pdfinfo", file); err == nil {
		for _, line := range strings.Split(string(out), "\n") {
			if n, ok := strings.CutPrefix(line, "Pages:"); ok {
				if pages, err := strconv.Atoi(strings.TrimSpace(n)); err == nil && pages > 0 {
					return pages, nil
				}
			}
		}
		return 1, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	pages := bytes.Count(content, []byte("/Type /Page")) + bytes.Count(content, []byte("/Type/Page")) -
		bytes.Count(content, []byte("/Type /Pages")) - bytes.Count(content, []byte("/Type/Pages"))
	return max(pages, 1), nil
}

// Page gives a page, counted from 1, as PNG. It fails with ErrNoPage.
func (p *Pages) Page(ctx context.Context, d Document, page int) ([]byte, error) {
	switch d.MediaType {
	case "application/pdf":
		if n, err := p.Count(ctx, d); err != nil || page < 1 || page > n {
			return nil, errors.Join(ErrNoPage, err)
		}
		file, remove, err := p.file(d)
		if err != nil {
			return nil, err
		}
		defer remove()
		at := strconv.Itoa(page)
		out, err := p.run(ctx, "pdftoppm", "-png", "-r", "110", "-scale-to", "2000", "-f", at, "-l", at, "-singlefile", file)
		if err != nil || len(out) == 0 {
			return nil, errors.Join(ErrNoPage, err)
		}
		return out, nil
	case "image/png", "image/jpeg", "image/gif":
		if page != 1 {
			return nil, ErrNoPage
		}
		return p.picture(d)
	}
	return nil, ErrNoPage
}

// picture gives an image as PNG.
func (p *Pages) picture(d Document) ([]byte, error) {
	r, err := Open(p.blobs, d)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	size, _, err := image.DecodeConfig(r)
	if err != nil || size.Width*size.Height > maxPixels || size.Width > 1<<16 || size.Height > 1<<16 {
		return nil, errors.Join(ErrNoPage, err)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if d.MediaType == "image/png" {
		return io.ReadAll(r)
	}
	img, _, err := image.Decode(r)
	if err != nil {
		return nil, errors.Join(ErrNoPage, err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, fmt.Errorf("encode a page: %w", err)
	}
	return b.Bytes(), nil
}

// file puts the content into a temporary file for a program.
func (p *Pages) file(d Document) (name string, remove func(), err error) {
	r, err := Open(p.blobs, d)
	if err != nil {
		return "", nil, err
	}
	defer r.Close()
	f, err := os.CreateTemp(p.dir, "page-*.pdf")
	if err != nil {
		return "", nil, fmt.Errorf("show a page: %w", err)
	}
	remove = func() { _ = os.Remove(f.Name()) }
	_, err = io.Copy(f, r)
	if err = errors.Join(err, f.Close()); err != nil {
		remove()
		return "", nil, fmt.Errorf("show a page: %w", err)
	}
	name, err = filepath.Abs(f.Name())
	return name, remove, err
}

// run runs a program, two at a time at most, and gives what it writes.
func (p *Pages) run(ctx context.Context, program string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, renderTime)
	defer cancel()
	select {
	case p.turns <- struct{}{}:
		defer func() { <-p.turns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return exec.CommandContext(ctx, program, args...).Output()
}

// Takes fails with fault.ErrReference on id unless there is a record with that id that takes documents.
func Takes(tx *db.Tx, id ids.ID) error {
	_, err := find(tx, id)
	return err
}

// ByTicket loads a document by its id, which an upload shows with the prefix of uploads and a list with that of
// documents: both name it. It fails as Load does.
func ByTicket(tx *db.Tx, id ids.ID) (Document, error) {
	d, err := Load(tx, id)
	if !errors.Is(err, fault.ErrNotFound) || !id.Is(ids.Document) && !id.Is(ids.Upload) {
		return d, err
	}
	if d, other := Load(tx, as(id, map[string]string{ids.Document: ids.Upload, ids.Upload: ids.Document}[id.Prefix()])); other == nil {
		return d, nil
	}
	return d, err
}

// as gives an id with another prefix.
func as(id ids.ID, prefix string) ids.ID { return ids.ID(prefix) + id[len(prefix):] }

// Ticket is the id of an upload, Shown that of a document in a list: one record has both.
func (d Document) Ticket() ids.ID { return as(d.ID, ids.Upload) }

// Shown is the id under which lists have the document.
func (d Document) Shown() ids.ID { return as(d.ID, ids.Document) }

// Records are the ids of the records that the document is tied to.
func (d Document) Records(tx *db.Tx) (records []ids.ID, err error) {
	rows, err := tx.Query(`SELECT record_id FROM document_links WHERE org_id = $1 AND document_id = $2 ORDER BY record_id`,
		string(tx.Org()), string(d.ID))
	if err != nil {
		return nil, fmt.Errorf("look for the records of %s: %w", d.ID, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id ids.ID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		records = append(records, id)
	}
	return records, errors.Join(rows.Err(), rows.Close())
}

// Unlink takes a document off every record it is tied to; it lies in the inbox then. It fails with fault.ErrForbidden
// and fault.ErrNotFound.
func Unlink(tx *db.Tx, document ids.ID) error {
	if err := tx.Require(org.ManageDocuments); err != nil {
		return err
	}
	d, err := load(tx, document)
	if err != nil {
		return err
	}
	records, err := d.Records(tx)
	if err != nil {
		return err
	}
	tx.Exec(`DELETE FROM document_links WHERE org_id = $1 AND document_id = $2`, string(tx.Org()), string(d.ID))
	for _, id := range records {
		if t := targets[id.Prefix()]; t != nil {
			tx.Audit("detach", t.Name, id, facts("document", string(d.ID), "fileName", d.FileName))
		}
	}
	return nil
}
