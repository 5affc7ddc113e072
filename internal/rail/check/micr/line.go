package micr

import (
	"errors"
	"strings"
)

// Positions of the line, counted from the right edge of the check (CHK-2).
const (
	Positions = 65
	epc       = 44 // external processing code, left empty
	onUsField = 32 // its highest position; transit, EPC and auxiliary on-us follow
)

// The most characters a field takes: 45 to 65 without its two symbols; 14 to 31 without its one.
const (
	MaxSerial  = 19
	MaxAccount = 17
)

// Refusals of Line.
var (
	ErrSerial  = errors.New("the serial number is not 1 to 19 digits")
	ErrRouting = errors.New("the routing number is not nine digits with their check digit")
	ErrAccount = errors.New("the account number is not 1 to 17 digits, dashes and blanks with a digit at each end")
)

// Line is the 65 positions of a check from left to right, in the characters of Font: auxiliary on-us (45–65: the serial
// as given, between on-us symbols, ending at 45), EPC (44) blank, transit (33–43), on-us (14–32: a blank, the account,
// the on-us symbol), and 13 blanks where the bank of deposit writes the amount. A dash in account becomes the dash
// symbol. It fails with ErrSerial, ErrRouting or ErrAccount. Rule CHK-2.
//
// Source: ANSI X9.100-160-1, as the domain specification words it. Where in 14–32 the account stands differs from bank
// to bank; this is the common place, beside the transit field.
func Line(serial, routing, account string) (string, error) {
	switch {
	case len(serial) == 0 || len(serial) > MaxSerial || !digits(serial):
		return "", ErrSerial
	case !validRouting(routing):
		return "", ErrRouting
	case !validAccount(account):
		return "", ErrAccount
	}
	auxiliary := string(OnUs) + serial + string(OnUs)
	onUs := " " + strings.ReplaceAll(account, "-", string(Dash)) + string(OnUs)
	return strings.Repeat(" ", Positions-epc-len(serial)-2) + auxiliary + " " +
		string(Transit) + routing + string(Transit) +
		onUs + strings.Repeat(" ", onUsField-len(account)-2), nil
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// validRouting checks the digit that makes 3·(d1+d4+d7) + 7·(d2+d5+d8) + (d3+d6+d9) a multiple of ten.
func validRouting(s string) bool {
	if len(s) != 9 || !digits(s) || s == "000000000" {
		return false
	}
	sum := 0
	for i, weight := range [9]int{3, 7, 1, 3, 7, 1, 3, 7, 1} {
		sum += weight * int(s[i]-'0')
	}
	return sum%10 == 0
}

func validAccount(s string) bool {
	if len(s) == 0 || len(s) > MaxAccount || !digits(s[:1]+s[len(s)-1:]) {
		return false
	}
	return strings.Trim(s, "0123456789- ") == ""
}
