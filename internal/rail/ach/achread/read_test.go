package achread

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/duebook/duebook/internal/civil"
)

// dates lets cmp compare dates.
var dates = cmpopts.EquateComparable(civil.Date{})

// The files of testdata were laid out column by column from appendix A, not by package ach.
func load(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func collect(src string) (File, []Entry, error) {
	var all []Entry
	f, err := Read(strings.NewReader(src), func(e Entry) error {
		all = append(all, e)
		return nil
	})
	return f, all, err
}

// TestReadScenarioA: the file of scenario A step 8 (ACH-1, ACH-4, ACH-7).
func TestReadScenarioA(t *testing.T) {
	t.Parallel()
	f, entries, err := collect(load(t, "ccd.ach"))
	if err != nil {
		t.Fatal(err)
	}
	wantFile := File{
		Destination: "990000013", Origin: "1234567890", DestinationName: "SANDBOX BANK", OriginName: "NORTHWIND LLC",
		Created: civil.MustDate("2026-11-25"), Time: "0100", Modifier: "A", Reference: "F0000001",
		Batches: 1, Entries: 1, Addenda: 1, Hash: 99000002, Credit: 97000, Lines: 10,
	}
	if d := cmp.Diff(wantFile, f, dates); d != "" {
		t.Errorf("file (-want +got):\n%s", d)
	}
	wantEntries := []Entry{{
		Batch: &Batch{
			Number: 1, Class: 220, Company: "NORTHWIND LLC", CompanyID: "1234567890", SEC: "CCD",
			Description: "VENDOR PMT", Descriptive: "261125", Effective: civil.MustDate("2026-11-27"), ODFI: "99000001",
		},
		Line: 3, Code: 22, Routing: "990000026", Account: "000001234", Amount: 97000,
		ID: "P26112500000001", Name: "V2 SUPPLIES", Trace: "990000010000001", Texts: []string{`RMR*IV*INV-2001**970.00\`},
	}}
	if d := cmp.Diff(wantEntries, entries, cmpopts.IgnoreUnexported(Entry{}), dates); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
	}
}

func TestReadMixed(t *testing.T) {
	t.Parallel()
	for _, eol := range []string{"\n", "\r\n"} {
		f, entries, err := collect(strings.ReplaceAll(load(t, "mixed.ach"), "\n", eol))
		if err != nil {
			t.Fatal(err)
		}
		if f.Batches != 2 || f.Entries != 4 || f.Addenda != 2 || f.Debit != 34 || f.Credit != 271247 || f.Lines != 20 {
			t.Errorf("file: got %+v", f)
		}
		got := entries[2]
		if got.Name != "HARTWELL HOTEL" || len(got.Texts) != 2 || got.Texts[1] != "SE*5*0001~" || !got.Credit() {
			t.Errorf("CTX entry: got %+v", got)
		}
		if !entries[1].Prenote() || entries[0].Prenote() || entries[3].Credit() {
			t.Errorf("prenote and sides: got %+v", entries)
		}
	}
}

// TestReadReturns: ACH-6, ACH-8, ACH-9.
func TestReadReturns(t *testing.T) {
	t.Parallel()
	f, entries, err := collect(load(t, "returns.ach"))
	if err != nil {
		t.Fatal(err)
	}
	if f.Origin != "990000013" || f.Entries != 3 || f.Credit != 271247 {
		t.Errorf("file: got %+v", f)
	}
	want := Return{
		Code: "R14", Trace: "990000010000002", DateOfDeath: civil.MustDate("2026-11-30"), RDFI: "99000003",
		Information: "PAYEE DECEASED",
	}
	if d := cmp.Diff(&want, entries[0].Return, dates); d != "" {
		t.Errorf("return (-want +got):\n%s", d)
	}
	if r := entries[1].Return; r == nil || r.Code != "R03" || !r.DateOfDeath.IsZero() || entries[1].Batch.Settlement != 344 {
		t.Errorf("CTX return: got %+v", entries[1])
	}
	n := entries[2].NOC
	if n == nil || n.Code != "C03" || n.Trace != "990000010000003" || n.RDFI != "99000002" {
		t.Fatalf("notification: got %+v", n)
	}
	c, err := n.Correction()
	if want := (Correction{Routing: "990000039", Account: "5551234"}); err != nil || c != want {
		t.Errorf("Correction() = %+v, %v; want %+v", c, err, want)
	}
}

func TestCorrection(t *testing.T) {
	t.Parallel()
	const d = "12345678901234567" // a longest account
	tests := []struct {
		code, data string
		want       Correction
		err        error
	}{
		{"C01", "5551234", Correction{Account: "5551234"}, nil},
		{"C01", "", Correction{}, ErrField},
		{"C02", "990000026", Correction{Routing: "990000026"}, nil},
		{"C02", "990000027", Correction{}, ErrCheckDigit},
		{"C02", "99000002", Correction{}, ErrField},
		{"C03", "990000026   " + d, Correction{Routing: "990000026", Account: d}, nil},
		{"C04", "BO LEE", Correction{Name: "BO LEE"}, nil},
		{"C04", "", Correction{}, ErrField},
		{"C05", "32", Correction{Code: 32}, nil},
		{"C05", "31", Correction{}, ErrField},
		{"C05", "2", Correction{}, ErrField},
		{"C06", d + "   37", Correction{Account: d, Code: 37}, nil},
		{"C06", d, Correction{}, ErrField},
		{"C07", "990000026" + d + " 22", Correction{}, ErrField},
		{"C07", "990000026" + d + "22", Correction{Routing: "990000026", Account: d, Code: 22}, nil},
		{"C09", "ID 7", Correction{ID: "ID 7"}, nil},
		{"C09", "", Correction{}, ErrField},
		{"C61", "", Correction{}, ErrField},
	}
	for _, tt := range tests {
		got, err := NOC{Code: tt.code, Corrected: tt.data}.Correction()
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s %q: got %+v, %v; want %+v, %v", tt.code, tt.data, got, err, tt.want, tt.err)
		}
	}
}

// TestReadDamaged damages one place of a good file at a time. SIM-2 and ACH-1 rest on this table.
func TestReadDamaged(t *testing.T) {
	t.Parallel()
	type damage struct {
		name, file string
		line, col  int    // where to write
		text       string // what to write there
		err        error
		atLine     int // where the reader finds it, if elsewhere
		atCol      int
	}
	tests := []damage{
		{"not a file header", "ccd.ach", 1, 1, "5", ErrOrder, 1, 1},
		{"priority code", "ccd.ach", 1, 2, "02", ErrField, 1, 2},
		{"check digit of destination", "ccd.ach", 1, 13, "4", ErrCheckDigit, 1, 4},
		{"destination not at the right", "ccd.ach", 1, 4, "990000013 ", ErrCheckDigit, 1, 4},
		{"blank destination", "ccd.ach", 1, 4, "          ", ErrField, 1, 4},
		{"blank origin", "ccd.ach", 1, 14, "          ", ErrField, 1, 14},
		{"creation date 31 November", "ccd.ach", 1, 24, "261131", ErrField, 1, 24},
		{"creation date in letters", "ccd.ach", 1, 24, "26NOV1", ErrField, 1, 24},
		{"creation time 24:00", "ccd.ach", 1, 30, "2400", ErrField, 1, 30},
		{"creation time 9:", "ccd.ach", 1, 30, " 900", ErrField, 1, 30},
		{"modifier", "ccd.ach", 1, 34, "a", ErrField, 1, 34},
		{"record size", "ccd.ach", 1, 35, "080", ErrField, 1, 35},
		{"blocking factor", "ccd.ach", 1, 38, "20", ErrField, 1, 35},

		{"second file header", "ccd.ach", 2, 1, "1", ErrOrder, 2, 1},
		{"service class", "ccd.ach", 2, 2, "280", ErrField, 2, 2},
		{"service class in letters", "ccd.ach", 2, 2, "22X", ErrField, 2, 2},
		{"blank company", "ccd.ach", 2, 5, "                ", ErrField, 2, 5},
		{"blank company id", "ccd.ach", 2, 41, "          ", ErrField, 2, 41},
		{"ACH-2: entry class", "ccd.ach", 2, 51, "XYZ", ErrField, 2, 51},
		{"blank description", "ccd.ach", 2, 54, "          ", ErrField, 2, 54},
		{"effective 30 February", "ccd.ach", 2, 70, "270230", ErrField, 2, 70},
		{"no effective date", "ccd.ach", 2, 70, "      ", ErrField, 3, 0},
		{"settlement day", "ccd.ach", 2, 76, "367", ErrField, 2, 76},
		{"originator status", "ccd.ach", 2, 79, "2", ErrField, 2, 79},
		{"ODFI id", "ccd.ach", 2, 80, "9900000X", ErrField, 2, 80},
		{"batch number 0", "ccd.ach", 2, 88, "0000000", ErrBatchNumber, 2, 88},
		{"batch number repeated", "mixed.ach", 6, 88, "0000001", ErrBatchNumber, 6, 88},
		{"ACH-6: debit in a credit batch", "ccd.ach", 3, 2, "27", ErrCode, 3, 2},
		{"credit in a debit batch", "ccd.ach", 2, 2, "225", ErrCode, 3, 2},
		{"ACH-6: transaction code", "ccd.ach", 3, 2, "42", ErrCode, 3, 2},
		{"transaction code 24", "ccd.ach", 3, 2, "24", ErrCode, 3, 2},
		{"prenote with an amount", "ccd.ach", 3, 2, "23", ErrField, 3, 30},
		{"returned without a reason", "ccd.ach", 3, 2, "21", ErrAddenda, 4, 2},
		{"check digit of the receiver", "ccd.ach", 3, 12, "7", ErrCheckDigit, 3, 12},
		{"routing with a letter", "ccd.ach", 3, 4, "O", ErrField, 3, 4},
		{"account not at the left", "ccd.ach", 3, 13, " ", ErrField, 3, 13},
		{"amount zero", "ccd.ach", 3, 30, "0000000000", ErrField, 3, 30},
		{"amount with a blank", "ccd.ach", 3, 30, " ", ErrField, 3, 30},
		{"blank name", "ccd.ach", 3, 55, "                      ", ErrField, 3, 55},
		{"addenda indicator", "ccd.ach", 3, 79, "2", ErrField, 3, 79},
		{"addenda not announced", "ccd.ach", 3, 79, "0", ErrAddenda, 3, 79},
		{"addenda announced", "mixed.ach", 3, 79, "1", ErrAddenda, 3, 79},
		{"ACH-7: trace of another bank", "ccd.ach", 3, 80, "98", ErrTrace, 3, 80},
		{"ACH-7: trace not ascending", "mixed.ach", 4, 94, "2", ErrTrace, 4, 80},
		{"CTX: two addenda, three stated", "mixed.ach", 7, 58, "3", ErrAddenda, 7, 55},
		{"CTX: count in letters", "mixed.ach", 7, 55, "X", ErrField, 7, 55},
		{"CTX: reserved columns", "mixed.ach", 7, 75, "X", ErrField, 7, 75},
		{"PPD with two addenda", "mixed.ach", 6, 51, "PPD", ErrAddenda, 7, 79},
		{"two kinds in one batch", "mixed.ach", 10, 2, "26", ErrCode, 10, 2},
		{"addenda type", "ccd.ach", 4, 2, "99", ErrAddenda, 4, 2},
		{"addenda sequence", "ccd.ach", 4, 87, "2", ErrAddenda, 4, 84},
		{"addenda of another entry", "ccd.ach", 4, 94, "2", ErrTrace, 4, 88},
		{"addenda without an entry", "ccd.ach", 3, 1, "7", ErrOrder, 3, 1},
		{"batch without an entry", "ccd.ach", 3, 1, "8", ErrOrder, 3, 1},

		{"class in the control", "ccd.ach", 5, 2, "200", ErrControl, 5, 2},
		{"entry count", "ccd.ach", 5, 10, "1", ErrCount, 5, 5},
		{"batch hash", "ccd.ach", 5, 20, "3", ErrHash, 5, 11},
		{"batch debits", "ccd.ach", 5, 32, "1", ErrTotal, 5, 21},
		{"batch credits", "ccd.ach", 5, 44, "1", ErrTotal, 5, 33},
		{"company id in the control", "ccd.ach", 5, 45, "2", ErrControl, 5, 45},
		{"reserved columns of the control", "ccd.ach", 5, 74, "X", ErrField, 5, 74},
		{"ODFI id in the control", "ccd.ach", 5, 87, "2", ErrControl, 5, 80},
		{"batch number in the control", "ccd.ach", 5, 94, "2", ErrBatchNumber, 5, 88},
		{"changed amount", "ccd.ach", 3, 39, "1", ErrTotal, 5, 33},
		{"changed receiver", "ccd.ach", 3, 4, "990000039", ErrHash, 5, 11},
		{"control missing", "ccd.ach", 5, 1, "9", ErrOrder, 5, 1},

		{"batch count", "ccd.ach", 6, 7, "2", ErrCount, 6, 2},
		{"block count", "ccd.ach", 6, 13, "2", ErrCount, 6, 8},
		{"file entry count", "ccd.ach", 6, 21, "3", ErrCount, 6, 14},
		{"file hash", "ccd.ach", 6, 31, "3", ErrHash, 6, 22},
		{"file debits", "ccd.ach", 6, 43, "1", ErrTotal, 6, 32},
		{"file credits", "ccd.ach", 6, 55, "1", ErrTotal, 6, 44},
		{"rest of the file control", "ccd.ach", 6, 94, "0", ErrField, 6, 56},
		{"not filler", "ccd.ach", 8, 50, "8", ErrOrder, 8, 1},
		{"batch after the file control", "ccd.ach", 7, 1, "5", ErrOrder, 7, 1},

		{"tab in a name", "ccd.ach", 3, 60, "\t", ErrCharacter, 3, 60},
		{"letter outside ASCII", "ccd.ach", 3, 60, "\xe9", ErrCharacter, 3, 60},
		{"NUL", "ccd.ach", 6, 70, "\x00", ErrCharacter, 6, 70},

		{"return: addenda 98 outside COR", "returns.ach", 4, 2, "98", ErrAddenda, 4, 2},
		{"return: letter of the code", "returns.ach", 4, 4, "C14", ErrField, 4, 4},
		{"return: code 00", "returns.ach", 4, 5, "00", ErrField, 4, 5},
		{"return: original trace", "returns.ach", 4, 7, "X", ErrField, 4, 7},
		{"return: date of death", "returns.ach", 4, 22, "261301", ErrField, 4, 22},
		{"return: original RDFI", "returns.ach", 4, 28, " ", ErrField, 4, 28},
		{"return: own trace", "returns.ach", 4, 94, "9", ErrTrace, 4, 80},
		{"return of no kind", "returns.ach", 3, 2, "22", ErrAddenda, 4, 2},
		{"NOC: entry under way", "returns.ach", 11, 2, "22", ErrCode, 11, 2},
		{"NOC: amount", "returns.ach", 11, 39, "1", ErrField, 11, 30},
		{"NOC: addenda 99", "returns.ach", 12, 2, "99", ErrAddenda, 12, 2},
		{"NOC: letter of the code", "returns.ach", 12, 4, "R", ErrField, 12, 4},
		{"NOC: reserved columns", "returns.ach", 12, 22, "2", ErrField, 12, 22},
		{"NOC: rest", "returns.ach", 12, 65, "2", ErrField, 12, 65},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := []byte(load(t, tt.file))
			copy(b[(tt.line-1)*(width+1)+tt.col-1:], tt.text)
			check(t, string(b), tt.err, tt.atLine, tt.atCol)
		})
	}

	good := load(t, "ccd.ach")
	lines := strings.SplitAfter(good, "\n")
	returns := strings.SplitAfter(load(t, "returns.ach"), "\n")
	whole := []struct {
		name, src     string
		err           error
		atLine, atCol int
	}{
		{"empty", "", ErrOrder, 1, 0},
		{"blank line first", "\n" + good, ErrLength, 1, 1},
		{"blank line last", good + "\n", ErrLength, 11, 1},
		{"93 characters", strings.Replace(good, "999\n", "99\n", 1), ErrLength, 7, 94},
		{"95 characters", strings.Replace(good, "999\n", "9999\n", 1), ErrLength, 7, 95},
		{"one endless line", strings.Repeat("1", 10000), ErrLength, 1, 95},
		{"CR in the line", strings.Replace(good, "\n", "\r\r\n", 1), ErrLength, 1, 95},
		{"a file of its header", lines[0], ErrOrder, 1, 0},
		{"ends inside a batch", strings.Join(lines[:3], ""), ErrOrder, 3, 0},
		{"ends without file control", strings.Join(lines[:5], ""), ErrOrder, 5, 0},
		{"no filler", strings.Join(lines[:6], ""), ErrBlocking, 6, 0},
		{"nine lines", strings.Join(lines[:9], ""), ErrBlocking, 9, 0},
		{"block too many", good + strings.Repeat(lines[9], 10), ErrBlocking, 11, 1},
		{"entry outside a batch", lines[0] + lines[2], ErrOrder, 2, 1},
		{"two reasons", strings.Join(returns[:4], "") + returns[3], ErrAddenda, 5, 1},
	}
	for _, tt := range whole {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			check(t, tt.src, tt.err, tt.atLine, tt.atCol)
		})
	}
}

func check(t *testing.T, src string, want error, line, col int) {
	t.Helper()
	_, err := Read(strings.NewReader(src), nil)
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, want) || e.Line != line || e.Column != col {
		t.Errorf("Read: got %v; want line %d column %d: %v", err, line, col, want)
	}
}

func TestReadLimit(t *testing.T) {
	t.Parallel()
	src := load(t, "ccd.ach")
	if _, err := read(strings.NewReader(src), nil, len(src)); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := read(strings.NewReader(src), nil, len(src)-1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("above the limit: got %v, want %v", err, ErrTooLarge)
	}
}

// TestReadStops: the error of fn comes back as it is, and ends the reading; so does the error of the source.
func TestReadStops(t *testing.T) {
	t.Parallel()
	stop := errors.New("stop")
	n := 0
	_, err := Read(strings.NewReader(load(t, "mixed.ach")), func(Entry) error {
		n++
		return stop
	})
	if err != stop || n != 1 {
		t.Errorf("got %v after %d entries, want %v after 1", err, n, stop)
	}
	if _, err := Read(failing{stop}, nil); !errors.Is(err, stop) {
		t.Errorf("got %v, want %v", err, stop)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// FuzzRead: no input makes it panic, and what it accepts adds up.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"ccd.ach", "mixed.ach", "returns.ach"} {
		f.Add([]byte(load(f, name)))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var debit, credit int64
		n := 0
		file, err := Read(bytes.NewReader(src), func(e Entry) error {
			n++
			if e.Credit() {
				credit += e.Amount
			} else {
				debit += e.Amount
			}
			if e.NOC != nil {
				_, _ = e.NOC.Correction()
			}
			return nil
		})
		if err != nil {
			return
		}
		if n != file.Entries || debit != file.Debit || credit != file.Credit || file.Lines%blocking != 0 {
			t.Errorf("%d entries, debit %d, credit %d; file says %+v", n, debit, credit, file)
		}
	})
}
