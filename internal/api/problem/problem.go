// Package problem turns refusals into the codes that each generation of the API answers, in one place for all doors.
//
// A room fails with a fault: a condition, fields, arguments. Here each condition has its code in each generation,
// the message that goes on the wire, and for people when it arises and what helps.
package problem

import (
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/fault"
)

// Code is one code of a generation.
type Code struct {
	Code    string
	Message string   // on the wire; {fields}, {id}, {date} and {error} are filled in, {field}, {value} and {reason} for each field
	When    string   // what provokes it
	Remedy  string   // what the caller can do
	Faults  []string // the conditions that answer with it
	Never   string   // why nothing can provoke it, where it is only part of the list
}

// Faults of the faces themselves.
var (
	ErrVersion   = fault.New(fault.Invalid, "version_invalid", "The API version is missing or not served.")
	ErrOperation = fault.New(fault.Invalid, "operation_unknown", "There is no such operation.")
	ErrMalformed = fault.New(fault.Invalid, "request_malformed", "The request cannot be interpreted.")
	ErrRolled    = fault.New(fault.Conflict, "rolled_back", "Another operation of the batch failed; nothing was kept.")
	ErrFilter    = fault.New(fault.Invalid, "filter_invalid", "The filter cannot be used.")
	ErrBase64    = fault.New(fault.Invalid, "document_base64", "The document is not valid base 64.")
)

// internal is what a failure of ours answers.
const internal = "internal"

// byFault indexes a catalogue by condition.
func byFault(codes []Code) map[string]*Code {
	m := map[string]*Code{}
	for i := range codes {
		for _, f := range codes[i].Faults {
			m[f] = &codes[i]
		}
	}
	return m
}

var v1ByFault, v2ByFault = byFault(V1), byFault(V2)

// ForV1 gives generation 1's code and message for err. wire translates the domain's field names into those of the
// record at hand; nil leaves them. known is false for a failure of ours, which the caller logs.
func ForV1(err error, wire func(field string) string) (code, message string, known bool) {
	code, message, known = answer(v1ByFault, err, wire)
	if f := fault.From(err); f != nil && f.Code == "vendor_external_id" {
		message += " (CVUSER.UKVENDOREXTID)" // a published client looks for this text (api-v1 5.2)
	}
	return code, message, known
}

// ForV2 gives generation 2's code and message for err, as ForV1.
func ForV2(err error, wire func(field string) string) (code, message string, known bool) {
	return answer(v2ByFault, err, wire)
}

func answer(codes map[string]*Code, err error, wire func(string) string) (code, message string, known bool) {
	f := fault.From(err)
	if f == nil || codes[f.Code] == nil {
		c := codes[internal]
		return c.Code, c.Message, false
	}
	c := codes[f.Code]
	names := make([]string, len(f.Fields))
	for i, n := range f.Fields {
		names[i] = n
		if wire != nil {
			names[i] = wire(n)
		}
	}
	return c.Code, c.fill(f, names), f.Kind != fault.Internal
}

// fill completes the message. One that speaks of a {field} is said for each of them.
func (c *Code) fill(f *fault.Error, names []string) string {
	if !strings.Contains(c.Message, "{field}") {
		arg := strings.Join(f.Args, ", ")
		return strings.NewReplacer("{fields}", strings.Join(names, ", "), "{id}", arg, "{date}", arg, "{error}", arg, "{value}", arg).Replace(c.Message)
	}
	if len(names) == 0 {
		names = []string{"data"}
	}
	parts := make([]string, len(names))
	for i, n := range names {
		value := ""
		if i < len(f.Args) {
			value = f.Args[i]
		}
		parts[i] = strings.NewReplacer("{field}", n, "{value}", value, "{reason}", f.Message).Replace(c.Message)
	}
	return strings.Join(parts, " ")
}

// Find gives a catalogue's entry of a code, of either generation.
func Find(code string) (Code, bool) {
	for _, c := range slices.Concat(V1, V2) {
		if strings.EqualFold(c.Code, code) {
			return c, true
		}
	}
	return Code{}, false
}
