package ledger_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
)

var ctx = context.Background()

// TestMain bounds the properties to seconds; SOAK=1 lets rapid run as long as it likes to.
func TestMain(m *testing.M) {
	if os.Getenv("SOAK") == "" {
		_ = flag.Set("rapid.checks", "10")
	}
	os.Exit(m.Run())
}

func newOrg(t testing.TB, d *db.DB) db.Caller {
	t.Helper()
	id, _, err := org.Create(ctx, d, "command", org.NewOrganisation{Name: "Acme", AdminEmail: "a@acme.example", PasswordHash: "x",
		SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return db.Caller{Org: id, Perms: org.All, Channel: "test"}
}

var day = civil.MustDate("2026-11-20")

func entry(source ids.ID, version int64, amounts ...int64) ledger.Entry {
	e := ledger.Entry{Date: day, Event: ledger.ManualJournal, Source: source, Version: version}
	for i, a := range amounts {
		e.Postings = append(e.Postings, ledger.Posting{Role: accounts[i%len(accounts)], Amount: a})
	}
	return e
}

var accounts = []string{ledger.Uncoded, ledger.AP, ledger.MoneyOut, ledger.Fees, ledger.Equity}

// The rows of the ledger as the invariants see them.
type rows struct {
	entries, postings, orphans int64
	unbalanced                 int64
	sums                       map[string]int64 // by role
}

func read(tx *db.Tx) (r rows, err error) {
	o := string(tx.Org())
	for _, q := range []struct {
		to    *int64
		query string
	}{
		{&r.entries, `SELECT count(*) FROM journal_entries WHERE org_id = $1`},
		{&r.postings, `SELECT count(*) FROM postings WHERE org_id = $1`},
		{&r.orphans, `SELECT count(*) FROM postings p WHERE org_id = $1 AND NOT EXISTS (SELECT 1 FROM journal_entries e WHERE e.org_id = p.org_id AND e.id = p.entry_id)`},
		{&r.unbalanced, `SELECT count(*) FROM (SELECT entry_id FROM postings WHERE org_id = $1 GROUP BY entry_id HAVING sum(amount) <> 0 OR count(*) < 2) x`},
	} {
		if err := tx.Row(q.query, o).Scan(q.to); err != nil {
			return r, err
		}
	}
	r.sums = map[string]int64{}
	for _, role := range accounts {
		if r.sums[role], err = ledger.RoleBalance(tx, role); err != nil {
			return r, err
		}
	}
	return r, nil
}

// GL-1, GL-3, GL-6: after random posts, reversals and refusals every entry balances, every balance is the sum of its
// postings, and a refused call has changed nothing.
func TestLedgerProperties(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		rapid.Check(t, func(r *rapid.T) {
			who := newOrg(t, s.DB)
			want := rows{sums: map[string]int64{}}
			type posted struct {
				source   ids.ID
				amounts  []int64
				reversed bool
			}
			var book []posted
			r.Repeat(map[string]func(*rapid.T){
				"post": func(r *rapid.T) {
					amounts := rapid.SliceOfN(rapid.Int64Range(-99_999_999_999, 99_999_999_999), 1, 6).Draw(r, "amounts")
					var sum int64
					for _, a := range amounts {
						sum += a
					}
					amounts = append(amounts, -sum)
					p := posted{source: ids.New(ids.Bill), amounts: amounts}
					var id ids.ID
					err := s.Write(ctx, who, func(tx *db.Tx) (err error) { id, err = ledger.Post(tx, entry(p.source, 1, amounts...)); return err })
					if err != nil {
						r.Fatal(err)
					}
					lines := int64(0)
					for i, a := range amounts {
						want.sums[accounts[i%len(accounts)]] += a
						if a != 0 {
							lines++
						}
					}
					if (id == "") != (lines == 0) {
						r.Fatalf("entry %q of %d lines", id, lines)
					}
					if lines > 0 {
						want.entries, want.postings = want.entries+1, want.postings+lines
						book = append(book, p)
					}
				},
				"reverse": func(r *rapid.T) {
					if len(book) == 0 {
						r.Skip()
					}
					p := &book[rapid.IntRange(0, len(book)-1).Draw(r, "entry")]
					err := s.Write(ctx, who, func(tx *db.Tx) error {
						_, err := ledger.Reverse(tx, p.source, ledger.ManualJournal, 1, day, ledger.ManualJournal, 2, "undone")
						return err
					})
					if (err != nil) != p.reversed {
						r.Fatalf("reversed before %v: %v", p.reversed, err)
					}
					if p.reversed {
						return
					}
					p.reversed = true
					want.entries++
					for i, a := range p.amounts {
						want.sums[accounts[i%len(accounts)]] -= a
						if a != 0 {
							want.postings++
						}
					}
				},
				"reverse what is not there": func(r *rapid.T) {
					err := s.Write(ctx, who, func(tx *db.Tx) error {
						id, err := ledger.Reverse(tx, ids.New(ids.Bill), ledger.ManualJournal, 1, day, ledger.ManualJournal, 2, "")
						if id != "" {
							r.Fatalf("reversed nothing as %s", id)
						}
						return err
					})
					if err != nil {
						r.Fatal(err)
					}
				},
				"post unbalanced": func(r *rapid.T) {
					a := rapid.Int64Range(1, 1000).Draw(r, "amount")
					err := s.Write(ctx, who, func(tx *db.Tx) error { _, err := ledger.Post(tx, entry(ids.New(ids.Bill), 1, a, -a, a)); return err })
					if !errors.Is(err, ledger.ErrUnbalanced) {
						r.Fatalf("unbalanced: %v", err)
					}
				},
				"post again": func(r *rapid.T) {
					if len(book) == 0 {
						r.Skip()
					}
					p := book[rapid.IntRange(0, len(book)-1).Draw(r, "entry")]
					err := s.Write(ctx, who, func(tx *db.Tx) error { _, err := ledger.Post(tx, entry(p.source, 1, 5, -5)); return err })
					if !db.IsUnique(err) {
						r.Fatalf("GL-3: the same event twice: %v", err)
					}
				},
				"fail after posting": func(r *rapid.T) {
					err := s.Write(ctx, who, func(tx *db.Tx) error {
						if _, err := ledger.Post(tx, entry(ids.New(ids.Bill), 1, 7, -7)); err != nil {
							return err
						}
						return fault.ErrValue
					})
					if !errors.Is(err, fault.ErrValue) {
						r.Fatal(err)
					}
				},
				"": func(r *rapid.T) {
					var got rows
					var trial int64
					err := s.Read(ctx, who, func(tx *db.Tx) (err error) {
						if got, err = read(tx); err != nil {
							return err
						}
						bs, err := ledger.TrialBalance(tx, civil.Date{})
						for _, b := range bs {
							trial += b.Debit - b.Credit
						}
						return err
					})
					if err != nil {
						r.Fatal(err)
					}
					if got.unbalanced != 0 || got.orphans != 0 || trial != 0 {
						r.Fatalf("GL-1, GL-6: %d unbalanced, %d orphans, trial balance %d", got.unbalanced, got.orphans, trial)
					}
					for _, role := range accounts {
						if got.sums[role] != want.sums[role] {
							r.Fatalf("%s: %d, want %d", role, got.sums[role], want.sums[role])
						}
					}
					if got.entries != want.entries || got.postings != want.postings {
						r.Fatalf("%d entries and %d postings, want %d and %d", got.entries, got.postings, want.entries, want.postings)
					}
				},
			})
		})
	})
}

// GL-1, GL-2: the databases themselves refuse what the code never does.
func TestGuards(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who := newOrg(t, s.DB)
		var id ids.ID
		if err := s.Write(ctx, who, func(tx *db.Tx) (err error) {
			id, err = ledger.Post(tx, entry(ids.New(ids.Bill), 1, 100, -100))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		o := string(who.Org)
		lines := func(entry string, amounts ...int64) string {
			q := `INSERT INTO postings (org_id, entry_id, line, account_id, amount, party_id, department_id, location_id, job_id, customer_id) VALUES `
			for i, a := range amounts {
				if i > 0 {
					q += ", "
				}
				q += fmt.Sprintf(`('%s', '%s', %d, 'a', %d, '', '', '', '', '')`, o, entry, i+1, a)
			}
			return q
		}
		head := func(verb, entry, source string) string {
			return fmt.Sprintf(`%s INTO journal_entries (org_id, id, posting_date, original_date, event, source_id, version, reverses, currency, memo, created)
				VALUES ('%s', '%s', '2026-11-20', '2026-11-20', 39, '%s', 1, '', 'USD', '', 0)`, verb, o, entry, source)
		}
		for _, c := range []struct {
			name string
			ok   bool
			sql  []string
		}{
			{"balanced", true, []string{lines("e1", 5, -3, -2), head("INSERT", "e1", "s1")}},
			{"unbalanced", false, []string{lines("e2", 5, -4), head("INSERT", "e2", "s2")}},
			{"one line", false, []string{lines("e3", 5), head("INSERT", "e3", "s3")}},
			{"a zero line", false, []string{lines("e4", 5, -5, 0), head("INSERT", "e4", "s4")}},
			{"no lines", false, []string{head("INSERT", "e5", "s5")}},
			{"entry before its lines", false, []string{head("INSERT", "e6", "s6"), lines("e6", 5, -5)}},
			{"a late posting", false, []string{fmt.Sprintf(`INSERT INTO postings (org_id, entry_id, line, account_id, amount, party_id, department_id,
				location_id, job_id, customer_id) VALUES ('%s', '%s', 9, 'a', 1, '', '', '', '', '')`, o, id)}},
			{"a posting changed", false, []string{`UPDATE postings SET amount = amount + 1`}},
			{"a posting deleted", false, []string{`DELETE FROM postings`}},
			{"an entry changed", false, []string{`UPDATE journal_entries SET memo = 'x'`}},
			{"an entry deleted", false, []string{`DELETE FROM journal_entries`}},
			{"the audit trail changed", false, []string{`UPDATE audit_events SET action = 'x'`}},
			{"the audit trail cut", false, []string{`DELETE FROM audit_events`}},
			{"the same event again", false, []string{lines("e7", 5, -5), head("INSERT", "e7", "s1")}},
			{"an entry replaced", false, []string{head("REPLACE", string(id), "s8")}},
			{"an entry replaced by its source", false, []string{lines("e9", 5, -5), head("REPLACE", "e9", "s1")}},
		} {
			err := s.Write(ctx, who, func(tx *db.Tx) error {
				for _, q := range c.sql {
					if _, err := tx.ExecNow(q); err != nil {
						return err
					}
				}
				return nil
			})
			if (err == nil) != c.ok {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	})
}

// E30, GL-8: what happens in a closed month is posted on the first open day, with its own date kept, and the balances
// of the closed month stay.
func TestClosedPeriod(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who := newOrg(t, s.DB)
		second, err := db.Open(ctx, s.Options)
		if err != nil {
			t.Fatal(err)
		}
		defer second.Close()
		post := func(d *db.DB, date string, amount int64) (at, original string) {
			t.Helper()
			err := d.Write(ctx, who, func(tx *db.Tx) error {
				e := entry(ids.New(ids.Bill), 1, amount, -amount)
				e.Date = civil.MustDate(date)
				id, err := ledger.Post(tx, e)
				if err != nil {
					return err
				}
				return tx.Row(`SELECT posting_date, original_date FROM journal_entries WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(id)).
					Scan(&at, &original)
			})
			if err != nil {
				t.Fatal(err)
			}
			return at, original
		}
		post(s.DB, "2026-11-30", 100)
		post(second, "2026-11-30", 20)
		asOf := func(date string) (total int64) {
			err := s.Read(ctx, who, func(tx *db.Tx) error {
				bs, err := ledger.TrialBalance(tx, civil.MustDate(date))
				for _, b := range bs {
					total += b.Debit
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return total
		}
		closeMonth := func(m string) {
			if err := s.Write(ctx, who, func(tx *db.Tx) error { ledger.ClosePeriod(tx, m); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		closeMonth("2026-11")
		for _, c := range []struct{ date, at string }{
			{"2026-11-30", "2026-12-01"}, {"2026-11-01", "2026-12-01"}, {"2026-12-02", "2026-12-02"}, {"2026-10-31", "2026-10-31"},
		} {
			for i, d := range []*db.DB{s.DB, second} {
				if at, original := post(d, c.date, 0+7); at != c.at || original != c.date {
					t.Errorf("node %d: %s is posted on %s of %s, want %s", i, c.date, at, original, c.at)
				}
			}
		}
		if got := asOf("2026-11-30"); got != 120+2*7 { // the two of October
			t.Errorf("E30: the balance of 30 November is %d", got)
		}
		closeMonth("2026-12")
		closeMonth("2027-01")
		if at, _ := post(second, "2026-11-15", 1); at != "2027-02-01" {
			t.Errorf("three closed months: posted on %s", at)
		}
		for date, want := range map[string]bool{"2026-10-31": true, "2026-11-01": false, "2027-01-31": false, "2027-02-01": true} {
			err := second.Read(ctx, who, func(tx *db.Tx) error {
				open, err := ledger.Open(tx, civil.MustDate(date))
				if open != want {
					t.Errorf("%s open: %v", date, open)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestPostDetails(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who := newOrg(t, s.DB)
		e := ledger.Entry{Date: day, Event: ledger.BillEntered, Source: ids.New(ids.Bill), Version: 1, Memo: "Bill 7", Postings: []ledger.Posting{
			{Role: ledger.Uncoded, Amount: 250, Department: "0de01AAAAAAAAAA00000", Job: "job01AAAAAAAAAA00000", Location: "loc01AAAAAAAAAA00000", Customer: "0cu01AAAAAAAAAA00000"},
			{Role: ledger.Uncoded, Amount: 0},
			{Role: ledger.AP, Amount: -250, Party: "00901AAAAAAAAAA00000"},
		}}
		for i := range 150 { // more lines than one statement takes
			e.Postings = append(e.Postings, ledger.Posting{Role: ledger.Fees, Amount: int64(i + 1)}, ledger.Posting{Role: ledger.Fees, Amount: -int64(i + 1)})
		}
		var id, back ids.ID
		err := s.Write(ctx, who, func(tx *db.Tx) (err error) {
			if id, err = ledger.Post(tx, e); err != nil {
				return err
			}
			back, err = ledger.Reverse(tx, e.Source, ledger.BillEntered, 1, day.AddDays(3), ledger.BillEntered, 2, "Bill 7 deleted")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Read(ctx, who, func(tx *db.Tx) error {
			var same int64
			if err := tx.Row(`SELECT count(*) FROM postings a JOIN postings b ON b.org_id = a.org_id AND b.line = a.line AND b.account_id = a.account_id
				AND b.amount = -a.amount AND b.party_id = a.party_id AND b.department_id = a.department_id AND b.location_id = a.location_id
				AND b.job_id = a.job_id AND b.customer_id = a.customer_id
				WHERE a.org_id = $1 AND a.entry_id = $2 AND b.entry_id = $3`, string(tx.Org()), string(id), string(back)).Scan(&same); err != nil {
				return err
			}
			var reverses, date string
			if err := tx.Row(`SELECT reverses, posting_date FROM journal_entries WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(back)).Scan(&reverses, &date); err != nil {
				return err
			}
			if same != 302 || reverses != string(id) || date != "2026-11-23" {
				t.Errorf("GL-2, GL-10: %d of 302 lines reversed, reverses %s on %s", same, reverses, date)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
