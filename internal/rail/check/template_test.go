package check_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/rail/check"
)

// CHK-6: the shipped layout of 100 columns, and a template of a bank's own, byte for byte.
func TestTemplates(t *testing.T) {
	t.Parallel()
	issues := []check.Issue{
		{Account: "12-345 6", Serial: 1234, Date: civil.MustDate("2026-11-25"), Amount: 125_000, Payee: "Łódź Façade & Söhne GmbH"},
		{Account: "12-345 6", Serial: 4_000_000_000, Date: civil.MustDate("2026-11-25"), Amount: check.MaxAmount, Payee: strings.Repeat("Long ", 20), Void: true},
		{Account: "12-345 6", Serial: 1, Date: civil.MustDate("2026-11-25"), Amount: 1, Payee: "Ελληνικά"},
	}
	for _, tt := range []struct{ name, setting, ending, want string }{
		{"fixed", "fixed", ".txt", "I00000000000123456000000123400001250002026" + "1125LODZ FACADE & SOHNE GMBH" + strings.Repeat(" ", 30) + "\r\n" +
			"V0000000000012345640000000009999999999" + "20261125" + strings.Repeat("LONG ", 10) + "LONG\r\n" +
			"I00000000000123456" + "0000000001" + "0000000001" + "20261125" + strings.Repeat(" ", 54) + "\r\n" +
			"T0000000003" + "00010000125000" + strings.Repeat(" ", 75) + "\r\n"},
		{"a bank's own CSV", `{"form":"csv","date":"MM/DD/YYYY","amount":"decimal","issue":"320","void":"370","columns":[{"field":"mark"},{"field":"account"},
			{"field":"serial"},{"field":"amount"},{"field":"date"},{"field":"payee","width":9}],"trailer":[{"field":"text","text":"END"},{"field":"count"},{"field":"total"}]}`,
			".csv", "320,12-345 6,1234,1250.00,11/25/2026,Łódź Faça\r\n370,12-345 6,4000000000,99999999.99,11/25/2026,Long Long\r\n" +
				"320,12-345 6,1,0.01,11/25/2026,Ελληνικά\r\nEND,3,100001250.00\r\n"},
		{"a bank's own columns", `{"form":"fixed","date":"MMDDYY","amount":"decimal","issue":" ","void":"C","header":[{"field":"text","text":"HDR","width":5}],
			"columns":[{"field":"account","width":17},{"field":"serial","width":10},{"field":"date","width":6},{"field":"amount","width":12},{"field":"mark","width":1}]}`,
			".txt", "HDR  \r\n00000000000123456000000123411252600000" + "1250.00 \r\n000000000001234564000000000112526099999999.99C\r\n" +
				"000000000001234560000000001112526000000000.01 \r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			template, err := check.ReadTemplate(tt.setting)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := check.WritePositivePay(&b, template, issues); err != nil {
				t.Fatal(err)
			}
			if b.String() != tt.want || template.Ending() != tt.ending {
				t.Errorf("got %s\n%q\nwant %s\n%q", template.Ending(), b.String(), tt.ending, tt.want)
			}
		})
	}
}

// CHK-6: a template that could fail when checks leave is refused when it is set.
func TestReadTemplateRefuses(t *testing.T) {
	t.Parallel()
	good := `{"form":"fixed","date":"MMDDYY","amount":"cents","issue":"I","void":"V","columns":[{"field":"account","width":17},` +
		`{"field":"serial","width":10},{"field":"date","width":6},{"field":"amount","width":10},{"field":"mark","width":1},{"field":"payee","width":20}]}`
	if _, err := check.ReadTemplate(good); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ old, new, want string }{
		{good, "generic", "it is no template"},
		{"]}", "]}{}", "something follows"},
		{`"form":"fixed"`, `"form":"xml"`, "form is neither"},
		{`"form"`, `"font":"x","form"`, "unknown field"},
		{"MMDDYY", "DDMMYY", "no style of dates"},
		{"cents", "dollars", "amount is neither"},
		{`"void":"V"`, `"void":"I"`, "the same mark"},
		{`"void":"V"`, `"void":"VV"`, "the width of mark is not 2"},
		{`"issue":"I"`, `"issue":"\n"`, "printable"},
		{`"width":17`, `"width":16`, "the width of account is not 17"},
		{`"cents"`, `"decimal"`, "the width of amount is not 11"},
		{`"width":6`, `"width":5`, "the width of date is not 6"},
		{`"width":20`, `"width":0`, "the width of payee is not 1"},
		{`"width":20`, `"width":201`, "to 200"},
		{`"field":"serial"`, `"field":"number"`, `field "number" is none of`},
		{`"field":"serial"`, `"field":"payee"`, "no column is the serial"},
		{`"columns"`, `"trailer":[{"field":"amount","width":10}],"columns"`, `trailer 1: field "amount"`},
	} {
		if _, err := check.ReadTemplate(strings.Replace(good, tt.old, tt.new, 1)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s instead of %s: got %v, want %s", tt.new, tt.old, err, tt.want)
		}
	}
}
