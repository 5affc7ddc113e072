package approval_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
)

// APR-9: of an approval and a change of the amount at once, the approval counts only if it came second and so was given
// to the amount that stands.
func TestAPR_9_ApproveAndEditAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		for range 8 {
			id := o.bill(10_000)
			if err := o.set(id, "anna"); err != nil {
				t.Fatal(err)
			}
			var seen int64 // by the approver, under the lock
			var wg sync.WaitGroup
			errs := make([]error, 2)
			again := func(n int, f func() error) {
				for range 50 {
					if errs[n] = f(); !db.IsBusy(errs[n]) {
						return
					}
					time.Sleep(5 * time.Millisecond)
				}
			}
			wg.Go(func() {
				again(0, func() error {
					return o.try(o.as("anna"), func(tx *db.Tx) error {
						if err := bill.Approvals.Approve(tx, id, ""); err != nil {
							return err
						}
						b, err := bill.Bills.Load(tx, id)
						if err == nil {
							seen = b.Amount
						}
						return err
					})
				})
			})
			wg.Go(func() {
				again(1, func() error {
					return o.try(o.admin, func(tx *db.Tx) error {
						before, err := bill.Bills.LoadForUpdate(tx, id)
						if err != nil {
							return err
						}
						b := bill.Bills.Copy(before).(*bill.Bill)
						b.Amount, b.Lines[0].Amount = 99_000, 99_000
						return bill.Update(tx, before, b)
					})
				})
			})
			wg.Wait()
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			o.do(o.admin, func(tx *db.Tx) error {
				b, err := bill.Bills.Load(tx, id)
				if err == nil && (b.Amount != 99_000 || (b.ApprovalStatus == approval.Approved) != (seen == b.Amount)) {
					t.Errorf("amount %d, status %d; %d was approved", b.Amount, b.ApprovalStatus, seen)
				}
				return err
			})
		}
	})
}

// Table 4.4.1: a total lowered by a cent does not let money move from one line to another under an approval.
func TestAPR_9_LinesReshuffled(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		o := newOffice(t, s)
		for _, x := range []struct {
			first, second int64
			status        int64
		}{{10_000, 89_999, approval.Approved}, {9_900, 90_000, approval.Approved}, {89_999, 10_000, approval.Assigned}, {10_001, 89_998, approval.Assigned}} {
			id := o.bill(100_000)
			change := func(first, second int64) {
				o.do(o.admin, func(tx *db.Tx) error {
					before, err := bill.Bills.LoadForUpdate(tx, id)
					if err != nil {
						return err
					}
					b := bill.Bills.Copy(before).(*bill.Bill)
					if len(b.Lines) == 1 {
						b.Lines = append(b.Lines, bill.Lines.New().(*bill.Line))
					}
					b.Lines[0].Amount, b.Lines[1].Amount, b.Amount = first, second, first+second
					return bill.Update(tx, before, b)
				})
			}
			change(10_000, 90_000)
			o.do(o.admin, func(tx *db.Tx) error { return bill.Approvals.Set(tx, id, []ids.ID{o.users["anna"].User}) })
			if err := o.approve(id, "anna", ""); err != nil {
				t.Fatal(err)
			}
			change(x.first, x.second)
			var status int64
			o.do(o.admin, func(tx *db.Tx) error {
				b, err := bill.Bills.Load(tx, id)
				if err == nil {
					status = b.ApprovalStatus
				}
				return err
			})
			if status != x.status {
				t.Errorf("%d and %d: status %d, want %d", x.first, x.second, status, x.status)
			}
		}
	})
}
