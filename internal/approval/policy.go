package approval

import (
	"errors"
	"fmt"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// The types of policies (api-v2 3.19).
const (
	ForBills   int64 = 0
	ForCredits int64 = 1
)

// Policy asks for approval of every document of its type from an amount on. It names approvers, or asks for a number of
// them whom somebody sets.
type Policy struct {
	record.Base
	For             int64
	AmountThreshold int64 // minor units; documents of this amount or more
	MinNumApprovers int64
}

// Policies describes approval policies.
var Policies = record.Describe[Policy]("approvalPolicy", ids.ApprovalPolicy, "approval_policies",
	record.Choice("type", map[int64]string{ForBills: "BILL", ForCredits: "VENDOR_CREDIT"}, func(p *Policy) *int64 { return &p.For }),
	record.Amount("amountThreshold", func(p *Policy) *int64 { return &p.AmountThreshold }),
	record.Number("minNumApprovers", func(p *Policy) *int64 { return &p.MinNumApprovers }),
)

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

// CreatePolicy stores a new policy. It needs ManageSettings and fails with fault.ErrValue for a negative threshold or a
// number outside 0 to 100. Documents that stand keep their approvers; what nobody was asked about is no longer payable
// if the policy claims it.
func CreatePolicy(tx *db.Tx, p *Policy) error {
	if err := checkPolicy(tx, p); err != nil {
		return err
	}
	Policies.Insert(tx, p)
	tx.Invalidate()
	return nil
}

// UpdatePolicy stores a changed policy; inactive ones claim nothing. It fails as CreatePolicy does.
func UpdatePolicy(tx *db.Tx, before, p *Policy) error {
	if err := checkPolicy(tx, p); err != nil {
		return err
	}
	if Policies.Save(tx, before, p) {
		tx.Invalidate()
	}
	return nil
}

func checkPolicy(tx *db.Tx, p *Policy) error {
	switch {
	case tx.Require(org.ManageSettings) != nil:
		return fault.ErrForbidden
	case p.For != ForBills && p.For != ForCredits:
		return fault.ErrValue.On("type")
	case p.AmountThreshold < 0:
		return fault.ErrValue.On("amountThreshold")
	case p.MinNumApprovers < 0 || p.MinNumApprovers > maxApprovers:
		return fault.ErrValue.On("minNumApprovers")
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
	kind      int64
	threshold int64
	least     int64
	users     []ids.ID
}

// claims are the organisation's active policies: lower thresholds first, as whoever approves large amounts comes last.
func claims(tx *db.Tx) ([]claim, error) {
	return db.Cached(tx, "approval policies", func(tx *db.Tx) ([]claim, error) {
		rows, err := tx.Query(`SELECT p.id, p.type, p.amount_threshold, p.min_num_approvers, coalesce(a.user_id, '')
			FROM approval_policies p LEFT JOIN approval_policy_approvers a
				ON a.org_id = p.org_id AND a.approval_policy_id = p.id AND a.is_active = 1
			WHERE p.org_id = $1 AND p.is_active = 1
			ORDER BY p.amount_threshold, p.id, a.sort_order, a.id`, string(tx.Org()))
		if err != nil {
			return nil, fmt.Errorf("read the approval policies: %w", err)
		}
		defer rows.Close()
		var out []claim
		for rows.Next() {
			var c claim
			var user string
			if err := rows.Scan((*string)(&c.id), &c.kind, &c.threshold, &c.least, &user); err != nil {
				return nil, err
			}
			if n := len(out); n == 0 || out[n-1].id != c.id {
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

// claiming are the policies that a document of that type and amount comes under (APR-4).
func claiming(tx *db.Tx, kind, amount int64) ([]claim, error) {
	all, err := claims(tx)
	var out []claim
	for _, c := range all {
		if c.kind == kind && c.threshold <= amount {
			out = append(out, c)
		}
	}
	return out, err
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
