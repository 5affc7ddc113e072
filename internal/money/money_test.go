package money

import (
	"errors"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAmount(t *testing.T) {
	t.Parallel()
	usd := func(n int64) Amount { return Amount{n, "USD"} }
	tests := []struct {
		name string
		got  func() (Amount, error)
		want Amount
		err  error
	}{
		{"add", func() (Amount, error) { return usd(12345).Add(usd(-45)) }, usd(12300), nil},
		{"add zero", func() (Amount, error) { return usd(math.MinInt64).Add(usd(0)) }, usd(math.MinInt64), nil},
		{"add currencies", func() (Amount, error) { return usd(1).Add(Amount{1, "JPY"}) }, Amount{}, ErrCurrency},
		{"add no currency", func() (Amount, error) { return usd(1).Add(Amount{}) }, Amount{}, ErrCurrency},
		{"add over", func() (Amount, error) { return usd(math.MaxInt64).Add(usd(1)) }, Amount{}, ErrOverflow},
		{"add under", func() (Amount, error) { return usd(math.MinInt64).Add(usd(-1)) }, Amount{}, ErrOverflow},
		{"sub", func() (Amount, error) { return usd(100).Sub(usd(250)) }, usd(-150), nil},
		{"sub currencies", func() (Amount, error) { return usd(1).Sub(Amount{1, "EUR"}) }, Amount{}, ErrCurrency},
		{"sub smallest", func() (Amount, error) { return usd(-1).Sub(usd(math.MinInt64)) }, usd(math.MaxInt64), nil},
		{"sub over", func() (Amount, error) { return usd(0).Sub(usd(math.MinInt64)) }, Amount{}, ErrOverflow},
		{"neg", func() (Amount, error) { return usd(7).Neg() }, usd(-7), nil},
		{"neg smallest", func() (Amount, error) { return usd(math.MinInt64).Neg() }, Amount{}, ErrOverflow},
	}
	for _, tt := range tests {
		if got, err := tt.got(); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: got %v, %v, want %v, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
	if c, err := usd(1).Cmp(usd(2)); c != -1 || err != nil {
		t.Errorf("1 to 2: %d, %v", c, err)
	}
	if _, err := usd(1).Cmp(Amount{1, "CAD"}); !errors.Is(err, ErrCurrency) {
		t.Errorf("USD to CAD: %v", err)
	}
}

func TestAmountString(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]Amount{
		"123.45 USD": {12345, "USD"}, "12345 JPY": {12345, "JPY"}, "-12.345 KWD": {-12345, "KWD"},
		"1.2345 CLF": {12345, "CLF"}, "-0.05 EUR": {-5, "EUR"},
	} {
		if got := a.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSumAgainstBig(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		terms := rapid.SliceOfN(rapid.Int64(), 0, 4).Draw(t, "terms")
		want, fits := new(big.Int), true
		for _, n := range terms {
			want.Add(want, big.NewInt(n))
			fits = fits && want.IsInt64()
		}
		got, err := Sum(terms...)
		if fits && (err != nil || got != want.Int64()) || !fits && !errors.Is(err, ErrOverflow) {
			t.Fatalf("Sum(%d) = %d, %v, want %v", terms, got, err, want)
		}
	})
}

func TestParseMinor(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in     string
		digits int
		want   int64
		err    error
	}{
		{"12.5", 2, 1250, nil}, {"25.0", 2, 2500, nil}, {"25", 2, 2500, nil}, // api-v1 2.5: what the clients send
		{".5", 2, 50, nil}, {"5.", 2, 500, nil}, {"-5.", 2, -500, nil}, {"-.05", 2, -5, nil}, {"-0", 2, 0, nil},
		{"5.000", 2, 500, nil}, {"5.001", 2, 0, ErrPrecision}, {"5.0010", 2, 0, ErrPrecision}, {"0.005", 2, 0, ErrPrecision},
		{"5.001x", 2, 0, ErrSyntax}, {"99999999999999999999.x", 2, 0, ErrSyntax},
		{"7", 0, 7, nil}, {"7.", 0, 7, nil}, {"7.0", 0, 7, nil}, {"7.5", 0, 0, ErrPrecision}, {"1.2345", 4, 12345, nil},
		{"00000000000000000000000000001.10", 2, 110, nil}, {"1." + strings.Repeat("0", 100), 2, 100, nil},
		{"92233720368547758.07", 2, math.MaxInt64, nil}, {"92233720368547758.08", 2, 0, ErrOverflow},
		{"-92233720368547758.08", 2, math.MinInt64, nil}, {"-92233720368547758.09", 2, 0, ErrOverflow},
		{"9223372036854775807", 0, math.MaxInt64, nil}, {"922337203685477581", 2, 0, ErrOverflow},
		{"", 2, 0, ErrSyntax}, {"-", 2, 0, ErrSyntax}, {".", 2, 0, ErrSyntax}, {"-.", 2, 0, ErrSyntax},
		{"+5", 2, 0, ErrSyntax}, {"--5", 2, 0, ErrSyntax}, {"5-", 2, 0, ErrSyntax}, {"1.2.3", 2, 0, ErrSyntax}, {"1..2", 2, 0, ErrSyntax},
		{"1e3", 2, 0, ErrSyntax}, {"$5", 2, 0, ErrSyntax}, {"1,000.00", 2, 0, ErrSyntax}, {"1_000", 2, 0, ErrSyntax},
		{" 5", 2, 0, ErrSyntax}, {"5 ", 2, 0, ErrSyntax}, {"0x10", 2, 0, ErrSyntax}, {"NaN", 2, 0, ErrSyntax}, {"٥", 2, 0, ErrSyntax},
	}
	for _, tt := range tests {
		if got, err := ParseMinor(tt.in, tt.digits); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("ParseMinor(%q, %d) = %d, %v, want %d, %v", tt.in, tt.digits, got, err, tt.want, tt.err)
		}
	}
}

func TestFormatMinor(t *testing.T) {
	t.Parallel()
	tests := []struct {
		minor  int64
		digits int
		want   string
	}{
		{0, 2, "0.00"}, {5, 2, "0.05"}, {-5, 2, "-0.05"}, {50, 2, "0.50"}, {123450, 2, "1234.50"}, {-100, 2, "-1.00"},
		{0, 0, "0"}, {1234, 0, "1234"}, {-1234, 3, "-1.234"}, {1, 6, "0.000001"}, {12345, 4, "1.2345"},
		{math.MaxInt64, 2, "92233720368547758.07"}, {math.MinInt64, 2, "-92233720368547758.08"}, {math.MinInt64, 0, "-9223372036854775808"},
		{1, 18, "0.000000000000000001"}, {math.MinInt64, 18, "-9.223372036854775808"},
	}
	for _, tt := range tests {
		if got := FormatMinor(tt.minor, tt.digits); got != tt.want {
			t.Errorf("FormatMinor(%d, %d) = %q, want %q", tt.minor, tt.digits, got, tt.want)
		}
		if got := AppendMinor([]byte("x"), tt.minor, tt.digits); string(got) != "x"+tt.want {
			t.Errorf("AppendMinor(x, %d, %d) = %q", tt.minor, tt.digits, got)
		}
	}
}

func TestMinorAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 32)
	if n := testing.AllocsPerRun(100, func() {
		minor, _ := ParseMinor("-1234567.89", 2)
		buf = AppendMinor(buf[:0], minor, 2)
	}); n != 0 || string(buf) != "-1234567.89" {
		t.Errorf("%v allocations, %q", n, buf)
	}
}

func TestMinorRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		minor, digits := rapid.Int64().Draw(t, "minor"), rapid.IntRange(0, 18).Draw(t, "digits")
		text := FormatMinor(minor, digits)
		if got, err := ParseMinor(text, digits); err != nil || got != minor {
			t.Fatalf("%d with %d digits is %q, read as %d, %v", minor, digits, text, got, err)
		}
	})
}

var number = regexp.MustCompile(`\A-?([0-9]+(\.[0-9]*)?|\.[0-9]+)\z`)

// oracle is ParseMinor by rational numbers.
func oracle(s string, digits int) (int64, error) {
	if !number.MatchString(s) {
		return 0, ErrSyntax
	}
	r, ok := new(big.Rat).SetString(strings.TrimSuffix(s, "."))
	if !ok {
		return 0, ErrSyntax
	}
	r.Mul(r, new(big.Rat).SetInt64(pow10(digits)))
	switch {
	case !r.IsInt():
		return 0, ErrPrecision
	case !r.Num().IsInt64():
		return 0, ErrOverflow
	}
	return r.Num().Int64(), nil
}

func FuzzParseMinor(f *testing.F) {
	for _, s := range []string{"12.5", "25.0", "-.5", "5.", "5.000", "5.001", "92233720368547758.07", "-92233720368547758.08", "1e3", "+1", "1,0", ".", "-"} {
		f.Add(s, uint8(2))
	}
	f.Fuzz(func(t *testing.T, s string, d uint8) {
		digits := int(d % 19)
		got, err := ParseMinor(s, digits)
		want, wantErr := oracle(s, digits)
		if got != want || !errors.Is(err, wantErr) {
			t.Fatalf("ParseMinor(%q, %d) = %d, %v, want %d, %v", s, digits, got, err, want, wantErr)
		}
		if err != nil {
			return
		}
		text := FormatMinor(got, digits)
		if again, err := ParseMinor(text, digits); err != nil || again != got {
			t.Fatalf("%q is %d, written %q, read as %d, %v", s, got, text, again, err)
		}
	})
}

func TestAllocate(t *testing.T) {
	t.Parallel()
	const big = math.MaxInt64
	tests := []struct {
		name    string
		total   int64
		weights []int64
		want    []int64
	}{
		{"thirds", 10000, []int64{1, 1, 1}, []int64{3334, 3333, 3333}},
		{"a negative total mirrors", -10000, []int64{1, 1, 1}, []int64{-3334, -3333, -3333}},
		{"largest remainder first", 100, []int64{1, 2, 4}, []int64{14, 29, 57}},
		{"AR-3: a discount over lines", 1000, []int64{33333, 33333, 33334}, []int64{333, 333, 334}},
		{"a zero weight takes nothing", 5, []int64{0, 3, 0, 3}, []int64{0, 3, 0, 2}},
		{"a returned line", 100, []int64{150, -50}, []int64{150, -50}},
		{"all lines returned", 100, []int64{-1, -3}, []int64{25, 75}},
		{"negative rounds down", 10, []int64{4, -1}, []int64{13, -3}},
		{"no weight at all", 5, []int64{0, 0, 0}, []int64{2, 2, 1}},
		{"weights that cancel", -5, []int64{7, -7}, []int64{-3, -2}},
		{"weights beyond int64", 7, []int64{big, big}, []int64{4, 3}},
		{"a part beyond int64", big, []int64{big, -big, 1}, []int64{3074457345618258603, 3074457345618258602, 3074457345618258602}},
		{"the largest", big, []int64{big}, []int64{big}},
		{"the smallest", math.MinInt64, []int64{3}, []int64{math.MinInt64}},
		{"nobody", 7, nil, nil},
	}
	for _, tt := range tests {
		if got := Allocate(tt.total, tt.weights); !slices.Equal(got, tt.want) {
			t.Errorf("%s: Allocate(%d, %d) = %d, want %d", tt.name, tt.total, tt.weights, got, tt.want)
		}
	}
}

func TestAllocateProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Int64().Draw(t, "total")
		weights := rapid.SliceOfN(rapid.Int64(), 1, 12).Draw(t, "weights")
		if rapid.Bool().Draw(t, "usual") {
			weights = rapid.SliceOfN(rapid.Int64Range(0, 99_999_999_999), 1, 12).Draw(t, "usual weights")
		}
		parts := Allocate(total, weights)
		sum, weight := new(big.Int), new(big.Int)
		for i := range parts {
			sum.Add(sum, big.NewInt(parts[i]))
			weight.Add(weight, big.NewInt(weights[i]))
		}
		if len(parts) != len(weights) || sum.Cmp(big.NewInt(total)) != 0 {
			t.Fatalf("Allocate(%d, %d) = %d adds up to %v", total, weights, parts, sum)
		}
		if slices.Min(weights) < 0 || weight.Sign() == 0 || !weight.IsInt64() {
			return
		}
		for i := range parts { // less than one unit from the exact share
			exact := new(big.Int).Mul(big.NewInt(total), big.NewInt(weights[i]))
			off := new(big.Int).Mul(big.NewInt(parts[i]), weight)
			if off.Sub(off, exact).CmpAbs(weight) >= 0 {
				t.Fatalf("Allocate(%d, %d)[%d] = %d is a unit or more off", total, weights, i, parts[i])
			}
		}
	})
}

func TestWords(t *testing.T) {
	t.Parallel()
	tests := []struct {
		minor int64
		want  string
	}{
		{125000, "One thousand two hundred fifty and 00/100"}, // CHK-1
		{0, "Zero and 00/100"}, {7, "Zero and 07/100"}, {100, "One and 00/100"}, {2199, "Twenty-one and 99/100"},
		{1300, "Thirteen and 00/100"}, {4000, "Forty and 00/100"}, {10000, "One hundred and 00/100"},
		{100_000_001, "One million and 01/100"}, {100_001_500, "One million fifteen and 00/100"},
		{99_999_999_999, "Nine hundred ninety-nine million nine hundred ninety-nine thousand nine hundred ninety-nine and 99/100"},
		{-150, "Minus one and 50/100"},
		{math.MinInt64, "Minus ninety-two quadrillion two hundred thirty-three trillion seven hundred twenty billion " +
			"three hundred sixty-eight million five hundred forty-seven thousand seven hundred fifty-eight and 08/100"},
	}
	for _, tt := range tests {
		if got := Words(tt.minor); got != tt.want {
			t.Errorf("Words(%d) = %q, want %q", tt.minor, got, tt.want)
		}
	}
}

func BenchmarkParseMinor(b *testing.B) {
	for b.Loop() {
		if _, err := ParseMinor("-1234567.89", 2); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendMinor(b *testing.B) {
	buf := make([]byte, 0, 32)
	for b.Loop() {
		buf = AppendMinor(buf[:0], -123456789, 2)
	}
}
