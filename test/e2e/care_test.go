package e2e

import (
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// lived makes a store in which a bill with a document was paid by check and the check has cleared.
func lived(t *testing.T, url string) *store {
	t.Helper()
	s := sandbox(t, url)
	n := s.serve()
	n.post("/sandbox/clock", `{"now":"2026-11-23T17:00:00Z"}`)
	session := n.login()
	vendor := n.made(session, createVendor)
	bill := n.made(session, createBill(vendor, "INV-1"))
	n.made(session, `<upload_document><billId>`+bill+`</billId><filename>inv-1.txt</filename><document>`+
		base64.StdEncoding.EncodeToString([]byte("Crane, two weeks: 500.00"))+`</document></upload_document>`)
	n.made(session, payBill(bill))
	n.at("2026-12-07T17:00:00Z")
	n.stop()
	s.clean()
	return s
}

// Whatever part of a store is changed behind the program's back, verify names the rule that is broken and fails.
func TestVerifyFindsDamage(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		s := lived(t, url)
		driver, source := "sqlite", filepath.Join(s.dir, "duebook.db")
		if url != "" {
			driver, source = "pgx", url
		}
		db, err := sql.Open(driver, source)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		exec := func(t *testing.T, statement string) {
			t.Helper()
			r, err := db.ExecContext(context.Background(), statement)
			if err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
			if n, err := r.RowsAffected(); err != nil || n == 0 {
				t.Fatalf("%s: %d rows, %v", statement, n, err)
			}
		}
		for _, d := range []struct{ rule, damage, repair string }{
			{"BIL-7", `UPDATE bills SET paid_amount = paid_amount - 1`, `UPDATE bills SET paid_amount = paid_amount + 1`},
			{"BIL-4", `UPDATE bill_lines SET amount = amount + 1`, `UPDATE bill_lines SET amount = amount - 1`},
			{"GL-4", `UPDATE bills SET amount = amount + 1`, `UPDATE bills SET amount = amount - 1`},
			{"SEC-12", `UPDATE bill_pays SET bill_id = 'x' || bill_id`, `UPDATE bill_pays SET bill_id = substr(bill_id, 2)`},
			{"XO-1", `UPDATE bank_files SET sha256 = 'x' || sha256 WHERE kind = 'positivepay'`, `UPDATE bank_files SET sha256 = substr(sha256, 2) WHERE kind = 'positivepay'`},
			{"XO-3", `UPDATE disbursements SET payment_id = 'x' || payment_id`, `UPDATE disbursements SET payment_id = substr(payment_id, 2)`},
			{"5.5", `UPDATE payments SET state = 'sent'`, `UPDATE payments SET state = 'cleared'`},
			{"GL-5", `UPDATE disbursements SET state = 'sent'`, `UPDATE disbursements SET state = 'cleared'`},
		} {
			exec(t, d.damage)
			s.damaged(d.rule)
			exec(t, d.repair)
		}
		s.clean()
		for _, table := range []string{"postings", "journal_entries"} { // these the database itself keeps (GL-2)
			if _, err := db.ExecContext(context.Background(), `UPDATE `+table+` SET org_id = 'x'`); err == nil {
				t.Errorf("%s can be changed by hand", table)
			}
		}

		flip := func() {
			var path string
			err := filepath.WalkDir(filepath.Join(s.dir, "blobs"), func(p string, e fs.DirEntry, err error) error {
				if err == nil && e.Type().IsRegular() {
					path = p
				}
				return err
			})
			if err != nil || path == "" {
				t.Fatalf("no document in the store: %v", err)
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			raw[len(raw)/2] ^= 1
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		flip()
		s.damaged("DOC-4")
		flip()
		s.clean()
		if out := s.ok("verify"); !strings.Contains(out, "1 organisations, 1 bills, 1 payments") || !strings.Contains(out, "1 documents, ") || !strings.Contains(out, " audit events: clean") {
			t.Errorf("verify says %q", out)
		}
	})
}

// damaged wants verify to fail and to name the rule, in text and in JSON.
func (s *store) damaged(rule string) {
	s.t.Helper()
	for _, args := range [][]string{{"verify"}, {"verify", "--json"}} {
		out, stderr, code := s.run(args...)
		if code != 1 || !strings.Contains(out, rule) || !strings.Contains(stderr, "breaks invariants") {
			s.t.Errorf("%v after damage to %s: exit code %d\n%s%s", args, rule, code, out, stderr)
		}
	}
}

// A backup of a server under load is consistent, has everything that was answered before it began, and serves.
func TestBackupRestore(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		s := lived(t, url)
		if url != "" {
			for _, tool := range []string{"pg_dump", "pg_restore"} {
				if _, err := exec.LookPath(tool); err != nil {
					t.Skipf("a backup of PostgreSQL needs %s (package postgresql-client)", tool)
				}
			}
		}
		n := s.serve()
		session := n.login()
		vendor := n.made(session, createVendor)
		var before []string
		for i := range 5 {
			before = append(before, n.made(session, createBill(vendor, fmt.Sprint("before-", i))))
		}
		stop, began := make(chan struct{}), make(chan struct{}, 3)
		var load sync.WaitGroup
		for w := range 3 {
			load.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					bill := n.made(session, createBill(vendor, fmt.Sprint("load-", w, "-", i)))
					n.made(session, `<upload_document><billId>`+bill+`</billId><filename>a.txt</filename><document>`+
						base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "invoice %d %d", w, i))+`</document></upload_document>`)
					if i == 0 {
						began <- struct{}{}
					}
				}
			})
		}
		for range 3 {
			<-began
		}
		backup := filepath.Join(t.TempDir(), "backup")
		out := s.ok("backup", backup)
		close(stop)
		load.Wait()
		if !strings.Contains(out, backup) || !strings.Contains(out, "master key") {
			t.Errorf("backup says %q", out)
		}
		s.refused([]string{"backup", backup}, "is not empty")
		n.stop()

		to := &store{t: t, dir: filepath.Join(t.TempDir(), "restored"), org: s.org, key: s.key}
		if url != "" {
			to.url = database(t)
		}
		if out := to.ok("restore", backup); !strings.Contains(out, " audit events: clean") {
			t.Errorf("restore says %q", out)
		}
		to.refused([]string{"restore", backup}, "is not empty")
		restored := to.serve()
		answer := restored.call(operation(restored.login(), `<get_list object="bill"></get_list>`))
		for _, id := range before {
			if !strings.Contains(answer, "<id>"+id+"</id>") {
				t.Errorf("bill %s is not in the backup", id)
			}
		}
		if !strings.Contains(answer, "load-0-0") {
			t.Error("what was answered before the backup began is not in it")
		}
		restored.stop()
		to.clean()
		for _, folder := range []string{"out", "in", "checks"} {
			was, err := os.ReadDir(filepath.Join(s.dir, "bank", s.org, folder))
			if err != nil {
				t.Fatal(err)
			}
			is, err := os.ReadDir(filepath.Join(to.dir, "bank", s.org, folder))
			if err != nil || len(is) != len(was) || len(was) == 0 {
				t.Errorf("%s: %d files restored of %d (%v)", folder, len(is), len(was), err)
			}
		}
	})
}

// Without its master key a filled store is not opened, and no new key is made over it.
func TestMasterKeyMissing(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "")
	key := filepath.Join(s.dir, "master.key")
	if err := os.Rename(key, key+".away"); err != nil {
		t.Fatal(err)
	}
	s.refused([]string{"verify"}, "there is no store")
	s.refused([]string{"serve", "--listen", "127.0.0.1:0"}, "master.key is missing", "put it back")
	if err := os.Rename(key+".away", key); err != nil {
		t.Fatal(err)
	}
	s.clean()
}

// migrate is harmless on a store that is up to date, also while it is served.
func TestMigrate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		s := sandbox(t, url)
		n := s.serve()
		if out := s.ok("migrate"); out != "The store is up to date.\n" {
			t.Errorf("migrate says %q", out)
		}
		n.login()
	})
}
