package web_test

import (
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// 5.8: what the bank says and a person has to look at stands on a page of its own, and on Home until it is done.
func TestBankTasks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		x := open(t, s)
		x.member(x.a, "pay@northwind.example", org.Payer)
		x.member(x.a, "clerk@northwind.example", org.Clerk)
		payer, clerk := x.signedIn("pay@northwind.example"), x.signedIn("clerk@northwind.example")
		payer.get("/bank-tasks").want(t, 200, "Nothing to look at")
		x.write(x.a.who, func(tx *db.Tx) error {
			tx.Exec(`INSERT INTO tasks (org_id, number, kind, subject, code, text, created) VALUES ($1, 1, 'operator', 'nothing', 'R17', 'The bank asks.', 1)`,
				string(tx.Org()))
			return nil
		})
		payer.get("/").want(t, 200, "1 answer of the bank to look at")
		payer.get("/bank-tasks").want(t, 200, "Operator, R17", "The bank asks.", "/bank-tasks/1/done")
		if got := clerk.get("/bank-tasks"); strings.Contains(got.body, "/bank-tasks/1/done") {
			t.Error("a clerk is offered to act")
		}
		clerk.post("/bank-tasks/1/done", "note", "x").want(t, 403, "")
		payer.post("/bank-tasks/1/done", "note", "").want(t, 422, `href="#note-1"`, `aria-describedby="note-1-error"`, "Say what was done.")
		payer.post("/bank-tasks/1/write", "note", "").want(t, 404, "")
		payer.post("/bank-tasks/2/done", "note", "x").want(t, 404, "")
		if r := payer.post("/bank-tasks/1/done", "note", "Called them."); r.location() != "/bank-tasks?notice=taskdone" {
			t.Fatal(r.status, r.location(), r.body)
		}
		payer.get("/bank-tasks").want(t, 200, "Nothing to look at")

		// XO-2: of a file that may be at the bank two people say the same, and nothing else closes the task.
		file := ids.New(ids.BankFile)
		x.write(x.a.who, func(tx *db.Tx) error {
			tx.Exec(`INSERT INTO bank_files (org_id, id, direction, kind, batch_id, name, sha256, size, state, detail, created, delivered, bytes)
				VALUES ($1, $2, 'out', 'recall', '', 'x-recall.csv', '', 0, 'delivery_unknown', '', 1, 0, '')`, string(tx.Org()), string(file))
			tx.Exec(`INSERT INTO tasks (org_id, number, kind, subject, code, text, created) VALUES ($1, 2, 'operator', $2, '', 'Nobody knows.', 1)`,
				string(tx.Org()), string(file))
			return nil
		})
		page := payer.get("/bank-tasks")
		page.want(t, 200, "The bank has it", "/bank-tasks/2/missing")
		if strings.Contains(page.body, "/bank-tasks/2/done") {
			t.Error("a doubtful file can be put aside")
		}
		payer.post("/bank-tasks/2/done", "note", "x").want(t, 409, "Say first whether the bank has the file.")
		clerk.post("/bank-tasks/2/there").want(t, 403)
		if r := payer.post("/bank-tasks/2/there"); r.location() != "/bank-tasks?notice=tasksaid" {
			t.Fatal(r.status, r.location(), r.body)
		}
		payer.post("/bank-tasks/2/there").want(t, 409, "another person says the same", "One person says that the bank has it.")
		if r := x.signedIn("ana@northwind.example").post("/bank-tasks/2/there"); r.location() != "/bank-tasks?notice=taskdone" {
			t.Fatal(r.status, r.location(), r.body)
		}
		payer.get("/bank-tasks").want(t, 200, "Nothing to look at")

		refused := ids.New(ids.BankFile)
		x.write(x.a.who, func(tx *db.Tx) error {
			tx.Exec(`INSERT INTO bank_files (org_id, id, direction, kind, batch_id, name, sha256, size, state, detail, created, delivered, bytes)
				VALUES ($1, $2, 'in', 'statement', '', 'x.bai', '', 0, 'refused', '', 1, 0, '')`, string(tx.Org()), string(refused))
			tx.Exec(`INSERT INTO tasks (org_id, number, kind, subject, code, text, created) VALUES ($1, 3, 'operator', $2, '', 'Garbled.', 1)`,
				string(tx.Org()), string(refused))
			return nil
		})
		payer.get("/bank-tasks").want(t, 200, "Read the file again", "/bank-tasks/3/read", "/bank-tasks/3/done")
	})
}
