package achread

import (
	"errors"
	"fmt"
)

// What can be wrong with a file. Read fails with an *Error that wraps one of them.
var (
	ErrTooLarge    = errors.New("file is larger than 100 MB")
	ErrLength      = errors.New("record is not 94 characters long")
	ErrCharacter   = errors.New("character is not printable ASCII")
	ErrOrder       = errors.New("record is not expected here")
	ErrField       = errors.New("field is malformed")
	ErrCheckDigit  = errors.New("check digit of the routing number is wrong")
	ErrCode        = errors.New("transaction code is not allowed here")
	ErrAddenda     = errors.New("addenda do not fit their entry")
	ErrTrace       = errors.New("trace number is out of order or of another bank")
	ErrBatchNumber = errors.New("batch number is wrong")
	ErrControl     = errors.New("batch control does not repeat the batch header")
	ErrCount       = errors.New("count is wrong")
	ErrHash        = errors.New("entry hash is wrong")
	ErrTotal       = errors.New("total is wrong")
	ErrBlocking    = errors.New("file is not filled to a block of ten")
)

// Error is the first violation in a file.
type Error struct {
	Line   int // from 1
	Column int // first column of the field, 1 to 94; 0 where a whole record is missing or unexpected
	Err    error
	Detail string // got and want; may be empty; holds no account number
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
