package shape

import (
	"encoding/json"

	"github.com/duebook/duebook/internal/record"
)

// Extra is a member that clients of one generation send and read back and that says nothing here. What differs from the
// default is kept, by path, in one JSON object beside the record; Entry.Field is the text that holds it.
type Extra struct {
	Kind    record.Kind // of what is taken
	Default string      // as it is written: null, "0", false
}

// Keep makes the entry of an extra member: held in the record's field extras, of that kind, with that default.
func Keep(extras *record.Field, path string, k record.Kind, def string) Entry {
	return Entry{Path: path, Field: extras, Extra: &Extra{Kind: k, Default: def}}
}

// Extras are the kept members of one record as JSON texts by path.
type Extras map[string]json.RawMessage

// ReadExtras reads what Text gave; nil for an empty text.
func ReadExtras(text string) Extras {
	if text == "" {
		return nil
	}
	var x Extras
	if json.Unmarshal([]byte(text), &x) != nil {
		return nil
	}
	return x
}

// Text gives the members as they are stored, by path; "" for none.
func (x Extras) Text() string {
	if len(x) == 0 {
		return ""
	}
	b, err := json.Marshal(x) // sorts the members
	if err != nil {
		return ""
	}
	return string(b)
}
