package achread

import (
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/civil"
)

// File is the header of a file and what was found in it. The counts, hash and totals are recomputed, and equal to
// those the file states.
type File struct {
	Destination, Origin         string // a routing number, or an id of up to ten characters that the bank gave
	DestinationName, OriginName string
	Created                     civil.Date
	Time                        string // "HHMM", or empty; the file does not say in which zone
	Modifier                    string // A-Z or 0-9: which file of the day
	Reference                   string
	Batches, Entries, Addenda   int
	Hash                        int64 // sum of the eight-digit receiving bank ids, low ten digits
	Debit, Credit               int64 // cents; returned entries count with the side of the entry that came back
	Lines                       int   // with the filler; ten to a block
}

// Batch is a batch header.
type Batch struct {
	Number      int
	Class       int // service class: 200 mixed, 220 credits only, 225 debits only
	Company     string
	CompanyID   string
	SEC         string // CCD, CTX, PPD, WEB; COR for notifications of change
	Description string
	Descriptive string     // descriptive date, free text
	Effective   civil.Date // no date only in batches that came back
	Settlement  int        // day of the year, set by the bank; 0 where it is blank
	ODFI        string     // eight digits; in a batch that came back the bank that returns
}

// Entry is one entry with its addenda. Exactly one of three is true: Return and NOC are nil and the entry is under way,
// Return is set, or NOC is set.
type Entry struct {
	Batch         *Batch // shared by the entries of the batch
	Line          int
	Code          int
	Routing       string // nine digits: the receiving bank; our own bank in an entry that came back
	Account       string
	Amount        int64 // cents
	ID, Name      string
	Discretionary string
	Trace         string   // fifteen digits
	Texts         []string // of the addenda 05, without the blanks at their end
	Return        *Return
	NOC           *NOC

	announced bool // the addenda indicator
	stated    int  // number of addenda that an entry of class CTX states
}

// Credit reports whether the entry is, or was before it came back, a credit to the receiver.
func (e Entry) Credit() bool { return e.Code%10 <= 3 }

// Prenote reports whether the entry is a test of the account, without an amount. It tells only entries under way.
func (e Entry) Prenote() bool { return e.Code%10 == 3 || e.Code%10 == 8 }

// cameBack reports whether the transaction code is one of returns and corrections.
func (e Entry) cameBack() bool { return e.Code%10 == 1 || e.Code%10 == 6 }

// Return is the addenda 99 of a returned entry (ACH-8).
type Return struct {
	Code        string // R01 to R99
	Trace       string // of the original entry
	DateOfDeath civil.Date
	RDFI        string // eight digits: the bank that received the original entry
	Information string
}

// NOC is the addenda 98 of a notification of change (ACH-9).
type NOC struct {
	Code      string // C01 to C99
	Trace     string // of the original entry
	RDFI      string // eight digits: the bank that received the original entry
	Corrected string // 29 characters; Correction takes them apart
}

// Correction is what is to be used from now on. Empty fields stay as they are.
type Correction struct {
	Routing, Account string
	Name, ID         string
	Code             int // transaction code
}

// Correction takes the corrected data apart: C01 to C07 and C09. It fails with ErrField for other codes and for data
// that does not have the form of its code, and with ErrCheckDigit.
func (n NOC) Correction() (Correction, error) {
	data := fmt.Sprintf("%-29s", n.Corrected)
	at := func(from, to int) string { return strings.TrimRight(data[from-1:to], " ") }
	var c Correction
	var hasRouting, hasAccount, hasCode bool
	var code string
	switch n.Code {
	case "C01":
		c.Account, hasAccount = at(1, 17), true
	case "C02":
		c.Routing, hasRouting = at(1, 9), true
	case "C03":
		c.Routing, hasRouting = at(1, 9), true
		c.Account, hasAccount = at(13, 29), true
	case "C04":
		if c.Name = at(1, 22); c.Name == "" {
			return Correction{}, fmt.Errorf("%w: %s has no name", ErrField, n.Code)
		}
	case "C05":
		code, hasCode = at(1, 2), true
	case "C06":
		c.Account, hasAccount = at(1, 17), true
		code, hasCode = at(21, 22), true
	case "C07":
		c.Routing, hasRouting = at(1, 9), true
		c.Account, hasAccount = at(10, 26), true
		code, hasCode = at(27, 28), true
	case "C09":
		if c.ID = at(1, 22); c.ID == "" {
			return Correction{}, fmt.Errorf("%w: %s has no id", ErrField, n.Code)
		}
	default:
		return Correction{}, fmt.Errorf("%w: corrected data of %s has no known layout", ErrField, n.Code)
	}
	if hasRouting && (len(c.Routing) != 9 || !digits(c.Routing)) {
		return Correction{}, fmt.Errorf("%w: %s has no routing number", ErrField, n.Code)
	}
	if hasRouting && !validRouting(c.Routing) {
		return Correction{}, fmt.Errorf("%w: %s", ErrCheckDigit, n.Code)
	}
	if hasAccount && (c.Account == "" || c.Account[0] == ' ') {
		return Correction{}, fmt.Errorf("%w: %s has no account", ErrField, n.Code)
	}
	if hasCode {
		if len(code) != 2 || !digits(code) || !transactionCode(number(code)) || (Entry{Code: number(code)}).cameBack() {
			return Correction{}, fmt.Errorf("%w: %s has no transaction code", ErrField, n.Code)
		}
		c.Code = number(code)
	}
	return c, nil
}

// transactionCode reports whether a code is one of ACH-6: checking 2x, savings 3x.
func transactionCode(code int) bool {
	switch code % 10 {
	case 1, 2, 3, 6, 7, 8:
		return code/10 == 2 || code/10 == 3
	}
	return false
}

// validRouting weighs nine digits by 3, 7, 1; the sum of a routing number is a multiple of ten.
func validRouting(s string) bool {
	sum := 0
	for i := range 9 {
		sum += int(s[i]-'0') * [3]int{3, 7, 1}[i%3]
	}
	return sum%10 == 0
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// number is the value of a short run of digits.
func number(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}
