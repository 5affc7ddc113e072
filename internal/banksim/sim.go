package banksim

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/duebook/duebook/internal/civil"
)

// Account is one of the organisation's funding accounts as the bank knows it. NACHA batches name it by company id, of
// several with the same id the first; checks name it by number.
type Account struct {
	CompanyID, Routing, Number string
	Opening                    int64      // cents, on the morning of Since
	Since                      civil.Date // the bank knows nothing of the days before
	Camt                       bool       // its statements come as camt.053, not as BAI2
}

// Sim is one organisation's bank. It may be used by several goroutines, and several may serve one folder.
type Sim struct {
	dir      string
	accounts []Account
	calendar civil.Calendar

	mu    sync.Mutex           // guards what saves reading and computing again while out/ stays as it is
	known map[string]knownFile // by name in out/
	last  []answer             // to the known files
	rules []ruled
}

type knownFile struct {
	size     int64
	modified time.Time
	delivery delivery
}

// New is the bank of the folder dir, where out/ has our files and in/ takes the answers.
func New(dir string, accounts []Account) *Sim {
	return &Sim{dir: dir, accounts: slices.Clone(accounts)}
}

// answer is a file of in/ that comes to be at an instant.
type answer struct {
	due  time.Time
	name string
	body []byte
}

// Run writes the answers that are due at or before now and are not in in/ yet, oldest first, and returns their names.
// An answer appears whole or not at all. After an error the names of those already written are returned with it.
func (s *Sim) Run(now time.Time) (written []string, err error) { return s.run(now, math.MaxInt) }

// Step is Run for the oldest answer alone.
func (s *Sim) Step(now time.Time) (written []string, err error) { return s.run(now, 1) }

func (s *Sim) run(now time.Time, most int) (written []string, err error) {
	answers, err := s.answers()
	if err != nil {
		return nil, err
	}
	in := filepath.Join(s.dir, "in")
	if err := os.MkdirAll(in, 0o750); err != nil {
		return nil, fmt.Errorf("open the bank's folder: %w", err)
	}
	for _, a := range answers {
		if a.due.After(now) || len(written) == most {
			break
		}
		path := filepath.Join(in, a.name)
		if _, err := os.Lstat(path); err == nil {
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return written, fmt.Errorf("look for answer %s: %w", a.name, err)
		}
		if err := writeFile(path, a.body); err != nil {
			return written, fmt.Errorf("write answer %s: %w", a.name, err)
		}
		written = append(written, a.name)
	}
	return written, nil
}

// NextDue is the first instant after the given one at which an answer falls due. There is none if nothing is under way,
// or if out/ cannot be read: Run tells that error.
func (s *Sim) NextDue(after time.Time) (time.Time, bool) {
	answers, err := s.answers()
	if err != nil {
		return time.Time{}, false
	}
	for _, a := range answers {
		if a.due.After(after) {
			return a.due, true
		}
	}
	return time.Time{}, false
}

// answers are all answers to the files in out/, in the order they fall due. The caller must not change them.
func (s *Sim) answers() ([]answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rules, err := s.readRules()
	if err != nil {
		return nil, err
	}
	known, changed, err := s.look(rules)
	if err != nil {
		return nil, err
	}
	changed = changed || !slices.EqualFunc(rules, s.rules, func(a, b ruled) bool { return a.at.Equal(b.at) && a.text == b.text })
	if !changed {
		return s.last, nil
	}
	all, err := s.play(inOrder(known))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b answer) int {
		return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.name, b.name))
	})
	all = s.disturb(all, rules)
	s.known, s.last, s.rules = known, all, rules
	return all, nil
}

// play lets the bank live through all that was delivered.
func (s *Sim) play(deliveries []delivery) ([]answer, error) {
	var (
		answers []answer
		moves   []movement
		backs   = map[civil.Date][]back{}
	)
	asked := recalls(deliveries)
	var held funds
	for _, d := range deliveries {
		if d.isRecall() || d.isDecisions() {
			continue // no program answers a request, only what comes of it
		}
		answers = append(answers, d.ack())
		if d.reason != "" {
			continue
		}
		moves = append(append(moves, s.settle(d)...), s.wires(d)...)
		if d.isWires() {
			answers = append(answers, d.status())
		}
		comeBack, err := s.recalled(d, asked)
		if err != nil {
			return nil, err
		}
		for _, e := range d.special {
			b, ok := s.back(d, e)
			if ok && !slices.ContainsFunc(comeBack, func(r back) bool { return r.entry.Trace == e.Trace }) {
				comeBack = append(comeBack, b)
			}
		}
		for _, e := range held.short(d, comeBack) {
			account, _ := s.byCompany(e.Batch.CompanyID)
			b := back{entry: e, origin: d, account: account, code: "R01", settled: s.settlement(d, e.Batch.Effective)}
			b.day = s.calendar.Add(b.settled, 2)
			comeBack = append(comeBack, b)
		}
		slices.SortStableFunc(comeBack, func(a, b back) int { return cmp.Compare(a.entry.Line, b.entry.Line) })
		for _, b := range comeBack {
			backs[b.day] = append(backs[b.day], b)
			if m, ok := b.movement(); ok {
				moves = append(moves, m)
			}
		}
	}
	paid, unpaid := s.present(deliveries)
	moves = append(moves, paid...)
	answers = append(answers, exceptions(unpaid)...)
	for day, list := range backs {
		answers = append(answers, returnsFile(day, list))
	}
	statements, err := s.statements(moves)
	return append(answers, statements...), err
}

// stamp is how an instant stands in a file name.
func stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

const stampLayout = "20060102T150405Z"

// writeFile writes under a temporary name, then renames.
func writeFile(path string, body []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".answer-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // does nothing once it is renamed
	_, err = f.Write(body)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
