package report_test

import (
	"context"
	"errors"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/report"
)

// Every day falls into its span, and months are those of the calendar (api-v2 5.5).
func TestReceivedPayments(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		ctx, who := context.Background(), db.Caller{Org: "00801AAAAAAAAAA00000", Perms: org.All}
		if err := s.Write(ctx, who, func(tx *db.Tx) error {
			for day := civil.MustDate("2027-11-01"); day.Before(civil.MustDate("2028-05-01")); day = day.AddDays(1) {
				tx.Exec(`INSERT INTO received_pays (org_id, id, is_active, created_time, updated_time, integration_id, external_id, last_sync_time, allow_export,
					customer_id, status, state, payment_date, deposit_to_account_id, is_online, payment_type, amount, unapplied_amount, currency, description,
					ref_number, conv_fee_amount, payment_account_id, pay_to_bank_account_id, channel, created_by, posting_version, batch_id, trace, settle_date,
					reason_code, reason_text)
					VALUES ($1, $2, 1, 0, 0, '', '', 0, 1, '', 0, '', $2, '', 0, 0, 1, 0, '', '', '', 0, '', '', '', '', 0, '', '', '', '', '')`,
					string(who.Org), day.String())
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for day, want := range map[string][6]int64{ // last month, this month, last 7 days, today, next 7 days, later
			"2028-01-01": {31, 31, 7, 1, 7, 113}, "2028-01-31": {31, 31, 7, 1, 7, 83}, "2028-02-29": {31, 29, 7, 1, 7, 54},
			"2028-03-01": {29, 31, 7, 1, 7, 53}, "2028-03-31": {29, 31, 7, 1, 7, 23}, "2027-12-31": {30, 31, 7, 1, 7, 114},
		} {
			var r report.Receipts
			if err := s.Read(ctx, who, func(tx *db.Tx) (err error) { r, err = report.ReceivedPayments(tx, civil.MustDate(day)); return err }); err != nil {
				t.Fatal(err)
			}
			if got := [6]int64{r.LastMonth.Count, r.ThisMonth.Total, r.Last7.Count, r.Today.Total, r.Next7.Count, r.Later.Count}; got != want {
				t.Errorf("%s: %v, want %v", day, got, want)
			}
		}
		who.Perms = 0
		if err := s.Read(ctx, who, func(tx *db.Tx) error { _, err := report.OpenInvoices(tx, civil.MustDate("2028-01-01")); return err }); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("without permission: %v", err)
		}
	})
}
