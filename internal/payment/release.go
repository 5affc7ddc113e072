package payment

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/ach"
	"github.com/duebook/duebook/internal/rail/check"
	"github.com/duebook/duebook/internal/rail/iso20022"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/sanction"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/vendor"
)

// run is what leaves together: one rail, funding account, process date and pickup, for the same day or not.
type run struct {
	rail    string
	account ids.ID
	process civil.Date
	pickup  int64
	sameDay bool
}

// payee is what is known of a payment's receiver when it leaves. It is stored with the disbursement, so that later edits
// touch neither the cheque nor the entry (PAY-12). It has no account number.
type payee struct {
	Name        string           `json:"name"`
	Address     []string         `json:"address,omitempty"`
	Memo        string           `json:"memo,omitempty"`
	Bills       []check.StubLine `json:"bills"`
	BankAccount ids.ID           `json:"bankAccount,omitempty"`
	Routing     string           `json:"routing,omitempty"`
	Tail        string           `json:"tail,omitempty"`
	Savings     bool             `json:"savings,omitempty"`
	Person      bool             `json:"person,omitempty"`
	CTX         bool             `json:"ctx,omitempty"` // it has asked for its remittance in the entry (ACH-2)
	Wire        *wireTo          `json:"wire,omitempty"`
	Peer        ids.ID           `json:"peer,omitempty"`     // the linked organisation or biller whose account it is
	Customer    string           `json:"customer,omitempty"` // our number with a large biller

	account string   // the vendor's account number, sealed
	names   []string // of the vendor, beside Name: what is screened
	home    string   // its address, likewise
}

// draft is what is made of a run before its transaction, where account numbers are opened and cheques tried out.
type draft struct {
	funding  string            // sealed number of the funding account
	number   string            // the same, opened
	template check.Template    // of its lists for positive pay
	payees   map[ids.ID]payee  // by payment
	opened   map[string]string // vendors' account numbers by sealed number
	refused  map[ids.ID]string // why a cheque cannot be printed
}

// Release releases every scheduled payment whose process date has come, one transaction for each run. That transaction
// locks the payments, checks them again, holds those that may not leave with the reason, and for the others takes
// numbers, builds and stores the bytes of the bank's files, posts, and commits once (XO-1). Two processes at once make
// one file: the second finds nothing left (E23).
func (e *Engine) Release(ctx context.Context, org ids.ID, at time.Time) error {
	var runs []run
	err := e.db.Read(ctx, caller(org), func(tx *db.Tx) error {
		rows, err := tx.Query(`SELECT DISTINCT rail, bank_account_id, process_date, pickup, same_day FROM payments
			WHERE org_id = $1 AND state = 'scheduled' AND process_date <= $2 ORDER BY process_date, pickup, rail, bank_account_id, same_day DESC`,
			string(org), releaseDay(at).String())
		if err != nil {
			return fmt.Errorf("look for payments to release: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var r run
			var sameDay int64
			if err := rows.Scan(&r.rail, (*string)(&r.account), &r.process, &r.pickup, &sameDay); err != nil {
				return err
			}
			r.sameDay = sameDay == 1
			runs = append(runs, r)
		}
		return rows.Err()
	})
	for _, r := range runs {
		err = errors.Join(err, e.release(ctx, org, at, r))
	}
	return err
}

func (e *Engine) release(ctx context.Context, org ids.ID, at time.Time, r run) error {
	d, err := e.draft(ctx, org, r)
	if err != nil {
		return fmt.Errorf("prepare the release of %s on %s: %w", r.rail, r.process, err)
	}
	err = e.db.WriteAt(ctx, caller(org), at, func(tx *db.Tx) error { return e.commit(tx, r, d) })
	if same := (sameFile{}); errors.As(err, &same) {
		err = e.stopRun(ctx, org, at, r, same)
	}
	if err != nil {
		return fmt.Errorf("release %s on %s: %w", r.rail, r.process, err)
	}
	return nil
}

// draft reads what is to leave, opens the account numbers and tries the cheques out on paper.
func (e *Engine) draft(ctx context.Context, orgID ids.ID, r run) (draft, error) {
	d := draft{payees: map[ids.ID]payee{}, opened: map[string]string{}, refused: map[ids.ID]string{}}
	var (
		payments []*Payment
		funding  *bank.Account
		o        org.Organisation
	)
	err := e.db.Read(ctx, caller(orgID), func(tx *db.Tx) (err error) {
		if payments, err = r.waiting(tx); err != nil {
			return err
		}
		if funding, err = bank.Accounts.Load(tx, r.account); err != nil {
			return err
		}
		if o, err = org.Load(tx); err != nil {
			return err
		}
		screen, err := e.screener.Current(tx)
		if err != nil {
			return err
		}
		for _, p := range payments {
			to, hold, err := examine(tx, p)
			if err != nil {
				return err
			}
			if hold == "" {
				d.payees[p.ID] = to
				screen.Know(to.party(p)) // outside the transaction that writes
			}
		}
		return nil
	})
	if err != nil {
		return d, err
	}
	d.funding = funding.Account
	if d.number, err = funding.Number(e.vault, orgID); err != nil {
		return d, fmt.Errorf("open the number of funding account %s: %w", funding.ID, err)
	}
	for _, to := range d.payees {
		if to.account == "" {
			continue
		}
		if d.opened[to.account], err = to.number(e.vault, orgID); err != nil {
			return d, fmt.Errorf("open the number of bank account %s: %w", to.BankAccount, err)
		}
	}
	if r.rail == Check {
		if d.template, err = funding.Template(); err != nil {
			return d, err
		}
		d.tryOut(layout(o, funding, d.number), payments)
	}
	return d, nil
}

// waiting reads the payments of the run, lowest id first.
func (r run) waiting(tx *db.Tx) ([]*Payment, error) {
	found, err := texts(tx, `SELECT id FROM payments WHERE org_id = $1 AND state = 'scheduled' AND rail = $2 AND bank_account_id = $3
		AND process_date = $4 AND pickup = $5 AND same_day = $6 ORDER BY id`+tx.ForUpdate(), string(tx.Org()), r.rail, string(r.account), r.process.String(),
		r.pickup, map[bool]int64{true: 1}[r.sameDay])
	if err != nil {
		return nil, fmt.Errorf("claim payments: %w", err)
	}
	var payments []*Payment
	for part := range slices.Chunk(found, 400) {
		values := make([]any, len(part))
		for i, id := range part {
			values[i] = id
		}
		err := Payments.List(tx, record.Query{Filters: []record.Filter{{Field: Payments.Must("id"), Op: record.In, Values: values}}},
			func(p *Payment) error {
				payments = append(payments, p)
				return nil
			})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(payments, func(a, b *Payment) int { return cmp.Compare(a.ID, b.ID) })
	return payments, nil
}

// examine checks a payment again before it leaves (5.5, the release run) and gives its payee as it was taken down. hold is
// the reason why it may not leave.
func examine(tx *db.Tx, p *Payment) (to payee, hold string, err error) {
	v, err := vendor.Vendors.Load(tx, p.VendorID)
	if err != nil {
		return to, "", err
	}
	if v.Active != record.Active {
		return to, "The vendor is inactive.", nil
	}
	held, err := vendor.Held(tx, v.ID)
	if err != nil {
		return to, "", err
	}
	if held != "" {
		return to, "The vendor is on hold. " + held, nil
	}
	if hold, err = vendor.Unsettled(tx, v.ID, p.ProcessDate); hold != "" || err != nil {
		return to, hold, err
	}
	if err := checkPayee(tx, v, true, p.Amount); err != nil { // the address is looked at when it is taken down
		if f := fault.From(err); f != nil {
			return to, f.Message, nil
		}
		return to, "", err
	}
	to, taken, err := takenDown(tx, p.ID)
	switch {
	case err != nil:
		return to, "", err
	case !taken:
		to, hold, err = describe(tx, p, v)
	case p.Rail != Check:
		var a *vendor.BankAccount
		if a, hold, err = receiving(tx, p); hold == "" && err == nil && a.ID != to.BankAccount {
			hold = "The vendor's bank account has changed."
		}
		if hold == "" && err == nil && !to.Peer.IsNull() {
			to.Routing, to.Tail, to.account = a.Routing, a.AccountTail, a.Account
		}
	}
	if hold != "" || err != nil {
		return to, hold, err
	}
	to.names = []string{v.Name, v.Payee(), v.CompanyName}
	to.home = strings.Join([]string{v.Address1, v.Address2, v.Address3, v.Address4, v.City}, " ")
	parts, err := billPaysOf(tx, p.ID)
	if err != nil {
		return to, "", err
	}
	for _, part := range parts {
		b, err := bill.Bills.Load(tx, part.BillID)
		if err != nil {
			return to, "", err
		}
		if err := b.CheckPayable(tx); err != nil {
			if f := fault.From(err); f != nil && f.Kind == fault.Forbidden {
				return to, f.Message, nil
			}
			return to, "", err
		}
	}
	return to, "", nil
}

// number opens the payee's account number.
func (to payee) number(v *secret.Vault, payer ids.ID) (string, error) {
	if !to.Peer.IsNull() {
		a := bank.Account{Base: record.Base{ID: to.BankAccount}, Account: to.account}
		return a.Number(v, to.Peer)
	}
	a := vendor.BankAccount{Base: record.Base{ID: to.BankAccount}, Account: to.account}
	return a.Number(v, payer)
}

// kept is the sealed number that is taken down with the payee: none of a linked organisation, whose number stays with it.
func (to payee) kept() string {
	if to.Peer.IsNull() {
		return to.account
	}
	return ""
}

// party is who is screened before p leaves (SEC-8).
func (to payee) party(p *Payment) sanction.Party {
	bank := to.Routing
	if to.Wire != nil {
		bank = to.Wire.BIC
	}
	return sanction.Party{ID: p.VendorID, Names: append([]string{to.Name}, to.names...), Addresses: []string{strings.Join(to.Address, " "), to.home},
		Banks: []string{bank}}
}

// text is the payee as it is stored and compared. A linked organisation's account stays its own (NET-4).
func (to payee) text() (string, error) {
	if !to.Peer.IsNull() {
		to.Routing, to.Tail = "", ""
	}
	b, err := json.Marshal(to)
	return string(b), err
}

// address lays an address out in at most the given number of lines; what has no room joins the line before.
func address(line1, line2, line3, line4, city, region, zip, country string, most int) []string {
	place := city
	if rest := strings.TrimSpace(region + " " + zip); rest != "" {
		place = strings.TrimPrefix(place+", "+rest, ", ")
	}
	if vendor.CountryCode(country) == "US" {
		country = ""
	}
	lines := slices.DeleteFunc([]string{line1, line2, line3, line4, place, country}, func(s string) bool { return strings.TrimSpace(s) == "" })
	for len(lines) > most {
		lines = append(append(lines[:1:1], lines[1]+", "+lines[2]), lines[3:]...)
	}
	return lines
}

// item is a payment that leaves in this run.
type item struct {
	*Payment
	to           payee
	disbursement ids.ID
	number       int64 // of the cheque, or the last seven digits of the trace
	uetr         string
}

// commit is the one transaction of a run.
func (e *Engine) commit(tx *db.Tx, r run, d draft) error {
	if _, err := tx.Next("release run", 1); err != nil { // one run of the organisation at a time
		return err
	}
	payments, err := r.waiting(tx)
	if err != nil {
		return err
	}
	funding, err := bank.Accounts.Load(tx, r.account)
	if err != nil {
		return err
	}
	o, err := org.Load(tx)
	if err != nil {
		return err
	}
	screen, err := e.screener.Current(tx)
	if err != nil {
		return err
	}
	var items []item
	for _, p := range payments {
		to, hold, err := examine(tx, p)
		if err != nil {
			return err
		}
		switch {
		case o.State != org.StateActive:
			hold = "The organisation is not active."
		case !funding.Usable():
			hold = "The funding account is not active and verified."
		case r.rail == Wire && iso20022.Latin(o.City) == "":
			hold = "The address of your company has no town, which a wire needs." // INT-4
		case hold == "":
			hold = d.refused[p.ID]
		}
		if hold == "" {
			was, is, err := both(d.payees[p.ID], to)
			if err != nil {
				return err
			}
			if was != is || funding.Account != d.funding {
				continue // changed since the draft: the next run takes it
			}
			if hold, err = screen.Pay(tx, p.ID, to.party(p), r.rail == "wire"); err != nil {
				return err
			}
		}
		if hold != "" {
			if err := p.move(tx, OnHold, change{note: hold}); err != nil {
				return err
			}
			continue
		}
		items = append(items, item{Payment: p, to: to, disbursement: ids.New(ids.Disbursement)})
	}
	if len(items) == 0 {
		return nil
	}
	return e.leave(tx, o, funding, r, d, items)
}

// both are two payees as text, with their accounts.
func both(a, b payee) (string, string, error) {
	x, err := a.text()
	if err != nil {
		return "", "", err
	}
	y, err := b.text()
	return x + a.Routing + a.account, y + b.Routing + b.account, err
}

// leave takes the numbers, writes the files, and moves and posts every payment.
func (e *Engine) leave(tx *db.Tx, o org.Organisation, funding *bank.Account, r run, d draft, items []item) error {
	batch := ids.New(ids.DisbursementBatch)
	today := civil.Of(tx.Now(), civil.Pacific)
	effective := banking.Next(latest(r.process, today)) // ACH-5; a late run settles at the next opportunity
	if r.rail == Wire || r.sameDay && sameDayWindow(funding, tx.Now()) != "" {
		effective = banking.OnOrAfter(latest(r.process, today))
	}
	counter, first := "trace "+funding.Routing[:8], int64(1)
	if r.rail == Check {
		counter, first = "cheque "+string(funding.ID), funding.FirstCheck
	}
	var number int64
	var err error
	if r.rail != Wire {
		if number, err = tx.NextN(counter, first, int64(len(items))); err != nil {
			return fmt.Errorf("take %d numbers: %w", len(items), err)
		}
	}
	var total int64
	for i := range items {
		items[i].number = number + int64(i)
		total += items[i].Amount
	}
	var file ids.ID
	switch r.rail {
	case Check:
		file, err = e.issueCheques(tx, batch, d, items, r)
	case Wire:
		file, err = e.wireFile(tx, batch, o, funding, d, items, effective)
	default:
		file, err = e.achFile(tx, batch, o, funding, d, items, effective)
	}
	if err != nil {
		return err
	}
	if r.rail == Check {
		effective = civil.Date{}
	}
	fileBatch{id: batch, account: funding.ID, rail: r.rail, pickup: r.pickup, process: r.process, effective: effective, members: len(items),
		total: total}.insert(tx)
	movement, err := AddMovement(tx, Movement{Type: MoneyOut, Amount: -total, ProcessDate: r.process, BankAccountID: funding.ID,
		Pickup: r.pickup, Description: "Payments of " + r.process.String()})
	if err != nil {
		return err
	}
	for _, it := range items {
		if err := it.leave(tx, batch, file, movement, funding, effective); err != nil {
			return err
		}
	}
	tx.Exec(`DELETE FROM payment_payees WHERE org_id = $1 AND payment_id IN
		(SELECT payment_id FROM disbursements WHERE org_id = $1 AND batch_id = $2)`, string(tx.Org()), string(batch))
	tx.Audit("release", "disbursementBatch", batch, fmt.Sprintf(`{"rail":%q,"members":%d,"total":%d}`, r.rail, len(items), total))
	return nil
}

// leave stores the disbursement of one payment, posts event 8 and moves the payment.
func (it item) leave(tx *db.Tx, batch, file, movement ids.ID, funding *bank.Account, effective civil.Date) error {
	to, err := it.to.text()
	if err != nil {
		return err
	}
	trace, serial, arrives := "", it.number, effective
	switch it.Rail {
	case ACH:
		trace, serial = fullTrace(funding, it.number), 0
	case Wire:
		trace, serial, arrives = it.Confirmation, 0, banking.Add(effective, 2)
	}
	tx.Exec(`INSERT INTO disbursements (org_id, id, payment_id, batch_id, rail, state, amount, payee, bank_account, trace, serial, settled_on,
		reason_code, reason_text, created, uetr) VALUES ($1, $2, $3, $4, $5, 'released', $6, $7, $8, $9, $10, '', '', '', $11, $12)`,
		string(tx.Org()), string(it.disbursement), string(it.ID), string(batch), it.Rail, it.Amount, to, string(it.to.BankAccount),
		trace, serial, int64(clock.FromTime(tx.Now())), it.uetr)
	_, err = ledger.Post(tx, ledger.Entry{Date: it.ProcessDate, Event: ledger.PaymentReleased, Source: it.ID, Version: 1, Currency: it.Currency,
		Memo: "Payment " + it.Confirmation,
		Postings: []ledger.Posting{
			{Role: ledger.AP, Amount: it.Amount, Party: it.VendorID},
			{Role: ledger.MoneyOut, Amount: -it.Amount},
		}})
	if err != nil {
		return err
	}
	return it.move(tx, InFile, change{file: file, arrival: arrives, movement: movement})
}

// fullTrace is a trace number in 15 digits: the originating bank and our counter (ACH-7).
func fullTrace(funding *bank.Account, n int64) string {
	return fmt.Sprintf("%s%07d", funding.Routing[:8], n)
}

func latest(a, b civil.Date) civil.Date {
	if a.Before(b) {
		return b
	}
	return a
}

// batchEntries is how many entries a batch of a file has at most (scenario D).
const batchEntries = 10_000

// achFile builds and stores the file of a run: a batch, or several, for each kind of receiver (ACH-2).
func (e *Engine) achFile(tx *db.Tx, batch ids.ID, o org.Organisation, funding *bank.Account, d draft, items []item, effective civil.Date) (ids.ID, error) {
	entries := map[ach.SEC][]ach.Entry{}
	for _, it := range items {
		sec, entry, err := it.credit(o, effective, tx.Now())
		if err != nil {
			return "", err
		}
		entry.Account = d.opened[it.to.account]
		entries[sec] = append(entries[sec], entry)
	}
	return e.storeACH(tx, "ach", batch, o, funding, entries, effective, d.number)
}

// individualID is a confirmation number in the 15 characters of an entry: its digits (ACH-7).
func individualID(confirmation string) string {
	return strings.NewReplacer("P", "", " - ", "").Replace(confirmation)
}

// entryName is a payee's name as an entry carries it (ACH-7).
func entryName(name string) string { return cut(ach.Transliterate(name), ach.MaxName) }

// cut keeps the first n characters of ASCII.
func cut(s string, n int) string { return strings.TrimSpace(s[:min(len(s), n)]) }

// descriptions are what files of a kind say they are about, where that is not the funding account's to choose (ACH-3).
var descriptions = map[string]string{"debit": "INVOICE", "validation": "INVOICE", "accounttest": "ACCTVERIFY", "reversal": "REVERSAL", "retry": "RETRY PYMT"}

// storeACH writes a NACHA file from the organisation to the bank of the funding account and stores it, ready to go. own is
// the account's opened number: with it, credits are balanced by a debit of the account where its bank wants that (FND-4).
func (e *Engine) storeACH(tx *db.Tx, kind string, batch ids.ID, o org.Organisation, funding *bank.Account, entries map[ach.SEC][]ach.Entry, effective civil.Date, own string) (ids.ID, error) {
	debits := kind == "debit" || kind == "retry" || kind == "reversal" || kind == "validation"
	var parts []ach.Batch
	for _, sec := range []ach.SEC{ach.CCD, ach.CTX, ach.PPD, ach.WEB} {
		for _, part := range batches(entries[sec]) {
			b := ach.Batch{SEC: sec, Effective: effective, Debits: debits, Entries: each(part)}
			if funding.Balanced && own != "" && !debits {
				n, err := tx.Next("trace "+funding.Routing[:8], 1)
				if err != nil {
					return "", err
				}
				b.Offset = &ach.Entry{TransactionCode: ach.CheckingDebit, Routing: funding.Routing, Account: own, ID: "OFFSET",
					Name: cut(entryName(o.Name), ach.MaxNameCTX), Trace: uint64(n)}
			}
			parts = append(parts, b)
		}
	}
	return e.storeBatches(tx, kind, batch, o, funding, parts)
}

// companyID is what the bank of an account knows the originator by.
func companyID(o org.Organisation, funding *bank.Account) string {
	return cmp.Or(strings.TrimSpace(funding.CompanyID), o.ACHID)
}

// storeBatches writes a NACHA file of batches, whose company, description and originating bank it fills in, and stores it,
// ready to go.
func (e *Engine) storeBatches(tx *db.Tx, kind string, batch ids.ID, o org.Organisation, funding *bank.Account, parts []ach.Batch) (ids.ID, error) {
	now := tx.Now().In(civil.NewYork)
	nth, err := tx.Next("file "+funding.Routing[:8]+" "+now.Format("060102"), 0)
	if err != nil {
		return "", err
	}
	modifier, ok := ach.Modifier(int(nth))
	if !ok {
		return "", errors.New("36 files have gone to this bank today: no more until tomorrow") // XO-6
	}
	id, company := ids.New(ids.BankFile), companyID(o, funding)
	for i := range parts {
		b := &parts[i]
		b.CompanyName, b.CompanyID, b.ODFI = cmp.Or(cut(ach.Transliterate(o.Name), 16), company), company, funding.Routing[:8]
		if kind == "ach" && b.Effective == civil.Of(now, civil.NewYork) { // ACH-5
			b.DescriptiveDate = sameDayWindow(funding, now)
		}
		b.Description = cmp.Or(descriptions[kind], funding.EntryDescription, "VENDOR PMT")
	}
	f := ach.File{Destination: funding.Routing, DestinationName: cut(ach.Transliterate(funding.BankName), 23), Origin: company,
		OriginName: cut(ach.Transliterate(o.Name), 23), Reference: string(id[12:]), Created: now, Modifier: modifier, Batches: parts}
	var content bytes.Buffer
	totals, err := ach.Write(&content, f)
	if err != nil {
		return "", err
	}
	err = e.store(tx, bankFile{id: id, kind: kind, batch: batch, state: "ready",
		detail: fmt.Sprintf("%d batches, %d records, hash %010d, debits %d, credits %d", totals.Batches, totals.Records, totals.Hash, totals.Debits, totals.Credits)}, content.Bytes())
	if err == nil && kind == "ach" {
		err = guard(tx, id, company, now, totals)
	}
	return id, err
}

// batches parts entries so that a batch has at most batchEntries, and its sum fits into the one entry that may offset it.
func batches(entries []ach.Entry) (parts [][]ach.Entry) {
	var sum int64
	first := 0
	for i, e := range entries {
		if i > first && (i-first == batchEntries || sum > ach.MaxAmount-e.Amount) {
			parts, first, sum = append(parts, entries[first:i]), i, 0
		}
		sum += e.Amount
	}
	if len(entries) > 0 {
		parts = append(parts, entries[first:])
	}
	return parts
}

func each(entries []ach.Entry) iter.Seq2[ach.Entry, error] {
	return func(yield func(ach.Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}
