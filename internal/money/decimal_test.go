package money

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestDecimalText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		max  int
		want string
		two  string // with at least two decimals
		err  error
	}{
		{"3", 6, "3", "3.00", nil}, {"3.00", 6, "3", "3.00", nil}, {"12.5", 6, "12.5", "12.50", nil},
		{"0.333333", 6, "0.333333", "0.333333", nil}, {"-1.250", 2, "-1.25", "-1.25", nil}, {".1", 5, "0.1", "0.10", nil},
		{"100", 0, "100", "100.00", nil}, {"0", 6, "0", "0.00", nil}, {"-0", 6, "0", "0.00", nil},
		{"7.12345", 5, "7.12345", "7.12345", nil}, {"7.123456", 5, "", "", ErrPrecision}, {"0.3333333", 6, "", "", ErrPrecision},
		{"0.3333333", 9, "", "", ErrPrecision}, {"1.5", 9, "1.5", "1.50", nil},
		{"9223372036854.775807", 6, "9223372036854.775807", "9223372036854.775807", nil},
		{"9223372036854.775808", 6, "", "", ErrOverflow}, {"9223372036855", 0, "", "", ErrOverflow},
		{"-9223372036854.775808", 6, "-9223372036854.775808", "-9223372036854.775808", nil},
		{"", 6, "", "", ErrSyntax}, {"1e3", 6, "", "", ErrSyntax}, {"5%", 5, "", "", ErrSyntax},
	}
	for _, tt := range tests {
		d, err := ParseDecimal(tt.in, tt.max)
		if !errors.Is(err, tt.err) || d.String() != tt.want || d.StringMin(2) != tt.two || d.IsSet() != (err == nil) {
			t.Errorf("ParseDecimal(%q, %d) = %q %q, %v, want %q %q, %v", tt.in, tt.max, d, d.StringMin(2), err, tt.want, tt.two, tt.err)
		}
	}
}

func TestDecimalNotSet(t *testing.T) {
	t.Parallel()
	var none Decimal
	zero := MustDecimal("0")
	if none.IsSet() || !zero.IsSet() || !none.IsZero() || !zero.IsZero() || none == zero || none.Cmp(zero) != 0 {
		t.Errorf("not set is %#v, zero is %#v", none, zero)
	}
	if n, err := Multiply(none, MustDecimal("5"), 2); n != 0 || err != nil {
		t.Errorf("nothing times 5 = %d, %v", n, err)
	}
}

func TestDecimalOrder(t *testing.T) {
	t.Parallel()
	rising := []Decimal{MustDecimal("-2"), MustDecimal("-0.000001"), MustDecimal("0"), MustDecimal("2.5"), MustDecimal("10")}
	for i, a := range rising {
		for j, b := range rising {
			if got, want := a.Cmp(b), min(max(i-j, -1), 1); got != want {
				t.Errorf("%v to %v: %d, want %d", a, b, got, want)
			}
		}
		if got, want := a.Sign(), min(max(i-2, -1), 1); got != want {
			t.Errorf("sign of %v: %d, want %d", a, got, want)
		}
	}
}

func TestDecimalStored(t *testing.T) {
	t.Parallel()
	tests := []struct {
		src  any
		want string
		err  error
	}{
		{nil, "", nil}, {"", "", nil}, {"0.125", "0.125", nil}, {[]byte("-3.50"), "-3.5", nil}, {int64(4), "4", nil},
		{"x", "", ErrSyntax}, {1.5, "", ErrSyntax}, {"0.1234567", "", ErrPrecision},
	}
	for _, tt := range tests {
		d := MustDecimal("99")
		if err := d.Scan(tt.src); !errors.Is(err, tt.err) || err == nil && d.String() != tt.want {
			t.Errorf("Scan(%#v) = %v, %v, want %q, %v", tt.src, d, err, tt.want, tt.err)
		}
		if v, err := d.Value(); tt.err == nil && (v != tt.want || err != nil) {
			t.Errorf("Value() = %#v, %v, want %q", v, err, tt.want)
		}
	}
	in := []Decimal{{}, MustDecimal("1.5")}
	var out []Decimal
	text, err := json.Marshal(in)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil || string(text) != `["","1.5"]` || len(out) != 2 || out[0] != in[0] || out[1] != in[1] {
		t.Errorf("as JSON %s, %v, %v", text, out, err)
	}
}

func TestMultiply(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, qty, price string
		digits           int
		want             int64
		err              error
	}{
		{"E9", "3", "0.333333", 2, 100, nil},
		{"CNV-2: half away from zero", "1", "0.005", 2, 1, nil},
		{"CNV-2: negative too", "-1", "0.005", 2, -1, nil},
		{"CNV-2: both negative", "-1", "-0.005", 2, 1, nil},
		{"just below half", "1", "0.004999", 2, 0, nil},
		{"half of an even unit", "0.5", "0.05", 2, 3, nil},
		{"twelve decimals count", "0.070001", "0.071428", 2, 1, nil}, // 0.005000031428
		{"yen", "3", "33.5", 0, 101, nil},
		{"dinars", "1.5", "0.001", 3, 2, nil},
		{"large", "9000000000000", "10000", 2, 9_000_000_000_000_000_000, nil},
		{"too large", "9200000000000", "10100", 2, 0, ErrOverflow},
		{"much too large", "9000000000000", "9000000000000", 2, 0, ErrOverflow},
	}
	for _, tt := range tests {
		got, err := Multiply(MustDecimal(tt.qty), MustDecimal(tt.price), tt.digits)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %s x %s = %d, %v, want %d, %v", tt.name, tt.qty, tt.price, got, err, tt.want, tt.err)
		}
	}
}

func TestPercentOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		minor   int64
		percent string
		want    int64
		err     error
	}{
		{10000, "5", 500, nil}, {9999, "8.875", 887, nil}, {10, "5", 1, nil}, {-10, "5", -1, nil}, {9, "5", 0, nil},
		{12345, "0", 0, nil}, {12345, "100", 12345, nil}, {math.MaxInt64, "100", math.MaxInt64, nil},
		{math.MaxInt64, "100.00001", 0, ErrOverflow}, {200, "-2.5", -5, nil},
	}
	for _, tt := range tests {
		if got, err := PercentOf(tt.minor, MustDecimal(tt.percent)); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s %% of %d = %d, %v, want %d, %v", tt.percent, tt.minor, got, err, tt.want, tt.err)
		}
	}
}

// Every rounding is the nearest unit, and of two nearest ones the farther from zero.
func TestRoundingAgainstBig(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		div := rapid.SampledFrom([]uint64{1, 2, 3, 1e8, 1e10, 1e12}).Draw(t, "div")
		d := new(big.Int).SetUint64(div)
		want := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
		neg := want.Sign() < 0
		want.Abs(want).Lsh(want, 1).Add(want, d).Quo(want, new(big.Int).Lsh(d, 1)) // floor((2ab + d) / 2d)
		if neg {
			want.Neg(want)
		}
		fits := want.CmpAbs(big.NewInt(math.MaxInt64)) <= 0
		got, err := scaled(a, b, div)
		if fits && (err != nil || got != want.Int64()) || !fits && !errors.Is(err, ErrOverflow) {
			t.Fatalf("%d * %d / %d = %d, %v, want %v", a, b, div, got, err, want)
		}
	})
}

// A price that is an amount divided by a quantity, to six decimals.
func TestDivide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		minor     int64
		qty, want string
		err       error
	}{
		{1000, "3", "3.333333", nil}, {2000, "3", "6.666667", nil}, {-1000, "3", "-3.333333", nil}, {1000, "-4", "-2.5", nil},
		{0, "7", "0", nil}, {99_999_999_999, "1", "999999999.99", nil}, {1, "0", "", ErrOverflow}, {99_999_999_999, "0.000001", "", ErrOverflow},
	} {
		got, err := Divide(c.minor, MustDecimal(c.qty), 2)
		if !errors.Is(err, c.err) || err == nil && got.String() != c.want {
			t.Errorf("%d by %s is %s, %v; want %s, %v", c.minor, c.qty, got, err, c.want, c.err)
		}
	}
}
