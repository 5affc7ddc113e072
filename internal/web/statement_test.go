package web_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bank/bai2"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
)

// TestStatements: REC-3 to REC-5 on the web: a statement, what it does not explain, a fee posted, the day marked.
func TestStatements(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "vera@northwind.example", org.Auditor)
		ana, vera := x.signedIn("ana@northwind.example"), x.signedIn("vera@northwind.example")
		account := func(of tenant) (id ids.ID) {
			if err := s.Read(context.Background(), of.who, func(tx *db.Tx) error {
				a, err := bank.Default(tx)
				if err == nil {
					id = a.ID
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return id
		}
		page := "/settings/bank-accounts/" + string(account(x.a)) + "/statements"
		ana.get(page).want(t, 200, "No statement yet", "Everything on the statements is explained.")
		ana.get("/settings/bank-accounts").want(t, 200, page)
		ana.get("/settings/bank-accounts/"+string(account(x.b))+"/statements").want(t, 404)

		day := civil.MustDate("2026-11-20")
		var b bytes.Buffer
		err := bai2.Write(&b, bai2.File{Sender: "990000013", Receiver: "X", Created: day.At(23, 0, civil.NewYork), FileID: "1", Groups: []bai2.Group{{
			Originator: "990000013", AsOf: day, Accounts: []bai2.Account{{Number: "1000007777", Currency: "USD", Opening: 0, Closing: -700,
				Lines: []bai2.Line{{Type: bai2.Fees, Amount: 700, Text: "MONTHLY FEE"}}}}}}})
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		in := filepath.Join(dir, string(x.a.who.Org), "in")
		if err := os.MkdirAll(in, 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(in, "1.bai"), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := payment.NewEngine(s.DB, x.vault, dir, slog.New(slog.DiscardHandler)).TakeIn(context.Background(), x.a.who.Org, s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		shown := ana.get(page)
		shown.want(t, 200, "Reconciliation of", "MONTHLY FEE", "A bank fee", "Mark as reconciled")
		seen := vera.get(page)
		seen.want(t, 200, "MONTHLY FEE")
		if strings.Contains(seen.body, "Mark as reconciled") {
			t.Error("an auditor may mark the account")
		}
		var line string
		if err := s.Read(context.Background(), x.a.who, func(tx *db.Tx) error {
			return tx.Row(`SELECT id FROM statement_lines WHERE org_id = $1`, string(x.a.who.Org)).Scan(&line)
		}); err != nil {
			t.Fatal(err)
		}
		vera.post(page+"/lines/"+line, "what", "fee - -700").want(t, 403)
		ana.post(page+"/lines/"+line, "what", "").want(t, 422, "Choose what the line is")
		ana.post(page+"/lines/"+line, "what", "fee - -800").want(t, 422, "does not come to its amount")
		ana.post(page+"/lines/"+line, "what", "fee - -700").want(t, 303)
		ana.get(page).want(t, 200, "Everything on the statements is explained.")
		ana.post(page+"/reconciled", "day", "2026-11-20").want(t, 303)
		ana.get(page).want(t, 200, "Reconciled")
	})
}
