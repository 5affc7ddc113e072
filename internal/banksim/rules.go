package banksim

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Rules are how the bank behaves towards what is delivered and answered while they are in force. The zero value is a bank
// that does all it should. Rates are percent of the files, each drawn from the seed and the file's number among those of
// its kind, so that the same files fare the same (SIM-9).
type Rules struct {
	Seed      uint64 `json:"seed"`
	Late      int    `json:"late"`      // an answer comes 1 to 47 hours late
	Duplicate int    `json:"duplicate"` // an answer comes again within a day; returns and acknowledgements in other words
	Reorder   int    `json:"reorder"`   // an answer comes after the one that should follow it
	Reject    int    `json:"reject"`    // a file of ours is rejected without cause, a NACHA file in half of these for its form
	Garble    int    `json:"garble"`    // an answer comes damaged, and whole six hours later

	Outcomes map[string]string `json:"outcomes,omitempty"` // a receiving account's number to the four digits that decide (SIM-4)
	Balances map[string]int64  `json:"balances,omitempty"` // a debited account's number to what it holds, in cents (SIM-6)
	Manual   bool              `json:"manual"`             // answers come one by one, when a person says so
}

// Check says what is wrong with rules, for whoever set them; nil if nothing is.
func (r Rules) Check() error {
	for name, rate := range map[string]int{"late": r.Late, "duplicate": r.Duplicate, "reorder": r.Reorder, "reject": r.Reject, "garble": r.Garble} {
		if rate < 0 || rate > 100 {
			return fmt.Errorf("%s is a percentage from 0 to 100", name)
		}
	}
	for account, digits := range r.Outcomes {
		if _, ok := lastFour(digits); !ok || len(digits) != 4 || account == "" {
			return errors.New("outcomes give four digits for an account number")
		}
	}
	for account, cents := range r.Balances {
		if cents < 0 || account == "" {
			return errors.New("balances give cents for an account number")
		}
	}
	return nil
}

// ending is the number that decides what becomes of an entry to an account (SIM-4).
func (r Rules) ending(account string) (int, bool) {
	if digits, ok := r.Outcomes[account]; ok {
		account = digits
	}
	return lastFour(account)
}

// draw is a number that is the same for the n-th file of a kind, whenever it is asked for.
func (r Rules) draw(what, kind string, n int) uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %s %d", r.Seed, what, kind, n))
	return binary.BigEndian.Uint64(sum[:])
}

func (r Rules) hits(what string, rate int, kind string, n int) bool {
	return r.draw(what, kind, n)%100 < uint64(rate)
}

// ruled are rules with the instant from which they are in force.
type ruled struct {
	Rules
	at   time.Time
	text string // as written: two that are equal have it equal
}

const rulesSuffix = "-rules.json"

// readRules reads the rules in out/, oldest first.
func (s *Sim) readRules() (all []ruled, err error) {
	out := filepath.Join(s.dir, "out")
	files, err := os.ReadDir(out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list the bank's rules: %w", err)
	}
	for _, f := range files {
		when, ok := strings.CutSuffix(f.Name(), rulesSuffix)
		at, err := time.Parse(stampLayout, when)
		if !ok || err != nil {
			continue
		}
		text, err := os.ReadFile(filepath.Join(out, f.Name()))
		if err != nil {
			return nil, fmt.Errorf("read the bank's rules: %w", err)
		}
		r := ruled{at: at, text: string(text)}
		if err := json.Unmarshal(text, &r.Rules); err != nil {
			return nil, fmt.Errorf("the bank's rules %s: %w", f.Name(), err)
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b ruled) int { return a.at.Compare(b.at) })
	return all, nil
}

// inForce are the rules at an instant.
func inForce(all []ruled, at time.Time) (r ruled) {
	for _, x := range all {
		if !x.at.After(at) {
			r = x
		}
	}
	return r
}

// Rules are those in force at an instant.
func (s *Sim) Rules(at time.Time) (Rules, error) {
	all, err := s.readRules()
	return inForce(all, at).Rules, err
}

// SetRules puts rules into force from the second of an instant on; what was delivered before goes by those before. They are
// a file in out/, so that the answers stay a function of the files.
func (s *Sim) SetRules(at time.Time, r Rules) error {
	if err := r.Check(); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	out := filepath.Join(s.dir, "out")
	if err := os.MkdirAll(out, 0o750); err != nil {
		return fmt.Errorf("open the bank's folder: %w", err)
	}
	return writeFile(filepath.Join(out, stamp(at)+rulesSuffix), text)
}

// rejectSome has files rejected that nothing is wrong with.
func rejectSome(all []delivery) {
	count := map[string]int{}
	for i := range all {
		d := &all[i]
		if d.isRecall() || d.isDecisions() {
			continue
		}
		kind := strings.TrimPrefix(strings.TrimPrefix(d.name, stamp(d.at)+"-"), d.id)
		count[kind]++
		if d.reason != "" || !d.rules.hits("reject", d.rules.Reject, kind, count[kind]) {
			continue
		}
		d.reason = "without cause"
		if d.isACH() && d.rules.draw("form", kind, count[kind])%2 == 0 {
			d.reason = "FORMAT " + d.reason
		}
	}
}

// What hostile rules do to the time of an answer.
const (
	wholeAfter   = 6 * time.Hour
	reorderedAck = 11 * time.Minute // a status comes ten minutes after its file, an acknowledgement five
)

// disturb does to answers, which are in the order they fall due, what the rules of their instants say. What becomes of an
// answer does not depend on those after it: they may not be known yet.
func (s *Sim) disturb(all []answer, rules []ruled) []answer {
	var out []answer
	used, count := map[string]bool{}, map[string]int{}
	add := func(due time.Time, rest string, body []byte) {
		for used[stamp(due)+rest] {
			due = due.Add(time.Minute)
		}
		used[stamp(due)+rest] = true
		out = append(out, answer{due, stamp(due) + rest, body})
	}
	for _, a := range all {
		r, rest := inForce(rules, a.due), strings.TrimPrefix(a.name, stamp(a.due))
		kind := filepath.Ext(a.name)
		count[kind]++
		n, due := count[kind], a.due
		if r.hits("late", r.Late, kind, n) {
			due = due.Add(time.Hour * time.Duration(1+r.draw("hours", kind, n)%47))
		}
		if r.hits("reorder", r.Reorder, kind, n) {
			if kind == ".ack" {
				due = due.Add(reorderedAck)
			} else {
				due = s.nextStatement(due).Add(time.Minute)
			}
		}
		if r.hits("garble", r.Garble, kind, n) {
			add(due, rest, garbled(a.body, r.draw("cut", kind, n)))
			due = due.Add(wholeAfter)
		}
		add(due, rest, a.body)
		if r.hits("duplicate", r.Duplicate, kind, n) {
			add(due.Add(time.Hour*time.Duration(1+r.draw("again", kind, n)%24)), rest, inOtherWords(kind, a.body))
		}
	}
	slices.SortFunc(out, func(a, b answer) int { return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.name, b.name)) })
	return out
}

// garbled is a file of which no more than a third arrived, and noise: no reader takes it for a whole one.
func garbled(body []byte, draw uint64) []byte {
	most := max(len(body)/3, 1)
	keep := 1 + int(draw%uint64(most)) //nolint:gosec // below the length of a file
	return append(bytes.Clone(body[:min(keep, len(body))]), "\x00\x15\"\n"...)
}

// inOtherWords says the same with other bytes, where the format leaves room for that.
func inOtherWords(kind string, body []byte) []byte {
	again := bytes.Clone(body)
	switch {
	case kind == ".ack":
		again = append(again, "RESENT 1\n"...)
	case kind == ".ach" && len(again) > fileModifier:
		again[fileModifier] = 'B'
	}
	return again
}

// fileModifier is the place in a NACHA file of the letter that tells the files of a day apart.
const fileModifier = 33
