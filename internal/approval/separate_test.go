package approval_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/job"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/vendor"
)

// bankAccount enters a bank account of the office's vendor as that user.
func (o *office) bankAccount(who db.Caller) {
	o.t.Helper()
	n := vendor.NewBankAccount{ID: ids.New(ids.VendorBankAccount), Sealed: vendor.SealedNumber{Account: "sealed", Tail: "5678", Hash: "hash", Length: 8}}
	n.VendorID, n.Routing, n.AccountType, n.HolderType = o.vendor, "990000013", vendor.Checking, vendor.Business
	who.Perms |= db.Of(org.ManageVendorBanks)
	o.do(who, func(tx *db.Tx) error { _, err := vendor.AddBankAccount(tx, n); return err })
}

// overrides are the rules that the audit trail says were overridden on a document.
func (o *office) overrides(id ids.ID) (out []string) {
	o.t.Helper()
	o.do(o.admin, func(tx *db.Tx) error {
		rows, err := tx.Query(`SELECT changes FROM audit_events WHERE org_id = $1 AND record_id = $2 AND action = 'override separation' ORDER BY id`,
			string(tx.Org()), string(id))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				return err
			}
			out = append(out, s)
		}
		return rows.Err()
	})
	return out
}

// Whoever entered a document or last changed its amount or vendor does not approve it, and whoever changed the vendor's
// bank account in the last 30 days neither approves nor pays: enforce refuses, warn keeps it with the reason, off is silent.
func TestAPR_10_SeparationOfDuties(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		for _, mode := range []string{"off", "warn", "enforce"} {
			o := newOffice(t, s)
			o.prefs(func(p *org.Preferences) { p.SoDMode = mode })
			for _, n := range []string{"anna", "ben"} {
				c := o.users[n]
				c.Perms |= db.Of(org.ManageBills)
				o.users[n] = c
			}
			expect := func(name string, id ids.ID, err, want error, rule string) {
				t.Helper()
				if mode != "enforce" {
					want = nil
				}
				if !errors.Is(err, want) {
					t.Errorf("%s, %s: %v, want %v", mode, name, err, want)
				}
				found := 0
				for _, x := range o.overrides(id) {
					if strings.Contains(x, rule) && strings.Contains(x, "because") {
						found++
					}
				}
				if want := map[string]int{"warn": 1}[mode]; found != want && !strings.HasPrefix(name, "pay") {
					t.Errorf("%s, %s: %d overrides of %s, want %d", mode, name, found, rule, want)
				}
			}
			update := func(who string, id ids.ID, amount int64) {
				o.do(o.users[who], func(tx *db.Tx) error {
					before, err := bill.Bills.LoadForUpdate(tx, id)
					if err != nil {
						return err
					}
					b := bill.Bills.Copy(before).(*bill.Bill)
					b.Amount, b.Lines[0].Amount = amount, amount
					return bill.Update(tx, before, b)
				})
			}
			id := o.bill(100_00)
			o.do(o.admin, func(tx *db.Tx) error { return bill.Approvals.Set(tx, id, o.ids("admin")) })
			expect("who entered it", id, o.approve(id, "admin", "because"), approval.ErrOwn, "own_document")

			id = o.bill(100_00)
			o.do(o.admin, func(tx *db.Tx) error { return bill.Approvals.Set(tx, id, o.ids("anna ben")) })
			update("anna", id, 120_00)
			expect("who changed the amount", id, o.approve(id, "anna", "because"), approval.ErrOwn, "own_document")
			update("ben", id, 130_00)
			if err := o.approve(id, "anna", ""); err != nil {
				t.Errorf("%s: who changed the amount before another one: %v", mode, err)
			}
			pay := func(who string) error {
				return o.try(o.admin, func(tx *db.Tx) error { return bill.Approvals.MayPay(tx, []ids.ID{id}, o.ids(who)[0]) })
			}
			if err := pay("cleo"); err != nil {
				t.Errorf("%s: who has nothing to do with it pays: %v", mode, err)
			}
			expect("pay: who approved it", id, pay("anna"), approval.ErrApproverPays, "approver_pays")
			if err := o.try(o.admin, func(tx *db.Tx) error { return bill.Approvals.MayPay(tx, []ids.ID{id}, "") }); err != nil {
				t.Errorf("%s: a job pays: %v", mode, err)
			}

			o.bankAccount(o.users["cleo"])
			id = o.bill(100_00)
			o.do(o.admin, func(tx *db.Tx) error { return bill.Approvals.Set(tx, id, o.ids("cleo dan")) })
			expect("pay: who entered the bank account", id, pay("cleo"), approval.ErrOwnBank, "own_bank_data")
			expect("who entered the bank account", id, o.approve(id, "cleo", "because"), approval.ErrOwnBank, "own_bank_data")
		}
	})
}

// A change of sodMode holds with a second person at once, else two business days later; a user alone cannot set it.
func TestSEC_5_SoDMode(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		o.user("second", org.Administrator, org.All)
		o.prefs(func(p *org.Preferences) { p.SoDMode = "enforce" })
		mode := func() (m string) {
			o.do(o.admin, func(tx *db.Tx) error { own, err := org.Load(tx); m = own.Preferences.SoDMode; return err })
			return m
		}
		if err := o.try(o.admin, func(tx *db.Tx) error {
			own, err := org.Load(tx)
			if err != nil {
				return err
			}
			own.Preferences.SoDMode = "off"
			return org.Save(tx, own)
		}); !errors.Is(err, org.ErrModeChange) || mode() != "enforce" {
			t.Errorf("set by one person: %v, %s", err, mode())
		}
		ask := func(m string) error {
			return o.try(o.admin, func(tx *db.Tx) error { return approval.AskMode(tx, m) })
		}
		if err := o.try(o.users["anna"], func(tx *db.Tx) error { return approval.AskMode(tx, "off") }); err == nil {
			t.Error("asked for without the permission")
		}
		if err := ask("off"); err != nil || mode() != "enforce" {
			t.Fatal(err, mode())
		}
		if err := o.try(o.admin, approval.ConfirmMode); !errors.Is(err, approval.ErrModeAlone) {
			t.Errorf("confirmed by who asked: %v", err)
		}
		if err := o.try(o.users["second"], approval.ConfirmMode); err != nil || mode() != "off" {
			t.Errorf("confirmed by another one: %v, %s", err, mode())
		}
		if err := ask("warn"); err != nil {
			t.Fatal(err)
		}
		o.do(o.admin, approval.CancelMode)
		if err := o.try(o.users["second"], approval.ConfirmMode); !errors.Is(err, approval.ErrNoMode) {
			t.Errorf("confirmed after it was cancelled: %v", err)
		}
		if err := ask("enforce"); err != nil {
			t.Fatal(err)
		}
		run := job.New(s.DB, map[string]job.Handler{approval.ModeKind: approval.HoldMode(s.DB)}, slog.New(slog.DiscardHandler))
		var now time.Time
		o.do(o.admin, func(tx *db.Tx) error { now = tx.Now(); return nil })
		due := civil.Calendar{}.Add(civil.Of(now, civil.Pacific), 2).At(9, 0, civil.Pacific)
		for _, x := range []struct {
			at   time.Time
			want string
		}{{due.Add(-time.Second), "off"}, {due, "enforce"}} {
			if err := run.Due(context.Background(), x.at); err != nil {
				t.Fatal(err)
			}
			if mode() != x.want {
				t.Errorf("at %s: %s, want %s", x.at, mode(), x.want)
			}
		}
	})
}
