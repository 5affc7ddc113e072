package money

import (
	"strconv"
	"strings"
)

var (
	small = [20]string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
		"twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"}
	tens   = [10]string{2: "twenty", 3: "thirty", 4: "forty", 5: "fifty", 6: "sixty", 7: "seventy", 8: "eighty", 9: "ninety"}
	groups = [6]string{"", " thousand", " million", " billion", " trillion", " quadrillion"}
)

// Words writes an amount of a currency with two decimals as on the amount line of a check: "One thousand two hundred
// fifty and 00/100" (CHK-1). A negative amount, which no check has, begins with "Minus".
func Words(minor int64) string {
	n := magnitude(minor)
	var words []string
	for group, whole := 0, n/100; whole > 0; group, whole = group+1, whole/1000 {
		if three := whole % 1000; three > 0 {
			words = append([]string{hundreds(three) + groups[group]}, words...)
		}
	}
	if len(words) == 0 {
		words = []string{small[0]}
	}
	if minor < 0 {
		words = append([]string{"minus"}, words...)
	}
	line := strings.Join(words, " ")
	cents := strconv.FormatUint(100+n%100, 10)[1:]
	return strings.ToUpper(line[:1]) + line[1:] + " and " + cents + "/100"
}

// hundreds spells 1 to 999.
func hundreds(n uint64) string {
	var words []string
	if n >= 100 {
		words = append(words, small[n/100]+" hundred")
	}
	switch n %= 100; {
	case n == 0:
	case n < 20:
		words = append(words, small[n])
	case n%10 == 0:
		words = append(words, tens[n/10])
	default:
		words = append(words, tens[n/10]+"-"+small[n%10])
	}
	return strings.Join(words, " ")
}
