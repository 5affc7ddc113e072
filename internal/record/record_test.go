package record_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/record"
)

var (
	ctx   = context.Background()
	who   = db.Caller{Org: "00801AAAAAAAAAA00000", User: "00601AAAAAAAAAA00000", Channel: "test"}
	other = db.Caller{Org: "00801AAAAAAAAAA00001", Channel: "test"}
)

// thing has a field of every kind, lines, and is a tree.
type thing struct {
	record.Base
	Name     string
	Number   string
	TaxID    string
	Flag     bool
	Colour   int64
	Count    int64
	Amount   int64
	Rate     money.Decimal
	Day      civil.Date
	At       clock.Instant
	OtherID  ids.ID
	ParentID ids.ID
	Parts    []*part
}

type part struct {
	record.Base
	ThingID  ids.ID
	Position int64
	Amount   int64
	OtherID  ids.ID
	KindID   ids.ID
}

type other2 struct {
	record.Base
	Name string
}

var (
	others = record.Describe[other2]("other", ids.Job, "others",
		record.String("name", 100, func(o *other2) *string { return &o.Name }))
	kinds = record.Describe[other2]("kind", ids.Class, "kinds",
		record.String("name", 100, func(o *other2) *string { return &o.Name }))
	parts = record.Describe[part]("part", ids.BillLine, "parts",
		record.Owner("thingId", func(p *part) *ids.ID { return &p.ThingID }),
		record.Number("position", func(p *part) *int64 { return &p.Position }),
		record.Amount("amount", func(p *part) *int64 { return &p.Amount }),
		record.Reference("otherId", func() *record.Type { return others.Type }, func(p *part) *ids.ID { return &p.OtherID }),
		record.Reference("kindId", func() *record.Type { return kinds.Type }, func(p *part) *ids.ID { return &p.KindID }))
	things = record.Describe[thing]("thing", ids.Department, "things",
		record.String("name", 100, func(t *thing) *string { return &t.Name }),
		record.String("number", 100, func(t *thing) *string { return &t.Number }),
		record.Sealed("taxId", 20, func(t *thing) *string { return &t.TaxID }),
		record.Flag("flag", func(t *thing) *bool { return &t.Flag }),
		record.Choice("colour", map[int64]string{1: "RED", 2: "BLUE"}, func(t *thing) *int64 { return &t.Colour }),
		record.Number("count", func(t *thing) *int64 { return &t.Count }),
		record.Amount("amount", func(t *thing) *int64 { return &t.Amount }),
		record.Computed("half", func(t *thing) int64 { return t.Amount / 2 }),
		record.Decimal("rate", func(t *thing) *money.Decimal { return &t.Rate }),
		record.Day("day", func(t *thing) *civil.Date { return &t.Day }),
		record.Moment("at", func(t *thing) *clock.Instant { return &t.At }),
		record.Reference("otherId", func() *record.Type { return others.Type }, func(t *thing) *ids.ID { return &t.OtherID }),
		record.Parent("parentId", 4, func(t *thing) *ids.ID { return &t.ParentID }),
		record.WithLines("parts", parts, "thingId", func(t *thing) *[]*part { return &t.Parts }))
)

const base = `org_id ctext NOT NULL, id ctext NOT NULL, is_active BIGINT NOT NULL, created_time BIGINT NOT NULL, updated_time BIGINT NOT NULL,
	integration_id ctext NOT NULL, external_id ctext NOT NULL, last_sync_time BIGINT NOT NULL, allow_export BIGINT NOT NULL, `

func write(t testing.TB, s *dbtest.Store, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := s.Write(ctx, who, fn); err != nil {
		t.Fatal(err)
	}
}

func setUp(t testing.TB, s *dbtest.Store) {
	t.Helper()
	write(t, s, func(tx *db.Tx) error {
		for _, q := range []string{
			`CREATE TABLE others (` + base + `name ctext NOT NULL, PRIMARY KEY (org_id, id))`,
			`CREATE TABLE kinds (` + base + `name ctext NOT NULL, PRIMARY KEY (org_id, id))`,
			`CREATE TABLE parts (` + base + `thing_id ctext NOT NULL, position BIGINT NOT NULL, amount BIGINT NOT NULL, other_id ctext NOT NULL,
				kind_id ctext NOT NULL, PRIMARY KEY (org_id, id))`,
			`CREATE TABLE things (` + base + `name ctext NOT NULL, number ctext NOT NULL, tax_id ctext NOT NULL, tax_id_hash ctext NOT NULL DEFAULT '', flag BIGINT NOT NULL,
				colour BIGINT NOT NULL, count BIGINT NOT NULL, amount BIGINT NOT NULL, rate ctext NOT NULL, day ctext NOT NULL,
				at BIGINT NOT NULL, other_id ctext NOT NULL, parent_id ctext NOT NULL, PRIMARY KEY (org_id, id))`,
		} {
			if _, err := tx.ExecNow(q); err != nil {
				return err
			}
		}
		return nil
	})
}

func newThing(name string) *thing {
	x := things.New().(*thing)
	x.Name = name
	return x
}

func newPart(amount int64) *part {
	p := parts.New().(*part)
	p.Amount = amount
	return p
}

func load(t testing.TB, s *dbtest.Store, id ids.ID) (x *thing) {
	t.Helper()
	err := s.Read(ctx, who, func(tx *db.Tx) (err error) { x, err = things.Load(tx, id); return err })
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// lastAudit gives the newest audit event of the record.
func lastAudit(t testing.TB, s *dbtest.Store, id ids.ID) (action, changes string, n int) {
	t.Helper()
	err := s.Read(ctx, who, func(tx *db.Tx) error {
		rows, err := tx.Query(`SELECT action, changes FROM audit_events WHERE org_id = $1 AND record_id = $2 ORDER BY id`, string(tx.Org()), string(id))
		if err != nil {
			return err
		}
		defer rows.Close()
		for ; rows.Next(); n++ {
			if err := rows.Scan(&action, &changes); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return action, changes, n
}

func full(otherID ids.ID) *thing {
	x := newThing("Zoë \"Z\"\n")
	x.Number, x.TaxID, x.Flag, x.Colour, x.Count, x.Amount = "7", "12-3456789", true, 2, -3, -123456
	x.Rate = money.MustDecimal("0.333333")
	x.Day = civil.MustDate("2026-02-28")
	x.At = clock.FromTime(time.Date(2026, 1, 2, 3, 4, 5, 678_901_000, time.UTC))
	x.OtherID = otherID
	x.Parts = []*part{newPart(100), newPart(-50)}
	return x
}

// coin is a record with a currency of its own.
type coin struct {
	record.Base
	Currency string
	Amount   int64
}

// AUD-1: money in the audit trail has the decimals of its currency, before and after.
func TestAUD1_CurrencyOfMoney(t *testing.T) {
	t.Parallel()
	coins := record.Describe[coin]("coin", ids.Item, "coins",
		record.String("currency", 3, func(c *coin) *string { return &c.Currency }),
		record.Amount("amount", func(c *coin) *int64 { return &c.Amount }))
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		c := coins.New().(*coin)
		c.Currency, c.Amount = "JPY", 12345
		write(t, s, func(tx *db.Tx) error {
			if _, err := tx.ExecNow(`CREATE TABLE coins (` + base + `currency ctext NOT NULL, amount BIGINT NOT NULL, PRIMARY KEY (org_id, id))`); err != nil {
				return err
			}
			coins.Insert(tx, c)
			return nil
		})
		if _, changes, _ := lastAudit(t, s, c.ID); changes != `{"currency":"JPY","amount":"12345"}` {
			t.Errorf("created: %s", changes)
		}
		for _, w := range []struct {
			currency string
			amount   int64
			want     string
		}{{"KWD", 12345, `{"currency":["JPY","KWD"]}`}, {"KWD", 1, `{"amount":["12.345","0.001"]}`}, {"USD", 12345, `{"currency":["KWD","USD"],"amount":["0.001","123.45"]}`}} {
			after := *c
			after.Currency, after.Amount = w.currency, w.amount
			write(t, s, func(tx *db.Tx) error { coins.Save(tx, c, &after); return nil })
			if _, changes, _ := lastAudit(t, s, c.ID); changes != w.want {
				t.Errorf("got %s, want %s", changes, w.want)
			}
			*c = after
		}
	})
}

func newOther(t testing.TB, s *dbtest.Store) ids.ID {
	t.Helper()
	o := others.New().(*other2)
	o.Name = "other"
	write(t, s, func(tx *db.Tx) error { others.Insert(tx, o); return nil })
	return o.ID
}

func TestEveryKindReadsBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		setUp(t, s)
		o := newOther(t, s)
		x, empty := full(o), newThing("")
		write(t, s, func(tx *db.Tx) error { things.Insert(tx, x); things.Insert(tx, empty); return nil })
		got := load(t, s, x.ID)
		for _, f := range things.Fields {
			a, b := fmt.Sprint(deref(f.At(x))), fmt.Sprint(deref(f.At(got)))
			if a != b {
				t.Errorf("%s: wrote %s, read %s", f.Name, a, b)
			}
		}
		if len(got.Parts) != 2 || got.Parts[0].Amount != 100 || got.Parts[1].Amount != -50 || got.Parts[1].ThingID != x.ID || got.Parts[1].Position != 2 {
			t.Errorf("lines %+v", got.Parts)
		}
		if got.CreatedTime != got.UpdatedTime || got.CreatedTime.IsZero() {
			t.Errorf("G-31: created %v, updated %v", got.CreatedTime, got.UpdatedTime)
		}
		e := load(t, s, empty.ID)
		if !e.Day.IsZero() || !e.At.IsZero() || e.OtherID != "" || len(e.Parts) != 0 || e.Active != record.Active || !e.AllowExport {
			t.Errorf("an empty record reads back as %+v", e)
		}
		if _, changes, _ := lastAudit(t, s, empty.ID); changes != `{"parts":{}}` {
			t.Errorf("audit of an empty record: %s", changes)
		}
		p := got.Parts
		want := `{"name":"Zoë \"Z\"\n","number":"7","taxId":"****6789","flag":1,"colour":2,"count":-3,"amount":"-1234.56","rate":"0.333333",` +
			`"day":"2026-02-28","at":1767323045678901,"otherId":"` + string(o) + `","parts":{"` +
			string(p[0].ID) + `":{"thingId":"` + string(x.ID) + `","amount":"1.00"},"` +
			string(p[1].ID) + `":{"thingId":"` + string(x.ID) + `","amount":"-0.50"}}}`
		if action, changes, _ := lastAudit(t, s, x.ID); action != "create" || changes != want {
			t.Errorf("audit %s\n got %s\nwant %s", action, changes, want)
		}
		err := s.Read(ctx, other, func(tx *db.Tx) error { _, err := things.Load(tx, x.ID); return err })
		if !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("S-10: another organisation read it: %v", err)
		}
	})
}

func deref(p any) any {
	switch v := p.(type) {
	case *string:
		return *v
	case *ids.ID:
		return *v
	case *bool:
		return *v
	case *int64:
		return *v
	case *money.Decimal:
		return v.String()
	case *civil.Date:
		return *v
	case *clock.Instant:
		return *v
	}
	return p
}

func TestSave(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		setUp(t, s)
		o := newOther(t, s)
		x := full(o)
		write(t, s, func(tx *db.Tx) error { things.Insert(tx, x); return nil })
		p1, p2 := x.Parts[0].ID, x.Parts[1].ID
		steps := []struct {
			name   string
			verb   string
			change func(*thing)
			moves  bool
			audit  string // of what is written; empty: nothing is
		}{
			{"G-33: nothing", "", func(x *thing) {}, false, ""},
			{"one field", "", func(x *thing) { x.Amount = 5 }, true, `{"amount":["-1234.56","0.05"]}`},
			{"a secret", "", func(x *thing) { x.TaxID = "98-7654321" }, true, `{"taxId":["****6789","****4321"]}`},
			{"SYN-3: marks only", "", func(x *thing) { x.ExternalID = "e1"; x.AllowExport = false }, false,
				`{"externalId":["","e1"],"allowExport":[1,0]}`},
			{"a mark and a field", "", func(x *thing) { x.ExternalID = ""; x.Flag = false }, true,
				`{"externalId":["e1",""],"flag":[1,0]}`},
			{"under its own verb", "recolour", func(x *thing) { x.Colour = 1 }, true, `{"colour":[2,1]}`},
			{"null is null", "", func(x *thing) { x.OtherID = ids.Null }, true, `{"otherId":["` + string(o) + `",""]}`},
			{"null stays null", "", func(x *thing) { x.OtherID = ids.Null }, false, ""},
			{"a line", "", func(x *thing) { x.Parts[1].Amount = 7 }, true, `{"parts":{"` + string(p2) + `":{"amount":["-0.50","0.07"]}}}`},
			{"SYN-3: a mark on a line", "", func(x *thing) { x.Parts[1].ExternalID = "l" }, false,
				`{"parts":{"` + string(p2) + `":{"externalId":["","l"]}}}`},
			{"lines change places", "", func(x *thing) { slices.Reverse(x.Parts) }, true,
				`{"parts":{"` + string(p2) + `":{"position":[2,1]},"` + string(p1) + `":{"position":[1,2]}}}`},
			{"a line goes", "", func(x *thing) { x.Parts = x.Parts[:1] }, true, `{"parts":{"` + string(p1) + `":null}}`},
			{"a line comes, a field changes", "", func(x *thing) { x.Parts = append(x.Parts, newPart(9)); x.Count = 1 }, true,
				`{"count":[-3,1],"parts":{"NEW":{"thingId":"` + string(x.ID) + `","amount":"0.09"}}}`},
			{"a line named twice is another line", "", func(x *thing) {
				c := *x.Parts[0]
				c.Amount = 11
				x.Parts = append(x.Parts[:1], &c)
			}, true, ""},
		}
		for _, step := range steps {
			before := load(t, s, x.ID)
			after := things.Copy(before).(*thing)
			step.change(after)
			_, _, n := lastAudit(t, s, x.ID)
			s.Clock.Advance(time.Second)
			var wrote bool
			write(t, s, func(tx *db.Tx) error {
				if step.verb != "" {
					wrote = things.SaveAs(tx, step.verb, before, after)
				} else {
					wrote = things.Save(tx, before, after)
				}
				return nil
			})
			got := load(t, s, x.ID)
			if moved := got.UpdatedTime != before.UpdatedTime; moved != step.moves {
				t.Errorf("%s: updatedTime moved %v", step.name, moved)
			}
			if got.CreatedTime != before.CreatedTime {
				t.Errorf("%s: createdTime moved", step.name)
			}
			for _, f := range things.Fields {
				if f.Name != "updatedTime" && f.Name != "otherId" && fmt.Sprint(deref(f.At(got))) != fmt.Sprint(deref(f.At(after))) {
					t.Errorf("%s: %s is %v", step.name, f.Name, deref(f.At(got)))
				}
			}
			if len(got.Parts) != len(after.Parts) {
				t.Fatalf("%s: %d lines, want %d", step.name, len(got.Parts), len(after.Parts))
			}
			for i, p := range got.Parts {
				if p.Amount != after.Parts[i].Amount || p.ID != after.Parts[i].ID {
					t.Errorf("%s: line %d is %+v", step.name, i, p)
				}
			}
			if step.name == "a line named twice is another line" {
				continue
			}
			action, changes, m := lastAudit(t, s, x.ID)
			if wrote != (step.audit != "") || (m > n) != wrote {
				t.Errorf("%s: wrote %v, %d audit events", step.name, wrote, m-n)
			}
			want := strings.Replace(step.audit, "NEW", string(got.Parts[len(got.Parts)-1].ID), 1)
			if wrote && (changes != want || action != "update" && action != step.verb) {
				t.Errorf("%s: audit %s\n got %s\nwant %s", step.name, action, changes, want)
			}
		}
		err := s.Write(ctx, who, func(tx *db.Tx) error { // gone meanwhile
			a := newThing("a")
			a.ID = "0de01AAAAAAAAAA00000"
			b := *a
			b.Name = "b"
			things.Save(tx, a, &b)
			return nil
		})
		if !errors.Is(err, fault.ErrConflict) {
			t.Errorf("saved a record that is not there: %v", err)
		}
	})
}

func TestManyLines(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		setUp(t, s)
		o := newOther(t, s)
		x := newThing("many")
		for i := range 1201 {
			p := newPart(int64(i))
			p.OtherID = o
			x.Parts = append(x.Parts, p)
		}
		write(t, s, func(tx *db.Tx) error {
			if err := things.CheckReferences(tx, nil, x); err != nil {
				return err
			}
			things.Insert(tx, x)
			return nil
		})
		got := load(t, s, x.ID)
		for i, p := range got.Parts {
			if p.Amount != int64(i) {
				t.Fatalf("line %d is %d", i, p.Amount)
			}
		}
		for i, p := range x.Parts {
			p.OtherID = ids.NewAt(ids.Job, time.Unix(int64(2e9+i), 0)) // 1,201 names of nothing
		}
		err := s.Read(ctx, who, func(tx *db.Tx) error { return things.CheckReferences(tx, nil, x) })
		if f := fault.From(err); !errors.Is(err, fault.ErrReference) || !slices.Equal(f.Fields, []string{"otherId"}) {
			t.Errorf("1,201 unknown references: %v", err)
		}
	})
}

func TestCheckReferences(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		setUp(t, s)
		good, inactive := newOther(t, s), others.New().(*other2)
		inactive.Active = record.Inactive
		foreign := others.New().(*other2)
		kind := kinds.New().(*other2)
		write(t, s, func(tx *db.Tx) error { others.Insert(tx, inactive); kinds.Insert(tx, kind); return nil })
		if err := s.Write(ctx, other, func(tx *db.Tx) error { others.Insert(tx, foreign); return nil }); err != nil {
			t.Fatal(err)
		}
		line := func(o, k ids.ID) func(*thing) {
			return func(x *thing) { p := newPart(1); p.OtherID, p.KindID = o, k; x.Parts = append(x.Parts, p) }
		}
		for _, c := range []struct {
			name string
			set  func(*thing)
			want []string
		}{
			{"none", func(*thing) {}, nil},
			{"null", func(x *thing) { x.OtherID = ids.Null }, nil},
			{"good", func(x *thing) { x.OtherID = good; line(good, kind.ID)(x) }, nil},
			{"unknown", func(x *thing) { x.OtherID = ids.New(ids.Job) }, []string{"otherId"}},
			{"S-10: another organisation's", func(x *thing) { x.OtherID = foreign.ID }, []string{"otherId"}},
			{"inactive", func(x *thing) { x.OtherID = inactive.ID }, []string{"otherId"}},
			{"another type's", func(x *thing) { x.OtherID = kind.ID }, []string{"otherId"}},
			{"another type's, and good in its place", func(x *thing) { x.OtherID = kind.ID; line("", kind.ID)(x) }, []string{"otherId"}},
			{"several, in order, each once", func(x *thing) {
				x.ParentID = ids.New(ids.Department)
				line(good, ids.New(ids.Class))(x)
				line(inactive.ID, kind.ID)(x)
				line(inactive.ID, ids.New(ids.Class))(x)
			}, []string{"parentId", "kindId", "otherId"}},
			{"not an id", func(x *thing) { x.OtherID = "job'; --" }, []string{"otherId"}},
		} {
			x := newThing(c.name)
			c.set(x)
			err := s.Read(ctx, who, func(tx *db.Tx) error { return things.CheckReferences(tx, nil, x) })
			if c.want == nil {
				if err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
				continue
			}
			if f := fault.From(err); !errors.Is(err, fault.ErrReference) || !slices.Equal(f.Fields, c.want) {
				t.Errorf("%s: %v, want fields %v", c.name, err, c.want)
			}
		}
		before := newThing("3.3: old documents keep what has become inactive")
		before.OtherID = inactive.ID
		line(inactive.ID, "")(before)
		before.Parts[0].ID = ids.New(ids.BillLine)
		after := things.Copy(before).(*thing)
		after.Name = "changed"
		check := func() error {
			return s.Read(ctx, who, func(tx *db.Tx) error { return things.CheckReferences(tx, before, after) })
		}
		if err := check(); err != nil {
			t.Errorf("kept references: %v", err)
		}
		line(inactive.ID, "")(after)
		if err := check(); !errors.Is(err, fault.ErrReference) {
			t.Errorf("a new line with an inactive reference: %v", err)
		}
	})
}

func TestCheckTree(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		setUp(t, s)
		add := func(parent ids.ID) ids.ID {
			x := newThing("node")
			x.ParentID = parent
			write(t, s, func(tx *db.Tx) error {
				if err := things.CheckTree(tx, nil, x); err != nil {
					return err
				}
				things.Insert(tx, x)
				return nil
			})
			return x.ID
		}
		move := func(id, to ids.ID) error {
			return s.Write(ctx, who, func(tx *db.Tx) error {
				before, err := things.LoadForUpdate(tx, id)
				if err != nil {
					return err
				}
				after := things.Copy(before).(*thing)
				after.ParentID = to
				if err := things.CheckTree(tx, before, after); err != nil {
					return err
				}
				things.Save(tx, before, after)
				return nil
			})
		}
		a := add("")
		b := add(a)
		c := add(b)
		d := add(c) // four levels, the most
		x := newThing("too deep")
		x.ParentID = d
		err := s.Write(ctx, who, func(tx *db.Tx) error { return things.CheckTree(tx, nil, x) })
		if f := fault.From(err); !errors.Is(err, fault.ErrValue) || !slices.Equal(f.Fields, []string{"parentId"}) {
			t.Errorf("a fifth level: %v", err)
		}
		e := add("")
		f := add(e)
		for _, m := range []struct {
			name   string
			id, to ids.ID
			ok     bool
		}{
			{"under itself", a, a, false},
			{"in a ring", a, c, false},
			{"two levels under the third", e, c, false},
			{"two levels under the second", e, b, true},
			{"the same parent again", e, b, true},
			{"away", c, "", true},
			{"up to null", b, ids.Null, true},
			{"one level under a tree of two", f, d, true},
		} {
			if err := move(m.id, m.to); (err == nil) != m.ok || err != nil && !errors.Is(err, fault.ErrValue) {
				t.Errorf("%s: %v", m.name, err)
			}
		}
		// Two moves at once that would make a ring together: at most one of them stands.
		for range 2 {
			p, q := add(""), add("")
			done := make(chan error, 2)
			go func() { done <- move(p, q) }()
			go func() { done <- move(q, p) }()
			e1, e2 := <-done, <-done
			if load(t, s, p).ParentID == q && load(t, s, q).ParentID == p {
				t.Fatalf("a ring: %v, %v", e1, e2)
			}
		}
	})
}
