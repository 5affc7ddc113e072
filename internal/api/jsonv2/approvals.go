package jsonv2

import (
	"cmp"
	"slices"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/approval"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/credit"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// approvals serves who must approve bills and vendor credits (3.19, 5.7).
func (h *Handler) approvals() area {
	view := db.Of(org.ViewBills)
	return area{
		entities: []entity{{
			shape: approvalPolicyShape(), ops: crud, view: view, manage: db.Of(org.ManageSettings),
			create: func(tx *db.Tx, r record.Record, _ options) error {
				return approval.CreatePolicy(tx, r.(*approval.Policy))
			},
			update: func(tx *db.Tx, a, b record.Record, _ options) error {
				return approval.UpdatePolicy(tx, a.(*approval.Policy), b.(*approval.Policy))
			},
		}, {
			shape: approvalPolicyApproverShape(), ops: crud, view: view, manage: db.Of(org.ManageSettings),
			create: func(tx *db.Tx, r record.Record, _ options) error {
				return approval.CreatePolicyApprover(tx, r.(*approval.PolicyApprover))
			},
			update: func(tx *db.Tx, a, b record.Record, _ options) error {
				return approval.UpdatePolicyApprover(tx, a.(*approval.PolicyApprover), b.(*approval.PolicyApprover))
			},
		},
			{shape: approverShape("BillApprover", "Bill", approval.BillApprovers), ops: readOnly, view: view,
				scope: func(tx *db.Tx, q *record.Query) error { return bill.Approvals.Scope(tx, q, "object_id") }},
			{shape: approverShape("VendorCreditApprover", "VendorCredit", approval.CreditApprovers), ops: readOnly, view: view,
				scope: func(tx *db.Tx, q *record.Query) error { return credit.Approvals.Scope(tx, q, "object_id") }},
		},
		calls: map[string]call{
			"SetApprovers":           {needs: db.Of(org.SetApprovers), run: h.setApprovers},
			"ClearApprovers":         {needs: db.Of(org.SetApprovers), run: h.clearApprovers},
			"ListApprovers":          {needs: view, run: h.listApprovers},
			"ListUserApprovals":      {needs: view, run: h.listUserApprovals},
			"Approve":                {needs: db.Of(org.ApproveBills), run: h.decide(approval.Kind.Approve)},
			"Deny":                   {needs: db.Of(org.ApproveBills), run: h.decide(approval.Kind.Deny)},
			"OrgBillPayNeedApproval": {get: true, run: h.needApproval},
		},
	}
}

func approvalPolicyShape() *shape.Shape {
	x := fields{approval.Policies.Type}
	return shape.New("ApprovalPolicy", x.t, slices.Concat(x.head(), []shape.Entry{
		x.opt("type", "type", 0),
		x.req("amountThreshold", "amountThreshold", 0),
		x.req("minNumApprovers", "minNumApprovers", 0),
	})...)
}

func approvalPolicyApproverShape() *shape.Shape {
	x := fields{approval.PolicyApprovers.Type}
	return shape.New("ApprovalPolicyApprover", x.t, slices.Concat(x.head(), []shape.Entry{
		x.req("approvalPolicyId", "approvalPolicyId", 0),
		x.req("usersId", "userId", 0),
		x.opt("sortOrder", "sortOrder", 0),
	})...)
}

func approverShape(name, document string, of record.Of[approval.Approver]) *shape.Shape {
	x := fields{of.Type}
	return shape.New(name, x.t, slices.Concat(x.head(), []shape.Entry{
		x.shown("objectId", "objectId"),
		x.constant("objectType", record.Text, `"`+document+`"`),
		x.shown("usersId", "userId"),
		x.shown("status", "status"),
		x.shown("sortOrder", "sortOrder"),
		x.shown("approvalPolicyId", "approvalPolicyId"),
		x.shown("lastReminderDate", "lastReminderTime"),
		x.shown("statusChangedTime", "statusChangedTime"),
	})...)
}

// approvable are the documents that are approved, by the name of their entity.
var approvable = map[string]approval.Kind{"Bill": bill.Approvals, "VendorCredit": credit.Approvals}

// kindOf reads the entity that a member names.
func kindOf(in *args, member string, n need) (approval.Kind, string) {
	name := in.text(member, n)
	k, known := approvable[name]
	if name != "" && !known {
		in.found.choices, in.found.choiceTexts = append(in.found.choices, member), append(in.found.choiceTexts, shorten(name))
	}
	return k, name
}

// objectOf reads which document a call is about.
func objectOf(in *args) (approval.Kind, string, ids.ID) {
	k, name := kindOf(in, "entity", required)
	return k, name, in.ref("objectId", required)
}

func (h *Handler) setApprovers(q *request, in *args) (any, error) {
	k, _, id := objectOf(in)
	var users []ids.ID
	for _, u := range in.texts("approvers", required) {
		if !ids.Valid(u) {
			in.found.badID("approvers", shorten(u))
		}
		users = append(users, ids.ID(u))
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	return nil, q.write(func(tx *db.Tx) error { return onMember("objectId", id, k.Set(tx, id, users)) })
}

func (h *Handler) clearApprovers(q *request, in *args) (any, error) {
	k, _, id := objectOf(in)
	if err := in.err(); err != nil {
		return nil, err
	}
	return nil, q.write(func(tx *db.Tx) error { return onMember("objectId", id, k.Clear(tx, id)) })
}

// decide serves Approve and Deny.
func (h *Handler) decide(act func(approval.Kind, *db.Tx, ids.ID, string) error) func(*request, *args) (any, error) {
	return func(q *request, in *args) (any, error) {
		k, _, id := objectOf(in)
		comment := in.text("comment", optional)
		if err := in.err(); err != nil {
			return nil, err
		}
		return nil, q.write(func(tx *db.Tx) error { return onMember("objectId", id, act(k, tx, id, comment)) })
	}
}

func (h *Handler) listApprovers(q *request, in *args) (any, error) {
	k, name, id := objectOf(in)
	if err := in.err(); err != nil {
		return nil, err
	}
	var out raw
	err := q.read(func(tx *db.Tx) error {
		if _, err := k.Documents.LoadAny(tx, id); err != nil {
			return onMember("objectId", id, err)
		}
		if err := k.See(tx, id); err != nil {
			return onMember("objectId", id, err)
		}
		rows, err := k.Of(tx, id)
		if err != nil {
			return err
		}
		recs := make([]record.Record, len(rows))
		for i, r := range rows {
			recs[i] = r
		}
		out, err = q.list(tx, name+"Approver", recs)
		return err
	})
	return out, err
}

// userApproval is one document that a user is asked about, or will be.
type userApproval struct {
	Entity    string `json:"entity"`
	ObjectID  ids.ID `json:"objectId"`
	UsersID   ids.ID `json:"usersId"`
	Status    int64  `json:"status,string"`
	SortOrder int64  `json:"sortOrder"`
	row       ids.ID
}

func (h *Handler) listUserApprovals(q *request, in *args) (any, error) {
	user := in.ref("usersId", optional)
	_, only := kindOf(in, "approvalType", optional)
	start, limit := in.int("start", optional, 0), in.int("max", optional, pageSize)
	if err := in.err(); err != nil {
		return nil, err
	}
	if start < 0 || limit < 1 || limit > maxPage {
		return nil, problem.ErrListValue.On("start", "max")
	}
	all := []userApproval{}
	err := q.read(func(tx *db.Tx) error {
		user = cmp.Or(user, tx.Caller().User)
		if tx.Caller().Perms.Has(org.OwnQueue) && user != tx.Caller().User {
			return fault.ErrForbidden
		}
		for name, k := range approvable {
			if only != "" && only != name {
				continue
			}
			rows, err := k.Queue(tx, user, approval.Waiting, approval.Viewed, approval.Upcoming)
			if err != nil {
				return err
			}
			for _, r := range rows {
				all = append(all, userApproval{name, r.ObjectID, r.UserID, r.Status, r.SortOrder, r.ID})
			}
			tasks, err := k.Tasks(tx, user)
			if err != nil {
				return err
			}
			for _, t := range tasks {
				if !t.For.IsNull() { // a delegate sees the queue of whom it stands in for (APR-11)
					all = append(all, userApproval{name, t.ObjectID, t.UserID, t.Status, t.SortOrder, t.ID})
				}
			}
		}
		return nil
	})
	slices.SortFunc(all, func(a, b userApproval) int { return cmp.Compare(a.row[3:], b.row[3:]) }) // ids ascend with time behind the prefix
	n := int64(len(all))
	return map[string]any{"approvals": all[min(start, n):min(start+limit, n)]}, err
}

func (h *Handler) needApproval(q *request, _ *args) (any, error) {
	out := map[string]bool{}
	err := q.read(func(tx *db.Tx) (err error) {
		out["needApproval"], err = approval.Needed(tx)
		return err
	})
	return out, err
}
