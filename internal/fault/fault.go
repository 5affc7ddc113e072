// Package fault is the vocabulary of refusals: what a business rule answers when it says no.
//
// A room declares each condition once as a package variable (New) and returns it, refined with the fields and
// arguments of the case (On, With) and with the cause that is logged but never shown (Because). Faces never look at
// texts: api/problem maps a condition to the codes of each generation, once.
package fault

import (
	"errors"
	"log/slog"
	"strings"
)

// Kind says what the caller can do about a refusal.
type Kind uint8

// The kinds, from the caller's mistake to ours.
const (
	Internal  Kind = iota // nothing; it is our failure and is logged with a reference
	Invalid               // send another value
	NotFound              // name another record
	Forbidden             // ask for the permission or another state of the organisation
	Unknown               // authenticate again
	Conflict              // read the record again and decide
	Limit                 // send less, or later
	Busy                  // repeat the call unchanged
)

// Error is one refusal. The declared conditions are Errors without fields and arguments; errors.Is compares codes.
type Error struct {
	Kind    Kind
	Code    string   // stable, part of the API's catalogue: "payment_amount"
	Message string   // safe to show, names the rule in a bookkeeper's words
	Fields  []string // domain names of the fields at fault, in request order
	Args    []string // what completes the message: an id, a date
	cause   error
}

// New declares a condition.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// On returns the condition for the named fields.
func (e *Error) On(fields ...string) *Error {
	c := *e
	c.Fields = fields
	return &c
}

// With returns the condition with the arguments that complete its message.
func (e *Error) With(args ...string) *Error {
	c := *e
	c.Args = args
	return &c
}

// Because returns the condition with a cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Error gives the message with fields, arguments and cause, for logs and tests.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	if len(e.Fields) > 0 {
		b.WriteString(" [" + strings.Join(e.Fields, ", ") + "]")
	}
	b.WriteString(": " + e.Message)
	if len(e.Args) > 0 {
		b.WriteString(" (" + strings.Join(e.Args, ", ") + ")")
	}
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is the same condition, whatever its fields and arguments.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// LogValue keeps the log to facts.
func (e *Error) LogValue() slog.Value {
	return slog.StringValue(e.Error())
}

// From returns the refusal inside err, or nil when err is none (a failure of ours).
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// Conditions that more than one room needs.
var (
	ErrMissing   = New(Invalid, "field_missing", "A required field is missing or empty.")
	ErrTooLong   = New(Invalid, "value_too_large", "The value is longer or larger than the field allows.")
	ErrFormat    = New(Invalid, "value_format", "The id or date is not well formed.")
	ErrValue     = New(Invalid, "value_invalid", "The value is outside what the field allows.")
	ErrAmount    = New(Invalid, "amount_not_allowed", "The amount is not positive where it must be, or parts exceed the whole.")
	ErrReference = New(Invalid, "reference_invalid", "The record named does not exist here or cannot be used.")
	ErrNotFound  = New(NotFound, "not_found", "There is no such record in this organisation.")
	ErrForbidden = New(Forbidden, "permission_missing", "Your role does not allow this.")
	ErrConflict  = New(Conflict, "changed_meanwhile", "The record was changed by someone else; read it again.")
	ErrBusy      = New(Busy, "store_busy", "The server is busy or stopping; repeat the call.")
	ErrTooMany   = New(Limit, "too_many", "There are more members than the operation takes.")
)
