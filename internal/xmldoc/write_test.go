package xmldoc_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/duebook/duebook/internal/xmldoc"
)

func TestWriter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		write func(w *xmldoc.Writer)
		want  string
	}{
		{"elements", func(w *xmldoc.Writer) {
			w.Declaration()
			w.Start("a")
			w.Attr("b", "")
			w.Text("c", "1")
			w.Start("d")
			w.End("d")
			w.Chars("x")
			w.End("a")
		}, xmldoc.Declaration + `<a b=""><c>1</c><d></d>x</a>`},
		{"T-16: beyond ASCII", func(w *xmldoc.Writer) { w.Text("a", "Café 株 😀 \u007f~") }, `<a>Caf&#233; &#26666; &#128512; &#127;~</a>`},
		{"escaped text", func(w *xmldoc.Writer) { w.Text("a", "<&>\"']]>\t\r\n") }, "<a>&lt;&amp;&gt;\"']]&gt;\t&#13;\n</a>"},
		{"escaped attribute", func(w *xmldoc.Writer) { w.Start("a"); w.Attr("b", "<&>\"'\t\r\né") }, `<a b="&lt;&amp;&gt;&quot;'&#9;&#13;&#10;&#233;">`},
		{"T-18: dropped", func(w *xmldoc.Writer) { w.Text("a", "x\x00\x1b\ufffe\xffy") }, `<a>xy</a>`},
		{"U+FFFD stays", func(w *xmldoc.Writer) { w.Text("a", "\ufffd") }, `<a>&#65533;</a>`},
		{"T-17: empty", func(w *xmldoc.Writer) { w.Start("a"); w.Text("b", ""); w.Text("c", "\x00"); w.End("a") }, `<a></a>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var w xmldoc.Writer
			tt.write(&w)
			if got := string(w.Bytes()); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			w.Reset()
			if len(w.Bytes()) != 0 {
				t.Errorf("after Reset: %q", w.Bytes())
			}
		})
	}
}

func TestWriterAllocatesNothing(t *testing.T) {
	w := xmldoc.NewWriter(make([]byte, 0, 1<<10))
	if n := testing.AllocsPerRun(100, func() { w.Reset(); record(w) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func record(w *xmldoc.Writer) {
	w.Start("vendor")
	w.Attr("object", "a < b")
	w.Text("id", "00901HBTRWQZXCVMab13")
	w.Text("name", "Café & Søn")
	w.Text("address1", "1 Harbor Street, Suite 400")
	w.Text("address2", "")
	w.Text("isActive", "1")
	w.End("vendor")
}

// FuzzWriter: what is written reads back as it was, but for what XML does not allow and white space at the ends.
func FuzzWriter(f *testing.F) {
	for _, s := range []string{"", " a ", "Café Łódź 株式会社", "<&\"'>]]>", "\r\n\t", "a\x00b\xff\ufffe", "😀\u007f\u0080"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > xmldoc.MaxAttr {
			return
		}
		var w xmldoc.Writer
		w.Declaration()
		w.Start("r")
		w.Attr("a", s)
		w.Text("t", s)
		w.Start("c")
		w.Chars(s)
		w.End("c")
		w.End("r")
		for _, c := range w.Bytes() {
			if c > '~' {
				t.Fatalf("T-16: %q in %q", c, w.Bytes())
			}
		}
		d, err := xmldoc.Parse(strings.NewReader(string(w.Bytes())), xmldoc.Options{})
		if err != nil {
			t.Fatalf("%q: %v", w.Bytes(), err)
		}
		want := allowed(s)
		if got, _ := d.Root.Attr("a"); got != want {
			t.Errorf("attribute %q, want %q", got, want)
		}
		trimmed := strings.Trim(want, " \t\r\n")
		if got := d.Root.Child("c").Text; got != trimmed {
			t.Errorf("text %q, want %q", got, trimmed)
		}
		switch n := d.Root.Child("t"); {
		case (n != nil) != (want != ""):
			t.Errorf("T-17: element there: %v, for %q", n != nil, want)
		case n != nil && n.Text != trimmed:
			t.Errorf("text %q, want %q", n.Text, trimmed)
		}
	})
}

// allowed drops what XML 1.0 does not know.
func allowed(s string) string {
	var b strings.Builder
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		bad := r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF || r == utf8.RuneError && size == 1
		if !bad {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func BenchmarkWriter(b *testing.B) {
	w := xmldoc.NewWriter(nil)
	b.ReportAllocs()
	for b.Loop() {
		w.Reset()
		record(w)
		b.SetBytes(int64(len(w.Bytes())))
	}
}
