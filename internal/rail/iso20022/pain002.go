package iso20022

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The states of a wire that this program acts on. Rule INT-6.
const (
	Accepted = "ACCP" // checked by the bank
	Settled  = "ACSC"
	Pending  = "PDNG"
	Rejected = "RJCT"
)

// Report is what a bank says about a file of ours.
type Report struct {
	OriginalID string // File.ID
	State      string // of the whole file; empty where only the transfers have one
	Reason     string // code, of a whole file
	Text       string
	Transfers  []Status
}

// Status is what a bank says about one transfer.
type Status struct {
	EndToEndID, State string
	Reason, Text      string // the code of the reason, and its words
}

// Limits of what is read.
const (
	maxReport = 20 << 20
	maxStates = 100_000
)

type reasonXML struct {
	Code  string   `xml:"Rsn>Cd"`
	Prtry string   `xml:"Rsn>Prtry"`
	Texts []string `xml:"AddtlInf"`
}

type stateXML struct {
	EndToEndID string      `xml:"OrgnlEndToEndId"`
	State      string      `xml:"TxSts"`
	Reasons    []reasonXML `xml:"StsRsnInf"`
}

// ReadReport reads a payment status report. Transfers of a block that has a state of its own and names none have that
// of the block. It fails for another document, and for one that is larger than 20 MB.
func ReadReport(src io.Reader) (Report, error) {
	limited := &io.LimitedReader{R: src, N: maxReport + 1}
	var doc struct {
		XMLName xml.Name
		Body    struct {
			Group struct {
				ID      string      `xml:"OrgnlMsgId"`
				State   string      `xml:"GrpSts"`
				Reasons []reasonXML `xml:"StsRsnInf"`
			} `xml:"OrgnlGrpInfAndSts"`
			Blocks []struct {
				State     string      `xml:"PmtInfSts"`
				Reasons   []reasonXML `xml:"StsRsnInf"`
				Transfers []stateXML  `xml:"TxInfAndSts"`
			} `xml:"OrgnlPmtInfAndSts"`
		} `xml:"CstmrPmtStsRpt"`
	}
	if err := xml.NewDecoder(limited).Decode(&doc); err != nil {
		if limited.N == 0 {
			err = errors.New("it is larger than 20 MB")
		}
		return Report{}, fmt.Errorf("read the status report: %w", err)
	}
	if doc.XMLName.Local != "Document" || !strings.HasPrefix(doc.XMLName.Space, "urn:iso:std:iso:20022:tech:xsd:pain.002.001.") {
		return Report{}, fmt.Errorf("a document %s is no status report", doc.XMLName.Space)
	}
	g := doc.Body.Group
	r := Report{OriginalID: strings.TrimSpace(g.ID), State: strings.TrimSpace(g.State)}
	r.Reason, r.Text = reason(g.Reasons)
	if r.OriginalID == "" {
		return r, errors.New("the status report names no file")
	}
	for _, b := range doc.Body.Blocks {
		if len(b.Transfers) == 0 && r.State == "" { // a block is all that our files have
			r.State = strings.TrimSpace(b.State)
			r.Reason, r.Text = reason(b.Reasons)
		}
		for _, t := range b.Transfers {
			s := Status{EndToEndID: strings.TrimSpace(t.EndToEndID), State: strings.TrimSpace(t.State)}
			s.Reason, s.Text = reason(t.Reasons)
			if s.State == "" {
				s.State = strings.TrimSpace(b.State)
				s.Reason, s.Text = reason(b.Reasons)
			}
			if r.Transfers = append(r.Transfers, s); len(r.Transfers) > maxStates {
				return r, errors.New("the status report has too many transfers")
			}
		}
	}
	return r, nil
}

func reason(all []reasonXML) (code, text string) {
	for _, r := range all {
		if code == "" {
			code = strings.TrimSpace(r.Code)
		}
		if code == "" {
			code = strings.TrimSpace(r.Prtry)
		}
		if text == "" {
			text = strings.TrimSpace(strings.Join(r.Texts, " "))
		}
	}
	return cut(code, 10), cut(text, 200)
}

// cut keeps the first n bytes of a bank's words, and of them only ASCII.
func cut(s string, n int) string {
	s = Latin(s)
	return strings.TrimSpace(s[:min(len(s), n)])
}
