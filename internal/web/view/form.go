package view

// FieldError is one thing wrong with a form: the field by its name (empty when the whole form is refused), what to do
// about it in a bookkeeper's words, and the API's code in small print, if there is one.
type FieldError struct {
	Field, Message, Code string
}

// FieldErrors are the errors of a form in the order of its fields.
type FieldErrors []FieldError

// of gives the messages that belong to a field.
func (e FieldErrors) of(field string) []string {
	var messages []string
	for _, f := range e {
		if f.Field == field {
			messages = append(messages, f.Message)
		}
	}
	return messages
}

// field is one labelled input. Its id is its name.
type field struct {
	name, label, kind, value string
	hint                     string
	autocomplete, inputmode  string
	unit                     string // shown inside, before the value
	min, max                 string
	maxLength                string
	required                 bool
	errors                   []string
}

// describedBy lists the ids of the hint and the errors, in that order.
func (f field) describedBy() string {
	var ids string
	if f.hint != "" {
		ids = f.name + "-hint"
	}
	if len(f.errors) > 0 {
		if ids != "" {
			ids += " "
		}
		ids += f.name + "-error"
	}
	return ids
}

func (f field) kindOrText() string {
	if f.kind == "" {
		return "text"
	}
	return f.kind
}
