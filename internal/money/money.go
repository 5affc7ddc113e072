// Package money has amounts in minor units, exact decimals for quantities, prices and rates, and the one place where
// anything is rounded: half away from zero (CNV-1, CNV-2). No binary floating point occurs in it.
package money

import (
	"cmp"
	"errors"
	"math"
	"math/bits"
	"slices"
	"strconv"
)

// Refusals of this package. Rooms and faces give them a field and a code.
var (
	ErrSyntax    = errors.New("not a decimal number")
	ErrPrecision = errors.New("more decimals than allowed")
	ErrOverflow  = errors.New("number out of range")
	ErrCurrency  = errors.New("currencies differ")
)

// Amount is money in the minor unit of its currency: {12345, "USD"} is $123.45, {12345, "JPY"} is ¥12,345.
type Amount struct {
	Minor    int64
	Currency string // ISO 4217 alphabetic code
}

// Add is a+b. It fails with ErrCurrency if the currencies differ, or ErrOverflow.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, ErrCurrency
	}
	sum, err := Sum(a.Minor, b.Minor)
	if err != nil {
		return Amount{}, err
	}
	return Amount{sum, a.Currency}, nil
}

// Sub is a-b. It fails as Add does.
func (a Amount) Sub(b Amount) (Amount, error) {
	diff := a.Minor - b.Minor
	switch {
	case a.Currency != b.Currency:
		return Amount{}, ErrCurrency
	case (diff > a.Minor) != (b.Minor < 0):
		return Amount{}, ErrOverflow
	}
	return Amount{diff, a.Currency}, nil
}

// Neg is -a. It fails with ErrOverflow for the smallest int64.
func (a Amount) Neg() (Amount, error) { return Amount{0, a.Currency}.Sub(a) }

// Cmp is -1, 0 or +1 as a is less than, equal to or greater than b. It fails with ErrCurrency.
func (a Amount) Cmp(b Amount) (int, error) {
	if a.Currency != b.Currency {
		return 0, ErrCurrency
	}
	return cmp.Compare(a.Minor, b.Minor), nil
}

// String is "-123.45 USD", for logs and messages.
func (a Amount) String() string {
	return string(append(append(AppendMinor(nil, a.Minor, Digits(a.Currency)), ' '), a.Currency...))
}

// Sum adds minor units of one currency, such as the lines of a bill. It fails with ErrOverflow when a partial sum, in
// the order given, leaves int64; for none it is 0.
func Sum(minors ...int64) (int64, error) {
	var total int64
	for _, m := range minors {
		next := total + m
		if (next < total) != (m < 0) {
			return 0, ErrOverflow
		}
		total = next
	}
	return total, nil
}

// Digits is the number of decimals of a currency: 2 unless ISO 4217 says otherwise.
func Digits(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}

// ParseMinor reads an amount with the given number of decimals (0 to 18) as minor units: "12.5", "25.0", "25", ".5",
// "5." and "-5" are numbers; an exponent, a plus sign, grouping and a currency sign are not. It allocates nothing and
// fails with ErrSyntax, else with ErrPrecision when a further decimal is not zero ("5.000" is 500 of two digits,
// "5.001" is refused), else with ErrOverflow. Rule MONEY of api-v1 2.5.
func ParseMinor(s string, digits int) (int64, error) {
	i, neg := 0, false
	if s != "" && s[0] == '-' {
		i, neg = 1, true
	}
	var (
		n        int64 // minus the value: the negative side of int64 is the larger one
		seen     bool  // any digit
		point    bool
		missing  = digits // decimals that have not come yet
		tooFine  bool
		overflow bool
	)
	push := func(digit int64) {
		if n < (math.MinInt64+digit)/10 {
			overflow = true
			return
		}
		n = n*10 - digit
	}
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.' && !point:
			point = true
		case c < '0' || c > '9':
			return 0, ErrSyntax
		case point && missing == 0:
			seen = true
			tooFine = tooFine || c != '0'
		default:
			seen = true
			if point {
				missing--
			}
			push(int64(c - '0'))
		}
	}
	for range missing {
		push(0)
	}
	switch {
	case !seen:
		return 0, ErrSyntax
	case tooFine:
		return 0, ErrPrecision
	case overflow, !neg && n == math.MinInt64:
		return 0, ErrOverflow
	case neg:
		return n, nil
	}
	return -n, nil
}

// AppendMinor appends minor units as a number with exactly the given decimals, "-" when negative and no grouping. It
// allocates nothing when dst has room.
func AppendMinor(dst []byte, minor int64, digits int) []byte {
	if minor < 0 {
		dst = append(dst, '-')
	}
	var buf [20]byte
	num := strconv.AppendUint(buf[:0], magnitude(minor), 10)
	if digits <= 0 {
		return append(dst, num...)
	}
	whole := len(num) - digits
	if whole <= 0 {
		dst = append(dst, '0', '.')
		for range -whole {
			dst = append(dst, '0')
		}
		return append(dst, num...)
	}
	dst = append(dst, num[:whole]...)
	dst = append(dst, '.')
	return append(dst, num[whole:]...)
}

// FormatMinor is AppendMinor as a string: "1234.50".
func FormatMinor(minor int64, digits int) string {
	var buf [24]byte
	return string(AppendMinor(buf[:0], minor, digits))
}

// Allocate splits total in the proportion of weights; the parts always add up to it. Each part is rounded down, then
// the units left over go one each to the largest remainders, the earlier of equal ones first. A negative total mirrors
// the positive one. Negative weights take negative parts. Where no proportion exists (the weights add up to zero or
// beyond int64, or a part would) the total is split evenly, larger parts first. Without weights it returns nil.
// Rule AR-3.
func Allocate(total int64, weights []int64) []int64 {
	sum, err := Sum(weights...)
	if err != nil || sum == 0 {
		return evenly(total, len(weights))
	}
	type share struct {
		index     int
		remainder uint64
	}
	var (
		div    = magnitude(sum)
		left   = magnitude(total)
		parts  = make([]int64, len(weights))
		shares = make([]share, len(weights))
	)
	for i, w := range weights {
		hi, lo := bits.Mul64(magnitude(total), magnitude(w))
		if hi >= div {
			return evenly(total, len(weights))
		}
		part, rem := bits.Div64(hi, lo, div)
		if part >= math.MaxInt64 {
			return evenly(total, len(weights))
		}
		parts[i] = int64(part)
		if (w < 0) != (sum < 0) { // round down, not towards zero
			parts[i] = -parts[i]
			if rem > 0 {
				parts[i]--
				rem = div - rem
			}
		}
		left -= uint64(parts[i])
		shares[i] = share{i, rem}
	}
	slices.SortStableFunc(shares, func(a, b share) int { return cmp.Compare(b.remainder, a.remainder) })
	for _, s := range shares[:left] {
		parts[s.index]++
	}
	if total < 0 {
		for i := range parts {
			parts[i] = -parts[i]
		}
	}
	return parts
}

func evenly(total int64, n int) []int64 {
	if n == 0 {
		return nil
	}
	parts := make([]int64, n)
	for i := range parts {
		parts[i] = total / int64(n)
		switch rest := total % int64(n); {
		case int64(i) < rest:
			parts[i]++
		case int64(i) < -rest:
			parts[i]--
		}
	}
	return parts
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// scaled is a*b/div, rounded half away from zero. It fails with ErrOverflow.
func scaled(a, b int64, div uint64) (int64, error) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi >= div {
		return 0, ErrOverflow
	}
	q, rem := bits.Div64(hi, lo, div)
	var up uint64
	if rem >= div-rem {
		up = 1
	}
	if q > math.MaxInt64-up {
		return 0, ErrOverflow
	}
	q += up
	if (a < 0) != (b < 0) {
		return -int64(q), nil
	}
	return int64(q), nil
}
