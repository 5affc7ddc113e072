package shape

import "github.com/duebook/duebook/internal/record"

// Fields are the fields that an answer shows, so that a list reads no others.
func (s *Shape) Fields() []*record.Field {
	if s == nil {
		return nil
	}
	out := make([]*record.Field, 0, len(s.Entries))
	for i := range s.Entries {
		if e := &s.Entries[i]; e.Use != Hidden {
			out = append(out, e.Field)
		}
	}
	return out
}
