package server

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"time"

	"github.com/duebook/duebook/internal/banksim"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
)

// The sandbox's bank: its rules, and its answers one by one. Both are for an administrator's session of generation 2.

// bankBody is the bank of an organisation as it is shown.
type bankBody struct {
	Rules   banksim.Rules `json:"rules"`
	NextDue *time.Time    `json:"nextDue"` // of its answers; null if nothing is under way
	Written []string      `json:"written,omitempty"`
}

func (r *Running) showBank(w http.ResponseWriter, q *http.Request) {
	r.withBank(w, q, func(*banksim.Sim, time.Time, ids.ID) ([]string, error) { return nil, nil })
}

// setBank puts rules in the place of those in force; what the request leaves out is zero.
func (r *Running) setBank(w http.ResponseWriter, q *http.Request) {
	var rules banksim.Rules
	in := json.NewDecoder(http.MaxBytesReader(w, q.Body, 1<<20))
	in.DisallowUnknownFields()
	err := in.Decode(&rules)
	if err == nil {
		err = rules.Check()
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	r.withBank(w, q, func(sim *banksim.Sim, now time.Time, o ids.ID) ([]string, error) {
		err := r.app.DB.Write(q.Context(), db.Caller{Org: o, Perms: org.All, Channel: "sandbox"}, func(tx *db.Tx) error {
			tx.Audit("set bank rules", "organization", o, "")
			return nil
		})
		if err != nil {
			return nil, err
		}
		return nil, sim.SetRules(now, rules)
	})
}

// stepBank has the bank give its oldest answer that is due, and takes it in.
func (r *Running) stepBank(w http.ResponseWriter, q *http.Request) {
	r.withBank(w, q, func(sim *banksim.Sim, now time.Time, o ids.ID) ([]string, error) {
		written, err := sim.Step(now)
		if err == nil && len(written) > 0 {
			err = r.app.Engine.Step(q.Context(), o, now)
		}
		return written, err
	})
}

// statuses answer a session that is refused.
var statuses = map[fault.Kind]int{fault.Internal: http.StatusInternalServerError, fault.Invalid: http.StatusUnprocessableEntity,
	fault.NotFound: http.StatusNotFound, fault.Forbidden: http.StatusForbidden, fault.Unknown: http.StatusUnauthorized, fault.Conflict: http.StatusConflict,
	fault.Limit: http.StatusTooManyRequests, fault.Busy: http.StatusServiceUnavailable}

// withBank runs act on the bank of the session's organisation while no due work runs, and shows the bank afterwards.
func (r *Running) withBank(w http.ResponseWriter, q *http.Request, act func(sim *banksim.Sim, now time.Time, o ids.ID) ([]string, error)) {
	ctx := q.Context()
	address, _, err := net.SplitHostPort(q.RemoteAddr)
	if err != nil {
		address = q.RemoteAddr
	}
	var o ids.ID
	who := org.Credentials{Session: q.Header.Get("sessionId"), Key: q.Header.Get("devKey"), Kind: org.KindJSON, Address: address}
	err = r.app.Sessions.Read(ctx, who, func(x *org.Session, tx *db.Tx) error {
		o = x.Caller.Org
		return tx.Require(org.ManageCompany)
	})
	if f := fault.From(err); f != nil {
		refuse(w, statuses[f.Kind], f.Message)
		return
	}
	var body bankBody
	if err == nil {
		body, err = r.onBank(ctx, o, act)
	}
	if err != nil {
		r.app.Log.ErrorContext(ctx, "the sandbox's bank", "error", err)
	}
	reply(w, body, err)
}

func (r *Running) onBank(ctx context.Context, o ids.ID, act func(*banksim.Sim, time.Time, ids.ID) ([]string, error)) (body bankBody, err error) {
	r.settling.Lock()
	defer r.settling.Unlock()
	now, _, err := r.conductor.look(ctx)
	if err != nil {
		return body, err
	}
	sim, err := r.conductor.sim(ctx, o)
	if err != nil {
		return body, err
	}
	if body.Written, err = act(sim, now, o); err != nil {
		return body, err
	}
	if body.Rules, err = sim.Rules(now); err != nil {
		return body, err
	}
	if due, ok := sim.NextDue(now); ok {
		body.NextDue = &due
	}
	return body, nil
}

// refuse answers a call that is refused with its reason.
func refuse(w http.ResponseWriter, status int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": reason})
}

// byHand reports whether the bank of an organisation answers only when a person says so.
func byHand(sim *banksim.Sim, at time.Time) (bool, error) {
	rules, err := sim.Rules(at)
	return rules.Manual, err
}
