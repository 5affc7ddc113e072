package banksim

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bank/bai2"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/rail/ach/achread"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var operating = Account{
	CompanyID: "1234567890", Routing: "990000013", Number: "000117777", Opening: 5_000_000, Since: civil.MustDate("2026-11-01"),
}

// bank is a folder pair with its simulator.
type bank struct {
	*Sim
	t   *testing.T
	dir string
}

func open(t *testing.T, accounts ...Account) *bank {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "out"), 0o750); err != nil {
		t.Fatal(err)
	}
	if accounts == nil {
		accounts = []Account{operating}
	}
	return &bank{New(dir, accounts), t, dir}
}

func (b *bank) deliver(name, content string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, "out", name), []byte(content), 0o640); err != nil {
		b.t.Fatal(err)
	}
}

// step runs the bank at every instant at which something is due, up to and including the last.
func (b *bank) step(from, to string) (names []string) {
	b.t.Helper()
	now := instant(from)
	for range 1000 {
		due, ok := b.NextDue(now)
		if !ok || due.After(instant(to)) {
			return names
		}
		if early, err := b.Run(due.Add(-time.Second)); err != nil || len(early) > 0 {
			b.t.Fatalf("Run a second before %v: got %v, %v; want nothing", due, early, err)
		}
		written, err := b.Run(due)
		if err != nil || len(written) == 0 {
			b.t.Fatalf("Run at %v: got %v, %v; want an answer", due, written, err)
		}
		for _, n := range written {
			if !strings.HasPrefix(n, stamp(due)) {
				b.t.Errorf("Run at %v wrote %s", due, n)
			}
		}
		names = append(names, written...)
		now = due
	}
	b.t.Fatal("the bank does not come to rest")
	return nil
}

func (b *bank) read(name string) string {
	b.t.Helper()
	body, err := os.ReadFile(filepath.Join(b.dir, "in", name))
	if err != nil {
		b.t.Fatal(err)
	}
	return string(body)
}

// account is the only account of a statement.
func (b *bank) account(name string) (bai2.Account, civil.Date) {
	b.t.Helper()
	f, err := bai2.Read(strings.NewReader(b.read(name)))
	if err != nil || len(f.Groups) != 1 || len(f.Groups[0].Accounts) != 1 {
		b.t.Fatalf("%s: got %+v, %v; want one account", name, f, err)
	}
	a := f.Groups[0].Accounts[0]
	sum := a.Opening
	for _, l := range a.Lines {
		if l.Credit() {
			sum += l.Amount
		} else {
			sum -= l.Amount
		}
	}
	if sum != a.Closing {
		b.t.Errorf("%s: opening %d and movements come to %d, closing is %d", name, a.Opening, sum, a.Closing)
	}
	return a, f.Groups[0].AsOf
}

// returns are the entries of a file of returns.
func (b *bank) returns(name string) (achread.File, []achread.Entry) {
	b.t.Helper()
	var all []achread.Entry
	f, err := achread.Read(strings.NewReader(b.read(name)), func(e achread.Entry) error {
		all = append(all, e)
		return nil
	})
	if err != nil {
		b.t.Fatalf("%s: %v", name, err)
	}
	return f, all
}

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// entry is a line of a test file; its trace number is its place in it.
type entry struct {
	code    int
	routing string
	account string
	amount  int64
}

// ach lays out a file with one batch, by appendix A.
func ach(sec, effective string, entries ...entry) string { return achOf(1, sec, effective, entries...) }

func achOf(firstTrace int, sec, effective string, entries ...entry) string {
	day := strings.ReplaceAll(effective, "-", "")[2:]
	lines := []string{
		"101 9900000131234567890" + "2612070100A094101" + fmt.Sprintf("%-23s%-23s%8s", "SANDBOX BANK", "NORTHWIND LLC", ""),
		fmt.Sprintf("5200%-36s1234567890%sVENDOR PMT      %s   1990000010000001", "NORTHWIND LLC", sec, day),
	}
	var s sums
	for i, e := range entries {
		name := fmt.Sprintf("%-22s", "PAYEE")
		if sec == "CTX" {
			name = "0000PAYEE             "
		}
		lines = append(lines, fmt.Sprintf("6%02d%s%-17s%010d%-15sabc0%08d%07d", e.code, e.routing, e.account, e.amount,
			fmt.Sprintf("P%d", i), 99000001, firstTrace+i))
		lines[len(lines)-1] = strings.Replace(lines[len(lines)-1], "abc", name+"  ", 1)
		var id int64
		if _, err := fmt.Sscan(e.routing[:8], &id); err != nil {
			panic(err)
		}
		o := sums{count: 1, hash: id}
		if e.code%10 <= 3 {
			o.credit = e.amount
		} else {
			o.debit = e.amount
		}
		s.add(o)
	}
	blocks := (len(lines) + 2 + 9) / 10
	lines = append(lines,
		fmt.Sprintf("8200%06d%010d%012d%012d1234567890%25s990000010000001", s.count, s.hash, s.debit, s.credit, ""),
		fmt.Sprintf("9000001%06d%08d%010d%012d%012d%39s", blocks, s.count, s.hash, s.debit, s.credit, ""))
	for len(lines)%10 != 0 {
		lines = append(lines, strings.Repeat("9", 94))
	}
	return strings.Join(lines, "\n") + "\n"
}

const checkHead = "account,serial,issue_date,amount,payee,mark\n"

// fixedRow is a check as a line of 100 columns.
func fixedRow(mark string, amount int64) string {
	return fmt.Sprintf("%s%017d%010d%010d20261207%-54s\r\n", mark, 117777, 1, amount, "P")
}

func fixedSums(n int, sum int64) string { return fmt.Sprintf("T%010d%014d%75s\r\n", n, sum, "") }

// deliverScenarioA puts the files of scenario A steps 8 and 9 into out/: the release runs of Wednesday 25 and Friday 27
// November at 01:00 Pacific.
func deliverScenarioA(t *testing.T, b *bank) {
	t.Helper()
	file, err := os.ReadFile("testdata/scenario-a.ach")
	if err != nil {
		t.Fatal(err)
	}
	b.deliver("20261125T090000Z-f1.ach", string(file))
	b.deliver("20261125T090000Z-p1-positivepay.csv", checkHead+"000117777,10001,2026-11-25,1250.00,\"V1, Inc.\",I\n")
	b.deliver("20261127T090000Z-p2-positivepay.csv", checkHead+"000117777,10002,2026-11-27,10000.00,V3 Ltd,I\n")
}

// TestScenarioA: steps 8 to 11 of scenario A; SIM-2, SIM-3, SIM-7, and NextDue.
func TestScenarioA(t *testing.T) {
	t.Parallel()
	b := open(t)
	deliverScenarioA(t, b)
	got := b.step("2026-11-25T09:00:00Z", "2027-11-25T00:00:00Z")
	want := []string{
		"20261125T090500Z-f1.ack",
		"20261125T090500Z-p1-positivepay.ack",
		"20261127T090500Z-p2-positivepay.ack",
		"20261130T110000Z-statement.bai", // Monday 06:00 New York, for Friday 27 November
		"20261204T110000Z-statement.bai", // for 3 December
		"20261207T110000Z-statement.bai", // Monday, for 4 December
	}
	if !slices.Equal(got, want) {
		t.Fatalf("answers: got %q, want %q", got, want)
	}

	type day struct {
		asOf             civil.Date
		opening, closing int64
		line             bai2.Line
	}
	days := []day{
		{civil.MustDate("2026-11-27"), 5_000_000, 4_903_000, bai2.Line{
			Type: 466, Amount: 97_000, BankRef: "F0000001", CustomerRef: "f1", Text: "ACH SETTLEMENT EFFECTIVE 2026-11-27"}},
		{civil.MustDate("2026-12-03"), 4_903_000, 4_778_000, bai2.Line{
			Type: 475, Amount: 125_000, CustomerRef: "10001", Text: "CHECK PAID"}},
		{civil.MustDate("2026-12-04"), 4_778_000, 3_778_000, bai2.Line{
			Type: 475, Amount: 1_000_000, CustomerRef: "10002", Text: "CHECK PAID"}},
	}
	for i, w := range days {
		a, asOf := b.account(want[3+i])
		if asOf != w.asOf || a.Opening != w.opening || a.Closing != w.closing || a.Number != operating.Number ||
			!reflect.DeepEqual(a.Lines, []bai2.Line{w.line}) {
			t.Errorf("statement %d: got %v %+v, want %+v", i, asOf, a, w)
		}
	}

	for _, name := range want {
		golden(t, name, b.read(name))
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "in", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%swant\n%s", name, got, want)
	}
}

// TestScenarioC: the R03 of scenario C step 4; SIM-4, SIM-5.
func TestScenarioC(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.deliver("20261207T090000Z-f2.ach", ach("CCD", "2026-12-08",
		entry{22, "990000026", "5551234", 1_000}, entry{22, "990000097", "88880003", 240_000}))
	got := b.step("2026-12-07T09:00:00Z", "2027-12-01T00:00:00Z")
	want := []string{
		"20261207T090500Z-f2.ack",
		"20261209T110000Z-statement.bai", // for Tuesday 8 December
		"20261210T130000Z-returns.ach",   // Thursday 08:00 New York
		"20261211T110000Z-statement.bai", // for the day of the return
	}
	if !slices.Equal(got, want) {
		t.Fatalf("answers: got %q, want %q", got, want)
	}
	if a, day := b.account(want[1]); day.String() != "2026-12-08" || a.Lines[0].Type != 466 || a.Lines[0].Amount != 241_000 {
		t.Errorf("settlement: got %v %+v, want 2,410.00 as one 466", day, a)
	}
	f, entries := b.returns(want[2])
	if f.Origin != "990000013" || f.Destination != "1234567890" || f.Created.String() != "2026-12-10" || len(entries) != 1 {
		t.Fatalf("returns: got %+v with %+v", f, entries)
	}
	e := entries[0]
	wantReturn := achread.Return{Code: "R03", Trace: "990000010000002", RDFI: "99000009", Information: "NO ACCOUNT"}
	if *e.Return != wantReturn || e.Code != 21 || e.Routing != "990000013" || e.Account != "88880003" || e.Amount != 240_000 ||
		e.ID != "P1" || e.Trace != "990000090000002" || e.Batch.SEC != "CCD" || e.Batch.CompanyID != "1234567890" {
		t.Errorf("return: got %+v %+v", e, *e.Return)
	}
	a, day := b.account(want[3])
	wantLine := bai2.Line{Type: 257, Amount: 240_000, BankRef: "990000090000002", CustomerRef: "990000010000002",
		Text: "ACH RETURN R03 NO ACCOUNT"}
	if day.String() != "2026-12-10" || a.Opening != 4_759_000 || a.Closing != 4_999_000 ||
		!reflect.DeepEqual(a.Lines, []bai2.Line{wantLine}) {
		t.Errorf("return's credit: got %v %+v, want %+v", day, a, wantLine)
	}
	golden(t, want[2], b.read(want[2]))
}

// TestEndings: SIM-4 and SIM-6, one entry at a time, delivered 7 December, effective 8 December.
func TestEndings(t *testing.T) {
	t.Parallel()
	const posted = ""
	tests := []struct {
		code    int
		account string
		answer  string // code of the entry that comes back
		due     string // of its file
		data    achread.Correction
	}{
		{22, "5551234", posted, "", achread.Correction{}},
		{22, "5550000", posted, "", achread.Correction{}},
		{22, "0003", "R03", "20261210T130000Z", achread.Correction{}},
		{32, "5550002", "R02", "20261210T130000Z", achread.Correction{}},
		{22, "5550014", "R14", "20261210T130000Z", achread.Correction{}},
		{22, "5550085", "R85", "20261210T130000Z", achread.Correction{}},
		{22, "5550048", posted, "", achread.Correction{}}, // no such code
		{22, "5550099", posted, "", achread.Correction{}},
		{23, "5550003", posted, "", achread.Correction{}}, // live entries only
		{33, "5550014", posted, "", achread.Correction{}},
		{27, "5550001", "R01", "20261210T130000Z", achread.Correction{}},
		{22, "5550101", "C01", "20261210T130000Z", achread.Correction{Account: "5551234"}},
		{23, "5550101", "C01", "20261210T130000Z", achread.Correction{Account: "5551234"}},
		{22, "5550102", "C02", "20261210T130000Z", achread.Correction{Routing: "990000039"}},
		{22, "5550103", "C03", "20261210T130000Z", achread.Correction{Routing: "990000039", Account: "5551234"}},
		{22, "5550104", "C04", "20261210T130000Z", achread.Correction{Name: "CORRECTED PAYEE"}},
		{22, "5550105", "C05", "20261210T130000Z", achread.Correction{Code: 32}},
		{37, "5550106", "C06", "20261210T130000Z", achread.Correction{Account: "5551234", Code: 27}},
		{22, "1234567895550107", "C07", "20261210T130000Z",
			achread.Correction{Routing: "990000039", Account: "1234567895551234", Code: 32}},
		{22, "5550109", "C09", "20261210T130000Z", achread.Correction{ID: "CP0"}},
		{22, "5550100", posted, "", achread.Correction{}},
		{22, "5550161", posted, "", achread.Correction{}}, // only an originator refuses
		{23, "5550200", "R03", "20261210T130000Z", achread.Correction{}},
		{22, "5550200", posted, "", achread.Correction{}},
		{27, "5550300", "R10", "20270205T130000Z", achread.Correction{}}, // the 59th day, a Friday
		{22, "5550300", posted, "", achread.Correction{}},
		{22, "5550400", "R23", "20261211T130000Z", achread.Correction{}},
		{23, "5550400", posted, "", achread.Correction{}},
		{22, "ABC-0003", "R03", "20261210T130000Z", achread.Correction{}},
		{22, "003", posted, "", achread.Correction{}},
		{22, "555O003", posted, "", achread.Correction{}},
	}
	for _, tt := range tests {
		for _, sec := range []string{"CCD", "CTX"} {
			t.Run(fmt.Sprintf("SIM-4 %s %d %s", sec, tt.code, tt.account), func(t *testing.T) {
				t.Parallel()
				b := open(t)
				amount := int64(12_345)
				if tt.code%10 == 3 || tt.code%10 == 8 {
					amount = 0
				}
				b.deliver("20261207T090000Z-f.ach", ach(sec, "2026-12-08", entry{tt.code, "990000026", tt.account, amount}))
				b.step("2026-12-07T00:00:00Z", "2028-01-01T00:00:00Z")
				if ack := b.read("20261207T090500Z-f.ack"); !strings.HasSuffix(ack, "STATUS ACCEPTED\n") {
					t.Fatalf("got %s", ack)
				}
				files, err := filepath.Glob(filepath.Join(b.dir, "in", "*-returns.ach"))
				if err != nil {
					t.Fatal(err)
				}
				if tt.answer == posted {
					if len(files) > 0 {
						t.Errorf("got %v, want the entry posted", files)
					}
					return
				}
				if len(files) != 1 {
					t.Fatalf("got %v, want one file", files)
				}
				_, entries := b.returns(tt.due + "-returns.ach")
				e := entries[0]
				back := e.Code - e.Code%10 + 1
				if !e.Credit() {
					back += 5
				}
				if e.Code != back || e.Code/10 != tt.code/10 || e.Credit() != (tt.code%10 <= 3) {
					t.Errorf("transaction code: got %d for %d", e.Code, tt.code)
				}
				if tt.answer[0] == 'R' {
					died := e.Return.DateOfDeath
					if e.Return.Code != tt.answer || e.Amount != amount || died.IsZero() != (tt.answer != "R14") {
						t.Errorf("got %+v of %d, want %s of %d", *e.Return, e.Amount, tt.answer, amount)
					}
					return
				}
				got, err := e.NOC.Correction()
				if err != nil || e.NOC.Code != tt.answer || got != tt.data || e.Amount != 0 || e.Batch.SEC != "COR" {
					t.Errorf("got %+v, %+v, %v; want %s %+v", *e.NOC, got, err, tt.answer, tt.data)
				}
			})
		}
	}
}

// TestManyReturns: several files, receiving banks and kinds in one file of returns.
func TestManyReturns(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.deliver("20261207T090000Z-a.ach", achOf(1, "PPD", "2026-12-08",
		entry{22, "990000026", "10003", 100}, entry{22, "990000039", "10003", 200}, entry{22, "990000026", "10104", 400},
		entry{27, "990000026", "10009", 800}, entry{23, "990000107", "10200", 0}))
	b.deliver("20261207T100000Z-b.ach", achOf(6, "CCD", "2026-12-08", entry{32, "990000026", "10004", 1600}))
	b.step("2026-12-07T00:00:00Z", "2028-01-01T00:00:00Z")
	f, entries := b.returns("20261210T130000Z-returns.ach")
	if f.Batches != 5 || f.Entries != 6 || f.Credit != 1900 || f.Debit != 800 {
		t.Errorf("got %+v", f)
	}
	var traces []string
	for _, e := range entries {
		if e.NOC != nil {
			traces = append(traces, e.NOC.Trace[8:])
		} else {
			traces = append(traces, e.Return.Trace[8:])
		}
	}
	slices.Sort(traces)
	if want := []string{"0000001", "0000002", "0000003", "0000004", "0000005", "0000006"}; !slices.Equal(traces, want) {
		t.Errorf("original traces: got %v, want %v", traces, want)
	}
	a, _ := b.account("20261211T110000Z-statement.bai")
	if a.Closing-a.Opening != 1900-800 || len(a.Lines) != 4 {
		t.Errorf("statement of the returns: got %+v, want +11.00 in 4 lines", a)
	}
	if a, _ := b.account("20261209T110000Z-statement.bai"); len(a.Lines) != 3 || a.Closing-a.Opening != 800-700-1600 {
		t.Errorf("statement of the settlement: got %+v, want a debit for each file and a credit", a)
	}
}

// TestSettlement: SIM-3, a stale or closed effective date settles on the next banking day the file reaches.
func TestSettlement(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, delivered, effective, want string }{
		{"next day", "20261207T090000Z", "2026-12-08", "2026-12-08"},
		{"same day in the last window", "20261207T214500Z", "2026-12-07", "2026-12-07"},
		{"same day after it", "20261207T214501Z", "2026-12-07", "2026-12-08"},
		{"stale", "20261207T090000Z", "2026-12-01", "2026-12-07"},
		{"stale, delivered Friday evening", "20261205T010000Z", "2026-12-01", "2026-12-07"},
		{"effective on Thanksgiving", "20261125T090000Z", "2026-11-26", "2026-11-27"},
		{"effective next year", "20261207T090000Z", "2027-01-01", "2027-01-04"},
		{"Independence Day on a Saturday", "20260702T090000Z", "2026-07-03", "2026-07-03"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := operating
			a.Since = civil.MustDate("2026-01-01")
			b := open(t, a)
			b.deliver(tt.delivered+"-f.ach", ach("CCD", tt.effective, entry{22, "990000026", "5551234", 100}))
			names := b.step("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z")
			if _, day := b.account(names[len(names)-1]); day.String() != tt.want {
				t.Errorf("settled %v, want %s", day, tt.want)
			}
		})
	}
}

// TestRejected: SIM-2, and that no garbage stops the bank.
func TestRejected(t *testing.T) {
	t.Parallel()
	good := ach("CCD", "2026-12-08", entry{22, "990000026", "5551234", 100})
	first := "000117777,1,2026-12-07,1.00,P,I\n"
	tests := []struct{ name, kind, content, reason string }{
		{"empty", ".ach", "", "line 1: record is not expected here: file is empty"},
		{"garbage", ".ach", "\x00\xff" + strings.Repeat("x\n", 5000), "line 1 column 1: character is not printable ASCII: byte 0x00"},
		{"half a file", ".ach", good[:400], "line 5 column 21: record is not 94 characters long: got 20"},
		{"wrong hash", ".ach", strings.Replace(good, "8200000001009900", "8200000001009901", 1),
			"line 4 column 11: entry hash is wrong: got 99010002, want 99000002"},
		{"SIM-4: 0500", ".ach", ach("CCD", "2026-12-08", entry{22, "990000026", "5550500", 100}), "line 3: account ends in 0500"},
		{"SIM-4: 0500 of a test entry", ".ach", ach("CCD", "2026-12-08", entry{23, "990000026", "5550500", 0}),
			"line 3: account ends in 0500"},
		{"unknown company", ".ach", strings.ReplaceAll(good, "1234567890", "1234567899"),
			"batch 1: company id 1234567899 is not known"},
		{"an entry that came back", ".ach", returned(t), "line 3: an entry that came back"},
		{"far ahead", ".ach", ach("CCD", "2098-12-08", entry{22, "990000026", "5551234", 100}),
			"batch 1: effective date 2098-12-08 is too far ahead"},

		{"empty", checkSuffix, "", "file is empty"},
		{"garbage", checkSuffix, "\x00\xff\"", "parse error on line 1, column 3: bare \" in non-quoted-field"},
		{"header", checkSuffix, "serial\n", "record on line 1: wrong number of fields"},
		{"other header", checkSuffix, "a,b,c,d,e,f\n", "line 1: header is not account,serial,issue_date,amount,payee,mark"},
		{"unknown account", checkSuffix, checkHead + first + "9,1,2026-12-07,1.00,P,I\n", "line 3: account is not known"},
		{"serial", checkSuffix, checkHead + "000117777,1x,2026-12-07,1.00,P,I\n", `line 2: serial "1x"`},
		{"date", checkSuffix, checkHead + "000117777,1,2026-12-32,1.00,P,I\n", `line 2: issue date "2026-12-32"`},
		{"far ahead", checkSuffix, checkHead + "000117777,1,9999-12-31,1.00,P,I\n", `line 2: issue date 9999-12-31 is too far ahead`},
		{"amount", checkSuffix, checkHead + "000117777,1,2026-12-07,1.0,P,I\n", `line 2: amount "1.0"`},
		{"amount without a point", checkSuffix, checkHead + "000117777,1,2026-12-07,100,P,I\n", `line 2: amount "100"`},
		{"negative", checkSuffix, checkHead + "000117777,1,2026-12-07,-1.00,P,I\n", `line 2: amount "-1.00"`},
		{"LIM-5", checkSuffix, checkHead + "000117777,1,2026-12-07,100000000.00,P,I\n", `line 2: amount "100000000.00"`},
		{"fixed: short", fixedSuffix, "I\n", "line 1: it has 1 columns, not 100"},
		{"fixed: no sums", fixedSuffix, fixedRow("I", 100), "the line of the sums is missing"},
		{"fixed: a line is missing", fixedSuffix, fixedRow("I", 100) + fixedSums(2, 100), "line 2: the sums are not T000000000100000000000100"},
		{"fixed: a line follows", fixedSuffix, fixedSums(0, 0) + fixedSums(0, 0), "line 2: it follows the sums"},
		{"fixed: mark", fixedSuffix, fixedRow("X", 100) + fixedSums(1, 100), `line 1: mark "X"`},
		{"fixed: unknown account", fixedSuffix, strings.Replace(fixedRow("I", 100), "117777", "117778", 1) + fixedSums(1, 100), "line 1: account is not known"},
		{"mark", checkSuffix, checkHead + "000117777,1,2026-12-07,1.00,P,X\n", `line 2: mark "X"`},
	}
	for _, tt := range tests {
		t.Run(tt.kind+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			b.deliver("20261207T090000Z-f"+tt.kind, tt.content)
			names := b.step("2026-12-07T09:00:00Z", "2099-01-01T00:00:00Z")
			if len(names) != 1 {
				t.Fatalf("got %v, want the acknowledgement alone", names)
			}
			got := b.read(names[0])
			form := ""
			if tt.kind == achSuffix && !strings.HasSuffix(tt.reason, errRefused.Error()) {
				form = "FORMAT "
			}
			if want := "STATUS REJECTED " + form + tt.reason + "\n"; !strings.HasSuffix(got, want) {
				t.Errorf("got\n%swant %s", got, want)
			}
		})
	}
}

func returned(t *testing.T) string {
	t.Helper()
	b := open(t)
	b.deliver("20261207T090000Z-f.ach", ach("CCD", "2026-12-08", entry{22, "990000026", "5550003", 100}))
	b.step("2026-12-07T00:00:00Z", "2028-01-01T00:00:00Z")
	return b.read("20261210T130000Z-returns.ach")
}

// TestDuplicate: SIM-2, the same bytes a second time under another name are rejected and move nothing.
func TestDuplicate(t *testing.T) {
	t.Parallel()
	b := open(t)
	file := ach("CCD", "2026-12-08", entry{22, "990000026", "5551234", 100})
	b.deliver("20261207T090000Z-f.ach", file)
	b.deliver("20261207T093000Z-e.ach", file)
	b.step("2026-12-07T00:00:00Z", "2028-01-01T00:00:00Z")
	if got := b.read("20261207T090500Z-f.ack"); !strings.HasSuffix(got, "STATUS ACCEPTED\n") {
		t.Errorf("first: got\n%s", got)
	}
	got := b.read("20261207T093500Z-e.ack")
	if !strings.HasSuffix(got, "STATUS REJECTED duplicate of 20261207T090000Z-f.ach\n") || !strings.Contains(got, "CREDIT 100\n") {
		t.Errorf("second: got\n%s", got)
	}
	if a, _ := b.account("20261209T110000Z-statement.bai"); len(a.Lines) != 1 {
		t.Errorf("statement: got %+v, want one settlement", a)
	}
}

// TestChecks: SIM-7. Issued Wednesday 25 November 2026 (Thanksgiving follows); each case has its day and its amounts.
func TestChecks(t *testing.T) {
	t.Parallel()
	type paid struct {
		day    string
		amount int64
	}
	row := func(payee, mark string) string {
		return checkHead + "000117777,10001,2026-11-25,12.50," + payee + "," + mark + "\n"
	}
	tests := []struct {
		name, payee string
		voided      string // the void, if any
		issuedLate  bool   // the file came on 8 December
		pay         string // the reference of an exception that is to be paid
		want        []paid
		asked       string // reasons of the exceptions
	}{
		{name: "plain", payee: "V1", want: []paid{{"2026-12-03", 1250}}},
		{name: "never", payee: "V1 SIM-NEVER", want: nil},
		{name: "returned mail", payee: "V1 sim-rts", want: nil, asked: "RETURNED_MAIL"},
		{name: "2 days", payee: "SIM-D2 V1", want: []paid{{"2026-11-30", 1250}}},
		{name: "0 days", payee: "V1 SIM-D0", want: []paid{{"2026-11-27", 1250}}},
		{name: "90 days", payee: "V1 SIM-D90", want: []paid{{"2027-04-07", 1250}}},
		{name: "no number of days", payee: "V1 SIM-D9x", want: []paid{{"2026-12-03", 1250}}},
		{name: "altered", payee: "V1 (SIM-ALTERED)", want: nil, asked: "AMOUNT"},
		{name: "altered, to be paid", payee: "V1 (SIM-ALTERED)", pay: "20261203-10001-1", want: []paid{{"2026-12-03", 12500}}, asked: "AMOUNT"},
		{name: "twice", payee: "V1 SIM-DUP", want: []paid{{"2026-12-03", 1250}}, asked: "DUPLICATE"},
		{name: "E20: voided and presented", payee: "V1 SIM-D5", voided: "20261202T120000Z", want: nil, asked: "VOIDED"},
		{name: "voided and to be paid", payee: "V1 SIM-D5", voided: "20261202T120000Z", pay: "20261203-10001-1", want: []paid{{"2026-12-03", 1250}}, asked: "VOIDED"},
		{name: "tokens together", payee: "SIM-D1 SIM-DUP", want: []paid{{"2026-11-27", 1250}}, asked: "DUPLICATE"},
		{name: "file late", payee: "V1", issuedLate: true, want: []paid{{"2026-12-09", 1250}}},
		{name: "VOI-3: voided in time", payee: "V1", voided: "20261203T120000Z", want: nil},
		{name: "voided a day late", payee: "V1", voided: "20261204T120000Z", want: []paid{{"2026-12-03", 1250}}},
		{name: "CHK-4: given back", payee: "V1 SIM-FORGED", want: []paid{{"2026-12-03", 1250}, {"2026-12-07", -1250}}},
		{name: "voided between two", payee: "V1 SIM-DUP", voided: "20261204T120000Z", want: []paid{{"2026-12-03", 1250}}},
		{name: "voided before it was issued", payee: "V1", voided: "20261124T120000Z", want: nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			name := "20261125T090000Z-i" + checkSuffix
			if tt.issuedLate {
				name = "20261208T150000Z-i" + checkSuffix
			}
			b.deliver(name, row(tt.payee, "I"))
			if tt.voided != "" {
				b.deliver(tt.voided+"-v"+checkSuffix, row(tt.payee, "V"))
			}
			if tt.pay != "" {
				b.deliver("20261203T185959Z-d"+decisionSuffix, "reference,decision\n"+tt.pay+",pay\n")
			}
			var got []paid
			asked := ""
			for _, n := range b.step("2026-11-01T00:00:00Z", "2029-01-01T00:00:00Z") {
				if strings.HasSuffix(n, "-exceptions.csv") {
					asked += strings.Split(strings.Split(b.read(n), "\n")[1], ",")[6]
				}
				if !strings.HasSuffix(n, ".bai") {
					continue
				}
				a, day := b.account(n)
				for _, l := range a.Lines {
					if l.Type == 255 {
						l.Type, l.Amount = 475, -l.Amount
					}
					if l.Type != 475 || l.CustomerRef != "10001" {
						t.Errorf("got %+v, want check 10001 paid", l)
					}
					got = append(got, paid{day.String(), l.Amount})
				}
			}
			if !slices.Equal(got, tt.want) || asked != tt.asked {
				t.Errorf("got %v, asked about %q; want %v, %q", got, asked, tt.want, tt.asked)
			}
		})
	}
}

// TestCheckIssuedTwice: the second issue of a serial is not a second check; the same serial of another account is.
func TestCheckIssuedTwice(t *testing.T) {
	t.Parallel()
	second := Account{CompanyID: "9876543210", Routing: "990000013", Number: "42", Since: civil.MustDate("2026-11-01")}
	late := Account{CompanyID: "5555555555", Routing: "990000013", Number: "43", Since: civil.MustDate("2026-12-04")}
	b := open(t, operating, second, late)
	b.deliver("20261125T090000Z-a"+checkSuffix, checkHead+"000117777,1,2026-11-25,1.00,P,I\n42,1,2026-11-25,2.00,P,I\n")
	b.deliver("20261127T090000Z-b"+checkSuffix, checkHead+"000117777,1,2026-11-27,3.00,P,I\n")
	names := b.step("2026-11-01T00:00:00Z", "2029-01-01T00:00:00Z")
	f, err := bai2.Read(strings.NewReader(b.read("20261204T110000Z-statement.bai")))
	if err != nil || len(names) != 3 {
		t.Fatalf("got %v, %v; want two acknowledgements and one statement", names, err)
	}
	a := f.Groups[0].Accounts
	if len(f.Groups) != 1 || len(a) != 2 || a[0].Closing != 5_000_000-100 || a[1].Closing != -200 {
		t.Errorf("got %+v, want 1.00 and 2.00 paid, and nothing of the account opened the next day", f)
	}
}

// TestDeterminism: SIM-9. All at once, step by step, a second time, and after a loss of in/: the same bytes.
func TestDeterminism(t *testing.T) {
	t.Parallel()
	fill := func(b *bank) {
		deliverScenarioA(t, b)
		b.deliver("20261207T090000Z-f2.ach", ach("CCD", "2026-12-08",
			entry{22, "990000026", "10003", 1_000}, entry{22, "990000097", "10103", 240_000}, entry{22, "990000039", "10004", 7}))
		b.deliver("20261207T090000Z-junk.ach", "junk")
		b.deliver("notes.txt", "not for the bank")
		b.deliver(".20261207T090000Z-f3.ach", "being uploaded")
		b.deliver("2026-12-07-f4.ach", "no instant")
		b.deliver("21261207T090000Z-f5.ach", "a century ahead")
	}
	content := func(b *bank) map[string]string {
		all := map[string]string{}
		files, err := os.ReadDir(filepath.Join(b.dir, "in"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			all[f.Name()] = b.read(f.Name())
		}
		return all
	}
	end := instant("2028-01-01T00:00:00Z")

	stepped := open(t)
	fill(stepped)
	names := stepped.step("2026-11-01T00:00:00Z", "2028-01-01T00:00:00Z")
	want := content(stepped)
	if len(names) != len(want) || len(want) != 11 {
		t.Fatalf("got %d names %q for %d files, want 11", len(names), names, len(want))
	}

	once := open(t)
	fill(once)
	written, err := once.Run(end)
	if err != nil || !slices.Equal(written, names) || !maps.Equal(content(once), want) {
		t.Errorf("at once: got %q, %v; want %q with the same bytes", written, err, names)
	}
	if again, err := once.Run(end); err != nil || len(again) > 0 {
		t.Errorf("again: got %q, %v; want nothing", again, err)
	}
	if err := os.RemoveAll(filepath.Join(once.dir, "in")); err != nil {
		t.Fatal(err)
	}
	if _, err := New(once.dir, []Account{operating}).Run(end); err != nil || !maps.Equal(content(once), want) {
		t.Errorf("by another simulator: %v, or other bytes", err)
	}
	if due, ok := once.NextDue(end); ok {
		t.Errorf("NextDue at the end: got %v, want none", due)
	}
}

// TestChangedFile: a file replaced under its name is read again, a file taken away is forgotten.
func TestChangedFile(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.deliver("20261207T090000Z-f.ach", "half")
	if _, ok := b.NextDue(instant("2026-12-07T10:00:00Z")); ok {
		t.Error("half a file has more than its acknowledgement")
	}
	b.deliver("20261207T090000Z-f.ach", ach("CCD", "2026-12-08", entry{22, "990000026", "5551234", 100}))
	if due, ok := b.NextDue(instant("2026-12-07T10:00:00Z")); !ok || !due.Equal(instant("2026-12-09T11:00:00Z")) {
		t.Errorf("NextDue: got %v, %v; want the statement", due, ok)
	}
	if err := os.Remove(filepath.Join(b.dir, "out", "20261207T090000Z-f.ach")); err != nil {
		t.Fatal(err)
	}
	if due, ok := b.NextDue(time.Time{}); ok {
		t.Errorf("NextDue without a file: got %v, want none", due)
	}
}

func TestFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := New(dir, []Account{operating})
	if written, err := s.Run(instant("2026-12-07T10:00:00Z")); err != nil || len(written) > 0 {
		t.Errorf("without out/: got %v, %v; want nothing", written, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "out"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Run(instant("2026-12-07T10:00:00Z")); err == nil {
		t.Error("out is a file: got no error")
	}
	if _, ok := s.NextDue(time.Time{}); ok {
		t.Error("out is a file: NextDue has an instant")
	}
}

// FuzzDelivery: whatever is delivered, the bank answers, and its files of returns and statements can be read.
func FuzzDelivery(f *testing.F) {
	f.Add([]byte(ach("CCD", "2026-12-08", entry{22, "990000026", "5550003", 100}, entry{27, "990000026", "5550107", 100})), true)
	f.Add([]byte(ach("CTX", "2026-12-01", entry{33, "990000107", "0200", 0})), true)
	f.Add([]byte(checkHead+"000117777,1,2026-12-07,1.00,P SIM-DUP,I\n"), false)
	f.Fuzz(func(t *testing.T, content []byte, isACH bool) {
		s := New("", []Account{operating})
		name, take := "20261207T090000Z-f.ach", s.takeACH
		if !isACH {
			name, take = "20261207T090000Z-f"+checkSuffix, s.takeChecks
		}
		d, _ := fromName(name)
		if err := take(bytes.NewReader(content), &d); err != nil {
			d.reason = err.Error()
		}
		answers, err := s.play([]delivery{d})
		if err != nil {
			t.Fatalf("play: %v", err)
		}
		for _, a := range answers {
			switch {
			case strings.HasSuffix(a.name, ".ach"):
				_, err = achread.Read(bytes.NewReader(a.body), nil)
			case strings.HasSuffix(a.name, ".bai"):
				_, err = bai2.Read(bytes.NewReader(a.body))
			}
			if err != nil {
				t.Fatalf("%s: %v\n%s", a.name, err, a.body)
			}
		}
	})
}
