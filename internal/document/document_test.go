package document_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/document"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/vendor"
)

// records are an organisation with a vendor, a job and a bill for both.
type records struct {
	who               db.Caller
	vendor, job, bill ids.ID
}

func newRecords(t *testing.T, s *dbtest.Store, name string) records {
	t.Helper()
	ctx := context.Background()
	orgID, userID, err := org.Create(ctx, s.DB, "command", org.NewOrganisation{Name: name, AdminEmail: name + "@acme.example", PasswordHash: "x",
		SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	r := records{who: db.Caller{Org: orgID, User: userID, Perms: org.All, Channel: "xml1"}}
	v := vendor.Vendors.New().(*vendor.Vendor)
	v.Name = "Harbor Tool Rental"
	j := dimension.Jobs.New().(*dimension.Job)
	j.Name = "Pier 4"
	b := bill.Bills.New().(*bill.Bill)
	b.Amount, b.InvoiceNumber = 50000, "1"
	b.InvoiceDate, b.DueDate = civil.MustDate("2026-11-20"), civil.MustDate("2026-12-20")
	err = s.Write(ctx, r.who, func(tx *db.Tx) error {
		if err := vendor.Create(tx, v); err != nil {
			return err
		}
		dimension.Jobs.Insert(tx, j)
		l := bill.Lines.New().(*bill.Line)
		l.Amount, l.JobID = 50000, j.ID
		b.VendorID, b.Lines = v.ID, append(b.Lines, l)
		return bill.Create(tx, b)
	})
	if err != nil {
		t.Fatal(err)
	}
	r.vendor, r.job, r.bill = v.ID, j.ID, b.ID
	return r
}

func attach(s *dbtest.Store, who db.Caller, id ids.ID, u document.Upload) (d document.Document, err error) {
	err = s.Write(context.Background(), who, func(tx *db.Tx) (err error) {
		d, err = document.Attach(tx, id, u)
		return err
	})
	return d, err
}

func forRecord(t *testing.T, s *dbtest.Store, who db.Caller, id ids.ID) string {
	t.Helper()
	var out []string
	err := s.Read(context.Background(), who, func(tx *db.Tx) error {
		all, err := document.ForRecord(tx, id)
		for _, l := range all {
			out = append(out, l.FileName+":"+l.Kind)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func newBlobs(t *testing.T) (*blob.Store, string) {
	t.Helper()
	dir := t.TempDir()
	blobs, err := blob.New(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	return blobs, dir
}

func store(t *testing.T, blobs *blob.Store, name, content string) document.Upload {
	t.Helper()
	u, err := document.Store(context.Background(), blobs, name, int64(len(content)), strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAttach(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx := context.Background()
		a, b := newRecords(t, s, "a"), newRecords(t, s, "b")
		u := document.Upload{FileName: "a.pdf", Size: 8, SHA256: strings.Repeat("0", 64), MediaType: "application/pdf", Description: `the "first"`}
		viewer := a.who
		viewer.Perms = db.Of(org.ViewDocuments)
		tests := []struct {
			name   string
			who    db.Caller
			id     ids.ID
			kind   string
			prefix string
			want   error
		}{
			{"a bill", a.who, a.bill, "", ids.Upload, nil},
			{"a vendor", a.who, a.vendor, document.Contract, ids.Upload, nil},
			{"a job", a.who, a.job, document.WorkStatement, ids.Upload, nil},
			{"the inbox", a.who, "", "", ids.Document, nil},
			{"the inbox by the null id", a.who, ids.Null, "", ids.Document, nil},
			{"another organisation's bill", a.who, b.bill, "", "", fault.ErrReference},
			{"an unknown bill", a.who, ids.New(ids.Bill), "", "", fault.ErrReference},
			{"5.8: a type that takes none", a.who, a.who.User, "", "", fault.ErrReference},
			{"no such kind of link", a.who, a.bill, "poem", "", fault.ErrValue},
			{"who may only look", viewer, a.bill, "", "", fault.ErrForbidden},
		}
		for _, tt := range tests {
			u := u
			u.Kind = tt.kind
			d, err := attach(s, tt.who, tt.id, u)
			if !errors.Is(err, tt.want) || err == nil && d.ID.Prefix() != tt.prefix {
				t.Errorf("%s: %+v, %v; want prefix %q, %v", tt.name, d, err, tt.prefix, tt.want)
			}
			if errors.Is(err, fault.ErrReference) && fault.From(err).Fields[0] != "id" {
				t.Errorf("%s: on %v, want id", tt.name, fault.From(err).Fields)
			}
			if err != nil {
				continue
			}
			err = s.Read(ctx, tt.who, func(tx *db.Tx) error {
				got, err := document.Load(tx, d.ID)
				if err == nil && (got != d || got.Source != "xml1" || got.UploadedBy != a.who.User || got.Created.Time() != dbtest.Start) {
					t.Errorf("%s: Load = %+v, want %+v", tt.name, got, d)
				}
				return err
			})
			if err != nil {
				t.Errorf("%s: Load: %v", tt.name, err)
			}
			err = s.Read(ctx, b.who, func(tx *db.Tx) error {
				_, err := document.Load(tx, d.ID)
				return err
			})
			if !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s: seen from another organisation: %v", tt.name, err)
			}
		}
		var events, inbox int
		err := s.Read(ctx, a.who, func(tx *db.Tx) error {
			in, err := document.Inbox(tx)
			inbox = len(in)
			if err != nil {
				return err
			}
			return tx.Row(`SELECT count(*) FROM audit_events WHERE org_id = $1 AND action IN ('create', 'attach')
				AND changes LIKE '%"fileName":"a.pdf"%'`, string(a.who.Org)).Scan(&events)
		})
		if err != nil || events != 8 || inbox != 2 {
			t.Errorf("%d audit events of 5 documents and 3 links, %d in the inbox, %v; want 8 and 2", events, inbox, err)
		}
	})
}

func TestForRecord(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		a := newRecords(t, s, "a")
		up := func(name string, id ids.ID, kind string) document.Document {
			s.Clock.Advance(time.Second)
			d, err := attach(s, a.who, id, document.Upload{FileName: name, Kind: kind})
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		link := func(d document.Document, id ids.ID, kind string) error {
			return s.Write(context.Background(), a.who, func(tx *db.Tx) error { return document.Link(tx, d.ID, id, kind) })
		}
		up("frame.pdf", a.vendor, document.Contract)
		up("w9.pdf", a.vendor, document.W9)
		up("sow.pdf", a.job, document.WorkStatement)
		up("bill.pdf", a.bill, "")
		found := up("found.pdf", "", "")
		if err := errors.Join(link(found, a.bill, document.Receipt), link(found, a.vendor, document.Contract)); err != nil {
			t.Fatal(err)
		}
		if err := link(found, a.bill, document.Correspondence); err != nil {
			t.Fatal(err)
		}
		for id, want := range map[ids.ID]string{
			a.bill:   "bill.pdf:image found.pdf:letter frame.pdf:contract sow.pdf:sow",
			a.vendor: "frame.pdf:contract w9.pdf:w9 found.pdf:contract",
			a.job:    "sow.pdf:sow",
		} {
			if got := forRecord(t, s, a.who, id); got != want {
				t.Errorf("DOC-7: %s shows %q, want %q", id.Prefix(), got, want)
			}
		}
		if err := link(document.Document{ID: ids.New(ids.Document)}, a.bill, ""); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("Link of no document = %v", err)
		}
		if err := link(found, ids.New(ids.Vendor), ""); !errors.Is(err, fault.ErrReference) {
			t.Errorf("Link to no record = %v", err)
		}
	})
}

func TestVerify(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx := context.Background()
		blobs, dir := newBlobs(t)
		a, b := newRecords(t, s, "a"), newRecords(t, s, "b")
		var shas []string
		for _, content := range []string{"%PDF-1.1", "%PDF-1.2", "%PDF-1.3", "%PDF-1.4"} {
			u := store(t, blobs, "a.pdf", content)
			shas = append(shas, u.SHA256)
			for _, r := range []records{a, b} {
				if _, err := attach(s, r.who, r.bill, u); err != nil {
					t.Fatal(err)
				}
			}
		}
		verify := func() (int, map[string]error) {
			bad := map[string]error{}
			n, err := document.Verify(ctx, s.DB, blobs, func(sha string, problem error) { bad[sha] = problem })
			if err != nil {
				t.Fatal(err)
			}
			return n, bad
		}
		if n, bad := verify(); n != 4 || len(bad) != 0 {
			t.Fatalf("DOC-4: Verify checked %d contents, found %v; want 4, each stored once, and nothing", n, bad)
		}
		name := func(sha string) string { return filepath.Join(dir, sha[:2], sha[2:4], sha) }
		if err := errors.Join(os.Remove(name(shas[0])), os.WriteFile(name(shas[1]), []byte("%PDF-6.6"), 0o600)); err != nil {
			t.Fatal(err)
		}
		err := s.Write(ctx, a.who, func(tx *db.Tx) error {
			tx.Exec(`UPDATE documents SET size = 9 WHERE org_id = $1 AND sha256 = $2`, string(a.who.Org), shas[2])
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		n, bad := verify()
		if n != 4 || len(bad) != 3 || !errors.Is(bad[shas[0]], blob.ErrNotFound) || !errors.Is(bad[shas[1]], blob.ErrDamaged) || bad[shas[2]] == nil {
			t.Errorf("Verify found %v of %d, want one missing, one damaged, one of another size", bad, n)
		}
	})
}
