package banksim

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/bank/bai2"
	"github.com/duebook/duebook/internal/civil"
)

// wire is a transfer of an accepted file.
type wire struct {
	account   Account
	execution civil.Date
	endToEnd  string
	amount    int64 // cents
	fate      string
}

const (
	wireSuffix  = "-wire.xml"
	maxWireFile = 20 << 20
)

// fates are what becomes of wires, by the last four digits of the payee's account.
var fates = map[int]string{10: "AC01", 11: "AC04", 12: "late", 13: "back"}

// statusAfter is how long the bank takes to look at each wire of a file.
const statusAfter = 10 * time.Minute

// takeWires reads a file of wires (pain.001.001.09). The error is the reason for its rejection.
func (s *Sim) takeWires(src io.Reader, d *delivery) error {
	limited := &io.LimitedReader{R: src, N: maxWireFile + 1}
	var doc struct {
		XMLName xml.Name
		ID      string `xml:"CstmrCdtTrfInitn>GrpHdr>MsgId"`
		Count   int    `xml:"CstmrCdtTrfInitn>GrpHdr>NbOfTxs"`
		Sum     string `xml:"CstmrCdtTrfInitn>GrpHdr>CtrlSum"`
		Blocks  []struct {
			Day     string `xml:"ReqdExctnDt>Dt"`
			Account string `xml:"DbtrAcct>Id>Othr>Id"`
			Bank    string `xml:"DbtrAgt>FinInstnId>ClrSysMmbId>MmbId"`
			Town    string `xml:"Dbtr>PstlAdr>TwnNm"`
			Wires   []struct {
				EndToEnd string `xml:"PmtId>EndToEndId"`
				UETR     string `xml:"PmtId>UETR"`
				Amount   struct {
					Currency string `xml:"Ccy,attr"`
					Value    string `xml:",chardata"`
				} `xml:"Amt>InstdAmt"`
				BIC     string `xml:"CdtrAgt>FinInstnId>BICFI"`
				Town    string `xml:"Cdtr>PstlAdr>TwnNm"`
				Country string `xml:"Cdtr>PstlAdr>Ctry"`
				IBAN    string `xml:"CdtrAcct>Id>IBAN"`
				Other   string `xml:"CdtrAcct>Id>Othr>Id"`
			} `xml:"CdtTrfTxInf"`
		} `xml:"CstmrCdtTrfInitn>PmtInf"`
	}
	if err := xml.NewDecoder(limited).Decode(&doc); err != nil {
		if limited.N == 0 {
			return errors.New("file is larger than 20 MB")
		}
		return errors.New("no document: " + strings.Join(strings.Fields(err.Error()), " "))
	}
	if doc.XMLName.Space != "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09" {
		return errors.New("document is not pain.001.001.09")
	}
	var sum int64
	for _, b := range doc.Blocks {
		i := slices.IndexFunc(s.accounts, func(a Account) bool { return a.Number == b.Account && a.Routing == b.Bank })
		day, err := civil.Parse(b.Day)
		switch {
		case i < 0:
			return errors.New("account is not known")
		case err != nil || farAhead(d, day):
			return fmt.Errorf("execution date %.20q", b.Day)
		case b.Town == "":
			return errors.New("debtor has no town")
		}
		for _, w := range b.Wires {
			amount, err := cents(w.Amount.Value)
			switch {
			case err != nil:
				return err
			case amount == 0 || w.Amount.Currency != "USD":
				return fmt.Errorf("wire %.40q: amount or currency", w.EndToEnd)
			case w.EndToEnd == "" || w.UETR == "" || w.BIC == "" || w.IBAN+w.Other == "":
				return fmt.Errorf("wire %.40q: a reference, BIC or account is missing", w.EndToEnd)
			case w.Town == "" || w.Country == "":
				return fmt.Errorf("wire %.40q: the address is unstructured", w.EndToEnd)
			}
			ending, ok := d.rules.ending(w.IBAN + w.Other)
			if ok && ending == 500 {
				return fmt.Errorf("wire %.40q: account ends in 0500", w.EndToEnd)
			}
			x := wire{account: s.accounts[i], execution: day, endToEnd: w.EndToEnd, amount: amount}
			if ok {
				x.fate = fates[ending]
			}
			d.wires = append(d.wires, x)
			if sum += amount; sum > 1<<60 {
				return errors.New("control sum is too large")
			}
		}
	}
	if doc.Count != len(d.wires) || doc.Sum != fmt.Sprintf("%d.%02d", sum/100, sum%100) {
		return errors.New("control sum or count is wrong")
	}
	d.message, d.batches, d.entries, d.debit = doc.ID, len(doc.Blocks), len(d.wires), sum
	return nil
}

// rejected reports whether the bank does not carry the wire out.
func (w wire) rejected() bool { return strings.HasPrefix(w.fate, "A") }

// wires books the wires of an accepted file: on their day, a late one on the next; one that comes back is credited on the
// second banking day after.
func (s *Sim) wires(d delivery) (moves []movement) {
	for _, w := range d.wires {
		if w.rejected() {
			continue
		}
		day := s.settlement(d, w.execution)
		if w.fate == "late" {
			day = s.calendar.Next(day)
		}
		line := bai2.Line{Type: bai2.WireOut, Amount: w.amount, BankRef: plain(d.message), CustomerRef: plain(w.endToEnd), Text: "OUTGOING WIRE"}
		moves = append(moves, movement{w.account, day, line})
		if w.fate == "back" {
			line.Type, line.Text = bai2.WireIn, "WIRE RETURNED"
			moves = append(moves, movement{w.account, s.calendar.Add(day, 2), line})
		}
	}
	return moves
}

// status is what the bank says about each wire of an accepted file (pain.002.001.10).
func (d *delivery) status() answer {
	due := d.at.Add(statusAfter)
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt><GrpHdr><MsgId>S-` +
		escape(d.id) + `</MsgId><CreDtTm>` + due.UTC().Format("2006-01-02T15:04:05Z") + `</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>` + escape(d.message) +
		`</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><OrgnlNbOfTxs>` + strconv.Itoa(d.entries) + `</OrgnlNbOfTxs></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts>` +
		`<OrgnlPmtInfId>` + escape(d.message) + `</OrgnlPmtInfId>` + "\n")
	for _, w := range d.wires {
		state, reason := "ACCP", ""
		switch {
		case w.rejected():
			state, reason = "RJCT", "<StsRsnInf><Rsn><Cd>"+w.fate+"</Cd></Rsn></StsRsnInf>"
		case w.fate == "late":
			state = "PDNG"
		}
		b.WriteString("<TxInfAndSts><OrgnlEndToEndId>" + escape(w.endToEnd) + "</OrgnlEndToEndId><TxSts>" + state + "</TxSts>" + reason + "</TxInfAndSts>\n")
	}
	b.WriteString("</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>\n")
	return answer{due, stamp(due) + "-" + d.id + "-status.xml", b.Bytes()}
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}
