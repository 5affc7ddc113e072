package view

import (
	"math"
	"net/url"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/civil"
)

func TestAmount(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name            string
		minor           int64
		currency        string
		figures, amount string
	}{
		{"CNV-1: cents", 125_000, "USD", "1,250.00", "$1,250.00"},
		{"zero", 0, "USD", "0.00", "$0.00"},
		{"one cent", 1, "USD", "0.01", "$0.01"},
		{"no separator yet", 99_999, "USD", "999.99", "$999.99"},
		{"negative", -300, "USD", "−3.00", "−$3.00"},
		{"negative thousands", -123_456, "USD", "−1,234.56", "−$1,234.56"},
		{"twelve digits", 999_999_999_999, "USD", "9,999,999,999.99", "$9,999,999,999.99"},
		{"CNV-1: no decimals", 12_345, "JPY", "12,345", "JPY\u00a012,345"},
		{"CNV-1: three decimals", 1_234_567, "KWD", "1,234.567", "KWD\u00a01,234.567"},
		{"another currency, negative", -5, "EUR", "−0.05", "EUR\u00a0−0.05"},
		{"the largest", math.MaxInt64, "USD", "92,233,720,368,547,758.07", "$92,233,720,368,547,758.07"},
		{"the smallest", math.MinInt64, "JPY", "−9,223,372,036,854,775,808", "JPY\u00a0−9,223,372,036,854,775,808"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Figures(tt.minor, tt.currency); got != tt.figures {
				t.Errorf("Figures(%d, %s) = %q, want %q", tt.minor, tt.currency, got, tt.figures)
			}
			if got := Amount(tt.minor, tt.currency); got != tt.amount {
				t.Errorf("Amount(%d, %s) = %q, want %q", tt.minor, tt.currency, got, tt.amount)
			}
		})
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	if got, want := Date(civil.MustDate("2026-11-14")), "14\u00a0Nov\u00a02026"; got != want {
		t.Errorf("Date = %q, want %q", got, want)
	}
	if got, want := Date(civil.Date{}), "–"; got != want {
		t.Errorf("Date of no date = %q, want %q", got, want)
	}
	at := time.Date(2026, 11, 15, 2, 4, 0, 0, time.UTC)
	if got, want := Instant(at, civil.Pacific), "14\u00a0Nov\u00a02026, 18:04"; got != want {
		t.Errorf("CNV-4: Instant = %q, want %q", got, want)
	}
	if got := Instant(time.Time{}, civil.Pacific); got != "" {
		t.Errorf("Instant of no time = %q", got)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	tests := []struct{ got, want string }{
		{Size(0), "0 bytes"},
		{Size(999), "999 bytes"},
		{Size(1001), "2 KB"},
		{Size(1_000_000), "1.0 MB"},
		{Size(2_840_112), "2.9 MB"},
		{Count(0, "bill", "bills"), "0 bills"},
		{Count(1, "bill", "bills"), "1 bill"},
		{Count(1200, "bill", "bills"), "1,200 bills"},
		{ApprovalBadge(2).Label, "Unknown"},
		{BillBadge(5).Label, "Waiting for approval"},
		{PaymentBadge("in_file").Label, "Released"},
		{PaymentBadge("").Label, "Unknown"},
		{awkwardProfile().address(), attack + "\n" + rtl + " " + markup},
		{profile().address(), "410 Harbor Street\nSuite 12\nRedwood, CA 94061\nUnited States"},
		{short(1_500_000_000, "USD"), "15m"},
		{short(1_250_000, "USD"), "12.5k"},
		{short(50_000, "USD"), "500.00"},
		{short(2_000, "JPY"), "2k"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

// TestStates: every state of a payment that the domain spec lists in 5.5 has words of its own or shared ones, no state
// looks like a gap.
func TestStates(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"awaiting_approval", "scheduled", "on_hold", "releasing", "in_file", "sent", "settled", "cleared", "failed",
		"funding_failed", "void_requested", "voided", "canceled", "unclaimed", "escheated",
	} {
		if b := PaymentBadge(s); b.Label == "Unknown" {
			t.Errorf("PaymentBadge(%q) = %+v", s, b)
		}
	}
	for _, n := range []int{0, 1, 3, 4, 5} {
		if b := ApprovalBadge(n); b.Label == "Unknown" {
			t.Errorf("ApprovalBadge(%d) = %+v", n, b)
		}
	}
	for _, n := range []int{0, 1, 2, 4, 5} {
		if b := BillBadge(n); b.Label == "Unknown" {
			t.Errorf("BillBadge(%d) = %+v", n, b)
		}
	}
}

func TestScale(t *testing.T) {
	t.Parallel()
	tests := []struct {
		most, step int64
		lines      int
	}{
		{0, 1, 1},
		{1, 1, 1},
		{4, 1, 4},
		{5, 2, 3},
		{100, 50, 2},
		{1_200_000, 500_000, 3},
		{2_000_001, 1_000_000, 3},
	}
	for _, tt := range tests {
		step, lines := CashRequired{Late: tt.most}.scale()
		if step != tt.step || lines != tt.lines {
			t.Errorf("scale of %d = %d x %d, want %d x %d", tt.most, lines, step, tt.lines, tt.step)
		}
	}
}

func FuzzBillQuery(f *testing.F) {
	f.Add("tab=paid&q=a%26b&sort=due&dir=desc&after=x%3D")
	f.Add("tab=none&sort=none&dir=desc")
	f.Add("q=%00%ff;&before=%2F..")
	f.Fuzz(func(t *testing.T, raw string) {
		v, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		q := ParseBillQuery(v)
		u, err := url.Parse(q.URL())
		if err != nil || u.Path != BillsURL {
			t.Fatalf("URL of %+v = %q, %v", q, q.URL(), err)
		}
		if again := ParseBillQuery(u.Query()); again != q {
			t.Errorf("ParseBillQuery(URL of %+v) = %+v", q, again)
		}
	})
}

func TestQueryLinks(t *testing.T) {
	t.Parallel()
	q := BillQuery{Tab: "topay", Search: "a&b", Sort: "due", After: "c1"}
	tests := []struct{ name, got, want string }{
		{"zero", BillQuery{}.URL(), "/bills"},
		{"whole", q.URL(), "/bills?after=c1&q=a%26b&sort=due&tab=topay"},
		{"file has no pages", q.CSV(), "/bills.csv?q=a%26b&sort=due&tab=topay"},
		{"a tab starts anew", q.tab(""), "/bills?q=a%26b&sort=due"},
		{"same column turns round", q.sortedBy("due"), "/bills?dir=desc&q=a%26b&sort=due&tab=topay"},
		{"another column", q.sortedBy("amount"), "/bills?q=a%26b&sort=amount&tab=topay"},
		{"page before", q.page("", "c0"), "/bills?before=c0&q=a%26b&sort=due&tab=topay"},
		{"id is one segment", BillURL("../x?y"), "/bills/..%2Fx%3Fy"},
		{"payments", PaymentQuery{Tab: "flight", After: "c"}.URL(), "/payments?after=c&tab=flight"},
		{"payments, unknown tab", ParsePaymentQuery(url.Values{"tab": {"x"}}).URL(), "/payments"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}
