package jsondoc_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/jsondoc"
)

// plain gives v as encoding/json has it with UseNumber.
func plain(v *jsondoc.Value) any {
	switch v.Kind {
	case jsondoc.Bool:
		return v.Text == "true"
	case jsondoc.Number:
		return json.Number(v.Text)
	case jsondoc.String:
		return v.Text
	case jsondoc.List:
		out := []any{}
		for i := range v.Items {
			out = append(out, plain(&v.Items[i]))
		}
		return out
	case jsondoc.Object:
		out := map[string]any{}
		for _, m := range v.Members {
			out[m.Name] = plain(v.Get(m.Name))
		}
		return out
	}
	return nil
}

func agrees(t *testing.T, text string) {
	t.Helper()
	v, err := jsondoc.Parse(text)
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var want any
	wantErr := d.Decode(&want)
	if wantErr == nil && d.More() {
		return // two values: refused here, and not what the other one looks at
	}
	if wantErr == nil && !json.Valid([]byte(text)) {
		return
	}
	if err != nil {
		if wantErr == nil && strings.Count(text, "[")+strings.Count(text, "{") <= jsondoc.MaxDepth {
			t.Fatalf("%q is refused", text)
		}
		return
	}
	if wantErr != nil {
		t.Fatalf("%q is taken: %v", text, wantErr)
	}
	if got := plain(&v); !reflect.DeepEqual(got, want) {
		t.Fatalf("%q is %#v, want %#v", text, got, want)
	}
}

var texts = []string{`{}`, `[]`, `null`, `true`, `false`, `0`, `-0.5e+3`, `1E9`, `"a"`, `"\u00e9\ud83d\ude00\n\"\\\/"`, `"\ud800"`, `"\ud800\u0041"`,
	`{"a":1,"b":[1,{"c":null}],"a":2}`, ` { "x" : [ ] } `, `{"a":}`, `[1,]`, `01`, `1.`, `.5`, `-`, `+1`, `"` + "\x01" + `"`, "\"\xff\"", `nul`, `{"a" 1}`,
	`{a:1}`, `"\u12"`, `"\x"`, `"open`, `[object Object]`, ``, ` `, `{}x`, `[[[[]]]]`, "\x00", `{"a":"b\u0000"}`}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, s := range texts {
		agrees(t, s)
	}
	for n, ok := range map[int]bool{jsondoc.MaxDepth: true, jsondoc.MaxDepth + 2: false, 5000: false, 1 << 20: false} {
		if _, err := jsondoc.Parse(strings.Repeat("[", n) + strings.Repeat("]", n)); (err == nil) != ok {
			t.Errorf("%d levels: %v", n, err)
		}
	}
	if v, err := jsondoc.Parse(`{"n":null,"e":"","z":0,"l":[]}`); err != nil || !v.Get("n").IsNone() || !v.Get("e").IsNone() ||
		!v.Get("x").IsNone() || v.Get("z").IsNone() || v.Get("l").IsNone() || v.Get("z").Get("y") != nil {
		t.Errorf("%+v %v", v, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range texts {
		f.Add(s)
	}
	f.Fuzz(agrees)
}
