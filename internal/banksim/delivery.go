package banksim

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/rail/ach/achread"
)

// ackAfter is how long the bank takes to acknowledge a file (SIM-2).
const ackAfter = 5 * time.Minute

// delivery is one of our files as the bank took it in. Of a NACHA file it keeps the totals and the entries that do not
// just post, so that a large file costs little.
type delivery struct {
	name, id string
	at       time.Time
	sha256   string
	reason   string // why it is rejected; empty if accepted

	rules     Rules // in force at its delivery
	rulesText string
	watched   []achread.Entry // live ones to accounts with a balance (SIM-6)

	batches, entries int
	debit, credit    int64

	file    achread.File
	lumps   []lump
	special []achread.Entry
	ours    []achread.Entry // credits to accounts that the bank keeps for us

	checks []check

	wires   []wire
	message string // id that a file of wires gives itself

	pay      []string // references of exceptions that are to be paid
	recalled []string // traces of entries that are to be sent back
}

// lump is what the entries of one account and effective date come to.
type lump struct {
	account       Account
	effective     civil.Date
	debit, credit int64 // cents, to the receivers
}

// look reads what is new in out/, and reports whether anything there differs from what is known. Other names than those
// of the three kinds are not for the bank. A folder that does not exist yet is empty.
func (s *Sim) look(rules []ruled) (known map[string]knownFile, changed bool, err error) {
	out := filepath.Join(s.dir, "out")
	files, err := os.ReadDir(out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, false, fmt.Errorf("list the files to the bank: %w", err)
	}
	known = map[string]knownFile{}
	for _, f := range files {
		d, ok := fromName(f.Name())
		if !ok || !f.Type().IsRegular() {
			continue
		}
		info, err := f.Info()
		if err != nil {
			return nil, false, fmt.Errorf("look at file %s: %w", d.name, err)
		}
		k, ok := s.known[d.name]
		r := inForce(rules, d.at)
		d.rules, d.rulesText = r.Rules, r.text
		if !ok || k.delivery.rulesText != r.text || k.size != info.Size() || !k.modified.Equal(info.ModTime()) {
			if err := s.take(filepath.Join(out, d.name), &d); err != nil {
				return nil, false, fmt.Errorf("read file %s: %w", d.name, err)
			}
			k = knownFile{info.Size(), info.ModTime(), d}
			changed = true
		}
		known[d.name] = k
	}
	return known, changed || len(known) != len(s.known), nil
}

// inOrder are the files in the order of delivery. What was accepted before with the same bytes is rejected, and what the
// rules have rejected.
func inOrder(known map[string]knownFile) []delivery {
	var all []delivery
	for _, k := range known {
		all = append(all, k.delivery)
	}
	slices.SortFunc(all, func(a, b delivery) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.name, b.name))
	})
	rejectSome(all)
	seen := map[string]string{}
	for i, d := range all {
		if first, ok := seen[d.sha256]; ok {
			all[i].reason = "duplicate of " + first
			continue
		}
		if d.reason == "" {
			seen[d.sha256] = d.name
		}
	}
	return all
}

const (
	achSuffix    = ".ach"
	checkSuffix  = "-positivepay.csv"
	fixedSuffix  = "-positivepay.txt"
	recallSuffix = "-recall.csv"

	decisionSuffix = "-decisions.csv"
)

func fromName(name string) (delivery, bool) {
	id, known := name, false
	for _, suffix := range []string{achSuffix, checkSuffix, fixedSuffix, recallSuffix, decisionSuffix, wireSuffix} {
		if id, known = strings.CutSuffix(name, suffix); known {
			break
		}
	}
	if !known {
		return delivery{}, false
	}
	when, id, found := strings.Cut(id, "-")
	at, err := time.Parse(stampLayout, when)
	ok := found && id != "" && err == nil && stamp(at) == when
	return delivery{name: name, id: id, at: at}, ok && at.Year() >= 2000 && at.Year() < 2090 // answers have two-digit years
}

func (d *delivery) isACH() bool    { return strings.HasSuffix(d.name, achSuffix) }
func (d *delivery) isWires() bool  { return strings.HasSuffix(d.name, wireSuffix) }
func (d *delivery) isRecall() bool { return strings.HasSuffix(d.name, recallSuffix) }

func (d *delivery) isDecisions() bool { return strings.HasSuffix(d.name, decisionSuffix) }

// take reads the file at path. What is wrong with it becomes the reason; only a file that cannot be read is an error.
func (s *Sim) take(path string, d *delivery) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	hash := sha256.New()
	src := io.TeeReader(f, hash)
	switch {
	case d.isACH():
		err = s.takeACH(src, d)
	case d.isRecall():
		err = takeRecall(src, d)
	case d.isDecisions():
		err = takeDecisions(src, d)
	case d.isWires():
		err = s.takeWires(src, d)
	case strings.HasSuffix(d.name, fixedSuffix):
		err = s.takeFixedChecks(src, d)
	default:
		err = s.takeChecks(src, d)
	}
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		return err
	}
	if err != nil {
		if d.reason = err.Error(); d.isACH() && !errors.Is(err, errRefused) {
			d.reason = "FORMAT " + d.reason
		}
	}
	if _, err := io.Copy(io.Discard, src); err != nil { // a reader stops at the first violation
		return err
	}
	d.sha256 = hex.EncodeToString(hash.Sum(nil))
	return nil
}

// errRefused is why a file is rejected that is well formed: all else is its form.
var errRefused = errors.New("account ends in 0500")

// takeACH reads a NACHA file. The error is the reason for its rejection.
func (s *Sim) takeACH(src io.Reader, d *delivery) error {
	var refused error // kept apart: a file is first of all well formed
	refuse := func(format string, args ...any) {
		if refused == nil {
			refused = fmt.Errorf(format, args...)
		}
	}
	f, err := achread.Read(src, func(e achread.Entry) error {
		if e.Return != nil || e.NOC != nil {
			refuse("line %d: an entry that came back", e.Line)
			return nil
		}
		account, ok := s.byCompany(e.Batch.CompanyID)
		if !ok {
			refuse("batch %d: company id %s is not known", e.Batch.Number, e.Batch.CompanyID)
			return nil
		}
		if farAhead(d, e.Batch.Effective) {
			refuse("batch %d: effective date %s is too far ahead", e.Batch.Number, e.Batch.Effective)
			return nil
		}
		if _, ok := d.rules.Balances[e.Account]; ok && !e.Prenote() {
			d.watched = append(d.watched, e)
		}
		switch ending, ok := d.rules.ending(e.Account); {
		case ok && ending == 500:
			refuse("line %d: %w", e.Line, errRefused)
		case e.Routing == account.Routing && e.Account == account.Number:
		case ok && (0 < ending && ending < 500 || ending == 611 || ending == 617):
			d.special = append(d.special, e)
		}
		if s.ours(e) >= 0 && e.Credit() && e.Amount > 0 {
			d.ours = append(d.ours, e)
		}
		d.lump(account, e)
		return nil
	})
	if err != nil {
		return err
	}
	d.file = f
	d.batches, d.entries, d.debit, d.credit = f.Batches, f.Entries, f.Debit, f.Credit
	return refused
}

func (d *delivery) lump(a Account, e achread.Entry) {
	if !e.Credit() && e.Routing == a.Routing && e.Account == a.Number {
		return // the debit that balances a batch: the credits take the money from the account already
	}
	i := slices.IndexFunc(d.lumps, func(l lump) bool { return l.account == a && l.effective == e.Batch.Effective })
	if i < 0 {
		i = len(d.lumps)
		d.lumps = append(d.lumps, lump{account: a, effective: e.Batch.Effective})
	}
	if e.Credit() {
		d.lumps[i].credit += e.Amount
	} else {
		d.lumps[i].debit += e.Amount
	}
}

// ours is the place of our account that an entry goes to, -1 if it goes elsewhere.
func (s *Sim) ours(e achread.Entry) int {
	return slices.IndexFunc(s.accounts, func(a Account) bool { return a.Routing == e.Routing && a.Number == e.Account })
}

// farAhead reports whether a day lies more than a year after the delivery: nobody means that.
func farAhead(d *delivery, day civil.Date) bool {
	return day.After(civil.Of(d.at, civil.NewYork).AddDays(366))
}

// byCompany finds the account that a NACHA batch moves.
func (s *Sim) byCompany(id string) (Account, bool) {
	i := slices.IndexFunc(s.accounts, func(a Account) bool { return strings.TrimSpace(a.CompanyID) == id })
	if i < 0 {
		return Account{}, false
	}
	return s.accounts[i], true
}

// lastFour is the number that the last four digits of an account are; false if they are not digits.
func lastFour(account string) (int, bool) {
	if len(account) < 4 {
		return 0, false
	}
	n := 0
	for _, c := range []byte(account[len(account)-4:]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// ack is the acknowledgement (SIM-2). A malformed file has no totals.
func (d *delivery) ack() answer {
	status := "ACCEPTED"
	if d.reason != "" {
		status = "REJECTED " + strings.Join(strings.Fields(d.reason), " ")
	}
	due := d.at.Add(ackAfter)
	name := stamp(due) + "-" + d.id + ".ack"
	switch {
	case d.isWires():
		name = stamp(due) + "-" + d.id + strings.TrimSuffix(wireSuffix, ".xml") + ".ack"
	case !d.isACH():
		name = stamp(due) + "-" + d.id + strings.TrimSuffix(checkSuffix, ".csv") + ".ack"
	}
	body := fmt.Sprintf("FILE %s\nSHA256 %s\nBATCHES %d\nENTRIES %d\nDEBIT %d\nCREDIT %d\nSTATUS %s\n",
		d.name, d.sha256, d.batches, d.entries, d.debit, d.credit, status)
	return answer{due, name, []byte(body)}
}
