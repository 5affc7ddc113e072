package jsonv2

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/record"
)

// general serves what follows from the descriptions themselves (4.4, 4.5).
func (h *Handler) general() area {
	return area{calls: map[string]call{
		"GetEntityMetadata": {get: true, run: h.metadata},
		"CurrentTime":       {get: true, run: h.currentTime},
		"Errors":            {get: true, open: true, run: h.errors},
		"Enum":              {get: true, run: h.enums},
	}}
}

func (h *Handler) currentTime(q *request, _ *args) (any, error) {
	out := map[string]string{}
	err := q.poll(func(tx *db.Tx) error {
		out["currentTime"] = string(appendInstant(nil, clock.FromTime(tx.Now())))
		return nil
	})
	return out, err
}

func (h *Handler) errors(*request, *args) (any, error) {
	type row struct {
		Code    string `json:"error_code"`
		Message string `json:"error_message"`
	}
	out := make([]row, len(problem.V2))
	for i, c := range problem.V2 {
		out[i] = row{c.Code, c.Message}
	}
	slices.SortFunc(out, func(a, b row) int { return cmp.Compare(a.Code, b.Code) })
	return out, nil
}

// meta is what is said of a field (4.4). What does not hold is left out.
type meta struct {
	Type       string            `json:"type"`
	MaxLength  int               `json:"maxLength,omitempty"`
	Required   bool              `json:"required,omitempty"`
	ReadOnly   bool              `json:"readOnly,omitempty"`
	Filterable bool              `json:"filterable,omitempty"`
	Sortable   bool              `json:"sortable,omitempty"`
	EnumValues map[string]string `json:"enumValues,omitempty"`
}

var typeNames = map[record.Kind]string{record.Text: "string", record.Ref: "id", record.Enum: "enum", record.Bool: "boolean",
	record.Date: "date", record.Instant: "datetime", record.Money: "decimal", record.Quantity: "decimal", record.Int: "integer"}

func (h *Handler) metadata(q *request, in *args) (any, error) {
	wanted := append(in.texts("entities", optional), in.texts("entity", optional)...)
	wanted = slices.DeleteFunc(wanted, func(name string) bool { return name == "" })
	if err := in.err(); err != nil {
		return nil, err
	}
	if len(wanted) == 0 {
		wanted = h.names
	}
	out := map[string]map[string]map[string]meta{}
	for _, name := range wanted {
		e := h.entities[name]
		if e == nil {
			return nil, problem.ErrEntity
		}
		out[name] = map[string]map[string]meta{"fields": e.meta()}
	}
	return out, q.read(func(*db.Tx) error { return nil })
}

func (e *entity) meta() map[string]meta {
	out := map[string]meta{"entity": {Type: "string", ReadOnly: true}}
	for _, m := range e.shape.Root.Members {
		out[m.Name] = e.metaOf(m)
	}
	return out
}

func (e *entity) metaOf(m *shape.Member) meta {
	x := m.Entry
	switch {
	case m.Lines != nil:
		return meta{Type: "list", Required: m.Rows == nil && e.needsLines(), ReadOnly: m.Rows != nil}
	case x == nil:
		return meta{Type: "object", ReadOnly: true}
	case x.Extra != nil:
		return meta{Type: typeNames[x.Extra.Kind]}
	}
	f, listed := e.fields[m.Name]
	out := meta{Type: typeNames[x.Field.Kind], Required: x.Use == shape.Required, ReadOnly: x.Use == shape.ReadOnly,
		Filterable: listed, Sortable: listed && !f.line, EnumValues: words(x)}
	if x.Field.Kind == record.Text {
		out.MaxLength = x.Field.Max
		if x.Max > 0 && (x.Max < out.MaxLength || out.MaxLength == 0) {
			out.MaxLength = x.Max
		}
	}
	if x.IsTruth() {
		out.Type, out.EnumValues = "boolean", nil
	}
	return out
}

// needsLines reports whether a new record must bring lines.
func (e *entity) needsLines() bool { return e.ops&opCreate != 0 }

// words are an enum's numbers as shown, with their names.
func words(x *shape.Entry) map[string]string {
	if x.Field.Kind != record.Enum || len(x.Field.Words) == 0 {
		return nil
	}
	out := map[string]string{}
	for n, word := range x.Field.Words {
		if other, ok := x.Show[n]; ok {
			n = other
		}
		out[strconv.FormatInt(n, 10)] = word
	}
	return out
}

func (h *Handler) enums(q *request, _ *args) (any, error) {
	out := map[string]map[string]string{}
	for _, name := range h.names {
		addEnums(out, h.entities[name].shape)
	}
	return out, q.read(func(*db.Tx) error { return nil })
}

func addEnums(out map[string]map[string]string, s *shape.Shape) {
	for i := range s.Entries {
		if w := words(&s.Entries[i]); w != nil && s.Entries[i].Extra == nil {
			at := s.Name + "." + s.Entries[i].Path
			if out[at] == nil {
				out[at] = map[string]string{}
			}
			maps.Copy(out[at], w)
		}
	}
	if s.Lines != nil {
		addEnums(out, s.Lines)
	}
}
