package camt_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/bank/bai2"
	"github.com/duebook/duebook/internal/bank/camt"
)

const head = `<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId>
<CreDtTm>2026-11-27T06:00:00-05:00</CreDtTm></GrpHdr><Stmt><Id>1</Id><Acct><Id><Othr><Id>000117777</Id></Othr></Id><Ccy>USD</Ccy><Svcr><FinInstnId>
<ClrSysMmbId><MmbId>990000013</MmbId></ClrSysMmbId></FinInstnId></Svcr></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-25</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">20.5</Amt><CdtDbtInd>DBIT</CdtDbtInd><Dt><DtTm>2026-11-25T23:59:59-05:00</DtTm></Dt></Bal>
<TxsSummry><TtlNtries><NbOfNtries>5</NbOfNtries><Sum>220.50</Sum></TtlNtries><TtlDbtNtries><NbOfNtries>3</NbOfNtries><Sum>150.50000</Sum></TtlDbtNtries></TxsSummry>`

func entry(amount, sign, status, code, details string) string {
	return `<Ntry><Amt Ccy="USD">` + amount + `</Amt><CdtDbtInd>` + sign + `</CdtDbtInd>` + status + `<AcctSvcrRef>B1</AcctSvcrRef><BkTxCd>` + code +
		`</BkTxCd><NtryDtls>` + details + `</NtryDtls></Ntry>`
}

func domain(family, sub string) string {
	return "<Domn><Cd>PMNT</Cd><Fmly><Cd>" + family + "</Cd><SubFmlyCd>" + sub + "</SubFmlyCd></Fmly></Domn>"
}

const booked = "<Sts><Cd>BOOK</Cd></Sts>"

func document() string {
	return head +
		entry("50.00", "DBIT", booked, domain("ICHQ", "CCHQ"), `<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId><ChqNb>10001</ChqNb></Refs></TxDtls>`) +
		entry("70.50", "DBIT", booked, domain("ICDT", "XBCT"), `<TxDtls><Refs><EndToEndId>P1</EndToEndId></Refs><Amt Ccy="USD">30.50</Amt></TxDtls>
			<TxDtls><Refs><EndToEndId>P2</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy="USD">40.00</Amt></TxAmt></AmtDtls></TxDtls>`) +
		entry("30.00", "DBIT", "<Sts>BOOK</Sts>", "<Prtry><Cd>466</Cd><Issr>BAI2</Issr></Prtry>", `<Btch><MsgId>bfl1</MsgId></Btch>`) +
		entry("30.00", "CRDT", booked, domain("ICDT", "RRTN"), `<TxDtls><Refs><EndToEndId>091000010000001</EndToEndId></Refs></TxDtls>`) +
		entry("40.00", "CRDT", "<Sts><Cd>PDNG</Cd></Sts>", domain("RCDT", "DMCT"), "") +
		"</Stmt></BkToCstmrStmt></Document>"
}

// REC-1, REC-2: balances with their signs, booked entries only, one line for each detail, type codes and keys.
func TestREC1Read(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"camt.053.001.08", "camt.053.001.02"} {
		f, err := camt.Read(strings.NewReader(strings.Replace(document(), "camt.053.001.08", version, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Groups) != 1 || f.Groups[0].Originator != "990000013" || f.Groups[0].AsOf.String() != "2026-11-25" || len(f.Groups[0].Accounts) != 1 {
			t.Fatalf("got %+v", f)
		}
		a := f.Groups[0].Accounts[0]
		if a.Number != "000117777" || a.Currency != "USD" || a.Opening != 10_000 || a.Closing != -2_050 {
			t.Errorf("account: %+v", a)
		}
		want := []bai2.Line{
			{Type: bai2.CheckPaid, Amount: 5_000, BankRef: "B1", CustomerRef: "10001"},
			{Type: bai2.WireOut, Amount: 3_050, BankRef: "B1", CustomerRef: "P1"},
			{Type: bai2.WireOut, Amount: 4_000, BankRef: "B1", CustomerRef: "P2"},
			{Type: bai2.ACHSettlementDebit, Amount: 3_000, BankRef: "B1", CustomerRef: "bfl1"},
			{Type: bai2.ACHReturnCredit, Amount: 3_000, BankRef: "B1", CustomerRef: "091000010000001"},
		}
		if len(a.Lines) != len(want) {
			t.Fatalf("got %+v", a.Lines)
		}
		for i, w := range want {
			if a.Lines[i] != w {
				t.Errorf("line %d: got %+v, want %+v", i, a.Lines[i], w)
			}
		}
	}
}

func TestREC1Refuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		old, new string
		want     error
	}{
		"another document":     {"camt.053.001.08", "camt.052.001.08", camt.ErrDocument},
		"a wrong sum":          {"220.50", "220.51", camt.ErrTotal},
		"a wrong count":        {"<NbOfNtries>3<", "<NbOfNtries>2<", camt.ErrTotal},
		"no closing balance":   {"CLBD", "ITAV", camt.ErrBalance},
		"a third decimal":      {"70.50<", "70.505<", camt.ErrAmount},
		"a negative amount":    {"70.50<", "-70.50<", camt.ErrAmount},
		"another currency":     {`<Amt Ccy="USD">70.50`, `<Amt Ccy="EUR">70.50`, camt.ErrAmount},
		"neither side":         {"<CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK", "<CdtDbtInd>X</CdtDbtInd><Sts>BOOK", camt.ErrSign},
		"a day that is none":   {"2026-11-25T23", "2026-11-31T23", camt.ErrDate},
		"no account":           {"<Id>000117777</Id>", "<Id/>", camt.ErrAccount},
		"a DTD":                {`<?xml version="1.0"?>`, `<!DOCTYPE x [<!ENTITY a "b">]>`, camt.ErrDepth},
		"elements without end": {"<GrpHdr>", strings.Repeat("<a>", 100), camt.ErrDepth},
		"a second document":    {"</Document>", "</Document><Document/>", camt.ErrDocument},
	} {
		s := strings.Replace(document(), c.old, c.new, 1)
		if s == document() {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := camt.Read(strings.NewReader(s)); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	for cut := 0; cut < len(document()); cut += 97 {
		if _, err := camt.Read(strings.NewReader(document()[:cut])); err == nil {
			t.Errorf("a document that ends after %d bytes is read", cut)
		}
	}
}

// FuzzRead: whatever is read can be written as BAI2 amounts: within their range, with a type code of the right side.
func FuzzRead(f *testing.F) {
	f.Add([]byte(document()))
	f.Add([]byte(strings.Replace(document(), "USD", "JPY", -1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := camt.Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		for _, g := range file.Groups {
			for _, a := range g.Accounts {
				for _, l := range a.Lines {
					if l.Amount < 0 || l.Amount > 999_999_999_999_999 || l.Type < 100 || l.Type > 999 {
						t.Errorf("line %+v", l)
					}
				}
			}
		}
	})
}
