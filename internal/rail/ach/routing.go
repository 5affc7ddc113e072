package ach

// ValidRouting reports whether s is a routing number: nine digits, the last the check digit of the others. Nine zeros,
// whose sum would pass, are nobody's. Whether a bank stands behind the number is another question. Rule VEN-3.
func ValidRouting(s string) bool {
	if len(s) != 9 || s == "000000000" {
		return false
	}
	d, ok := CheckDigit(s[:8])
	return ok && d == s[8]
}

// CheckDigit gives the character that completes the first eight digits of a routing number, so that the digits
// weighted 3, 7, 1, 3, 7, 1, 3, 7, 1 add up to a multiple of ten. It is not ok if id is not eight digits.
func CheckDigit(id string) (d byte, ok bool) {
	if len(id) != 8 || !only(id, digit) {
		return 0, false
	}
	weights := [3]int{3, 7, 1}
	sum := 0
	for i := range len(id) {
		sum += weights[i%3] * int(id[i]-'0')
	}
	return byte('0' + (10-sum%10)%10), true
}

// number is the value of a string of digits.
func number(digits string) (n uint64) {
	for i := range len(digits) {
		n = n*10 + uint64(digits[i]-'0')
	}
	return n
}
