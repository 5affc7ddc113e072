package payment_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/vendor"
)

// change is the one change of the vendor that waits.
func (o *office) change(v ids.ID) vendor.Change {
	o.t.Helper()
	var all []vendor.Change
	o.read(func(tx *db.Tx) (err error) { all, err = vendor.Changes(tx, v); return err })
	if len(all) != 1 {
		o.t.Fatalf("%d changes wait", len(all))
	}
	return all[0]
}

func (o *office) rename(v ids.ID, set func(*vendor.Vendor)) {
	o.t.Helper()
	o.write(func(tx *db.Tx) error {
		before, err := vendor.Vendors.LoadForUpdate(tx, v)
		if err != nil {
			return err
		}
		after := *before
		set(&after)
		return vendor.Update(tx, before, &after)
	})
}

func (o *office) is(p ids.ID, state, reason string) {
	o.t.Helper()
	o.read(func(tx *db.Tx) error {
		got, err := payment.Payments.Load(tx, p)
		if err == nil && (got.State != state || !strings.Contains(got.HoldReason, reason)) {
			o.t.Errorf("the payment is %s: %q", got.State, got.HoldReason)
		}
		return err
	})
}

// E16, VEN-6, SEC-5: the bank data of a vendor that is paid changes: its payments wait until a person who did not change it
// has approved it and two business days have passed. The old address is told.
func TestE16_BankChange(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		vera := o.colleague("vera")
		ctx := context.Background()
		v := o.vendor("Harbor Tool Rental", func(v *vendor.Vendor) { v.Email = "old@harbor.example" })
		o.at("2026-11-20", "9:00:00")
		p := o.mustPay(o.bill(v, 100_00), 100_00, "2026-11-25") // by check, so that the account can be added
		o.account(v, "123451234")
		o.is(p, payment.OnHold, "bank account was changed")
		c := o.change(v)
		if c.Kind != vendor.ChangeBank || c.ChangedBy != o.who.User {
			t.Errorf("change %+v", c)
		}
		var told int64
		o.read(func(tx *db.Tx) error {
			return tx.Row(`SELECT count(*) FROM mails WHERE org_id = $1 AND recipient = 'old@harbor.example'`, string(o.who.Org)).Scan(&told)
		})
		if told != 1 {
			t.Errorf("the old address was told %d times", told)
		}
		decide := func(who db.Caller, approve bool) error {
			return s.Write(ctx, who, func(tx *db.Tx) error { return vendor.DecideChange(tx, c.ID, approve) })
		}
		if err := decide(o.who, true); !errors.Is(err, vendor.ErrChangeSamePerson) {
			t.Errorf("approved by who made it: %v", err)
		}
		clerk := vera
		clerk.Perms = db.Of(org.ManageVendors)
		if err := decide(clerk, true); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("approved by a clerk: %v", err)
		}
		lift := func() {
			t.Helper()
			if err := s.Write(ctx, vera, func(tx *db.Tx) error { _, err := payment.Lift(tx, p); return err }); err != nil {
				t.Fatal(err)
			}
		}
		lift() // does not help before the change is approved
		if err := o.engine.Step(ctx, o.who.Org, o.at("2026-11-25", "1:00:00")); err != nil {
			t.Fatal(err)
		}
		o.is(p, payment.OnHold, "bank account was changed")
		o.at("2026-11-25", "10:00:00")
		if err := decide(vera, true); err != nil {
			t.Fatal(err)
		}
		if err := decide(vera, false); !errors.Is(err, vendor.ErrChangeDecided) {
			t.Errorf("decided twice: %v", err)
		}
		lift()
		if err := o.engine.Step(ctx, o.who.Org, o.at("2026-11-27", "1:00:00")); err != nil { // Thanksgiving lies between
			t.Fatal(err)
		}
		o.is(p, payment.OnHold, "paid again from 2026-11-30")
		o.at("2026-11-27", "10:00:00")
		lift()
		if err := o.engine.Step(ctx, o.who.Org, o.at("2026-11-30", "1:00:00")); err != nil {
			t.Fatal(err)
		}
		o.is(p, payment.Sent, "")
	})
}

// VEN-6: of a vendor that was paid before, a new name or address waits too; of one that was not, it does not. A refused
// change puts the vendor on hold.
func TestVEN6_PayeeChange(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		vera := o.colleague("vera")
		ctx := context.Background()
		v := o.vendor("Harbor Tool Rental", nil)
		o.at("2026-11-24", "9:00:00")
		o.mustPay(o.bill(v, 100_00), 100_00, "2026-11-25")
		o.rename(v, func(v *vendor.Vendor) { v.Address1 = "2 Main Street" }) // not paid yet
		if err := o.engine.Step(ctx, o.who.Org, o.at("2026-11-25", "1:00:00")); err != nil {
			t.Fatal(err)
		}
		o.at("2026-11-25", "9:00:00")
		next := o.mustPay(o.bill(v, 100_00), 100_00, "2026-11-27")
		o.rename(v, func(v *vendor.Vendor) { v.ShortName = "HTR" }) // not what is written on a payment
		o.rename(v, func(v *vendor.Vendor) { v.City = "Shelbyville" })
		o.is(next, payment.OnHold, "name or address was changed")
		c := o.change(v)
		if c.Kind != vendor.ChangePayee || len(c.Fields) != 1 || c.Fields[0] != "city" {
			t.Errorf("change %+v", c)
		}
		if err := s.Write(ctx, vera, func(tx *db.Tx) error { return vendor.DecideChange(tx, c.ID, false) }); err != nil {
			t.Fatal(err)
		}
		o.read(func(tx *db.Tx) error {
			held, err := vendor.Held(tx, v)
			if !strings.Contains(held, "refused") {
				t.Errorf("the vendor is held for %q", held)
			}
			return err
		})
		// Whoever made the refused change may lift the hold of the vendor, and is no further for it.
		o.write(func(tx *db.Tx) error { return vendor.LiftHold(tx, v) })
		unsettled := func(want string) {
			t.Helper()
			o.read(func(tx *db.Tx) error {
				reason, err := vendor.Unsettled(tx, v, civil.MustDate("2026-12-31"))
				if (reason == "") != (want == "") || !strings.Contains(reason, want) {
					t.Errorf("unsettled for %q, not %q", reason, want)
				}
				return err
			})
		}
		unsettled("was refused")
		o.rename(v, func(v *vendor.Vendor) { v.City = "Springfield" })
		unsettled("another person has to approve")
		again := o.change(v)
		if err := s.Write(ctx, vera, func(tx *db.Tx) error { return vendor.DecideChange(tx, again.ID, true) }); err != nil {
			t.Fatal(err)
		}
		unsettled("")
	})
}

// SEC-5: where nobody else could approve it, a change is paid with two business days later.
func TestSEC5_ChangeAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		ctx := context.Background()
		v := o.vendor("Harbor Tool Rental", nil)
		o.at("2026-11-20", "9:00:00")
		o.mustPay(o.bill(v, 100_00), 100_00, "2026-11-23")
		if err := o.engine.Step(ctx, o.who.Org, o.at("2026-11-23", "1:00:00")); err != nil {
			t.Fatal(err)
		}
		o.at("2026-11-23", "9:00:00")
		soon, later := o.mustPay(o.bill(v, 100_00), 100_00, "2026-11-24"), o.mustPay(o.bill(v, 100_00), 100_00, "2026-11-25")
		o.rename(v, func(v *vendor.Vendor) { v.Name = "Harbor Tools" })
		o.is(soon, payment.Scheduled, "")
		for _, day := range []string{"2026-11-24", "2026-11-25"} {
			if err := o.engine.Step(ctx, o.who.Org, o.at(day, "1:00:00")); err != nil {
				t.Fatal(err)
			}
		}
		o.is(soon, payment.OnHold, "paid again from 2026-11-25")
		o.is(later, payment.Sent, "")
	})
}
