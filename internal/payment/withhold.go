package payment

import (
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/vendor"
)

// withholdingRate is what is withheld of a payment, in percent. Rule TAX-3.
//
// Source: 26 USC 3406(a)(1), the fourth lowest rate of 26 USC 1(c).
var withholdingRate = money.MustDecimal("24")

// Withheld is the share of a payment to v that is kept back for the tax office, in minor units: nothing unless backup
// withholding is switched on for the vendor (posting 10).
func Withheld(v *vendor.Vendor, amount int64) (int64, error) {
	if !v.BackupWithholding || amount <= 0 {
		return 0, nil
	}
	return money.PercentOf(amount, withholdingRate)
}

// withhold keeps back what is withheld of the bills of an order: the vendor gets the rest, the bill is paid in full.
func withhold(tx *db.Tx, dues []*due) error {
	vendors := map[ids.ID]*vendor.Vendor{}
	for _, d := range dues {
		v := vendors[d.bill.VendorID]
		if v == nil {
			var err error
			if v, err = vendor.Vendors.Load(tx, d.bill.VendorID); err != nil {
				return err
			}
			vendors[v.ID] = v
		}
		share, err := Withheld(v, d.amount)
		if err != nil {
			return err
		}
		d.amount, d.withheld = d.amount-share, share
	}
	return nil
}
