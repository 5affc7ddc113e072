package iso20022

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/money"
)

// File is one file of wires to a bank.
type File struct {
	ID          string    // up to 35 characters; the bank never sees it twice
	Created     time.Time // printed in UTC
	Initiator   string    // name, up to 140 characters
	InitiatorID string    // as the bank assigned it, up to 35 characters
	Batches     []Batch   // at least one, all of one currency
}

// Batch is what leaves one funding account on one day. Rule INT-3.
type Batch struct {
	ID        string // up to 35 characters
	Execution civil.Date
	Debtor    Party
	Routing   string // of the funding account's bank, nine digits
	Account   string // number of the funding account
	Currency  string // of the funding account
	Count     int    // of the transfers
	Total     int64  // of the transfers, in minor units of Currency
	Transfers iter.Seq2[Transfer, error]
}

// Party is who pays or is paid.
type Party struct {
	Name    string // up to 140 characters
	Address Address
}

// Address is a postal address in the structured or hybrid form: town and country in elements of their own, at most two
// free lines of 70. Rule INT-4.
type Address struct {
	PostCode string // up to 16 characters
	Town     string // 1 to 35 characters
	Region   string // up to 35 characters
	Country  string // ISO 3166 alpha-2
	Lines    []string
}

// Transfer is one wire.
type Transfer struct {
	EndToEndID   string // 1 to 35 characters: what both sides know it by
	UETR         string // UUID version 4: what SWIFT follows it by
	Amount       int64  // minor units of Currency, positive
	Currency     string
	BIC          string
	Clearing     string // ISO 20022 code of a clearing system; empty: none
	ClearingCode string // the bank's number in it
	BankCountry  string
	Payee        Party
	Account      string // IBAN or another number, up to 34 characters
	IBAN         bool
	Purpose      string // four letters, if the country asks for it
	Remittance   string // up to 140 characters
}

// FieldError is a value that cannot stand in its element.
type FieldError struct{ Element, Value string }

func (e *FieldError) Error() string { return fmt.Sprintf("%s cannot be %q", e.Element, e.Value) }

const pain001 = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"

// Write writes f in one pass. It fails with a *FieldError, or if a batch does not have the transfers that it says it
// has; what is written by then is no file. Rules INT-3 to INT-5.
func Write(w io.Writer, f File) error {
	p := &printer{out: bufio.NewWriter(w)}
	var count int
	var total int64
	for _, b := range f.Batches {
		count += b.Count
		total += b.Total // amounts are limited: no overflow
		if b.Currency != f.Batches[0].Currency {
			p.refuse("Ccy", b.Currency)
		}
	}
	if count == 0 {
		p.refuse("NbOfTxs", "0")
		return p.err
	}
	p.raw(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<Document xmlns="` + pain001 + `"><CstmrCdtTrfInitn><GrpHdr>`)
	p.text("MsgId", f.ID, 35)
	p.element("CreDtTm", f.Created.UTC().Format("2006-01-02T15:04:05Z"))
	p.sums(count, total, f.Batches[0].Currency)
	p.raw("<InitgPty>")
	p.text("Nm", f.Initiator, 140)
	p.raw("<Id><OrgId><Othr>")
	p.text("Id", f.InitiatorID, 35)
	p.raw("</Othr></OrgId></Id></InitgPty></GrpHdr>\n")
	for _, b := range f.Batches {
		if err := p.batch(b); err != nil {
			return err
		}
	}
	p.raw("</CstmrCdtTrfInitn></Document>\n")
	if p.err != nil {
		return p.err
	}
	return p.out.Flush()
}

// printer holds the first error.
type printer struct {
	out *bufio.Writer
	err error
}

func (p *printer) raw(s string) {
	if p.err == nil {
		_, p.err = p.out.WriteString(s)
	}
}

func (p *printer) refuse(element, value string) {
	if p.err == nil {
		p.err = &FieldError{element, value}
	}
}

func (p *printer) element(name, value string) {
	p.raw("<" + name + ">")
	if p.err == nil {
		p.err = xml.EscapeText(p.out, []byte(value))
	}
	p.raw("</" + name + ">")
}

// text is an element of 1 to most characters of SWIFT's set.
func (p *printer) text(name, value string, most int) {
	if value == "" || value != Latin(value) || len(value) > most {
		p.refuse(name, value)
	}
	p.element(name, value)
}

func (p *printer) optional(name, value string, most int) {
	if value != "" {
		p.text(name, value, most)
	}
}

func (p *printer) sums(count int, total int64, currency string) {
	p.element("NbOfTxs", fmt.Sprint(count))
	p.element("CtrlSum", money.FormatMinor(total, money.Digits(currency)))
}

func (p *printer) batch(b Batch) error {
	p.raw("<PmtInf>")
	p.text("PmtInfId", b.ID, 35)
	p.element("PmtMtd", "TRF")
	p.element("BtchBookg", "false")
	p.sums(b.Count, b.Total, b.Currency)
	p.raw("<ReqdExctnDt>")
	p.element("Dt", b.Execution.String())
	p.raw("</ReqdExctnDt><Dbtr>")
	p.party(b.Debtor)
	p.raw("</Dbtr><DbtrAcct><Id><Othr>")
	p.text("Id", b.Account, 34)
	p.raw("</Othr></Id>")
	p.element("Ccy", b.Currency)
	p.raw("</DbtrAcct><DbtrAgt><FinInstnId>")
	p.clearing("USABA", b.Routing)
	p.raw("<PstlAdr><Ctry>US</Ctry></PstlAdr></FinInstnId></DbtrAgt>")
	p.element("ChrgBr", "SHAR") // SHA
	p.raw("\n")
	var count int
	var total int64
	for t, err := range b.Transfers {
		if err != nil {
			return err
		}
		p.transfer(t)
		if t.Currency != b.Currency {
			p.refuse("InstdAmt", t.Currency)
		}
		count++
		total += t.Amount
		if p.err != nil {
			return p.err
		}
	}
	if count != b.Count || total != b.Total {
		return fmt.Errorf("batch %s says %d transfers of %d and has %d of %d", b.ID, b.Count, b.Total, count, total)
	}
	p.raw("</PmtInf>\n")
	return p.err
}

func (p *printer) clearing(system, code string) {
	p.raw("<ClrSysMmbId><ClrSysId>")
	p.element("Cd", system)
	p.raw("</ClrSysId>")
	p.text("MmbId", code, 35)
	p.raw("</ClrSysMmbId>")
}

func (p *printer) party(of Party) {
	p.text("Nm", of.Name, 140)
	a := of.Address
	p.raw("<PstlAdr>")
	p.optional("PstCd", a.PostCode, 16)
	p.text("TwnNm", a.Town, 35)
	p.optional("CtrySubDvsn", a.Region, 35)
	p.country(a.Country)
	if len(a.Lines) > 2 {
		p.refuse("AdrLine", a.Lines[2])
	}
	for _, l := range a.Lines {
		p.text("AdrLine", l, 70)
	}
	p.raw("</PstlAdr>")
}

func (p *printer) country(code string) {
	if len(code) != 2 || code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' || code[1] > 'Z' {
		p.refuse("Ctry", code)
	}
	p.element("Ctry", code)
}

func (p *printer) transfer(t Transfer) {
	p.raw("<CdtTrfTxInf><PmtId>")
	p.text("EndToEndId", t.EndToEndID, 35)
	if len(t.UETR) != 36 || t.UETR[14] != '4' {
		p.refuse("UETR", t.UETR)
	}
	p.element("UETR", t.UETR)
	p.raw("</PmtId><Amt>")
	if t.Amount <= 0 {
		p.refuse("InstdAmt", fmt.Sprint(t.Amount))
	}
	p.raw(`<InstdAmt Ccy="` + t.Currency + `">` + money.FormatMinor(t.Amount, money.Digits(t.Currency)) + "</InstdAmt></Amt>")
	p.raw("<CdtrAgt><FinInstnId>")
	if !ValidBIC(t.BIC, t.BankCountry) {
		p.refuse("BICFI", t.BIC)
	}
	p.element("BICFI", t.BIC)
	if t.Clearing != "" {
		p.clearing(t.Clearing, t.ClearingCode)
	}
	p.raw("<PstlAdr>")
	p.country(t.BankCountry)
	p.raw("</PstlAdr></FinInstnId></CdtrAgt><Cdtr>")
	p.party(t.Payee)
	p.raw("</Cdtr><CdtrAcct><Id>")
	if t.IBAN {
		if !ValidIBAN(t.Account, t.Account[:min(2, len(t.Account))], len(t.Account)) {
			p.refuse("IBAN", "***")
		}
		p.element("IBAN", t.Account)
	} else {
		p.raw("<Othr>")
		p.text("Id", t.Account, 34)
		p.raw("</Othr>")
	}
	p.raw("</Id></CdtrAcct>")
	if t.Purpose != "" {
		p.raw("<Purp>")
		p.text("Cd", t.Purpose, 4)
		p.raw("</Purp>")
	}
	if t.Remittance != "" {
		p.raw("<RmtInf>")
		p.text("Ustrd", t.Remittance, 140)
		p.raw("</RmtInf>")
	}
	p.raw("</CdtTrfTxInf>\n")
}
