package payment_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/sanction"
	"github.com/duebook/duebook/internal/vendor"
)

// SEC-8: a payee that resembles a listed name is held when its payment would leave, and leaves once a person has cleared it;
// the others leave. Each has dated evidence.
func TestSEC8_Release(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s, vaultIn(t), t.TempDir())
		ctx := context.Background()
		o.write(func(tx *db.Tx) error {
			return sanction.Import(tx, sanction.List{Name: "TEST", Published: civil.MustDate("2026-11-20"), SHA256: "ab"},
				[]sanction.Name{{UID: "7", Name: "ZELTORA SHIPPING CO"}, {UID: "8", Name: "KOROVANDER", Addresses: "88 Kestrel Wharf, Port Sunlight"}})
		})
		t.Cleanup(func() {
			o.write(func(tx *db.Tx) error { return sanction.Remove(tx, "TEST") }) // the lists are the store's, other tests' too
		})
		home := o.vendor("Innocent Trading", func(v *vendor.Vendor) { v.Address1, v.City = "88 Kestrel Wharf", "Port Sunlight" })
		good, bad := o.vendor("Harbor Tool Rental", nil), o.vendor("Zeltora Shipping", nil)
		o.at("2026-11-24", "10:00:00")
		fine, held := o.mustPay(o.bill(good, 100_00), 100_00, "2026-11-25"), o.mustPay(o.bill(bad, 200_00), 200_00, "2026-11-25")
		there := o.mustPay(o.bill(home, 300_00), 300_00, "2026-11-25")
		state := func(want map[string]string) {
			t.Helper()
			o.read(func(tx *db.Tx) error {
				for id, w := range map[string]string{"fine": want["fine"], "held": want["held"]} {
					p := fine
					if id == "held" {
						p = held
					}
					got, err := payment.Payments.Load(tx, p)
					if err != nil {
						return err
					}
					if got.State != w || (w == payment.OnHold) != strings.Contains(got.HoldReason, "sanctions list") {
						t.Errorf("%s is %s: %s", id, got.State, got.HoldReason)
					}
				}
				return nil
			})
		}
		if err := o.engine.Step(ctx, o.who.Org, o.at("2026-11-25", "1:00:00")); err != nil {
			t.Fatal(err)
		}
		state(map[string]string{"fine": payment.Sent, "held": payment.OnHold})
		o.write(func(tx *db.Tx) error {
			evidence, err := sanction.Screenings(tx, fine)
			if err != nil || len(evidence) != 1 || evidence[0].Result != "clear" || evidence[0].Lists[0] != "TEST 2026-11-20 ab" {
				t.Errorf("evidence %+v, %v", evidence, err)
			}
			byAddress, err := sanction.Screenings(tx, there)
			if err != nil || len(byAddress) != 1 || byAddress[0].Result != "hit" || !slices.Contains(byAddress[0].Addresses, "88 Kestrel Wharf Port Sunlight") {
				t.Errorf("evidence of an address %+v, %v", byAddress, err)
			}
			if len(evidence[0].Banks) != 0 { // a check has none
				t.Errorf("banks %v", evidence[0].Banks)
			}
			hits, err := sanction.Hits(tx, sanction.Open)
			hits = slices.DeleteFunc(hits, func(f sanction.Found) bool {
				return f.Subject == home && f.Kind == "address" && f.Listed.Name == "KOROVANDER"
			})
			if err != nil || len(hits) != 1 || hits[0].Subject != bad || hits[0].Kind != "name" {
				t.Fatalf("hits %+v, %v", hits, err)
			}
			return sanction.Clear(tx, hits[0].ID, "A shipyard in Ohio, not the listed one.") // alone: nobody else can
		})
		o.write(func(tx *db.Tx) error { _, err := payment.Lift(tx, held); return err })
		o.until(o.at("2026-11-27", "2:00:00"))
		if err := o.engine.Step(ctx, o.who.Org, o.at("2026-12-02", "2:00:00")); err != nil {
			t.Fatal(err)
		}
		state(map[string]string{"fine": payment.Sent, "held": payment.Sent})
		o.read(func(tx *db.Tx) error {
			evidence, err := sanction.Screenings(tx, held)
			if err != nil || len(evidence) != 2 || evidence[0].Result != "hit" || evidence[1].Result != "cleared" {
				t.Errorf("evidence %+v, %v", evidence, err)
			}
			return err
		})
		if !o.who.Perms.Has(org.ApproveVendorBankChange) {
			t.Error("the office cannot clear")
		}
	})
}
