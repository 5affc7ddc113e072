package ids

import (
	"bufio"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var form = regexp.MustCompile(`\A00n01[A-Z]{10}[0-9a-z]{5}\z`)

// millis reads the time back out of an id.
func millis(id ID) (ms int64) {
	for _, c := range []byte(id[5:15]) {
		ms = ms*26 + int64(c-'A')
	}
	return ms + epoch
}

func TestNew(t *testing.T) {
	t.Parallel()
	before := time.Now().UnixMilli()
	id := New(Bill)
	if !form.MatchString(string(id)) || !Valid(string(id)) || !id.Is(Bill) || id.Is(Vendor) || id.IsNull() || id.Prefix() != Bill {
		t.Errorf("New(Bill) = %q", id)
	}
	if ms := millis(id); ms < before || ms > time.Now().UnixMilli()+1 {
		t.Errorf("%q was made at %d, want %d", id, ms, before)
	}
}

func TestNewAscendsForEveryone(t *testing.T) {
	t.Parallel()
	const workers, each = 8, 5000
	made := make([][]ID, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for range each {
				made[w] = append(made[w], New(Bill))
			}
		})
	}
	wg.Wait()
	seen := make(map[ID]bool, workers*each)
	for _, ids := range made {
		if !slices.IsSorted(ids) {
			t.Error("the ids one goroutine made do not ascend")
		}
		for _, id := range ids {
			if seen[id] {
				t.Fatalf("%q was made twice", id)
			}
			seen[id] = true
		}
	}
}

func TestGeneratorOutlivesTheClock(t *testing.T) {
	t.Parallel()
	g := new(generator)
	var last ID
	for i, now := range []int64{1000, 1000, 999, 5, 1001, 1000, 1 << 40, -7} {
		ms, n := g.live(now)
		if id := encode(Bill, ms, n); id <= last {
			t.Errorf("step %d: %q after %q", i, id, last)
		} else {
			last = id
		}
	}
	g.n = half - 2
	for range 3 { // the last counter, then the first two of a borrowed millisecond
		ms, n := g.live(5)
		if id := encode(Bill, ms, n); id <= last || n >= half {
			t.Errorf("%q after %q", id, last)
		} else {
			last = id
		}
	}
}

func TestNewAt(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 18, 0, 0, 123_456_789, time.UTC)
	one, two := NewAt(Bill, at), NewAt(Bill, at.Add(-time.Hour))
	if !form.MatchString(string(one)) || millis(one) != at.UnixMilli() {
		t.Errorf("NewAt(%v) = %q of %d", at, one, millis(one))
	}
	if two >= one {
		t.Errorf("%q is an hour before %q", two, one)
	}
	for when, want := range map[time.Time]string{
		{}: "AAAAAAAAAA",
		time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC):    "AAAAAAAAAA",
		time.Date(2020, 1, 1, 0, 0, 0, 27e6, time.UTC): "AAAAAAAABB",
		time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC):    "ZZZZZZZZZZ",
	} {
		if got := string(NewAt(Bill, when)[5:15]); got != want {
			t.Errorf("time letters of %v: %q, want %q", when, got, want)
		}
	}
	seen := map[ID]bool{}
	for i := range 20_000 { // to and fro between two times
		id := NewAt(Bill, at.Add(time.Duration(i%2)*time.Minute))
		if seen[id] {
			t.Fatalf("%q was made twice", id)
		}
		seen[id] = true
	}
}

func TestCountersOfNewAndNewAtPart(t *testing.T) {
	t.Parallel()
	g := new(generator)
	for now := range int64(1000) {
		if _, n := g.live(now + 1); n >= half {
			t.Fatalf("live counter %d", n)
		}
		if n := g.fixed(); n < half || n >= counters {
			t.Fatalf("fixed counter %d", n)
		}
	}
}

func TestValid(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"00901ABCDEFGHIJ0000a":    true,
		"00802abcdefghij0000A":    true, // another partition, other places for letters
		string(Null):              true,
		"":                        false,
		"00901ABCDEFGHIJ0000":     false,
		"00901ABCDEFGHIJ0000ab":   false,
		"00901ABCDEFGHIJ0000_":    false,
		"00901ABCDEFGHIJ000 a":    false,
		"00901ABCDEFGHIJ000é":     false, // twenty bytes
		"00901ABCDEFGHIJ0000\x00": false,
	} {
		if got := Valid(s); got != want {
			t.Errorf("Valid(%q) = %v", s, got)
		}
	}
}

func TestNull(t *testing.T) {
	t.Parallel()
	if !ID("").IsNull() || !Null.IsNull() || len(Null) != length || ID("00901ABCDEFGHIJ0000a").IsNull() {
		t.Error("CNV-7: null is empty or twenty zeros, nothing else")
	}
	if p := ID("00").Prefix(); p != "" {
		t.Errorf("prefix of two characters: %q", p)
	}
}

func TestNewWantsAPrefix(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("New of a prefix of two characters did not panic")
		}
	}()
	New("00")
}

func TestNewAllocatesOnlyItsString(t *testing.T) {
	if n := testing.AllocsPerRun(1000, func() { New(Bill) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

// prefixes lists every constant; the compiler refuses a prefix that occurs twice.
var prefixes = map[string]bool{
	User: true, Org: true, SystemUser: true, PartnerUser: true, Profile: true, Vendor: true, VendorBankAccount: true,
	ListedVendor: true, Bill: true, BillLine: true, RecurringBill: true, RecurringBillLine: true, VendorCredit: true,
	VendorCreditLine: true, BillCredit: true, PurchaseOrder: true, ApprovalPolicy: true, ApprovalPolicyApprover: true,
	ApprovalGroup: true, BillApprover: true, VendorCreditApprover: true, SentPay: true, BillPay: true, VoidRequest: true,
	BankAccount: true, BankAccountUser: true, CardAccount: true, MoneyMovement: true, Document: true, DocumentPage: true,
	Upload: true, Attachment: true, Customer: true, CustomerContact: true, CustomerBankAccount: true, Item: true,
	Invoice: true, InvoiceLine: true, InvoiceTemplate: true, InvoiceCredit: true, Estimate: true, CreditMemo: true,
	CreditMemoLine: true, RecurringInvoice: true, RecurringInvoiceLine: true, ReceivedPay: true, InvoicePay: true,
	ConvenienceFee: true, Account: true, Department: true, Location: true, Job: true, Class: true, Employee: true,
	PaymentTerm: true, NetworkRequest: true,
	Disbursement: true, DisbursementBatch: true, BankFile: true, Check: true, InboxItem: true, ExpenseReport: true,
	PayoutJob: true, JournalEntry: true, AuditEvent: true, SyncLink: true, Note: true, CustomField: true,
}

// The constants are the prefixes of the specifications: every table cell that is a prefix in code marks (api-v1 2.6)
// and the prefix column of domain section 3.
func TestPrefixesAreThoseOfTheSpecification(t *testing.T) {
	t.Parallel()
	for p := range prefixes {
		if len(p) != 3 || !Valid(p+"01AAAAAAAAAA00000") {
			t.Errorf("prefix %q", p)
		}
	}
	inCode, bare := regexp.MustCompile("\\| `([0-9a-z]{3})` \\|"), regexp.MustCompile(`\b[0-9a-z]{3}\b`)
	found := 0
	for _, section := range []struct {
		file, from, to string
		cells          func(row string) []string
	}{
		{"api-v1-xml.md", "### 2.6 ", "### 2.7 ", func(row string) (cells []string) {
			for _, m := range inCode.FindAllStringSubmatch(strings.ReplaceAll(row, "|", "||"), -1) {
				cells = append(cells, m[1])
			}
			return cells
		}},
		{"domain.md", "## 3. ", "### 3.1 ", func(row string) []string {
			columns := strings.Split(row, "|")
			if len(columns) < 4 || strings.Contains(columns[2], "UUID") {
				return nil
			}
			column := strings.ReplaceAll(columns[2], "credit: ", "")
			return bare.FindAllString(column, -1)
		}},
	} {
		f, err := os.Open("../../docs/spec/" + section.file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		inside := false
		for lines := bufio.NewScanner(f); lines.Scan(); {
			row := lines.Text()
			inside = strings.HasPrefix(row, section.from) || inside && !strings.HasPrefix(row, section.to)
			if !inside || !strings.HasPrefix(row, "|") {
				continue
			}
			for _, p := range section.cells(row) {
				found++
				if !prefixes[p] {
					t.Errorf("%s: prefix %q has no constant: %s", section.file, p, row)
				}
			}
		}
	}
	if found < 80 {
		t.Errorf("read only %d prefixes from the specifications", found)
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		New(Bill)
	}
}
