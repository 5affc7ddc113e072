package read_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/web/read"
	"github.com/duebook/duebook/internal/web/view"
)

var today = civil.MustDate("2026-11-23")

// book makes an organisation with 120 bills of 3 vendors; amounts and dates repeat, so that ids decide.
func book(t *testing.T, s *dbtest.Store) db.Caller {
	t.Helper()
	id, user, err := org.Create(context.Background(), s.DB, "command", org.NewOrganisation{Name: "Northwind", AdminEmail: "a@x.example", PasswordHash: "x",
		SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	who := db.Caller{Org: id, User: user, Perms: org.All, Channel: org.KindWeb}
	err = s.Write(context.Background(), who, func(tx *db.Tx) error {
		var to []*vendor.Vendor
		for _, name := range []string{"Zeta & Söhne", "alpha 100%", "Älpler_GmbH"} {
			v := vendor.Vendors.New().(*vendor.Vendor)
			v.Name = name
			if err := vendor.Create(tx, v); err != nil {
				return err
			}
			to = append(to, v)
		}
		for i := range 120 {
			b := bill.Bills.New().(*bill.Bill)
			b.VendorID, b.InvoiceNumber, b.Amount = to[i%3].ID, fmt.Sprintf("INV-%04d", i), int64(100+i%7)
			b.InvoiceDate, b.DueDate = today.AddDays(-30), today.AddDays(i%11-5)
			if err := bill.Create(tx, b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return who
}

func in(t *testing.T, s *dbtest.Store, who db.Caller, fn func(*db.Tx) error) {
	t.Helper()
	if err := s.Read(context.Background(), who, fn); err != nil {
		t.Fatal(err)
	}
}

// TestPaging walks every order of the list forwards and back: no bill is missing, none comes twice, and going back
// shows the same pages.
func TestPaging(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who := book(t, s)
		for _, sort := range []string{"", "vendor", "number", "date", "due", "amount"} {
			for _, desc := range []bool{false, true} {
				t.Run(fmt.Sprint(sort, desc), func(t *testing.T) {
					q := view.BillQuery{Sort: sort, Desc: desc}
					var pages [][]view.BillRow
					seen := map[string]bool{}
					in(t, s, who, func(tx *db.Tx) error {
						for {
							rows, at, err := read.Bills(tx, q, today)
							if err != nil {
								return err
							}
							if (at.Previous != "") != (len(pages) > 0) {
								t.Errorf("page %d: previous %q", len(pages), at.Previous)
							}
							for _, r := range rows {
								if seen[r.ID] {
									t.Errorf("%s comes twice", r.Number)
								}
								seen[r.ID] = true
							}
							pages = append(pages, rows)
							if at.Next == "" {
								q.Before, q.After = at.Previous, ""
								break
							}
							q.After = at.Next
						}
						for i := len(pages) - 2; i >= 0; i-- {
							rows, at, err := read.Bills(tx, q, today)
							if err != nil {
								return err
							}
							if !slices.Equal(rows, pages[i]) {
								t.Errorf("going back to page %d shows %d other rows", i, len(rows))
							}
							q.Before = at.Previous
						}
						return nil
					})
					if len(seen) != 120 || len(pages) != 3 || q.Before != "" {
						t.Errorf("%d bills on %d pages, then %q", len(seen), len(pages), q.Before)
					}
				})
			}
		}
		in(t, s, who, func(tx *db.Tx) error { // what no list has made counts as the first page
			rows, at, err := read.Bills(tx, view.BillQuery{After: "nonsense", Sort: "amount"}, today)
			if err != nil || len(rows) != read.PageSize || at.Previous != "" {
				t.Errorf("%d rows, %+v, %v", len(rows), at, err)
			}
			return nil
		})
	})
}

func TestSearch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who := book(t, s)
		for search, want := range map[string]int{
			"zeta": 40, "SÖHNE": 40, "100%": 40, "%": 40, "_": 40, "älpler": 40, "inv-0007": 1, "0007": 1, "0119": 1, "nobody": 0, "!": 0, " zeta ": 40,
		} {
			in(t, s, who, func(tx *db.Tx) error {
				rows, _, err := read.ManyBills(tx, view.BillQuery{Search: search}, today)
				if err != nil {
					return err
				}
				if len(rows) != want {
					t.Errorf("search %q finds %d, want %d", search, len(rows), want)
				}
				return nil
			})
		}
		in(t, s, who, func(tx *db.Tx) error {
			rows, _, err := read.Vendors(tx, view.VendorQuery{Search: "alp"}, "USD")
			if err != nil {
				return err
			}
			if len(rows) != 1 || rows[0].Name != "alpha 100%" || rows[0].Open == 0 {
				t.Errorf("vendors %+v", rows)
			}
			return nil
		})
	})
}

// TestHome: the sums on Home are those of the bills, whichever way they are cut.
func TestHome(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		who := book(t, s)
		in(t, s, who, func(tx *db.Tx) error {
			all, _, err := read.ManyBills(tx, view.BillQuery{}, today)
			if err != nil {
				return err
			}
			var total, late int64
			var lateBills int
			for _, r := range all {
				total += r.Open
				if r.DaysLate > 0 {
					late, lateBills = late+r.Open, lateBills+1
				}
			}
			o, err := read.Home(tx, "USD", today)
			if err != nil {
				return err
			}
			var buckets, cash int64
			for _, b := range o.Ageing.Buckets {
				buckets += b.Minor
			}
			for _, d := range o.Cash.Days {
				cash += d.Minor
			}
			if buckets != total || cash+o.Cash.Late != total || o.Late != late || o.LateBills != lateBills || o.OldestDays != 5 {
				t.Errorf("total %d late %d of %d bills, Home says %+v", total, late, lateBills, o)
			}
			bills, _, err := read.Waiting(tx, today)
			if bills != lateBills {
				t.Errorf("the menu says %d late bills, not %d", bills, lateBills)
			}
			return err
		})
	})
}
