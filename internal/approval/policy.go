package approval

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// The types of policies (api-v2 3.19).
const (
	ForBills   int64 = 0
	ForCredits int64 = 1
)

// Policy asks for approval of every document of its type from an amount on for which its conditions hold. It asks in
// steps, and besides those each of its approvers, who are what generation 2 knows of it; or for a number of approvers whom
// somebody sets. Of several policies those of lower priority come first. Rules APR-2, APR-3, APR-4.
type Policy struct {
	record.Base
	For             int64
	AmountThreshold int64 // minor units; documents of this amount or more
	MinNumApprovers int64
	Name            string
	Priority        int64
	Conditions      string // JSON of Conditions
	Steps           string // JSON of []Step
}

// Policies describes approval policies.
var Policies = record.Describe[Policy]("approvalPolicy", ids.ApprovalPolicy, "approval_policies",
	record.Choice("type", map[int64]string{ForBills: "BILL", ForCredits: "VENDOR_CREDIT"}, func(p *Policy) *int64 { return &p.For }),
	record.Amount("amountThreshold", func(p *Policy) *int64 { return &p.AmountThreshold }),
	record.Number("minNumApprovers", func(p *Policy) *int64 { return &p.MinNumApprovers }),
	record.String("name", 100, func(p *Policy) *string { return &p.Name }),
	record.Number("priority", func(p *Policy) *int64 { return &p.Priority }),
	record.String("conditions", 0, func(p *Policy) *string { return &p.Conditions }),
	record.String("steps", 0, func(p *Policy) *string { return &p.Steps }),
)

// Step asks users and the members of groups all at once.
type Step struct {
	Users  []ids.ID `json:"users,omitempty"`
	Groups []ids.ID `json:"groups,omitempty"`
	Need   int64    `json:"need,omitempty"` // how many of them have to approve; 0: all (ALL), 1: ANY
}

// SetRules stores conditions and steps with the policy.
func (p *Policy) SetRules(c Conditions, steps []Step) error {
	cond, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write conditions: %w", err)
	}
	asks, err := json.Marshal(steps)
	if err != nil {
		return fmt.Errorf("write steps: %w", err)
	}
	p.Conditions, p.Steps = strings.TrimPrefix(string(cond), "{}"), string(asks)
	if len(steps) == 0 {
		p.Steps = ""
	}
	return nil
}

// Rules are the policy's conditions and steps.
func (p *Policy) Rules() (c Conditions, steps []Step, err error) {
	if p.Conditions != "" {
		err = json.Unmarshal([]byte(p.Conditions), &c)
	}
	if err == nil && p.Steps != "" {
		err = json.Unmarshal([]byte(p.Steps), &steps)
	}
	if err != nil {
		err = fmt.Errorf("read the rules of policy %s: %w", p.ID, err)
	}
	return c, steps, err
}

// PolicyApprover is one person a policy asks.
type PolicyApprover struct {
	record.Base
	ApprovalPolicyID ids.ID
	UserID           ids.ID
	SortOrder        int64
}

// PolicyApprovers describes the approvers that policies name.
var PolicyApprovers = record.Describe[PolicyApprover]("approvalPolicyApprover", ids.ApprovalPolicyApprover, "approval_policy_approvers",
	record.Reference("approvalPolicyId", func() *record.Type { return Policies.Type }, func(p *PolicyApprover) *ids.ID { return &p.ApprovalPolicyID }),
	record.Reference("userId", nil, func(p *PolicyApprover) *ids.ID { return &p.UserID }),
	record.Number("sortOrder", func(p *PolicyApprover) *int64 { return &p.SortOrder }),
)

// CreatePolicy stores a new policy. It needs ManageSettings and fails with fault.ErrValue for a negative threshold, a
// number outside 0 to 100, an amount below the threshold, or a step that asks for more people than it names;
// fault.ErrTooMany for more than 20 steps or 100 values of a condition; fault.ErrReference for what a condition names and
// is not there; ErrUnable for a user. Documents that stand keep their approvers; what nobody was asked about is no longer
// payable if the policy claims it.
func CreatePolicy(tx *db.Tx, p *Policy) error {
	if err := checkPolicy(tx, nil, p); err != nil {
		return err
	}
	Policies.Insert(tx, p)
	tx.Invalidate()
	return nil
}

// UpdatePolicy stores a changed policy; inactive ones claim nothing. It fails as CreatePolicy does.
func UpdatePolicy(tx *db.Tx, before, p *Policy) error {
	if err := checkPolicy(tx, before, p); err != nil {
		return err
	}
	if Policies.Save(tx, before, p) {
		tx.Invalidate()
	}
	return nil
}

func checkPolicy(tx *db.Tx, before, p *Policy) error {
	switch {
	case tx.Require(org.ManageSettings) != nil:
		return fault.ErrForbidden
	case p.For != ForBills && p.For != ForCredits:
		return fault.ErrValue.On("type")
	case p.AmountThreshold < 0:
		return fault.ErrValue.On("amountThreshold")
	case p.MinNumApprovers < 0 || p.MinNumApprovers > maxApprovers:
		return fault.ErrValue.On("minNumApprovers")
	case len([]rune(p.Name)) > int(Policies.Must("name").Max):
		return fault.ErrTooLong.On("name")
	}
	cond, steps, err := p.Rules()
	if err != nil {
		return fault.ErrValue.On("steps").Because(err)
	}
	if before != nil && before.Conditions == p.Conditions && before.Steps == p.Steps && before.AmountThreshold == p.AmountThreshold {
		return nil // switched on or off, although somebody named in it has left meanwhile
	}
	if cond.Most != 0 && cond.Most < p.AmountThreshold || cond.BankDays < 0 || cond.BankDays > 366 {
		return fault.ErrValue.On("conditions")
	}
	if err := cond.check(tx); err != nil {
		return err
	}
	return checkSteps(tx, steps)
}

// Limits of a policy.
const (
	maxSteps  = 20
	maxValues = 100
)

// check fails where a condition names what is not there.
func (c *Conditions) check(tx *db.Tx) error {
	for _, x := range []struct {
		field string
		of    *record.Type
		list  []ids.ID
	}{
		{"vendors", vendor.Vendors.Type, c.Vendors}, {"departments", dimension.Departments.Type, c.Departments},
		{"classes", dimension.Classes.Type, c.Classes}, {"locations", dimension.Locations.Type, c.Locations},
		{"jobs", dimension.Jobs.Type, c.Jobs}, {"accounts", dimension.Accounts.Type, c.Accounts},
	} {
		if len(x.list) > maxValues {
			return fault.ErrTooMany.On(x.field)
		}
		for _, id := range x.list {
			if _, err := x.of.LoadAny(tx, id); errors.Is(err, fault.ErrNotFound) {
				return fault.ErrReference.On(x.field).With(string(id))
			} else if err != nil {
				return err
			}
		}
	}
	return nil
}

// checkSteps fails where a step names nobody, someone who may not approve, or fewer people than it needs.
func checkSteps(tx *db.Tx, steps []Step) error {
	if len(steps) > maxSteps {
		return fault.ErrTooMany.On("steps")
	}
	for _, s := range steps {
		if len(s.Users) > maxApprovers || len(s.Groups) > maxValues {
			return fault.ErrTooMany.On("steps")
		}
		for _, u := range s.Users {
			if able, err := org.Holds(tx, u, org.ApproveBills); err != nil {
				return err
			} else if !able {
				return ErrUnable.On("steps").With(string(u))
			}
		}
		for _, g := range s.Groups {
			if _, err := Groups.Load(tx, g); errors.Is(err, fault.ErrNotFound) {
				return fault.ErrReference.On("steps").With(string(g))
			} else if err != nil {
				return err
			}
		}
		people, err := s.members(tx)
		if err != nil {
			return err
		}
		if len(people) == 0 || s.Need < 0 || s.Need > int64(len(people)) {
			return fault.ErrValue.On("steps")
		}
	}
	return nil
}

// CreatePolicyApprover names one more approver of a policy. It needs ManageSettings and fails with fault.ErrMissing,
// fault.ErrReference for an unknown or inactive policy, or ErrUnable.
func CreatePolicyApprover(tx *db.Tx, a *PolicyApprover) error {
	if err := checkPolicyApprover(tx, nil, a); err != nil {
		return err
	}
	PolicyApprovers.Insert(tx, a)
	tx.Invalidate()
	return nil
}

// UpdatePolicyApprover stores a changed or inactive approver of a policy. It fails as CreatePolicyApprover does.
func UpdatePolicyApprover(tx *db.Tx, before, a *PolicyApprover) error {
	if err := checkPolicyApprover(tx, before, a); err != nil {
		return err
	}
	if PolicyApprovers.Save(tx, before, a) {
		tx.Invalidate()
	}
	return nil
}

func checkPolicyApprover(tx *db.Tx, before, a *PolicyApprover) error {
	if err := tx.Require(org.ManageSettings); err != nil {
		return err
	}
	var missing []string
	if a.ApprovalPolicyID.IsNull() {
		missing = append(missing, "approvalPolicyId")
	}
	if a.UserID.IsNull() {
		missing = append(missing, "userId")
	}
	if missing != nil {
		return fault.ErrMissing.On(missing...)
	}
	user := a.UserID
	named := *a
	named.UserID = "" // users are no records of the organisation
	var old record.Record
	if before != nil {
		b := *before
		b.UserID = ""
		old = &b
		if before.UserID == user {
			return PolicyApprovers.CheckReferences(tx, old, &named)
		}
	}
	if err := PolicyApprovers.CheckReferences(tx, old, &named); err != nil {
		return err
	}
	if able, err := org.Holds(tx, user, org.ApproveBills); err != nil || able {
		return err
	}
	return ErrUnable.On("userId").With(string(user))
}

// claim is an active policy with whom it asks.
type claim struct {
	id        ids.ID
	name      string
	kind      int64
	threshold int64
	least     int64
	when      Conditions
	steps     []Step
	users     []ids.ID
}

// claims are the organisation's active policies: the lower priority first, then lower thresholds, as whoever approves large
// amounts comes last.
func claims(tx *db.Tx) ([]claim, error) {
	return db.Cached(tx, "approval policies", func(tx *db.Tx) ([]claim, error) {
		rows, err := tx.Query(`SELECT p.id, p.name, p.type, p.amount_threshold, p.min_num_approvers, p.conditions, p.steps, coalesce(a.user_id, '')
			FROM approval_policies p LEFT JOIN approval_policy_approvers a
				ON a.org_id = p.org_id AND a.approval_policy_id = p.id AND a.is_active = 1
			WHERE p.org_id = $1 AND p.is_active = 1
			ORDER BY p.priority, p.amount_threshold, p.id, a.sort_order, a.id`, string(tx.Org()))
		if err != nil {
			return nil, fmt.Errorf("read the approval policies: %w", err)
		}
		defer rows.Close()
		var out []claim
		for rows.Next() {
			var p Policy
			var user string
			if err := rows.Scan((*string)(&p.ID), &p.Name, &p.For, &p.AmountThreshold, &p.MinNumApprovers, &p.Conditions, &p.Steps, &user); err != nil {
				return nil, err
			}
			if n := len(out); n == 0 || out[n-1].id != p.ID {
				c, err := p.claim()
				if err != nil {
					return nil, err
				}
				out = append(out, c)
			}
			if user != "" {
				last := &out[len(out)-1]
				last.users = append(last.users, ids.ID(user))
			}
		}
		return out, errors.Join(rows.Err(), rows.Close())
	})
}

func (p *Policy) claim() (c claim, err error) {
	c = claim{id: p.ID, name: p.Name, kind: p.For, threshold: p.AmountThreshold, least: p.MinNumApprovers}
	c.when, c.steps, err = p.Rules()
	return c, err
}

// holds reports whether a document of that type comes under the policy.
func (c *claim) holds(tx *db.Tx, kind int64, f *Facts) (bool, error) {
	if c.kind != kind || f.Amount < c.threshold {
		return false, nil
	}
	return c.when.hold(tx, f)
}

// claiming are the policies that a document of that type comes under (APR-4).
func claiming(tx *db.Tx, kind int64, f *Facts) ([]claim, error) {
	all, err := claims(tx)
	if err != nil {
		return nil, err
	}
	var out []claim
	for _, c := range all {
		if ok, err := c.holds(tx, kind, f); err != nil {
			return nil, err
		} else if ok {
			out = append(out, c)
		}
	}
	return out, nil
}

// Needed reports whether the organisation asks for approval of bills: a policy for them or a default approver stands.
func Needed(tx *db.Tx) (bool, error) {
	prefs, err := org.Prefs(tx)
	if err != nil || !prefs.DefaultBillApprover.IsNull() {
		return err == nil, err
	}
	all, err := claims(tx)
	for _, c := range all {
		if c.kind == ForBills {
			return true, err
		}
	}
	return false, err
}
