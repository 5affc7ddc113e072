package banksim

import (
	"bytes"
	"fmt"
	"time"

	"github.com/duebook/duebook/internal/bank/bai2"
	"github.com/duebook/duebook/internal/civil"
)

// camtFile writes the statements of one day as camt.053.001.08.
func camtFile(due time.Time, day civil.Date, list []camtStatement) answer {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>` +
		stamp(due) + `</MsgId><CreDtTm>` + due.UTC().Format(time.RFC3339) + "</CreDtTm></GrpHdr>\n")
	for i, s := range list {
		fmt.Fprintf(&b, "<Stmt><Id>%s-%d</Id><Acct><Id><Othr><Id>%s</Id></Othr></Id><Ccy>USD</Ccy><Svcr><FinInstnId><ClrSysMmbId><ClrSysId><Cd>USABA</Cd></ClrSysId>"+
			"<MmbId>%s</MmbId></ClrSysMmbId></FinInstnId></Svcr></Acct>\n", stamp(due), i+1, escape(s.Number), escape(s.routing))
		for _, x := range []struct {
			code   string
			amount int64
		}{{"OPBD", s.Opening}, {"CLBD", s.Closing}} {
			fmt.Fprintf(&b, "<Bal><Tp><CdOrPrtry><Cd>%s</Cd></CdOrPrtry></Tp>%s<Dt><Dt>%s</Dt></Dt></Bal>\n", x.code, signedAmount(x.amount), day)
		}
		var sums [2]int64
		var counts [2]int
		for _, l := range s.Lines {
			side := 0
			if !l.Credit() {
				side = 1
			}
			sums[side] += l.Amount
			counts[side]++
		}
		fmt.Fprintf(&b, "<TxsSummry><TtlNtries><NbOfNtries>%d</NbOfNtries><Sum>%s</Sum></TtlNtries><TtlCdtNtries><NbOfNtries>%d</NbOfNtries><Sum>%s</Sum></TtlCdtNtries>"+
			"<TtlDbtNtries><NbOfNtries>%d</NbOfNtries><Sum>%s</Sum></TtlDbtNtries></TxsSummry>\n", counts[0]+counts[1], dollars(sums[0]+sums[1]), counts[0], dollars(sums[0]),
			counts[1], dollars(sums[1]))
		for _, l := range s.Lines {
			amount := l.Amount
			if !l.Credit() {
				amount = -amount
			}
			ref := "<EndToEndId>" + escape(l.CustomerRef) + "</EndToEndId>"
			if l.Type == bai2.CheckPaid || l.Type == bai2.CheckReturned {
				ref = "<EndToEndId>NOTPROVIDED</EndToEndId><ChqNb>" + escape(l.CustomerRef) + "</ChqNb>"
			}
			fmt.Fprintf(&b, "<Ntry>%s<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>%s</Dt></BookgDt><AcctSvcrRef>%s</AcctSvcrRef><BkTxCd><Prtry><Cd>%d</Cd><Issr>BAI</Issr></Prtry></BkTxCd>"+
				"<NtryDtls><TxDtls><Refs>%s</Refs></TxDtls></NtryDtls><AddtlNtryInf>%s</AddtlNtryInf></Ntry>\n", signedAmount(amount), day, escape(l.BankRef), l.Type, ref, escape(l.Text))
		}
		b.WriteString("</Stmt>\n")
	}
	b.WriteString("</BkToCstmrStmt></Document>\n")
	return answer{due, stamp(due) + "-statement.xml", b.Bytes()}
}

// camtStatement is one account's day.
type camtStatement struct {
	bai2.Account
	routing string
}

func signedAmount(n int64) string {
	sign := "CRDT"
	if n < 0 {
		n, sign = -n, "DBIT"
	}
	return `<Amt Ccy="USD">` + dollars(n) + "</Amt><CdtDbtInd>" + sign + "</CdtDbtInd>"
}

func dollars(n int64) string { return fmt.Sprintf("%d.%02d", n/100, n%100) }
