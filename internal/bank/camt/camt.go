// Package camt reads bank statements in the format camt.053 of ISO 20022, versions .001.02 and .001.08, into the model of
// package bai2, so that one set of rules reconciles both.
//
// Read believes nothing that a statement says about itself: the sums and counts of its summary are recomputed, an entry
// with details that do not add up to it stays one line. Entries that are not booked are left out. What kind of movement
// an entry is, its bank transaction code says; it becomes the BAI2 type code that means the same (REC-2), or 399 or 699,
// other credit and debit.
//
// Source: domain specification REC-1 and REC-2; ISO 20022 message definition camt.053.
package camt

import (
	"bufio"
	"cmp"
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
	"github.com/duebook/duebook/internal/money"
)

// What is read at most.
const (
	maxBytes  = 100 << 20
	maxDepth  = 40
	maxLines  = 500_000
	maxAmount = 999_999_999_999_999 // minor units, as in BAI2
	maxText   = 500
	maxRef    = 100
)

// What can be wrong with a statement. Read fails with an error that wraps one of them, or with that of the XML.
var (
	ErrTooLarge = errors.New("statement is larger than 100 MB or has too many entries")
	ErrDocument = errors.New("document is not camt.053.001.02 or camt.053.001.08")
	ErrDepth    = errors.New("elements are nested too deeply, or the document has a DTD")
	ErrAccount  = errors.New("account or currency is missing")
	ErrBalance  = errors.New("opening or closing balance is missing or given twice")
	ErrAmount   = errors.New("amount is malformed or too large")
	ErrSign     = errors.New("neither credit nor debit")
	ErrDate     = errors.New("date is malformed")
	ErrTotal    = errors.New("control total is wrong")
)

// Other movements, of no kind that matters here.
const (
	otherCredit = 399
	otherDebit  = 699
)

// Read reads the statements of a document to its end. Rule REC-1.
func Read(src io.Reader) (bai2.File, error) {
	limited := &io.LimitedReader{R: src, N: maxBytes + 1}
	raw := xml.NewDecoder(bufio.NewReader(limited))
	r := reader{d: xml.NewTokenDecoder(&guard{d: raw})}
	err := r.document()
	if limited.N == 0 {
		err = ErrTooLarge
	}
	if err != nil {
		line, _ := raw.InputPos()
		return bai2.File{}, fmt.Errorf("line %d: %w", line, err)
	}
	return r.file, nil
}

// guard hands tokens on, and stops at what no statement has.
type guard struct {
	d     *xml.Decoder
	depth int
}

func (g *guard) Token() (xml.Token, error) {
	t, err := g.d.Token()
	switch t.(type) {
	case xml.StartElement:
		if g.depth++; g.depth > maxDepth {
			return nil, ErrDepth
		}
	case xml.EndElement:
		g.depth--
	case xml.Directive:
		return nil, ErrDepth
	}
	return t, err
}

type reader struct {
	d    *xml.Decoder
	file bai2.File
}

// open reads to the next start of an element inside the one at hand; nil at its end.
func (r *reader) open() (*xml.StartElement, error) {
	for {
		t, err := r.d.Token()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return &t, nil
		case xml.EndElement:
			return nil, nil
		}
	}
}

func (r *reader) document() error {
	e, err := r.open()
	if err != nil {
		return err
	}
	if e == nil || e.Name.Local != "Document" || e.Name.Space != "urn:iso:std:iso:20022:tech:xsd:camt.053.001.02" &&
		e.Name.Space != "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08" {
		return ErrDocument
	}
	err = r.each(map[string]func(*xml.StartElement) error{"BkToCstmrStmt": func(*xml.StartElement) error {
		return r.each(map[string]func(*xml.StartElement) error{
			"GrpHdr": func(e *xml.StartElement) error {
				var h struct {
					ID      string `xml:"MsgId"`
					Created string `xml:"CreDtTm"`
				}
				err := r.d.DecodeElement(&h, e)
				r.file.FileID = first(maxRef, h.ID)
				r.file.Created, _ = time.Parse(time.RFC3339, strings.TrimSpace(h.Created)) // told, not used
				return err
			},
			"Stmt": func(*xml.StartElement) error { return r.statement() },
		})
	}})
	if err != nil {
		return err
	}
	if len(r.file.Groups) == 0 {
		return ErrDocument
	}
	for { // nothing may follow
		t, err := r.d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, ok := t.(xml.StartElement); ok {
			return ErrDocument
		}
	}
}

// each calls the function of every child by its name and leaves out the others.
func (r *reader) each(do map[string]func(*xml.StartElement) error) error {
	for {
		e, err := r.open()
		if err != nil || e == nil {
			return err
		}
		if f := do[e.Name.Local]; f != nil {
			err = f(e)
		} else {
			err = r.d.Skip()
		}
		if err != nil {
			return err
		}
	}
}

type amountXML struct {
	Currency string `xml:"Ccy,attr"`
	Value    string `xml:",chardata"`
}

type totalXML struct {
	Count string `xml:"NbOfNtries"`
	Sum   string `xml:"Sum"`
}

type detailXML struct {
	Refs struct {
		Message  string `xml:"MsgId"`
		Servicer string `xml:"AcctSvcrRef"`
		Payment  string `xml:"PmtInfId"`
		Instr    string `xml:"InstrId"`
		EndToEnd string `xml:"EndToEndId"`
		UETR     string `xml:"UETR"`
		Tx       string `xml:"TxId"`
		Cheque   string `xml:"ChqNb"`
	} `xml:"Refs"`
	Amount  amountXML `xml:"Amt"`               // .08
	Details amountXML `xml:"AmtDtls>TxAmt>Amt"` // .02
	Return  string    `xml:"RtrInf>Rsn>Cd"`
	Texts   []string  `xml:"RmtInf>Ustrd"`
}

type entryXML struct {
	Ref    string    `xml:"NtryRef"`
	Amount amountXML `xml:"Amt"`
	Sign   string    `xml:"CdtDbtInd"`
	Status struct {
		Text string `xml:",chardata"`
		Code string `xml:"Cd"`
	} `xml:"Sts"`
	Servicer string `xml:"AcctSvcrRef"`
	Code     struct {
		Domain    string `xml:"Domn>Cd"`
		Family    string `xml:"Domn>Fmly>Cd"`
		Sub       string `xml:"Domn>Fmly>SubFmlyCd"`
		Own       string `xml:"Prtry>Cd"`
		OwnIssuer string `xml:"Prtry>Issr"`
	} `xml:"BkTxCd"`
	Blocks []struct {
		Message string      `xml:"Btch>MsgId"`
		Payment string      `xml:"Btch>PmtInfId"`
		Details []detailXML `xml:"TxDtls"`
	} `xml:"NtryDtls"`
	Info string `xml:"AddtlNtryInf"`
}

func (r *reader) statement() error {
	var (
		a         bai2.Account
		routing   string
		asOf      civil.Date
		balances  [2]int
		summary   *[3]totalXML
		sums      [3]int64 // all, credits, debits
		counts    [3]int
		needTotal = func(i int, t totalXML) error {
			if s := strings.TrimSpace(t.Count); s != "" && s != strconv.Itoa(counts[i]) {
				return fmt.Errorf("%w: %s entries, there are %d", ErrTotal, s, counts[i])
			}
			if strings.TrimSpace(t.Sum) == "" {
				return nil
			}
			n, err := minor(t.Sum, a.Currency)
			if err != nil || n != sums[i] {
				return fmt.Errorf("%w: sum %s, want %d", ErrTotal, strings.TrimSpace(t.Sum), sums[i])
			}
			return nil
		}
	)
	err := r.each(map[string]func(*xml.StartElement) error{
		"Acct": func(e *xml.StartElement) error {
			var x struct {
				IBAN     string `xml:"Id>IBAN"`
				Other    string `xml:"Id>Othr>Id"`
				Currency string `xml:"Ccy"`
				Member   string `xml:"Svcr>FinInstnId>ClrSysMmbId>MmbId"`
			}
			err := r.d.DecodeElement(&x, e)
			a.Number, a.Currency, routing = cmp.Or(first(maxRef, x.Other), first(maxRef, x.IBAN)), strings.TrimSpace(x.Currency), first(maxRef, x.Member)
			return err
		},
		"Bal": func(e *xml.StartElement) error {
			var x struct {
				Code   string    `xml:"Tp>CdOrPrtry>Cd"`
				Amount amountXML `xml:"Amt"`
				Sign   string    `xml:"CdtDbtInd"`
				Day    string    `xml:"Dt>Dt"`
				At     string    `xml:"Dt>DtTm"`
			}
			if err := r.d.DecodeElement(&x, e); err != nil {
				return err
			}
			a.Currency = cmp.Or(a.Currency, strings.TrimSpace(x.Amount.Currency))
			code := strings.TrimSpace(x.Code)
			if code != "OPBD" && code != "PRCD" && code != "CLBD" {
				return nil
			}
			n, err := signed(x.Amount, x.Sign, a.Currency)
			if err != nil {
				return err
			}
			if code != "CLBD" {
				if balances[0] > 0 && n == a.Opening { // opening and previous closing say the same
					return nil
				}
				a.Opening = n
				balances[0]++
				return nil
			}
			a.Closing = n
			balances[1]++
			asOf, err = day(cmp.Or(x.Day, x.At))
			return err
		},
		"TxsSummry": func(e *xml.StartElement) error {
			var x struct {
				All     totalXML `xml:"TtlNtries"`
				Credits totalXML `xml:"TtlCdtNtries"`
				Debits  totalXML `xml:"TtlDbtNtries"`
			}
			err := r.d.DecodeElement(&x, e)
			summary = &[3]totalXML{x.All, x.Credits, x.Debits}
			return err
		},
		"Ntry": func(e *xml.StartElement) error {
			var x entryXML
			if err := r.d.DecodeElement(&x, e); err != nil {
				return err
			}
			n, err := signed(x.Amount, x.Sign, a.Currency)
			if err != nil {
				return err
			}
			size, side := max(n, -n), 1
			if n < 0 || strings.TrimSpace(x.Sign) == "DBIT" {
				side = 2
			}
			for _, i := range []int{0, side} {
				counts[i]++
				if sums[i] += size; sums[i] > 1<<60 {
					return ErrAmount
				}
			}
			if s := strings.TrimSpace(x.Status.Code + x.Status.Text); s != "" && s != "BOOK" {
				return nil
			}
			a.Lines = append(a.Lines, x.lines(n, side == 1, a.Currency)...)
			if len(a.Lines) > maxLines {
				return ErrTooLarge
			}
			return nil
		},
	})
	switch {
	case err != nil:
		return err
	case a.Number == "" || len(a.Currency) != 3:
		return ErrAccount
	case balances != [2]int{1, 1}:
		return ErrBalance
	}
	if summary != nil {
		for i, t := range summary {
			if err := needTotal(i, t); err != nil {
				return err
			}
		}
	}
	at := slices.IndexFunc(r.file.Groups, func(g bai2.Group) bool { return g.Originator == routing && g.AsOf == asOf })
	if at < 0 {
		at = len(r.file.Groups)
		r.file.Groups = append(r.file.Groups, bai2.Group{Originator: routing, AsOf: asOf})
	}
	r.file.Groups[at].Accounts = append(r.file.Groups[at].Accounts, a)
	return nil
}

// lines are the movements of an entry: one for each of its details where those have amounts that add up to it, else one.
func (x entryXML) lines(n int64, credit bool, currency string) []bai2.Line {
	type part struct {
		detailXML
		amount int64
	}
	var parts []part
	var sum int64
	message, payment := "", ""
	for _, b := range x.Blocks {
		message, payment = cmp.Or(message, b.Message), cmp.Or(payment, b.Payment)
		for _, d := range b.Details {
			amount := d.Amount
			if strings.TrimSpace(amount.Value) == "" {
				amount = d.Details
			}
			v, err := minor(amount.Value, currency)
			if err != nil || amount.Currency != "" && amount.Currency != currency || sum > maxAmount {
				v = -1 << 60 // never adds up
			}
			sum += v
			parts = append(parts, part{d, v})
		}
	}
	size := max(n, -n)
	switch {
	case len(parts) == 0:
		parts = []part{{amount: size}}
	case len(parts) == 1 || sum != size:
		parts = []part{{parts[0].detailXML, size}}
		if sum != size && len(x.Blocks) > 0 && len(x.Blocks[0].Details) > 1 {
			parts[0].Refs.EndToEnd, parts[0].Refs.Cheque = "", "" // of one among many
		}
	}
	lines := make([]bai2.Line, len(parts))
	for i, p := range parts {
		lines[i] = bai2.Line{Type: x.code(credit, p.detailXML), Amount: p.amount, BankRef: first(maxRef, p.Refs.Servicer, x.Servicer, x.Ref),
			Text: first(maxText, strings.Join(p.Texts, " "), x.Info)}
		switch lines[i].Type {
		case bai2.CheckPaid, bai2.CheckReturned:
			lines[i].CustomerRef = first(maxRef, p.Refs.Cheque)
		case bai2.ACHSettlementDebit, bai2.ACHSettlementCredit, bai2.ACHDebit, bai2.ACHCredit:
			lines[i].CustomerRef = first(maxRef, message, payment, p.Refs.Message, p.Refs.Payment, p.Refs.EndToEnd)
		default:
			lines[i].CustomerRef = first(maxRef, p.Refs.EndToEnd, p.Refs.Cheque, p.Refs.Tx, p.Refs.Instr, p.Refs.Payment, p.Refs.Message)
		}
	}
	return lines
}

// code is the BAI2 type code of a movement: the bank's own if it gives one, else that of its domain, family and
// sub-family. Rule REC-2.
func (x entryXML) code(credit bool, d detailXML) int {
	code := 0
	if issuer := strings.ToUpper(strings.TrimSpace(x.Code.OwnIssuer)); issuer == "" || strings.HasPrefix(issuer, "BAI") {
		if n, err := strconv.Atoi(strings.TrimSpace(x.Code.Own)); err == nil && (n >= 100 && n < 700 || n >= 920 && n < 1000) {
			code = n
		}
	}
	if code == 0 {
		code = kinds[kind{strings.TrimSpace(x.Code.Family), class(strings.TrimSpace(x.Code.Sub), d), credit}]
	}
	if code == 0 || (bai2.Line{Type: code}).Credit() != credit {
		code = otherDebit
		if credit {
			code = otherCredit
		}
	}
	return code
}

type kind struct {
	family, class string
	credit        bool
}

// kinds are the families of payments with what class makes of their sub-families.
var kinds = map[kind]int{
	{"ICDT", "ach", false}: bai2.ACHSettlementDebit, {"ICDT", "back", true}: bai2.ACHReturnCredit, {"ICDT", "other", false}: bai2.WireOut,
	{"ICDT", "wire back", true}: bai2.WireIn,
	{"RCDT", "ach", true}:       bai2.ACHCredit, {"RCDT", "other", true}: bai2.WireIn,
	{"IDDT", "ach", true}: bai2.ACHSettlementCredit, {"IDDT", "other", true}: bai2.ACHSettlementCredit, {"IDDT", "back", false}: bai2.ACHReturnDebit,
	{"RDDT", "ach", false}: bai2.ACHDebit, {"RDDT", "other", false}: bai2.ACHDebit,
	{"ICHQ", "other", false}: bai2.CheckPaid, {"ICHQ", "ach", false}: bai2.CheckPaid,
	{"RCHQ", "other", true}: 175, {"RCHQ", "back", false}: 555, {"CNTR", "other", true}: 301,
	{"ICDT", "fee", false}: bai2.Fees, {"RCDT", "fee", false}: bai2.Fees, {"MDOP", "fee", false}: bai2.Fees, {"MCOP", "fee", false}: bai2.Fees,
	{"OPCL", "fee", false}: bai2.Fees, {"CNTR", "fee", false}: bai2.Fees, {"ICHQ", "fee", false}: bai2.Fees, {"NTAV", "fee", false}: bai2.Fees,
}

// class is what matters of a sub-family.
func class(sub string, d detailXML) string {
	returned := d.Return != "" || sub == "RRTN" || sub == "RPCR" || sub == "UPDD" || sub == "UPCQ" || sub == "UPCT"
	switch {
	case sub == "CHRG" || sub == "COMM" || sub == "FEES":
		return "fee"
	case returned && d.Refs.UETR != "":
		return "wire back"
	case returned:
		return "back"
	case strings.HasPrefix(sub, "AC"):
		return "ach"
	}
	return "other"
}

// first is the first text that says something, cut.
func first(most int, of ...string) string {
	for _, s := range of {
		if s = strings.Join(strings.Fields(s), " "); s != "" && s != "NOTPROVIDED" {
			r := []rune(s)
			return string(r[:min(len(r), most)])
		}
	}
	return ""
}

// minor reads a decimal number without sign.
func minor(s, currency string) (int64, error) {
	s = strings.TrimSpace(s)
	digits := money.Digits(currency)
	if whole, fraction, ok := strings.Cut(s, "."); ok && len(fraction) > digits { // five places are allowed; what is beyond is zero
		if strings.Trim(fraction[digits:], "0") != "" {
			return 0, fmt.Errorf("%w: %.30q", ErrAmount, s)
		}
		s = whole
		if digits > 0 {
			s += "." + fraction[:digits]
		}
	}
	n, err := money.ParseMinor(s, digits)
	if err != nil || n < 0 || n > maxAmount || s == "" || s[0] == '-' || s[0] == '+' {
		return 0, fmt.Errorf("%w: %.30q", ErrAmount, s)
	}
	return n, nil
}

// signed reads an amount of the account's currency with its sign.
func signed(a amountXML, sign, currency string) (int64, error) {
	n, err := minor(a.Value, currency)
	switch s := strings.TrimSpace(sign); {
	case err != nil:
		return 0, err
	case a.Currency != "" && a.Currency != currency:
		return 0, fmt.Errorf("%w: %.10q on an account in %.10q", ErrAmount, a.Currency, currency)
	case s == "CRDT":
		return n, nil
	case s == "DBIT":
		return -n, nil
	}
	return 0, ErrSign
}

// day reads a date, or that of an instant as it is written.
func day(s string) (civil.Date, error) {
	s = strings.TrimSpace(s)
	d, err := civil.Parse(s[:min(len(s), len("2026-11-25"))])
	if err != nil {
		return d, fmt.Errorf("%w: %.30q", ErrDate, s)
	}
	return d, nil
}
