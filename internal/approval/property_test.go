package approval_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
)

// TestAPR_3_NoFewerPeople: whatever is set, cleared, approved, denied, delegated, linked and edited, in whatever order, a
// bill is approved only when for every step of every policy as many different people have said so about what the bill is
// now as the step needs, each of them one of the step's or a delegate of one.
func TestAPR_3_NoFewerPeople(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		rapid.Check(t, func(r *rapid.T) {
			o := newOffice(r, s)
			names := []string{"anna", "ben", "cleo", "dan"}
			type step struct {
				need   int
				people []string
			}
			var demanded []step
			for p := range rapid.IntRange(1, 2).Draw(r, "policies") {
				var steps []string
				for range rapid.IntRange(1, 2).Draw(r, "steps") {
					people := rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, 4, rapid.ID[string]).Draw(r, "people")
					need := rapid.IntRange(1, min(3, len(people))).Draw(r, "need")
					demanded = append(demanded, step{need, people})
					steps = append(steps, fmt.Sprintf("%d:%s", need, strings.Join(people, " ")))
				}
				o.rule(0, int64(p), approval.Conditions{}, steps...)
			}
			id := o.bill(100_00)
			said := map[string][]string{} // for whom, by whom, about what the bill is now
			for range rapid.IntRange(1, 30).Draw(r, "actions") {
				who, other := rapid.SampledFrom(names).Draw(r, "who"), rapid.SampledFrom(names).Draw(r, "other")
				approved := func() {
					o.do(o.admin, func(tx *db.Tx) error {
						rows, err := bill.Approvals.Of(tx, id)
						for _, a := range rows {
							by := a.ActedBy
							if by.IsNull() {
								by = a.UserID
							}
							if a.Status == approval.HasApproved && o.name(by) == who {
								said[o.name(a.UserID)] = append(said[o.name(a.UserID)], who)
							}
						}
						return err
					})
				}
				var err error
				switch rapid.IntRange(0, 9).Draw(r, "action") {
				case 0:
					err = o.set(id, who+" "+other)
				case 1:
					err = o.clear(id)
				case 2:
					err = o.deny(id, who)
				case 3:
					err = o.try(o.as(who), func(tx *db.Tx) error {
						return approval.Delegate(tx, &approval.Delegation{Delegate: o.ids(other)[0], From: civil.MustDate("2026-11-23"), To: civil.MustDate("2026-11-27")})
					})
				case 4:
					o.edit(id, func(b *bill.Bill) { b.InvoiceNumber += "x" })
					clear(said)
				case 5:
					if err = o.byMail(id, who); err == nil {
						approved()
					}
				default:
					if err = o.approve(id, who, ""); err == nil {
						approved()
					}
				}
				if err != nil && fault.From(err) == nil {
					r.Fatal(err)
				}
				if !strings.HasPrefix(o.state(id), "3") {
					continue
				}
				for _, d := range demanded {
					persons := map[string]bool{}
					for _, member := range d.people {
						if by := said[member]; len(by) > 0 {
							persons[by[len(by)-1]] = true
						}
					}
					if len(persons) < d.need {
						r.Fatalf("%s, but of %v only %v have approved", o.state(id), d, persons)
					}
				}
			}
		})
	})
}

// byMail approves by a fresh link.
func (o *office) byMail(id ids.ID, who string) error {
	var token string
	o.do(o.admin, func(tx *db.Tx) error {
		b, err := bill.Bills.Load(tx, id)
		if err != nil {
			return err
		}
		f := bill.Approvals.Facts(b)
		token = bill.Approvals.Link(tx, &f, o.ids(who)[0])
		return nil
	})
	var h approval.Held
	if err := o.s.Read(ctx, db.Caller{}, func(tx *db.Tx) (err error) { h, err = approval.Find(tx, token, "192.0.2.1"); return err }); err != nil {
		return err
	}
	return o.s.Write(ctx, h.Caller, func(tx *db.Tx) error { return h.Decide(tx, token, true, "") })
}

// Two delegates and both of whom they stand in for decide at once: each person counts once.
func TestAPR_11_DecideAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		o.delegate("anna", "cleo", 0)
		o.delegate("ben", "cleo", 0)
		o.rule(0, 0, approval.Conditions{}, "anna ben")
		for range 5 {
			id := o.bill(100_00)
			errs := make(chan error, 2)
			for range 2 {
				go func() {
					for {
						err := o.approve(id, "cleo", "")
						if db.IsBusy(err) {
							time.Sleep(5 * time.Millisecond)
							continue
						}
						errs <- err
						return
					}
				}()
			}
			a, b := <-errs, <-errs
			if (a == nil) == (b == nil) || !errors.Is(errors.Join(a, b), approval.ErrTwice) {
				t.Errorf("%v and %v", a, b)
			}
			if got := o.state(id); got[0] != '4' {
				t.Errorf("one person approved for two: %s", got)
			}
		}
	})
}
