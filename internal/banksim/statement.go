package banksim

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/duebook/duebook/internal/bank/bai2"
	"github.com/duebook/duebook/internal/civil"
)

// statements writes one BAI2 file, and one of camt.053 for the accounts that ask for it, for each banking day with movements, due at 06:00 on the next banking day (SIM-3). It
// has every account that existed on the day, also those without movements; opening balances follow from the statements
// before.
func (s *Sim) statements(moves []movement) ([]answer, error) {
	moves = slices.DeleteFunc(moves, func(m movement) bool { return m.day.IsZero() || m.day.Before(m.account.Since) })
	slices.SortStableFunc(moves, func(a, b movement) int {
		return cmp.Or(a.day.Compare(b.day), cmp.Compare(a.line.Type, b.line.Type))
	})
	balances := make([]int64, len(s.accounts))
	for i, a := range s.accounts {
		balances[i] = a.Opening
	}
	var answers []answer
	for len(moves) > 0 {
		day := moves[0].day
		n := slices.IndexFunc(moves, func(m movement) bool { return m.day != day })
		if n < 0 {
			n = len(moves)
		}
		some, err := s.statement(day, moves[:n], balances)
		if err != nil {
			return nil, fmt.Errorf("statement of %s: %w", day, err)
		}
		answers = append(answers, some...)
		moves = moves[n:]
	}
	return answers, nil
}

// statement writes the files of one day and moves the balances on.
func (s *Sim) statement(day civil.Date, moves []movement, balances []int64) ([]answer, error) {
	var camt []camtStatement
	due := s.calendar.Next(day).At(6, 0, civil.NewYork)
	f := bai2.File{Created: due, FileID: "1"}
	for i, a := range s.accounts {
		if day.Before(a.Since) {
			continue
		}
		account := bai2.Account{Number: plain(a.Number), Currency: "USD", Opening: balances[i]}
		for _, m := range moves {
			if m.account != a {
				continue
			}
			account.Lines = append(account.Lines, m.line)
			if m.line.Credit() {
				balances[i] += m.line.Amount
			} else {
				balances[i] -= m.line.Amount
			}
		}
		account.Closing = balances[i]
		if a.Camt {
			camt = append(camt, camtStatement{account, a.Routing})
			continue
		}
		if f.Sender == "" {
			f.Sender, f.Receiver = plain(a.Routing), plain(a.CompanyID)
		}
		at := slices.IndexFunc(f.Groups, func(g bai2.Group) bool { return g.Originator == plain(a.Routing) })
		if at < 0 {
			at = len(f.Groups)
			f.Groups = append(f.Groups, bai2.Group{Originator: plain(a.Routing), AsOf: day})
		}
		f.Groups[at].Accounts = append(f.Groups[at].Accounts, account)
	}
	var answers []answer
	if len(camt) > 0 {
		answers = append(answers, camtFile(due, day, camt))
	}
	if len(f.Groups) == 0 {
		return answers, nil
	}
	var body bytes.Buffer
	if err := bai2.Write(&body, f); err != nil {
		return nil, err
	}
	return append(answers, answer{due, stamp(due) + "-statement.bai", body.Bytes()}), nil
}

// nextStatement is when the statement comes that follows an instant.
func (s *Sim) nextStatement(after time.Time) time.Time {
	return s.calendar.Next(civil.Of(after, civil.NewYork)).At(6, 0, civil.NewYork)
}
