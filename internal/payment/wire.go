package payment

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bank/camt"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/iso20022"
	"github.com/duebook/duebook/internal/vendor"
)

// wireTo is what a wire needs to know of its payee beside name and number.
type wireTo struct {
	BIC          string           `json:"bic"`
	Clearing     string           `json:"clearing,omitempty"`
	ClearingCode string           `json:"clearingCode,omitempty"`
	Country      string           `json:"country"` // of the bank
	IBAN         bool             `json:"iban,omitempty"`
	Purpose      string           `json:"purpose,omitempty"`
	Address      iso20022.Address `json:"address"`
}

// wireData takes down what a wire needs, in SWIFT's characters (INT-4, INT-5).
func wireData(v *vendor.Vendor, a *vendor.BankAccount) *wireTo {
	c, _ := vendor.CountryOf(a.Country)
	home, _ := vendor.CountryOf(v.Country)
	w := &wireTo{BIC: a.BIC, ClearingCode: a.ClearingCode, Country: c.Code, IBAN: c.IBAN > 0, Purpose: a.Purpose,
		Address: postal(v.City, v.Region, v.Zip, home.Code, v.Address1, v.Address2, v.Address3, v.Address4)}
	if a.ClearingCode != "" {
		w.Clearing = c.Clearing
	}
	return w
}

// postal is an address in the hybrid form: town, region, code and country apart, the rest in at most two lines.
func postal(city, region, zip, country string, lines ...string) iso20022.Address {
	a := iso20022.Address{Town: iso20022.Cut(iso20022.Latin(city), 35), Region: iso20022.Cut(iso20022.Latin(region), 35),
		PostCode: iso20022.Cut(iso20022.Latin(zip), 16), Country: country}
	rest := iso20022.Latin(strings.Join(lines, " "))
	for len(rest) > 0 && len(a.Lines) < 2 {
		at := len(rest)
		if at > 70 {
			if at = strings.LastIndexByte(rest[:71], ' '); at <= 0 {
				at = 70
			}
		}
		if l := iso20022.Cut(rest[:at], 70); l != "" {
			a.Lines = append(a.Lines, l)
		}
		rest = strings.Trim(rest[at:], " /")
	}
	return a
}

// wireFile builds and stores the file of a run of wires: one block, as a run has one funding account and date (INT-3).
// The confirmation number is what the bank, its statement and the payee know a wire by.
func (e *Engine) wireFile(tx *db.Tx, batch ids.ID, o org.Organisation, funding *bank.Account, d draft, items []item, execution civil.Date) (ids.ID, error) {
	country := vendor.CountryCode(o.Country)
	name := iso20022.Cut(cmp.Or(iso20022.Latin(o.Name), o.ACHID), 140)
	id := ids.New(ids.BankFile)
	b := iso20022.Batch{ID: string(batch), Execution: execution, Routing: funding.Routing, Account: d.number, Currency: items[0].Currency, Count: len(items),
		Debtor: iso20022.Party{Name: name, Address: postal(o.City, o.Region, o.Zip, country, o.Address1, o.Address2, o.Address3, o.Address4)}}
	for i := range items {
		items[i].uetr = newUETR()
		b.Total += items[i].Amount
	}
	b.Transfers = func(yield func(iso20022.Transfer, error) bool) {
		for _, it := range items {
			if !yield(it.wire(d), nil) {
				return
			}
		}
	}
	f := iso20022.File{ID: string(id), Created: tx.Now(), Initiator: name,
		InitiatorID: iso20022.Latin(cmp.Or(strings.TrimSpace(funding.CompanyID), o.ACHID)), Batches: []iso20022.Batch{b}}
	var content bytes.Buffer
	if err := iso20022.Write(&content, f); err != nil {
		return "", err
	}
	return id, e.store(tx, bankFile{id: id, kind: "wire", batch: batch, state: "ready",
		detail: fmt.Sprintf("%d wires, %d", b.Count, b.Total)}, content.Bytes())
}

func (it item) wire(d draft) iso20022.Transfer {
	w := it.to.Wire
	numbers := make([]string, len(it.to.Bills))
	for i, b := range it.to.Bills {
		numbers[i] = b.Invoice
	}
	return iso20022.Transfer{EndToEndID: it.Confirmation, UETR: it.uetr, Amount: it.Amount, Currency: it.Currency, BIC: w.BIC, Clearing: w.Clearing,
		ClearingCode: w.ClearingCode, BankCountry: w.Country, Account: d.opened[it.to.account], IBAN: w.IBAN, Purpose: w.Purpose,
		Payee:      iso20022.Party{Name: iso20022.Cut(iso20022.Latin(it.to.Name), 140), Address: w.Address},
		Remittance: iso20022.Cut(iso20022.Latin(strings.Join(numbers, ", ")), 140)}
}

// newUETR is a random UUID, version 4, as SWIFT follows a wire by it.
func newUETR() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// understandXML reads a document of ISO 20022: what the bank says about our wires (pain.002), or a statement (camt.053).
func (e *Engine) understandXML(org ids.ID, content []byte, in *inbound) error {
	if bytes.Contains(content[:min(len(content), 2000)], []byte(":camt.053.")) {
		in.kind = "statement"
		f, err := camt.Read(bytes.NewReader(content))
		if err != nil {
			return &unreadable{err}
		}
		hashes := e.numberHashes(org, f)
		in.apply = func(tx *db.Tx) error { return takeStatement(tx, in.id, f, hashes) }
		return nil
	}
	in.kind = "status"
	r, err := iso20022.ReadReport(bytes.NewReader(content))
	if err != nil {
		return &unreadable{err}
	}
	in.apply = func(tx *db.Tx) error { return takeReport(tx, in.id, r) }
	return nil
}

// takeReport takes in what a bank says about a file of wires. Only a rejection moves a payment: what is accepted or
// settled shows on the statement. A report about no file of ours is kept, without effect. Rule INT-6.
func takeReport(tx *db.Tx, in ids.ID, r iso20022.Report) error {
	found, err := texts(tx, `SELECT batch_id FROM bank_files WHERE org_id = $1 AND direction = 'out' AND kind = 'wire' AND id = $2`,
		string(tx.Org()), r.OriginalID)
	if err != nil {
		return err
	}
	if len(found) != 1 {
		tx.Exec(`UPDATE bank_files SET detail = 'It names no file of ours.' WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(in))
		return nil
	}
	if r.State == iso20022.Rejected { // every wire that has no word of its own
		all, err := texts(tx, `SELECT trace FROM disbursements WHERE org_id = $1 AND batch_id = $2 ORDER BY payment_id`, string(tx.Org()), found[0])
		if err != nil {
			return err
		}
		for _, trace := range all {
			r.Transfers = append(r.Transfers, iso20022.Status{EndToEndID: trace, State: r.State, Reason: r.Reason, Text: r.Text})
		}
	}
	moved := map[ids.ID]bool{}
	for _, s := range r.Transfers {
		if s.State != iso20022.Rejected {
			continue
		}
		if err := rejectWire(tx, in, found[0], s, moved); err != nil {
			return fmt.Errorf("wire %s: %w", s.EndToEndID, err)
		}
	}
	return settleMovements(tx, moved)
}

// rejectWire fails a wire that the bank has not carried out, once. If its debit stands on a statement already, the bank
// owes it back.
func rejectWire(tx *db.Tx, in ids.ID, batch string, s iso20022.Status, moved map[ids.ID]bool) error {
	found, err := texts(tx, `SELECT payment_id FROM disbursements WHERE org_id = $1 AND batch_id = $2 AND trace = $3`, string(tx.Org()), batch, s.EndToEndID)
	if err != nil || len(found) == 0 {
		return err
	}
	p, err := lock(tx, found[0])
	if err != nil {
		return err
	}
	state := "rejected"
	switch p.State {
	case InFile, Sent:
	case Settled, Cleared:
		state = "returned"
	default:
		return nil
	}
	note := cmp.Or(s.Text, wireReasons[s.Reason], "The bank has not carried out the wire.")
	tx.ExecOne(`UPDATE disbursements SET state = $3, reason_code = $4, reason_text = $5 WHERE org_id = $1 AND payment_id = $2`,
		string(tx.Org()), string(p.ID), state, s.Reason, note)
	moved[p.MoneyMovementID] = true
	return p.fail(tx, Failed, civil.Of(tx.Now(), civil.Pacific), change{file: in, reasonCode: s.Reason, note: note})
}

// wireReasons are the commonest reasons of ISO 20022 in words a payer can act on.
var wireReasons = map[string]string{
	"AC01": "The account number is wrong",
	"AC04": "Account closed",
	"AC06": "Account blocked",
	"AG01": "The bank does not allow this wire",
	"AM04": "Insufficient funds",
	"BE04": "The payee's address is incomplete",
	"RC01": "The bank's code is wrong",
	"RR04": "Refused for regulatory reasons",
}

// wired matches a wire by its end-to-end id, which is our confirmation number, and its amount: it is settled, event 11
// is posted, and it clears as an entry does.
func (s statementLine) wired(tx *db.Tx) (ids.ID, error) {
	id, batch, _, err := s.findWire(tx, "d.state = 'sent'")
	if err != nil || id == "" {
		return "", err
	}
	return s.settleWire(tx, id, batch)
}

// settleWire settles a wire with the line; it gives nothing if the payment is not under way.
func (s statementLine) settleWire(tx *db.Tx, id, batch string) (ids.ID, error) {
	p, err := lock(tx, id)
	if err != nil || p.State != Sent && p.State != InFile {
		return "", err
	}
	tx.ExecOne(`UPDATE disbursements SET state = 'settled', settled_on = $3 WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), id, s.asOf.String())
	tx.Exec(`UPDATE disbursement_batches SET state = 'settled' WHERE org_id = $1 AND id = $2 AND NOT EXISTS (SELECT 1 FROM disbursements d
		WHERE d.org_id = $1 AND d.batch_id = $2 AND d.state IN ('released', 'sent'))`, string(tx.Org()), batch)
	if err := s.post(tx, ledger.BankDebit, p.ID, "Wire "+p.Confirmation, -s.Amount); err != nil {
		return "", err
	}
	s.moved[p.MoneyMovementID] = true
	return p.ID, p.move(tx, Settled, change{file: s.file, clearDue: clearing(s.asOf)})
}

// wireBack matches the money of a wire that came back. If nobody has said before that it would, the payment fails now.
func (s statementLine) wireBack(tx *db.Tx) (ids.ID, error) {
	id, _, state, err := s.findWire(tx, "d.state IN ('settled', 'cleared', 'returned')")
	if err != nil || id == "" {
		return "", err
	}
	p, err := lock(tx, id)
	if err != nil {
		return "", err
	}
	if state != "returned" {
		if p.State != Settled && p.State != Cleared {
			return "", nil
		}
		const note = "The wire came back."
		tx.ExecOne(`UPDATE disbursements SET reason_text = $3 WHERE org_id = $1 AND payment_id = $2`, string(tx.Org()), id, note)
		if err := p.fail(tx, Failed, s.asOf, change{file: s.file, note: note}); err != nil {
			return "", err
		}
	}
	credited(tx, id)
	return p.ID, s.post(tx, ledger.BankCreditsReturn, p.ID, "Wire "+p.Confirmation+" came back", s.Amount)
}

// findWire finds the wire that a line names: its payment, batch and state; nothing if there is none.
func (s statementLine) findWire(tx *db.Tx, states string) (payment, batch, state string, err error) {
	if s.CustomerRef == "" {
		return "", "", "", nil
	}
	err = tx.Row(`SELECT d.payment_id, d.batch_id, d.state FROM disbursements d JOIN disbursement_batches b ON b.org_id = d.org_id AND b.id = d.batch_id
		WHERE d.org_id = $1 AND d.trace = $2 AND d.trace <> '' AND d.rail = 'wire' AND d.amount = $3 AND b.bank_account_id = $4 AND `+states,
		string(tx.Org()), s.CustomerRef, s.Amount, string(s.own.ID)).Scan(&payment, &batch, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", "", nil
	}
	if err != nil {
		return "", "", "", fmt.Errorf("match the wire: %w", err)
	}
	return payment, batch, state, nil
}

// clearing is when what settled on a day counts as cleared: 17:00 New York time of the second banking day after (5.5).
func clearing(settled civil.Date) clock.Instant {
	return clock.FromTime(banking.Add(settled, 2).At(17, 0, civil.NewYork))
}
