// Package problem turns refusals into the codes that each generation of the API answers, in one place for all doors.
//
// A room fails with a fault: a condition, fields, arguments. Here each condition has its code in each generation,
// the message that goes on the wire, and for people when it arises and what helps.
package problem

import (
	"strings"

	"github.com/duebook/duebook/internal/fault"
)

// Code is one code of a generation.
type Code struct {
	Code    string
	Message string   // on the wire; {fields}, {id}, {date} and {error} are filled in
	When    string   // what provokes it
	Remedy  string   // what the caller can do
	Faults  []string // the conditions that answer with it
}

// Faults of the faces themselves.
var (
	ErrVersion   = fault.New(fault.Invalid, "version_invalid", "The API version is missing or not served.")
	ErrOperation = fault.New(fault.Invalid, "operation_unknown", "There is no such operation.")
	ErrMalformed = fault.New(fault.Invalid, "request_malformed", "The request cannot be interpreted.")
	ErrRolled    = fault.New(fault.Conflict, "rolled_back", "Another operation of the batch failed; nothing was kept.")
	ErrFilter    = fault.New(fault.Invalid, "filter_invalid", "The filter cannot be used.")
	ErrBase64    = fault.New(fault.Invalid, "document_base64", "The document is not valid base 64.")
	ErrCalls     = fault.New(fault.Limit, "too_many_calls", "Too many calls at once.")
)

// internal is what a failure of ours answers.
const internal = "internal"

var v1ByFault = func() map[string]*Code {
	m := map[string]*Code{}
	for i := range V1 {
		for _, f := range V1[i].Faults {
			m[f] = &V1[i]
		}
	}
	return m
}()

// ForV1 gives generation 1's code and message for err. wire translates the domain's field names into those of the
// record at hand; nil leaves them. known is false for a failure of ours, which the caller logs.
func ForV1(err error, wire func(field string) string) (code, message string, known bool) {
	f := fault.From(err)
	if f == nil {
		c := v1ByFault[internal]
		return c.Code, c.Message, false
	}
	c := v1ByFault[f.Code]
	if c == nil {
		c = v1ByFault[internal]
		return c.Code, c.Message, false
	}
	names := make([]string, len(f.Fields))
	for i, n := range f.Fields {
		names[i] = n
		if wire != nil {
			names[i] = wire(n)
		}
	}
	arg := strings.Join(f.Args, ", ")
	message = strings.NewReplacer("{fields}", strings.Join(names, ", "), "{id}", arg, "{date}", arg, "{error}", arg).Replace(c.Message)
	if f.Code == "vendor_external_id" {
		message += " (CVUSER.UKVENDOREXTID)" // a published client looks for this text (api-v1 5.2)
	}
	return c.Code, message, f.Kind != fault.Internal
}

// Find gives the catalogue's entry of a code.
func Find(code string) (Code, bool) {
	for _, c := range V1 {
		if strings.EqualFold(c.Code, code) {
			return c, true
		}
	}
	return Code{}, false
}
