package iso20022_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"iter"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/rail/iso20022"
)

func transfers(list ...iso20022.Transfer) iter.Seq2[iso20022.Transfer, error] {
	return func(yield func(iso20022.Transfer, error) bool) {
		for _, t := range list {
			if !yield(t, nil) {
				return
			}
		}
	}
}

func leeds() iso20022.Transfer {
	return iso20022.Transfer{EndToEndID: "P26112500 - 0000001", UETR: "97ed4827-7b6f-4491-a06f-b548d5a7512d", Amount: 1_000_000, Currency: "USD",
		BIC: "NWBKGB2L", BankCountry: "GB", Account: "GB29NWBK60161331926819", IBAN: true,
		Payee: iso20022.Party{Name: "Leeds Bicycle Works Ltd", Address: iso20022.Address{PostCode: "LS1 4AP", Town: "Leeds", Country: "GB",
			Lines: []string{"1 High Street"}}}, Remittance: "Inv 1001"}
}

func toronto() iso20022.Transfer {
	t := leeds()
	t.EndToEndID, t.Amount, t.IBAN, t.Account = "P26112500 - 0000002", 12_345, false, "1234567"
	t.BIC, t.BankCountry, t.Clearing, t.ClearingCode, t.Purpose = "ROYCCAT2XXX", "CA", "CACPA", "000305612", "SUPP"
	t.Payee.Address = iso20022.Address{Town: "Toronto", Region: "ON", Country: "CA"}
	return t
}

func file(list ...iso20022.Transfer) iso20022.File {
	b := iso20022.Batch{ID: "bat01ABCDEFGHIJKLMNO", Execution: civil.MustDate("2026-11-25"), Routing: "990000013", Account: "000117777", Currency: "USD",
		Debtor: iso20022.Party{Name: "Northwind LLC", Address: iso20022.Address{Town: "Seattle", Country: "US"}}, Count: len(list), Transfers: transfers(list...)}
	for _, t := range list {
		b.Total += t.Amount
	}
	return iso20022.File{ID: "bfl01ABCDEFGHIJKLMNO", Created: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), Initiator: "Northwind LLC", InitiatorID: "1234567890",
		Batches: []iso20022.Batch{b}}
}

// INT-3, INT-4: an independent reading of the file has all that was put in, in the order of the message definition.
func TestWriteReadsBack(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := iso20022.Write(&out, file(leeds(), toronto())); err != nil {
		t.Fatal(err)
	}
	type agent struct {
		BIC      string `xml:"FinInstnId>BICFI"`
		Clearing string `xml:"FinInstnId>ClrSysMmbId>ClrSysId>Cd"`
		Member   string `xml:"FinInstnId>ClrSysMmbId>MmbId"`
		Country  string `xml:"FinInstnId>PstlAdr>Ctry"`
	}
	type party struct {
		Name    string   `xml:"Nm"`
		Post    string   `xml:"PstlAdr>PstCd"`
		Town    string   `xml:"PstlAdr>TwnNm"`
		Country string   `xml:"PstlAdr>Ctry"`
		Lines   []string `xml:"PstlAdr>AdrLine"`
	}
	var doc struct {
		XMLName xml.Name
		Head    struct {
			ID    string `xml:"MsgId"`
			At    string `xml:"CreDtTm"`
			Count string `xml:"NbOfTxs"`
			Sum   string `xml:"CtrlSum"`
		} `xml:"CstmrCdtTrfInitn>GrpHdr"`
		Blocks []struct {
			Day     string `xml:"ReqdExctnDt>Dt"`
			Count   string `xml:"NbOfTxs"`
			Sum     string `xml:"CtrlSum"`
			Bearer  string `xml:"ChrgBr"`
			Account string `xml:"DbtrAcct>Id>Othr>Id"`
			Bank    agent  `xml:"DbtrAgt"`
			Wires   []struct {
				EndToEnd string `xml:"PmtId>EndToEndId"`
				UETR     string `xml:"PmtId>UETR"`
				Amount   struct {
					Currency string `xml:"Ccy,attr"`
					Value    string `xml:",chardata"`
				} `xml:"Amt>InstdAmt"`
				Bank    agent  `xml:"CdtrAgt"`
				Payee   party  `xml:"Cdtr"`
				IBAN    string `xml:"CdtrAcct>Id>IBAN"`
				Other   string `xml:"CdtrAcct>Id>Othr>Id"`
				Purpose string `xml:"Purp>Cd"`
				Text    string `xml:"RmtInf>Ustrd"`
			} `xml:"CdtTrfTxInf"`
		} `xml:"CstmrCdtTrfInitn>PmtInf"`
	}
	if err := xml.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.XMLName.Space != "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09" || doc.Head.Count != "2" || doc.Head.Sum != "10123.45" ||
		doc.Head.At != "2026-11-25T09:00:00Z" || len(doc.Blocks) != 1 {
		t.Fatalf("head: %+v\n%s", doc, out.String())
	}
	b := doc.Blocks[0]
	if b.Day != "2026-11-25" || b.Count != "2" || b.Sum != "10123.45" || b.Bearer != "SHAR" || b.Account != "000117777" || b.Bank.Member != "990000013" ||
		b.Bank.Clearing != "USABA" {
		t.Errorf("block: %+v", b)
	}
	w := b.Wires[0]
	if w.EndToEnd != "P26112500 - 0000001" || w.UETR != leeds().UETR || w.Amount.Currency != "USD" || w.Amount.Value != "10000.00" || w.Bank.BIC != "NWBKGB2L" ||
		w.IBAN != "GB29NWBK60161331926819" || w.Payee.Town != "Leeds" || w.Payee.Country != "GB" || w.Payee.Lines[0] != "1 High Street" || w.Text != "Inv 1001" {
		t.Errorf("first wire: %+v", w)
	}
	if w := b.Wires[1]; w.Other != "1234567" || w.Bank.Clearing != "CACPA" || w.Bank.Member != "000305612" || w.Purpose != "SUPP" || w.Bank.Country != "CA" {
		t.Errorf("second wire: %+v", w)
	}
	structure(t, out.Bytes())
}

// order is the sequence of children that the message definition gives each element this program writes.
var order = map[string]string{
	"Document": "CstmrCdtTrfInitn", "CstmrCdtTrfInitn": "GrpHdr PmtInf", "GrpHdr": "MsgId CreDtTm NbOfTxs CtrlSum InitgPty",
	"InitgPty": "Nm Id", "OrgId": "Othr", "PmtInf": "PmtInfId PmtMtd BtchBookg NbOfTxs CtrlSum PmtTpInf ReqdExctnDt Dbtr DbtrAcct DbtrAgt ChrgBr CdtTrfTxInf",
	"ReqdExctnDt": "Dt", "Dbtr": "Nm PstlAdr", "DbtrAcct": "Id Ccy", "DbtrAgt": "FinInstnId", "FinInstnId": "BICFI ClrSysMmbId PstlAdr",
	"ClrSysMmbId": "ClrSysId MmbId", "ClrSysId": "Cd", "PstlAdr": "PstCd TwnNm CtrySubDvsn Ctry AdrLine",
	"CdtTrfTxInf": "PmtId Amt CdtrAgt Cdtr CdtrAcct Purp RmtInf", "PmtId": "EndToEndId UETR", "Amt": "InstdAmt", "CdtrAgt": "FinInstnId",
	"Cdtr": "Nm PstlAdr", "CdtrAcct": "Id", "Purp": "Cd", "RmtInf": "Ustrd",
}

var forms = map[string]*regexp.Regexp{
	"UETR":    regexp.MustCompile(`^[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}$`),
	"BICFI":   regexp.MustCompile(`^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$`),
	"IBAN":    regexp.MustCompile(`^[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}$`),
	"Ctry":    regexp.MustCompile(`^[A-Z]{2}$`),
	"CtrlSum": regexp.MustCompile(`^[0-9]{1,17}(\.[0-9]{1,5})?$`),
	"NbOfTxs": regexp.MustCompile(`^[0-9]{1,15}$`),
	"Ustrd":   regexp.MustCompile(`^.{1,140}$`),
}

// structure checks what a schema would: that children come in the order of the definition and texts have their forms.
func structure(t *testing.T, content []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(content))
	type open struct {
		name string
		at   int
	}
	var stack []open
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := tok.(type) {
		case xml.StartElement:
			if n := len(stack); n > 0 && order[stack[n-1].name] != "" {
				at := slices.Index(strings.Fields(order[stack[n-1].name]), x.Name.Local)
				if at < stack[n-1].at {
					t.Errorf("%s in %s stands at the wrong place", x.Name.Local, stack[n-1].name)
				}
				stack[n-1].at = at
			}
			stack = append(stack, open{name: x.Name.Local})
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 && strings.TrimSpace(string(x)) != "" {
				if f := forms[stack[len(stack)-1].name]; f != nil && !f.MatchString(string(x)) {
					t.Errorf("%s is %q", stack[len(stack)-1].name, x)
				}
			}
		}
	}
}

// INT-4, INT-5: what cannot stand in the file is refused, not cut.
func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*iso20022.Transfer){
		"TwnNm":      func(w *iso20022.Transfer) { w.Payee.Address.Town = "" },
		"Ctry":       func(w *iso20022.Transfer) { w.Payee.Address.Country = "" },
		"AdrLine":    func(w *iso20022.Transfer) { w.Payee.Address.Lines = []string{"a", "b", "c"} },
		"Nm":         func(w *iso20022.Transfer) { w.Payee.Name = "Żółw" },
		"BICFI":      func(w *iso20022.Transfer) { w.BIC = "NWBKDE2L" },
		"IBAN":       func(w *iso20022.Transfer) { w.Account = "GB29NWBK60161331926818" },
		"EndToEndId": func(w *iso20022.Transfer) { w.EndToEndID = strings.Repeat("x", 36) },
		"InstdAmt":   func(w *iso20022.Transfer) { w.Amount = 0 },
		"Ustrd":      func(w *iso20022.Transfer) { w.Remittance = "a//b" },
		"UETR":       func(w *iso20022.Transfer) { w.UETR = "" },
	} {
		w := leeds()
		change(&w)
		var field *iso20022.FieldError
		if err := iso20022.Write(io.Discard, file(w)); !errors.As(err, &field) || field.Element != want {
			t.Errorf("%s: got %v", want, err)
		}
	}
	f := file(leeds())
	f.Batches[0].Count, f.Batches[0].Total = 2, 2_000_000
	if err := iso20022.Write(io.Discard, f); err == nil {
		t.Error("a batch with fewer transfers than it says is written")
	}
}

// INT-5: the characters of SWIFT, IBAN with its country's length, BIC of 8 or 11.
func TestINT5Forms(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"Café & Söhne – Żory": "Cafe Sohne - Zory", "a//b/": "a/b", "日本": "", "Inv #1, 2": "Inv 1, 2", "  x  ": "x"} {
		if got := iso20022.Latin(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
	for iban, want := range map[string]bool{"GB29NWBK60161331926819": true, "GB29NWBK60161331926891": false, "GB29NWBK6016133192681": false,
		"DE89370400440532013000": false, "": false, "gb29NWBK60161331926819": false} {
		if got := iso20022.ValidIBAN(iban, "GB", 22); got != want {
			t.Errorf("IBAN %q: %v", iban, got)
		}
	}
	if !iso20022.ValidIBAN("MT84MALT011000012345MTLCAST001S", "MT", 31) || !iso20022.ValidIBAN("NO9386011117947", "NO", 15) {
		t.Error("IBANs with letters and the shortest ones are refused")
	}
	for bic, want := range map[string]bool{"NWBKGB2L": true, "NWBKGB2LXXX": true, "NWBKGB2": false, "NWBKGB2LXX": false, "NWBKDE2L": false, "nwbkgb2l": false} {
		if got := iso20022.ValidBIC(bic, "GB"); got != want {
			t.Errorf("BIC %q: %v", bic, got)
		}
	}
}

const report = `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt><OrgnlGrpInfAndSts><OrgnlMsgId>bfl1</OrgnlMsgId></OrgnlGrpInfAndSts>
<OrgnlPmtInfAndSts><PmtInfSts>ACCP</PmtInfSts><TxInfAndSts><OrgnlEndToEndId>P1</OrgnlEndToEndId></TxInfAndSts>
<TxInfAndSts><OrgnlEndToEndId>P2</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>Account closed</AddtlInf></StsRsnInf></TxInfAndSts>
</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>`

// INT-6: the states of wires and their reasons.
func TestINT6Report(t *testing.T) {
	t.Parallel()
	r, err := iso20022.ReadReport(strings.NewReader(report))
	if err != nil || r.OriginalID != "bfl1" || len(r.Transfers) != 2 || r.Transfers[0].State != iso20022.Accepted ||
		r.Transfers[1] != (iso20022.Status{EndToEndID: "P2", State: iso20022.Rejected, Reason: "AC04", Text: "Account closed"}) {
		t.Errorf("got %+v, %v", r, err)
	}
	for _, wrong := range []string{"", "<a/>", strings.Replace(report, "pain.002", "camt.053", 1), strings.Replace(report, "bfl1", "", 1)} {
		if _, err := iso20022.ReadReport(strings.NewReader(wrong)); err == nil {
			t.Errorf("%.40q is read", wrong)
		}
	}
}

func FuzzReadReport(f *testing.F) {
	f.Add([]byte(report))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = iso20022.ReadReport(bytes.NewReader(b)) })
}
