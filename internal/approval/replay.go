package approval

import (
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// Would is a document of the past that a policy would have claimed, with whom it would have asked, step by step.
type Would struct {
	Facts
	Steps []WouldAsk
}

// WouldAsk is a step: need of these people have to approve.
type WouldAsk struct {
	Need  int64
	Users []ids.ID
}

// maxReplay is how many documents a replay looks at, the newest.
const maxReplay = 1000

// Replay tells which active documents entered in the last days p would have claimed, the newest first, and how many it
// looked at: p may be new, switched off, or changed and not stored. What it asks is judged as things are now. It needs
// ManageSettings. It changes nothing.
func Replay(tx *db.Tx, p *Policy, days int) (found []Would, looked int, err error) {
	if err := tx.Require(org.ManageSettings); err != nil {
		return nil, 0, err
	}
	c, err := p.claim()
	if err != nil {
		return nil, 0, err
	}
	var asks []WouldAsk
	for _, s := range c.steps {
		people, err := s.members(tx)
		if err != nil {
			return nil, 0, err
		}
		need := s.Need
		if need == 0 {
			need = int64(len(people))
		}
		asks = append(asks, WouldAsk{need, people})
	}
	if !p.ID.IsNull() {
		all := PolicyApprovers
		err := all.List(tx, record.Query{Filters: []record.Filter{
			{Field: all.Must("approvalPolicyId"), Op: record.Eq, Values: []any{string(p.ID)}},
			{Field: all.Must("isActive"), Op: record.Eq, Values: []any{int64(record.Active)}}},
			Order: []record.Key{{Field: all.Must("sortOrder")}, {Field: all.Must("id")}}},
			func(a *PolicyApprover) error { asks = append(asks, WouldAsk{1, []ids.ID{a.UserID}}); return nil })
		if err != nil {
			return nil, 0, err
		}
	}
	var recs []Facts
	for _, k := range kinds {
		if k.Policies != p.For {
			continue
		}
		t := k.Documents
		err := t.List(tx, record.Query{Limit: maxReplay, Filters: []record.Filter{
			{Field: t.Must("isActive"), Op: record.Eq, Values: []any{int64(record.Active)}},
			{Field: t.Must("createdTime"), Op: record.Ge, Values: []any{int64(clock.FromTime(tx.Now().AddDate(0, 0, -days)))}}},
			Order: []record.Key{{Field: t.Must("createdTime"), Descending: true}, {Field: t.Must("id"), Descending: true}}},
			func(r record.Record) error { recs = append(recs, k.Facts(r)); return nil })
		if err != nil {
			return nil, 0, err
		}
	}
	for i := range recs {
		if ok, err := c.holds(tx, p.For, &recs[i]); err != nil {
			return nil, 0, err
		} else if ok {
			found = append(found, Would{recs[i], asks})
		}
	}
	return found, len(recs), nil
}
