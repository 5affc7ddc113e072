package bai2

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/civil"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sample has all that a File can say: two banks, two currencies, an overdraft, text of several lines.
func sample() File {
	return File{
		Sender: "990000013", Receiver: "1234567890", Created: civil.MustDate("2026-11-30").At(6, 0, civil.NewYork).UTC(),
		FileID: "1",
		Groups: []Group{
			{Originator: "990000013", AsOf: civil.MustDate("2026-11-27"), Accounts: []Account{
				{Number: "000117777", Currency: "USD", Opening: 5000000, Closing: 5001500, Lines: []Line{
					{Type: ACHSettlementDebit, Amount: 97000, BankRef: "F0000001", CustomerRef: "f1", Text: "ACH SETTLEMENT"},
					{Type: CheckPaid, Amount: 125000, CustomerRef: "10001"},
					{Type: ACHReturnCredit, Amount: 240000, BankRef: "990000090000004", CustomerRef: "990000010000004",
						Text: "R03 NO ACCOUNT, 1/2\nsecond line/\n"},
					{Type: Fees, Amount: 16500, Text: "/ WIRE, FEES "},
				}},
				{Number: "000118888", Currency: "JPY", Opening: -12, Closing: -12},
			}},
			{Originator: "990000026", AsOf: civil.MustDate("2026-11-27")},
		},
	}
}

func TestWriteGolden(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	if err := Write(&got, sample()); err != nil {
		t.Fatal(err)
	}
	const name = "testdata/statement.bai"
	if *update {
		if err := os.WriteFile(name, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("Write: got\n%s\nwant\n%s", got.Bytes(), want)
	}
	back, err := Read(bytes.NewReader(want))
	if err != nil || !reflect.DeepEqual(back, sample()) {
		t.Errorf("Read: got %+v, %v\nwant %+v", back, err, sample())
	}
}

// TestReadForeign reads what Write does not write: continued records, summaries, availability, other line ends.
func TestReadForeign(t *testing.T) {
	t.Parallel()
	const src = "01,021000021,ACME,261201,2400,77,80,,2/   \r\n" +
		"02,,021000021,1,261130,2400,EUR,4/\r\n" +
		"03,5551234,,010,+500,,,100,300,2,S,100,100,100/\r\n" +
		"88,015,-200/\r\n" +
		"16,195,300,V,261201,0900,B1\r\n" +
		"88,C1\r\n" +
		"88,WIRE IN,\r\n" +
		"88,FROM A/B/\r\n" +
		"16,495,1000,D,2,0,400,1,600,B2,,/\r\n" +
		"16,930,000/\r\n" +
		"49,1900,9/\r\n" +
		"98,1900,1,11/\r\n" +
		"99,1900,1,13/"
	got, err := Read(strings.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	want := File{
		Sender: "021000021", Receiver: "ACME", FileID: "77", Created: time.Date(2026, 12, 2, 5, 0, 0, 0, time.UTC),
		Groups: []Group{{Originator: "021000021", AsOf: civil.MustDate("2026-11-30"), Accounts: []Account{{
			Number: "5551234", Currency: "EUR", Opening: 500, Closing: -200,
			Lines: []Line{
				{Type: 195, Amount: 300, BankRef: "B1", CustomerRef: "C1", Text: "WIRE IN,\nFROM A/B"},
				{Type: 495, Amount: 1000, BankRef: "B2"},
				{Type: 930},
			},
		}}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestReadDamaged replaces one piece of the golden statement at a time. REC-1: control totals verified.
func TestReadDamaged(t *testing.T) {
	t.Parallel()
	golden, err := os.ReadFile("testdata/statement.bai")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, old, new string
		err            error
		line, col      int
	}{
		{"empty", string(golden), "", ErrOrder, 1, 0},
		{"no file header", "01,", "02,", ErrOrder, 1, 1},
		{"no comma", "01,", "01;", ErrField, 1, 1},
		{"short line", "98,0,0,2/", "98", ErrField, 15, 1},
		{"continuation first", "01,", "88,", ErrOrder, 1, 1},
		{"unknown record", "16,698", "17,698", ErrOrder, 9, 1},
		{"file date", "261130,0600", "261131,0600", ErrField, 1, 25},
		{"file time", ",0600,", ",0660,", ErrField, 1, 32},
		{"record length", ",1,,,2/", ",1,10,,2/", ErrLength, 2, 11},
		{"record length in letters", ",1,,,2/", ",1,x,,2/", ErrField, 1, 39},
		{"version", ",1,,,2/", ",1,,,3/", ErrField, 1, 41},
		{"field too many", ",1,,,2/", ",1,,,2,/", ErrField, 1, 43},
		{"slash inside", "990000013,1234567890", "99/000013,1234567890", ErrField, 1, 4},
		{"slash missing", ",1,,,2/", ",1,,,2", ErrEnd, 1, 41},
		{"group deleted", ",990000013,1,", ",990000013,2,", ErrStatus, 2, 25},
		{"as-of date", ",1,261127", ",1,26-127", ErrField, 2, 27},
		{"as-of modifier", "127,,,2/", "127,,,9/", ErrField, 2, 36},
		{"account without number", "03,000117777,", "03,,", ErrField, 3, 4},
		{"currency", "000117777,USD", "000117777,usd", ErrField, 3, 14},
		{"no opening balance", ",010,5000000", ",040,5000000", ErrBalance, 3, 4},
		{"closing twice", ",010,5000000", ",015,5000000", ErrBalance, 3, 4},
		{"balance with a point", "5000000", "50000.0", ErrAmount, 3, 22},
		{"balance with two signs", "5000000", "+-50000", ErrAmount, 3, 22},
		{"no amount", ",010,5000000,", ",010,,", ErrAmount, 3, 22},
		{"fields before a type code", ",015,", ",,", ErrField, 3, 33},
		{"type of a balance", "16,466", "16,010", ErrType, 4, 4},
		{"type of a loan", "16,466", "16,720", ErrType, 4, 4},
		{"type in letters", "16,466", "16,4x6", ErrField, 4, 4},
		{"negative movement", ",97000,", ",-9700,", ErrAmount, 4, 8},
		{"sixteen digits", ",97000,", ",1000000000000000,", ErrAmount, 4, 8},
		{"funds type", ",97000,Z", ",97000,Q", ErrField, 4, 14},
		{"distribution in letters", ",97000,Z", ",97000,D,9", ErrField, 4, 18},
		{"distribution too short", "Z,F0000001,f1,ACH SETTLEMENT", "D,2,1,97000", ErrField, 4, 20},
		{"movement changed", ",97000,", ",97001,", ErrTotal, 10, 4},
		{"account total", "49,10480000", "49,10480001", ErrTotal, 10, 4},
		{"account records", "49,10480000,8", "49,10480000,7", ErrCount, 10, 13},
		{"group total", "98,10479976", "98,10479977", ErrTotal, 13, 4},
		{"group accounts", ",2,12/", ",1,12/", ErrCount, 13, 13},
		{"group records", ",2,12/", ",2,11/", ErrCount, 13, 15},
		{"file total", "99,10479976", "99,10479977", ErrTotal, 16, 4},
		{"file groups", ",2,16/", ",3,16/", ErrCount, 16, 13},
		{"file records", ",2,16/", ",2,17/", ErrCount, 16, 15},
		{"no file control", "99,10479976,2,16/\n", "", ErrOrder, 15, 0},
		{"record behind the end", "16/\n", "16/\n16,475,1/\n", ErrOrder, 17, 1},
		{"continuation of the end", "16/\n", "16/\n88,1/\n", ErrCount, 16, 15},
		{"blank line", "\n98,", "\n\n98,", ErrField, 13, 1},
		{"tab", "ACH SETTLEMENT", "ACH\tSETTLEMENT", ErrCharacter, 4, 31},
		{"letter outside ASCII", "ACH SETTLEMENT", "ACH S\xc9TTLEMENT", ErrCharacter, 4, 33},
		{"endless line", "ACH", strings.Repeat("A", 9000), ErrLength, 4, 4001},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(string(golden), tt.old) {
				t.Fatalf("golden statement has no %q", tt.old)
			}
			_, err := Read(strings.NewReader(strings.Replace(string(golden), tt.old, tt.new, 1)))
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, tt.err) || e.Line != tt.line || e.Column != tt.col {
				t.Errorf("Read: got %v; want line %d column %d: %v", err, tt.line, tt.col, tt.err)
			}
		})
	}
}

func TestReadSourceFails(t *testing.T) {
	t.Parallel()
	stop := errors.New("stop")
	if _, err := Read(failing{stop}); !errors.Is(err, stop) {
		t.Errorf("got %v, want %v", err, stop)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		edit func(*File)
	}{
		{"slash in a reference", ErrField, func(f *File) { f.Groups[0].Accounts[0].Lines[0].BankRef = "a/b" }},
		{"comma in the sender", ErrField, func(f *File) { f.Sender = "a,b" }},
		{"new line in a reference", ErrField, func(f *File) { f.FileID = "a\nb" }},
		{"letter outside ASCII", ErrCharacter, func(f *File) { f.Groups[0].Accounts[0].Lines[0].Text = "é" }},
		{"very long text", ErrLength, func(f *File) { f.Groups[0].Accounts[0].Lines[0].Text = strings.Repeat("a", 4000) }},
		{"negative amount", ErrAmount, func(f *File) { f.Groups[0].Accounts[0].Lines[0].Amount = -1 }},
		{"sixteen digits", ErrAmount, func(f *File) { f.Groups[0].Accounts[0].Opening = 1_000_000_000_000_000 }},
		{"type of a balance", ErrType, func(f *File) { f.Groups[0].Accounts[0].Lines[0].Type = 15 }},
		{"no currency", ErrField, func(f *File) { f.Groups[0].Accounts[0].Currency = "" }},
		{"no account number", ErrField, func(f *File) { f.Groups[0].Accounts[0].Number = "" }},
		{"no day", ErrField, func(f *File) { f.Groups[0].AsOf = civil.Date{} }},
		{"another century", ErrField, func(f *File) { f.Created = time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC) }},
	}
	for _, tt := range tests {
		f := sample()
		tt.edit(&f)
		var out bytes.Buffer
		if err := Write(&out, f); !errors.Is(err, tt.err) || out.Len() > 0 {
			t.Errorf("%s: got %v and %d bytes, want %v and none", tt.name, err, out.Len(), tt.err)
		}
	}
}

// TestCredit: REC-2.
func TestCredit(t *testing.T) {
	t.Parallel()
	tests := map[int]bool{
		ACHCredit: true, ACHSettlementCredit: true, ACHReturnCredit: true, 195: true, 399: true, 920: true, 959: true,
		ACHDebit: false, ACHSettlementDebit: false, CheckPaid: false, ACHReturnDebit: false, Fees: false, 400: false, 960: false,
	}
	for code, want := range tests {
		if got := (Line{Type: code}).Credit(); got != want {
			t.Errorf("type %d: Credit() = %v, want %v", code, got, want)
		}
	}
}

// FuzzRead: no input makes it panic, and what it read is read again from what Write makes of it.
func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, sample()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("01,a,b,260101,,1,,,2/\n02,,c,1,260101,,,/\n03,1,,010,1,,,88,1/\n88,015,2/\n16,475,3,S,1,1,1,,,x\n88,y/\n49,0,1/\n"))
	f.Add([]byte("01,a,b,991231,2359,1,,,2/\n99,0,0,2/\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		first, err := Read(bytes.NewReader(src))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := Write(&out, first); err != nil {
			if errors.Is(err, ErrLength) { // fields of several continuations do not fit into one line
				return
			}
			t.Fatalf("Write of what was read: %v", err)
		}
		second, err := Read(&out)
		if err != nil || !reflect.DeepEqual(first, second) {
			t.Errorf("first  %+v\nsecond %+v, %v", first, second, err)
		}
	})
}
