package money

import (
	"cmp"
	"database/sql/driver"
	"fmt"
)

// Fraction is the most decimals a Decimal can have (CNV-2).
const Fraction = 6

const unit = 1_000_000 // 10^Fraction

// Decimal is an exact number with up to six decimals: a quantity, unit price, percentage or rate, to about nine
// trillion in size. The zero value is "not set" and counts as 0 where a number is asked for. Decimals compare with ==
// (3 and 3.00 are equal; not set and 0 are not), and by size with Cmp.
type Decimal struct {
	millionths int64
	set        bool
}

// ParseDecimal reads the form of ParseMinor with up to maxFraction (0 to 6) decimals that are not zero; more than
// six are never taken. It fails as ParseMinor does; the empty text is ErrSyntax.
func ParseDecimal(s string, maxFraction int) (Decimal, error) {
	maxFraction = min(maxFraction, Fraction)
	n, err := ParseMinor(s, maxFraction)
	if err != nil {
		return Decimal{}, err
	}
	step := pow10(Fraction - maxFraction)
	m := n * step
	if m/step != n {
		return Decimal{}, ErrOverflow
	}
	return Decimal{m, true}, nil
}

// MustDecimal is ParseDecimal with six decimals, for constants in code and tests; it panics where that fails.
func MustDecimal(s string) Decimal {
	d, err := ParseDecimal(s, Fraction)
	if err != nil {
		panic(fmt.Sprintf("money: decimal %q: %v", s, err))
	}
	return d
}

// IsSet reports whether d has a value.
func (d Decimal) IsSet() bool { return d.set }

// IsZero reports whether d counts as 0, set or not.
func (d Decimal) IsZero() bool { return d.millionths == 0 }

// Cmp is -1, 0 or +1 as d is less than, equal to or greater than e.
func (d Decimal) Cmp(e Decimal) int { return cmp.Compare(d.millionths, e.millionths) }

// Sign is -1, 0 or +1 as d is below, at or above 0.
func (d Decimal) Sign() int { return cmp.Compare(d.millionths, 0) }

// String is the number with trailing zeros cut ("12.5", "3"); "" if not set.
func (d Decimal) String() string { return d.StringMin(0) }

// StringMin is String with at least minFraction (up to 6) decimals: prices keep two, "12.50".
func (d Decimal) StringMin(minFraction int) string {
	if !d.set {
		return ""
	}
	var buf [24]byte
	b := AppendMinor(buf[:0], d.millionths, Fraction)
	end := len(b)
	for cut := Fraction - max(minFraction, 0); cut > 0 && b[end-1] == '0'; cut-- {
		end--
	}
	if b[end-1] == '.' {
		end--
	}
	return string(b[:end])
}

// MarshalText is String.
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDecimal with six decimals; empty text is not set.
func (d *Decimal) UnmarshalText(text []byte) error { return d.scan(string(text)) }

func (d *Decimal) scan(s string) (err error) {
	if s == "" {
		*d = Decimal{}
		return nil
	}
	*d, err = ParseDecimal(s, Fraction)
	return err
}

// Value stores d as the text of String.
func (d Decimal) Value() (driver.Value, error) { return d.String(), nil }

// Scan reads what Value stored; NULL and empty text are not set. It takes text and integers, and refuses floating
// point numbers: a column that gives them has the wrong type.
func (d *Decimal) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		return d.scan("")
	case string:
		return d.scan(v)
	case []byte:
		return d.scan(string(v))
	case int64:
		return d.scan(FormatMinor(v, 0))
	}
	return fmt.Errorf("%w: scan of %T", ErrSyntax, src)
}

// Multiply is qty times price in minor units of a currency with the given decimals (0 to 12), rounded once, half away
// from zero (CNV-2). It fails with ErrOverflow.
func Multiply(qty, price Decimal, digits int) (int64, error) {
	return scaled(qty.millionths, price.millionths, uint64(pow10(2*Fraction-digits)))
}

// Divide is the unit price that makes an amount in minor units of qty units: minor by qty, rounded half away from zero to
// six decimals. It fails with ErrOverflow, also for no quantity.
func Divide(minor int64, qty Decimal, digits int) (Decimal, error) {
	n, err := scaled(minor, pow10(2*Fraction-digits), magnitude(qty.millionths))
	if qty.millionths < 0 {
		n = -n
	}
	return Decimal{n, true}, err
}

// PercentOf is percent (5 means 5 %) of an amount in minor units, rounded half away from zero. It fails with
// ErrOverflow.
func PercentOf(minor int64, percent Decimal) (int64, error) {
	return scaled(minor, percent.millionths, 100*unit)
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}
