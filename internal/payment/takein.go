package payment

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/bank/bai2"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/ledger"
	"github.com/duebook/duebook/internal/rail/ach/achread"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// maxInbound is the largest file of a bank that is read.
const maxInbound = 100 << 20

// TakeIn reads what the bank has put into in/: acknowledgements (.ack), returns and corrections (.ach), statements
// (.bai), in the order of their names, one transaction each. A file is known by its SHA-256, and what it says by its
// own ids, so that taking it in again has no effect (XO-8, E17). One that cannot be read, or whose content a rule forbids
// to apply, is kept as refused: a task says why, and ReadAgain tries again. The others go on.
func (e *Engine) TakeIn(ctx context.Context, org ids.ID, at time.Time) error {
	dir := e.folder(org, "in")
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list what the bank sent: %w", err)
	}
	var failed error
	for _, f := range entries {
		if f.IsDir() || strings.HasPrefix(f.Name(), ".") {
			continue
		}
		if err := e.takeFile(ctx, org, at, filepath.Join(dir, f.Name())); err != nil {
			failed = errors.Join(failed, fmt.Errorf("take in %s: %w", f.Name(), err))
		}
	}
	return failed
}

// mark is what tells that a file has not changed since this process read it.
type mark struct {
	size     int64
	modified time.Time
}

// inbound is a file of the bank, read and understood.
type inbound struct {
	id    ids.ID
	kind  string
	apply func(*db.Tx) error
}

// takeFile takes in one file, unless this process has read it before or its bytes are known.
func (e *Engine) takeFile(ctx context.Context, org ids.ID, at time.Time, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	m := mark{info.Size(), info.ModTime()}
	if was, ok := e.read.Load(path); ok && was == m {
		return nil
	}
	var content []byte
	var broken error
	if info.Size() > maxInbound {
		broken = &unreadable{errors.New("the file is larger than 100 MB")}
		content = fmt.Append(nil, m.size, m.modified.UTC()) // what is known of it in its place
	} else if content, err = os.ReadFile(path); err != nil {
		return err
	}
	known, err := e.find(ctx, org, `SELECT id FROM bank_files WHERE org_id = $1 AND direction = 'in' AND sha256 = $2`,
		string(org), digest(content))
	if err == nil && len(known) == 0 {
		err = e.takeContent(ctx, org, at, filepath.Base(path), content, broken)
	}
	if err == nil {
		e.read.Store(path, m)
	}
	return err
}

// takeContent takes in the bytes of a file that are not known, unless it is broken already.
func (e *Engine) takeContent(ctx context.Context, org ids.ID, at time.Time, name string, content []byte, broken error) error {
	in := inbound{id: ids.New(ids.BankFile)}
	err := broken
	if err == nil {
		err = e.understand(ctx, org, name, content, &in)
	}
	sealed, sealErr := e.seal(org, in.id, content)
	if sealErr != nil {
		return sealErr
	}
	take := func(broken error) error {
		return e.db.WriteAt(ctx, caller(org), at, func(tx *db.Tx) error {
			now := int64(clock.FromTime(tx.Now()))
			n, err := tx.ExecNow(`INSERT INTO bank_files (org_id, id, direction, kind, batch_id, name, sha256, size, state, detail, created, delivered, bytes)
				VALUES ($1, $2, 'in', $3, '', $4, $5, $6, 'taken', '', $7, $7, $8) ON CONFLICT DO NOTHING`, string(org), string(in.id), in.kind, name,
				digest(content), int64(len(content)), now, sealed)
			if err != nil || n == 0 {
				return err // these bytes are known
			}
			tx.Audit("take in", "bankFile", in.id, "")
			if broken != nil {
				return refuse(tx, in.id, name, broken)
			}
			return in.apply(tx)
		})
	}
	if err == nil {
		err = take(nil)
	}
	if broken := refusal(err); broken != nil {
		e.log.WarnContext(ctx, "file of the bank refused", "org", org, "file", name, "error", broken)
		return take(broken)
	}
	return err
}

// unreadable is a file that does not have the form of its kind.
type unreadable struct{ cause error }

func (u *unreadable) Error() string { return u.cause.Error() }
func (u *unreadable) Unwrap() error { return u.cause }

// understand reads a file by the ending of its name. It fails with *unreadable for a file that is to be refused.
func (e *Engine) understand(ctx context.Context, org ids.ID, name string, content []byte, in *inbound) error {
	switch filepath.Ext(name) {
	case ".ack":
		in.kind = "ack"
		a, err := readAck(content)
		if err != nil {
			return &unreadable{err}
		}
		in.apply = func(tx *db.Tx) error { return a.apply(tx, in.id) }
	case ".ach":
		in.kind = "returns"
		var back []achread.Entry
		f, err := achread.Read(bytes.NewReader(content), func(e achread.Entry) error {
			if e.Return == nil && e.NOC == nil {
				return errors.New("an entry that does not come back")
			}
			back = append(back, e)
			return nil
		})
		if err != nil {
			return &unreadable{err}
		}
		sealed, err := e.sealCorrections(ctx, org, back)
		if err != nil {
			return err
		}
		in.apply = func(tx *db.Tx) error {
			returned := map[string]bool{}
			for _, b := range back {
				if err := e.takeBack(tx, in.id, f.Created, b, sealed); err != nil {
					return fmt.Errorf("entry on line %d: %w", b.Line, err)
				}
				if b.Return != nil {
					returned[b.Return.Trace] = true
				}
			}
			if err := matchReturns(tx, returned); err != nil {
				return err
			}
			return watchReturns(tx)
		}
	case ".xml":
		return e.understandXML(org, content, in)
	case ".csv":
		in.kind = "exceptions"
		if !strings.HasSuffix(name, "-exceptions.csv") {
			return &unreadable{errors.New("a list whose name does not end in -exceptions.csv")}
		}
		rows, err := readExceptions(e.vault, org, content)
		if err != nil {
			return &unreadable{err}
		}
		in.apply = func(tx *db.Tx) error { return takeExceptions(tx, in.id, rows) }
	case ".bai":
		in.kind = "statement"
		f, err := bai2.Read(bytes.NewReader(content))
		if err != nil {
			return &unreadable{err}
		}
		hashes := e.numberHashes(org, f)
		in.apply = func(tx *db.Tx) error { return takeStatement(tx, in.id, f, hashes) }
	default:
		in.kind = "unknown"
		return &unreadable{errors.New("the name has none of the endings .ack, .ach, .bai, .csv, .xml")}
	}
	return nil
}

// numberHashes are the fingerprints of the account numbers in a file of statements.
func (e *Engine) numberHashes(org ids.ID, f bai2.File) map[string]string {
	hashes := map[string]string{}
	for _, g := range f.Groups {
		for _, a := range g.Accounts {
			hashes[a.Number] = bank.Hash(e.vault, org, a.Number)
		}
	}
	return hashes
}

// ack is what the bank says about a file of ours (SIM-2).
type ack struct {
	file, sha256 string
	rejected     string // why; empty if the file is accepted
	format       bool   // it is rejected for how it is written, not for what it says
}

// readAck reads lines of a word and its value: FILE, SHA256, STATUS and totals.
func readAck(content []byte) (ack, error) {
	var a ack
	status := ""
	for line := range strings.Lines(string(content)) {
		word, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "FILE":
			a.file = value
		case "SHA256":
			a.sha256 = value
		case "STATUS":
			status = value
		}
	}
	if a.file == "" || len(a.sha256) != 64 {
		return a, errors.New("the acknowledgement names no file")
	}
	why, rejected := strings.CutPrefix(status, "REJECTED")
	if !rejected && status != "ACCEPTED" {
		return a, errors.New("the acknowledgement has no status")
	}
	if rejected {
		why, a.format = strings.CutPrefix(strings.TrimSpace(why), "FORMAT ")
		a.rejected = strings.TrimSpace("The bank rejected the file: " + why)
	}
	return a, nil
}

// apply records what the bank says. An ACH file that it rejects has moved no money: its payments fail, their bills are
// open again (5.5, FND-5); but of one rejected for its form they stay alive and wait for a new file, which a person has
// written once the fault is repaired (E25). An acknowledgement of nothing we sent is kept, without effect.
func (a ack) apply(tx *db.Tx, in ids.ID) error {
	found, err := texts(tx, `SELECT id FROM bank_files WHERE org_id = $1 AND direction = 'out' AND id = $2 AND sha256 = $3`,
		string(tx.Org()), string(fileOf(a.file)), a.sha256)
	if err != nil {
		return err
	}
	if len(found) != 1 {
		tx.Exec(`UPDATE bank_files SET detail = 'It names no file of ours.' WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(in))
		return nil
	}
	f, _, err := lockFile(tx, ids.ID(found[0]))
	if err != nil {
		return err
	}
	waits := f.state == "ready" || f.state == "delivery_unknown"
	if a.file != f.name { // a file that was called missing, and was not
		switch {
		case a.rejected != "":
			return nil // the copy that was called missing: the other one counts
		case !waits:
			err := addTask(tx, TaskOperator, f.id, "twice", "The bank has accepted this file under two names, "+a.file+" and "+f.name+
				": it was sent again after it had been called missing. Have the bank take one of the two back.")
			if err != nil || f.state != "delivered" {
				return err
			}
		default:
			f.name = a.file
			tx.ExecOne(`UPDATE bank_files SET name = $3 WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(f.id), f.name)
		}
	}
	if waits { // the bank has it: then it left
		finishTasks(tx, f.id, "The bank has answered it.")
		if err := delivered(tx, f, f.left()); err != nil {
			return err
		}
		f.state = "delivered"
	}
	if f.state != "delivered" {
		return nil
	}
	if a.rejected == "" {
		tx.ExecOne(`UPDATE bank_files SET state = 'accepted' WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(f.id))
		return stopsTaken(tx, f, true, "")
	}
	tx.ExecOne(`UPDATE bank_files SET state = 'rejected', detail = $3 WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(f.id), a.rejected)
	tx.Audit("reject", "bankFile", f.id, "")
	if f.kind == "stops" {
		return stopsTaken(tx, f, false, a.rejected)
	}
	if a.format && (f.kind == "ach" || f.kind == "prenote") {
		return unwrite(tx, f, in, a.rejected)
	}
	if f.kind == "accounttest" {
		return rejectTests(tx, f.batch, a.rejected)
	}
	if f.kind == "validation" {
		return rejectValidation(tx, f.batch, a.rejected)
	}
	if f.kind == "reversal" {
		return rejectReversals(tx, f.batch, a.rejected)
	}
	if f.kind != "ach" && f.kind != "debit" && f.kind != "retry" && f.kind != "wire" {
		return addTask(tx, TaskOperator, f.id, "", a.rejected+". The bank does not know what stands in this file.")
	}
	tx.ExecOne(`UPDATE disbursement_batches SET state = 'rejected' WHERE org_id = $1 AND id = $2`, string(tx.Org()), string(f.batch))
	if f.kind == "debit" || f.kind == "retry" {
		return rejectDebits(tx, f.batch, a.rejected)
	}
	members, err := texts(tx, `SELECT payment_id FROM disbursements WHERE org_id = $1 AND batch_id = $2 ORDER BY payment_id`,
		string(tx.Org()), string(f.batch))
	if err != nil {
		return err
	}
	moved := map[ids.ID]bool{}
	for _, id := range members {
		p, err := lock(tx, id)
		if err != nil {
			return err
		}
		moved[p.MoneyMovementID] = true
		day, c := civil.Of(tx.Now(), civil.Pacific), change{file: in, note: a.rejected}
		switch p.State {
		case Sent:
			setDisbursement(tx, p.ID, "rejected")
			err = p.fail(tx, FundingFailed, day, c)
		case VoidRequested:
			setDisbursement(tx, p.ID, "rejected")
			err = p.void(tx, day, c, false)
		}
		if err != nil {
			return err
		}
	}
	return settleMovements(tx, moved)
}

// fail moves a payment whose money did not arrive and posts event 15: the clearing account is debited, accounts payable
// credited.
func (p *Payment) fail(tx *db.Tx, to string, day civil.Date, c change) error {
	_, err := ledger.Post(tx, ledger.Entry{Date: day, Event: ledger.PaymentReturned, Source: p.ID, Version: 1, Currency: p.Currency,
		Memo: "Payment " + p.Confirmation + " came back",
		Postings: []ledger.Posting{
			{Role: ledger.MoneyOut, Amount: p.Amount},
			{Role: ledger.AP, Amount: -p.Amount, Party: p.VendorID},
		}})
	if err != nil {
		return err
	}
	return p.move(tx, to, c)
}

// sentEntry is an entry of ours that the bank speaks of.
type sentEntry struct {
	payment     ids.ID // empty for a test entry
	bankAccount ids.ID // the vendor's
	state       string // of the disbursement
	amount      int64
}

// findEntry finds our entry with that trace number; nil if there is none.
func findEntry(tx *db.Tx, trace string) (*sentEntry, error) {
	rows, err := tx.Query(`SELECT payment_id, bank_account, state, amount FROM disbursements WHERE org_id = $1 AND trace = $2
		UNION ALL SELECT '', id, '', 0 FROM vendor_bank_accounts WHERE org_id = $1 AND prenote_trace = $2`, string(tx.Org()), trace)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var s *sentEntry
	if rows.Next() {
		s = &sentEntry{}
		if err := rows.Scan((*string)(&s.payment), (*string)(&s.bankAccount), &s.state, &s.amount); err != nil {
			return nil, err
		}
	}
	return s, errors.Join(rows.Err(), rows.Close())
}

// takeBack takes in one entry that came back, once: a return or a correction (ACH-8, ACH-9). What matches no entry of
// ours stays as an exception.
func (e *Engine) takeBack(tx *db.Tx, file ids.ID, day civil.Date, b achread.Entry, sealed map[sealKey]vendor.SealedNumber) error {
	code, original, rdfi := "", "", ""
	if b.Return != nil {
		code, original, rdfi = b.Return.Code, b.Return.Trace, b.Return.RDFI
	} else {
		code, original, rdfi = b.NOC.Code, b.NOC.Trace, b.NOC.RDFI
	}
	n, err := tx.ExecNow(`INSERT INTO bank_returns (org_id, trace, original, code, amount, file_id, matched, created)
		VALUES ($1, $2, $3, $4, $5, $6, '', $7) ON CONFLICT DO NOTHING`, string(tx.Org()), b.Trace, original, code, b.Amount, string(file),
		int64(clock.FromTime(tx.Now())))
	if err != nil || n == 0 {
		return err // E17: it has been here in another file
	}
	s, err := findEntry(tx, original)
	if err == nil && s == nil && b.NOC != nil {
		return e.correctOther(tx, b, original, sealed)
	}
	if err == nil && s == nil {
		err = debitBack(tx, day, b, original, b.Trace, code)
		if err == nil {
			err = errors.Join(validationBack(tx, b, original, code), testBack(tx, b, original, code))
		}
		if err == nil {
			err = reversalBack(tx, b, change{file: file, reasonCode: code, note: reasonText(code)})
		}
	}
	if err != nil || s == nil {
		return err
	}
	a := &vendor.BankAccount{Base: record.Base{ID: s.bankAccount}} // of a linked organisation: it is not ours to judge
	if !overNetwork(s.bankAccount) {
		if a, err = vendor.BankAccounts.LoadForUpdate(tx, s.bankAccount); err != nil {
			return err
		}
	}
	if b.Return != nil && b.Amount != s.amount {
		return nil // ACH-8: not ours after all
	}
	matched := s.payment
	if matched == "" {
		matched = a.ID
	}
	tx.Exec(`UPDATE bank_returns SET matched = $5 WHERE org_id = $1 AND trace = $2 AND original = $3 AND code = $4`,
		string(tx.Org()), b.Trace, original, code, string(matched))
	if b.NOC != nil && overNetwork(s.bankAccount) {
		return addTask(tx, TaskContact, s.payment, code, "A bank corrects the account that a payment over the network went to: tell its owner, who maintains it.")
	}
	if b.NOC != nil {
		return e.correct(tx, a, b, sealed)
	}
	if s.payment == "" {
		return refuseTest(tx, a, code)
	}
	return returned(tx, s, a, rdfi, code, change{file: file, reasonCode: code, note: reasonText(code)}, day)
}

// returned does what the return of a payment's entry means (5.8). A payment that has failed or was voided before stays as
// it is (E17, E18).
func returned(tx *db.Tx, s *sentEntry, a *vendor.BankAccount, rdfi, code string, c change, day civil.Date) error {
	p, err := lock(tx, string(s.payment))
	if err != nil {
		return err
	}
	switch p.State {
	case InFile, Sent, Settled, Cleared, VoidRequested:
	default:
		return nil
	}
	does := effectOf(code)
	if does.twin && p.State != VoidRequested {
		twin, err := p.hasTwin(tx)
		if err == nil && !twin {
			err = addTask(tx, does.task, p.ID, code, "Payment "+p.Confirmation+" came back as a duplicate, and no other one like it is under way: "+
				"look whether the bank has a file twice. The payment stands until you say that it failed.")
		}
		if err != nil || !twin {
			return err
		}
	}
	if err := p.comeBack(tx, day, c); err != nil {
		return err
	}
	if does.task != "" {
		if err := addTask(tx, does.task, p.ID, code, "Payment "+p.Confirmation+" came back: "+code+" "+does.text+"."); err != nil {
			return err
		}
	}
	why := code + " " + does.text
	if does.hold {
		return holdVendor(tx, p.VendorID, "Its bank sent a payment back: "+why+".")
	}
	if does.account && a.Active == 1 && a.Status != vendor.AccountInvalid && a.Routing[:8] == rdfi {
		return refuseAccount(tx, a, why)
	}
	return nil
}

// comeBack fails a payment whose money did not stay with the payee; one that the bank was asked for is voided by it (R06
// as a rule).
func (p *Payment) comeBack(tx *db.Tx, day civil.Date, c change) error {
	tx.ExecOne(`UPDATE disbursements SET state = 'returned', reason_code = $3, reason_text = $4 WHERE org_id = $1 AND payment_id = $2`,
		string(tx.Org()), string(p.ID), c.reasonCode, c.note)
	if p.State == VoidRequested {
		return p.void(tx, day, c, false)
	}
	early := p.State == InFile || p.State == Sent // before its settlement
	if err := p.fail(tx, Failed, day, c); err != nil || !early {
		return err
	}
	return settleMovements(tx, map[ids.ID]bool{p.MoneyMovementID: true})
}

// twinDays is how far apart the process dates of two equal payments are of which one may be a duplicate.
const twinDays = 10

// hasTwin reports whether another payment of the same amount to the vendor has left within days and has not come back
// (R24).
func (p *Payment) hasTwin(tx *db.Tx) (bool, error) {
	var n int64
	err := tx.Row(`SELECT count(*) FROM payments WHERE org_id = $1 AND vendor_id = $2 AND id <> $3 AND rail = 'ach' AND amount = $4
		AND state IN ('in_file', 'sent', 'settled', 'cleared') AND process_date BETWEEN $5 AND $6`, string(tx.Org()), string(p.VendorID),
		string(p.ID), p.Amount, p.ProcessDate.AddDays(-twinDays).String(), p.ProcessDate.AddDays(twinDays).String()).Scan(&n)
	return n > 0, err
}

// ConfirmReturn fails a payment that came back as a duplicate and stood until a person looked (R24), and closes the task.
// The caller needs ApprovePayments. It fails with fault.ErrNotFound for a payment without such a return.
func ConfirmReturn(tx *db.Tx, id ids.ID, note string) error {
	var number int64
	err := tx.Row(`SELECT number FROM tasks WHERE org_id = $1 AND subject = $2 AND code = 'R24' AND done = 0`, string(tx.Org()), string(id)).
		Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		err = fault.ErrNotFound.With(string(id))
	}
	if err == nil {
		err = FinishTask(tx, number, note)
	}
	if err != nil {
		return err
	}
	p, err := lock(tx, string(id))
	if err != nil {
		return err
	}
	switch p.State {
	case InFile, Sent, Settled, Cleared, VoidRequested:
		return p.comeBack(tx, civil.Of(tx.Now(), civil.Pacific), change{reasonCode: "R24", note: reasonText("R24")})
	}
	return fault.ErrNotFound.With(string(id))
}

// holdVendor keeps a vendor from being paid, and what waits for it.
func holdVendor(tx *db.Tx, id ids.ID, reason string) error {
	vendor.Hold(tx, id, reason)
	waiting, err := texts(tx, `SELECT id FROM payments WHERE org_id = $1 AND vendor_id = $2 AND state = 'scheduled' ORDER BY id`+tx.ForUpdate(),
		string(tx.Org()), string(id))
	if err != nil {
		return err
	}
	for _, w := range waiting {
		p, err := lock(tx, w)
		if err == nil && p.State == Scheduled {
			err = p.move(tx, OnHold, change{note: "The vendor is on hold. " + reason})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// refuseTest ends a test entry that came back: the account is invalid (VEN-4).
func refuseTest(tx *db.Tx, a *vendor.BankAccount, code string) error {
	if a.PrenoteState != vendor.PrenoteSent {
		return nil
	}
	after := *a
	after.PrenoteState = vendor.PrenoteReturned
	vendor.BankAccounts.SaveAs(tx, "return test", a, &after)
	*a = after
	if a.Active != 1 {
		return nil
	}
	return refuseAccount(tx, a, code+" "+reasonText(code))
}

func refuseAccount(tx *db.Tx, a *vendor.BankAccount, why string) error {
	if err := vendor.RefuseBankAccount(tx, a); err != nil {
		return err
	}
	return holdWaiting(tx, a.VendorID, "The vendor's bank account was refused: "+why)
}
