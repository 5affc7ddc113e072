package bai2

import (
	"errors"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/civil"
)

// Type codes this program knows by name (REC-2). The mapping of all others is per bank.
const (
	OpeningLedger = 10
	ClosingLedger = 15

	ACHCredit           = 142
	ACHSettlementCredit = 166
	WireIn              = 195
	CheckReturned       = 255 // posted, and sent back after that
	ACHReturnCredit     = 257
	ACHDebit            = 451
	ACHSettlementDebit  = 466
	CheckPaid           = 475
	WireOut             = 495
	ACHReturnDebit      = 557
	Fees                = 698
)

// File is a statement file. The years of its dates are 2000 to 2099.
type File struct {
	Sender, Receiver string
	Created          time.Time // to the minute, as the clock in New York shows it (CNV-4)
	FileID           string    // unique for sender and day
	Groups           []Group
}

// Group holds the accounts of one bank for one day.
type Group struct {
	Originator string // the bank's routing number
	AsOf       civil.Date
	Accounts   []Account
}

// Account is one account's day: the ledger balance before it and after it, in minor units, and its movements.
type Account struct {
	Number           string
	Currency         string // ISO 4217; a file that names none means USD
	Opening, Closing int64
	Lines            []Line
}

// Line is one movement.
type Line struct {
	Type        int   // BAI2 type code: 100 to 699, 920 to 999
	Amount      int64 // minor units, not negative
	BankRef     string
	CustomerRef string
	Text        string // lines separated by \n
}

// Credit reports whether the type code is one of money coming in.
func (l Line) Credit() bool { return l.Type < 400 || 920 <= l.Type && l.Type < 960 }

func validType(code int) bool { return 100 <= code && code < 700 || 920 <= code && code < 1000 }

// What can be wrong with a statement. Read fails with an *Error that wraps one of them; Write with the error alone.
var (
	ErrTooLarge  = errors.New("statement is larger than 100 MB")
	ErrLength    = errors.New("line is too long")
	ErrCharacter = errors.New("character is not printable ASCII")
	ErrOrder     = errors.New("record is not expected here")
	ErrEnd       = errors.New("record does not end with a slash")
	ErrField     = errors.New("field is malformed")
	ErrAmount    = errors.New("amount is malformed or too large")
	ErrType      = errors.New("type code is not one of a movement")
	ErrStatus    = errors.New("group is not an update")
	ErrBalance   = errors.New("opening or closing ledger balance is missing or given twice")
	ErrTotal     = errors.New("control total is wrong")
	ErrCount     = errors.New("count is wrong")
)

// Error is the first violation in a statement.
type Error struct {
	Line   int // from 1
	Column int // of the field, from 1; 0 where a record is missing
	Err    error
	Detail string // got and want; may be empty
}

func (e *Error) Error() string {
	s := fmt.Sprintf("line %d", e.Line)
	if e.Column > 0 {
		s += fmt.Sprintf(" column %d", e.Column)
	}
	s += ": " + e.Err.Error()
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }
