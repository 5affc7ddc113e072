package ach

import (
	"strings"
	"testing"
)

func TestTransliterate(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"plain", "Acme Corp. #7", "ACME CORP. #7"},
		{"accents", "Müller, Peña & Frères Ǻåñ", "MULLER, PENA & FRERES AAN"},
		{"decomposed already", "Mu\u0308ller", "MULLER"},
		{"letters of their own", "Großmann Ærø Łódź Œuvre Đặng Þór Iğdır", "GROSSMANN AERO LODZ OEUVRE DANG THOR IGDIR"},
		{"compatibility forms", "ﬁne Ⅳ ½ ＡＢＣ №3", "FINE IV 1/2 ABC NO3"},
		{"quotes and dashes", "O’Brien – “Söhne”", `O'BRIEN - "SOHNE"`},
		{"another script between", "Yamada 山田 Ltd", "YAMADA LTD"},
		{"another script inside", "A山B", "A B"},
		{"another script only", "山田商店", ""},
		{"controls and odd blanks", "\tA\r\n\u00a0B\x00C\x7f", "A B C"},
		{"soft hyphen and joiner", "Schif\u00adfahrt\u200d", "SCHIFFAHRT"},
		{"broken UTF-8", "A\xffB", "A B"},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		if got := Transliterate(tt.in); got != tt.want {
			t.Errorf("%s: Transliterate(%q) = %q, want %q", tt.name, tt.in, got, tt.want)
		}
	}
}

func FuzzTransliterate(f *testing.F) {
	for _, s := range []string{"Łódź", "O’Brien  & Söhne ", "山田", "ŉ ǆ ½", "\xff\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Transliterate(s)
		if !only(got, printable) || strings.ToUpper(got) != got || strings.TrimSpace(got) != got {
			t.Errorf("Transliterate(%q) = %q", s, got)
		}
		if again := Transliterate(got); again != got {
			t.Errorf("Transliterate(%q) = %q, not itself", got, again)
		}
	})
}

func TestRemittance(t *testing.T) {
	t.Parallel()
	const fits = `RMR*IV*1234567890123456789012345678901234567890123456789012345678901234**970.00\`
	tests := []struct {
		name string
		refs []InvoicePaid
		want string
	}{
		{"ACH-4: one", []InvoicePaid{{"INV-2002", 970_00}}, `RMR*IV*INV-2002**970.00\`},
		{"ACH-4: joined", []InvoicePaid{{"a1", 1}, {"a2", 1_000_000_10}}, `RMR*IV*a1**0.01\RMR*IV*a2**1000000.10\`},
		{"ACH-4: 80 characters", []InvoicePaid{{fits[7:71], 970_00}}, fits},
		{"ACH-4: 81 characters", []InvoicePaid{{fits[7:71] + "5", 970_00}}, "SEE EMAIL DB7"},
		{"ACH-4: joined too long", []InvoicePaid{{"INV-2002", 970_00}, {"INV-2003", 970_00}, {"INV-2004", 970_00},
			{"INV-2005", 970_00}}, "SEE EMAIL DB7"},
		{"separators", []InvoicePaid{{`A*1\2~3`, 5}}, `RMR*IV*A-1-2~3**0.05\`},
		{"not ASCII", []InvoicePaid{{"É\n7", 5}}, `RMR*IV*E 7**0.05\`},
		{"nothing to print", []InvoicePaid{{"A", 5}, {"山", 5}, {"B", 5}}, "SEE EMAIL DB7"},
		{"no invoice", nil, "SEE EMAIL DB7"},
		{"taken back", []InvoicePaid{{"CM-1", -1_05}}, `RMR*IV*CM-1**-1.05\`},
		{"covered by credits", []InvoicePaid{{"A", 0}}, `RMR*IV*A**0.00\`},
	}
	for _, tt := range tests {
		if got := Remittance(tt.refs, "DB7"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func FuzzRemittance(f *testing.F) {
	f.Add("INV-1", int64(97000), `A*\`, int64(-1), "DB7")
	f.Add("", int64(-1<<63), " ", int64(1<<63-1), strings.Repeat("x", 100))
	f.Fuzz(func(t *testing.T, n1 string, a1 int64, n2 string, a2 int64, confirmation string) {
		got := Remittance([]InvoicePaid{{n1, a1}, {n2, a2}}, confirmation)
		if fe := text("Addenda", got, 1, MaxAddenda); fe != nil {
			t.Fatalf("%q: %v", got, fe)
		}
		if strings.HasPrefix(got, "SEE EMAIL") {
			return
		}
		for segment := range strings.SplitSeq(strings.TrimSuffix(got, `\`), `\`) {
			if e := strings.Split(segment, "*"); len(e) != 5 || e[0] != "RMR" || e[1] != "IV" || e[2] == "" || e[4] == "" {
				t.Errorf("segment %q of %q", segment, got)
			}
		}
	})
}

func TestValidRouting(t *testing.T) {
	t.Parallel()
	tests := []struct {
		routing string
		want    bool
	}{
		{"021000021", true}, {"011000015", true}, {"121042882", true}, {"990000026", true},
		{"021000012", false}, {"021000022", false}, {"02100002", false}, {"0210000210", false},
		{"02100002A", false}, {"A21000021", false}, {" 21000021", false}, {"０21000021", false},
		{"", false}, {"000000000", false},
	}
	for _, tt := range tests {
		if got := ValidRouting(tt.routing); got != tt.want {
			t.Errorf("VEN-3: ValidRouting(%q) = %t", tt.routing, got)
		}
	}
	if d, ok := CheckDigit("99000002"); d != '6' || !ok {
		t.Errorf("CheckDigit = %c, %t", d, ok)
	}
	if _, ok := CheckDigit("9900000"); ok {
		t.Error("CheckDigit takes seven digits")
	}
}
