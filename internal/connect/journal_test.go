package connect_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/connect"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
)

// checkers are the programs and how they prove a file and tell a balance.
var checkers = map[string][]string{
	"hledger":   {"hledger", "-f", "FILE", "check", "-s"},
	"ledger":    {"ledger", "-f", "FILE", "--strict", "--pedantic", "--no-pager", "balance"},
	"beancount": {"bean-check", "FILE"},
}

// CON-2: names and memos as awkward as people make them come through all three programs; equal books give equal bytes.
func TestJournal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx := context.Background()
		orgID, user, err := org.Create(ctx, s.DB, "command", org.NewOrganisation{Name: `Acme "Sons"; Ltd`, AdminEmail: "ana@x.example", PasswordHash: "x",
			SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		who := db.Caller{Org: orgID, User: user, Perms: org.All, Channel: "command"}
		if err := s.Write(ctx, who, func(tx *db.Tx) error {
			for i, name := range []string{"rent: office  (main)", "rent office main", "Öl; Gas | \"x\"", "名前", "--"} {
				a := dimension.Accounts.New().(*dimension.Account)
				a.Name, a.AccountType = name, dimension.TypeExpense
				dimension.Accounts.Insert(tx, a)
				_, err := ledger.Post(tx, ledger.Entry{Date: civil.MustDate("2026-11-01").AddDays(-i), Event: ledger.ManualJournal, Source: ids.New(ids.Bill), Version: 1,
					Memo:     []string{"", "(code) * ! a;b", "two\nlines \"quoted\" back\\slash", "a  b | c", "x: y"}[i],
					Postings: []ledger.Posting{{Account: a.ID, Amount: 12_345}, {Role: ledger.AP, Amount: -12_345}}})
				if err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		export := func(format string) []byte {
			var b bytes.Buffer
			if err := s.Read(ctx, who, func(tx *db.Tx) error { return connect.Journal(tx, format, &b) }); err != nil {
				t.Fatal(err)
			}
			return b.Bytes()
		}
		for _, format := range connect.Formats {
			text := export(format)
			if !bytes.Equal(text, export(format)) {
				t.Errorf("%s: two exports differ", format)
			}
			if n := bytes.Count(text, []byte("123.45 USD")); n != 10 {
				t.Errorf("%s: %d postings in\n%s", format, n, text)
			}
			path := filepath.Join(t.TempDir(), "x."+format)
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			args := strings.Fields(strings.ReplaceAll(strings.Join(checkers[format], " "), "FILE", path))
			if _, err := exec.LookPath(args[0]); err != nil {
				t.Fatalf("%s is missing; scripts/deps.sh names what the tests need", args[0])
			}
			if said, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s\nof\n%s", format, err, said, text)
			}
		}
		err = s.Read(ctx, who, func(tx *db.Tx) error { return connect.Journal(tx, "gnucash", new(bytes.Buffer)) })
		if !errors.Is(err, fault.ErrValue) {
			t.Errorf("another format: %v", err)
		}
		who.Perms = 0
		err = s.Read(ctx, who, func(tx *db.Tx) error { return connect.Journal(tx, "ledger", new(bytes.Buffer)) })
		if !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("without permission: %v", err)
		}
	})
}
