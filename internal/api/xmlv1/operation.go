package xmlv1

import (
	"context"
	"errors"
	"maps"
	"strings"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/bill"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
	"github.com/duebook/duebook/internal/xmldoc"
)

// access is the kind of transaction an operation needs.
type access uint8

const (
	writing access = iota
	reading
	polling // a client polls by the answer
)

// operation is one row of the table of 5.1. prepare decodes and checks the form outside of any transaction and gives
// what runs inside.
type operation struct {
	shape   *shape.Shape // of the record it takes; names the fields in errors
	fields  []string     // elements that may stand in it once (V-7)
	prepare func(q *request, n *xmldoc.Node, r *result) (work, error)
}

// work is an operation ready to run.
type work struct {
	access access
	before func(ctx context.Context) error // what must not happen inside a transaction: storing a document's bytes
	run    func(tx *db.Tx) error
}

// result is the outcome of one operation.
type result struct {
	transactionID string
	id            ids.ID
	data          *spool
	hasData       bool
	err           error
	wire          func(string) string
}

// table is the index of the operations served (5.1). Those of records that this server does not have yet are
// unknown: BDCE011.
func (h *Handler) table() map[string]operation {
	t := map[string]operation{
		"get_list":         {fields: []string{"filter"}, prepare: h.getList},
		"get_org_detail":   {prepare: h.orgDetail},
		"set_external_id":  {fields: []string{"id", "externalId"}, prepare: h.setExternalID},
		"set_allow_export": {fields: []string{"id", "allowExport"}, prepare: h.setAllowExport},
		"create_vendor":    h.create("vendor", func(tx *db.Tx, r record.Record) error { return vendor.Create(tx, r.(*vendor.Vendor)) }),
		"update_vendor": h.update("vendor", func(tx *db.Tx, a, b record.Record) error {
			return vendor.Update(tx, a.(*vendor.Vendor), b.(*vendor.Vendor))
		}),
		"create_bill":           h.create("bill", func(tx *db.Tx, r record.Record) error { return bill.Create(tx, r.(*bill.Bill)) }),
		"pay_bill":              {fields: []string{"billId", "amount", "processDate"}, prepare: h.payBill},
		"create_offlinepayment": {fields: offlineFields, prepare: h.offlinePayment},
		"upload_document":       {fields: []string{"billId", "filename", "document"}, prepare: h.uploadDocument},
		"upload_attachment":     {fields: []string{"id", "filename", "description", "document"}, prepare: h.uploadAttachment},
	}
	for _, name := range []string{"chartofaccount", "department", "job", "location"} {
		typ := h.shapes[name].Type
		t["create_"+name] = h.create(name, func(tx *db.Tx, r record.Record) error { return dimension.Create(tx, typ, r) })
		t["update_"+name] = h.update(name, func(tx *db.Tx, a, b record.Record) error { return dimension.Update(tx, typ, a, b) })
	}
	for _, more := range []map[string]operation{h.listOperations(), h.receivableOperations(), h.creditOperations(), h.networkOperations()} {
		maps.Copy(t, more)
	}
	return t
}

// create makes the operation that stores a new record of the named shape.
func (h *Handler) create(name string, store func(*db.Tx, record.Record) error) operation {
	s := h.shapes[name]
	return operation{shape: s, fields: []string{s.Name}, prepare: func(q *request, n *xmldoc.Node, r *result) (work, error) {
		node := n.Child(s.Name)
		if node == nil {
			return work{}, fault.ErrMissing.On(s.Name)
		}
		rec, err := q.codec.create(s, node)
		if err != nil {
			return work{}, err
		}
		return work{run: func(tx *db.Tx) error {
			if err := store(tx, rec); err != nil {
				return err
			}
			r.id = rec.Head().ID
			return nil
		}}, nil
	}}
}

// update makes the operation that changes the fields present of a stored record.
func (h *Handler) update(name string, store func(tx *db.Tx, before, after record.Record) error) operation {
	s := h.shapes[name]
	return operation{shape: s, fields: []string{s.Name}, prepare: func(q *request, n *xmldoc.Node, r *result) (work, error) {
		node := n.Child(s.Name)
		if node == nil {
			return work{}, fault.ErrMissing.On(s.Name)
		}
		id, err := idOf(node, "id")
		if err == nil {
			err = repeated(node, "id")
		}
		if err != nil {
			return work{}, q.codec.unaddressed(s, node, err)
		}
		return work{run: func(tx *db.Tx) error {
			before, err := s.Type.LoadAny(tx, id)
			if err != nil {
				return q.codec.unaddressed(s, node, onID(err))
			}
			after := s.Type.Copy(before)
			if err := q.codec.update(s, node, after); err != nil {
				return err
			}
			if err := store(tx, before, after); err != nil {
				return err
			}
			r.id = id
			return nil
		}}, nil
	}}
}

// unaddressed judges the form of an update whose record cannot be named, before err is said of its id: what is missing,
// too long or malformed in the rest comes first, or with it (3.3).
func (c codec) unaddressed(s *shape.Shape, n *xmldoc.Node, err error) error {
	id := fault.From(err)
	if id == nil {
		return err
	}
	var f findings
	switch {
	case errors.Is(id, fault.ErrMissing):
		add(&f.missing, "id")
	case errors.Is(id, fault.ErrFormat):
		add(&f.format, "id")
	case errors.Is(id, fault.ErrValue):
		add(&f.value, "id")
	}
	c.into(s, n, s.Type.New(), false, &f)
	if e := f.err(); e != nil {
		return e
	}
	return err
}

// repeated fails with fault.ErrValue, naming the elements of n among names that stand there more than once (V-7).
func repeated(n *xmldoc.Node, names ...string) error {
	var twice []string
	for _, name := range names {
		count := 0
		for c := range n.Children() {
			if c.Name == name {
				count++
			}
		}
		if count > 1 {
			twice = append(twice, name)
		}
	}
	if len(twice) > 0 {
		return fault.ErrValue.On(twice...)
	}
	return nil
}

// onID names the field id in the refusal of a record that is not there: BDCE007.
func onID(err error) error {
	if errors.Is(err, fault.ErrNotFound) {
		return fault.ErrReference.On("id")
	}
	return err
}

// idOf reads a mandatory id among the children of n: BDCE009, also for twenty zeros, or BDCE049.
func idOf(n *xmldoc.Node, name string) (ids.ID, error) {
	v := text(n, name)
	if ids.ID(v).IsNull() {
		return "", fault.ErrMissing.On(name)
	}
	if !wellFormedID(v) {
		return "", fault.ErrFormat.On(name)
	}
	return ids.ID(v), nil
}

// decode finds the operation of n and prepares it.
func (h *Handler) decode(q *request, n *xmldoc.Node) (*result, work, error) {
	r := &result{}
	r.transactionID, _ = n.Attr("transactionId")
	if len([]rune(r.transactionID)) > maxTransactionID {
		r.transactionID = ""
		return r, work{}, problem.ErrMalformed
	}
	var op *xmldoc.Node
	count := 0
	for c := range n.Children() {
		op = c
		count++
	}
	if count != 1 {
		return r, work{}, problem.ErrMalformed
	}
	o, ok := h.operations[op.Name]
	if !ok {
		return r, work{}, problem.ErrOperation
	}
	if o.shape != nil {
		r.wire = o.shape.Wire
	}
	w, err := o.prepare(q, op, r)
	if err == nil {
		err = repeated(op, o.fields...)
	}
	return r, w, err
}

// operation serves a stand-alone operation: its result begins with that of the session.
func (h *Handler) operation(q *request, n *xmldoc.Node) *answer {
	c := q.credentials(n)
	r, w, formErr := h.decode(q, n)
	var orgID ids.ID
	open := h.sessions.Write
	switch {
	case formErr != nil || w.access == reading:
		open = h.sessions.Read
	case w.access == polling:
		open = h.sessions.Poll
	}
	sessionErr := error(nil)
	passed := false
	if formErr == nil && w.before != nil { // only somebody with a session may store bytes
		if _, err := h.sessions.Find(q.ctx, c); err == nil {
			formErr = w.before(q.ctx)
		}
	}
	err := open(q.ctx, c, func(s *org.Session, tx *db.Tx) error {
		orgID, passed = s.Caller.Org, true
		if formErr != nil {
			return nil
		}
		return w.run(tx)
	})
	switch {
	case isKeyError(err) && !passed:
		return h.keyError(q, err)
	case err != nil && !passed:
		sessionErr = err
	case formErr != nil:
		r.err = formErr
	default:
		r.err = err
	}
	a := q.begin()
	a.out.Start("operationresult")
	a.out.Attr("transactionId", r.transactionID)
	a.out.Start("loginresult")
	if sessionErr != nil {
		h.failure(q, a.out, sessionErr, nil)
		a.out.End("loginresult")
		h.failure(q, a.out, sessionErr, nil)
	} else {
		loggedIn(a.out, c.Session, orgID)
		a.out.End("loginresult")
		h.outcome(q, a, r)
	}
	a.out.End("operationresult")
	return a.end()
}

// outcome writes the result of an operation behind its login result.
func (h *Handler) outcome(q *request, a *answer, r *result) {
	if r.err != nil {
		h.failure(q, a.out, r.err, r.wire)
		if r.data != nil {
			_ = r.data.Close()
		}
		return
	}
	a.out.Text("status", "OK")
	if r.id != "" {
		a.out.Text("id", string(r.id))
	}
	if r.hasData {
		a.out.Start("data")
		if r.data != nil {
			a.out.Bytes() // the start tag is complete before the data
			a.insert(r.data)
		}
		a.out.End("data")
	}
}

// batch serves an operationbatch (section 8).
func (h *Handler) batch(q *request, n *xmldoc.Node) *answer {
	var members []*xmldoc.Node
	for c := range n.Children() {
		if c.Name == "operation" {
			members = append(members, c)
		}
	}
	if len(members) == 0 || len(members) > maxOperations {
		return h.malformed(q, problem.ErrMalformed)
	}
	c := q.credentials(n)
	a := q.begin()
	a.out.Start("operationbatchresult")
	a.out.Start("loginresult")
	var who db.Caller
	err := h.sessions.Read(q.ctx, c, func(s *org.Session, _ *db.Tx) error {
		who = s.Caller
		return nil
	})
	if err != nil {
		h.failure(q, a.out, err, nil)
		a.out.End("loginresult")
		a.out.End("operationbatchresult")
		return a.end()
	}
	who.Address = q.address
	loggedIn(a.out, c.Session, who.Org)
	a.out.End("loginresult")
	attr, _ := n.Attr("transaction")
	var results []*result
	if attr == "1" || strings.EqualFold(attr, "true") {
		results = h.together(q, who, members)
	} else {
		results = h.oneByOne(q, who, members)
	}
	for _, r := range results {
		a.out.Start("operationresult")
		a.out.Attr("transactionId", r.transactionID)
		h.outcome(q, a, r)
		a.out.End("operationresult")
	}
	q.busy = false // what succeeded must be read, or the client would repeat it
	a.out.End("operationbatchresult")
	return a.end()
}

// oneByOne runs each member in a transaction of its own (B-3).
func (h *Handler) oneByOne(q *request, who db.Caller, members []*xmldoc.Node) []*result {
	results := make([]*result, len(members))
	for i, m := range members {
		r, w, err := h.decode(q, m)
		if err == nil && w.before != nil {
			err = w.before(q.ctx)
		}
		if err == nil {
			open := h.db.Write
			switch w.access {
			case reading:
				open = h.db.Read
			case polling:
				open = h.db.Poll
			}
			err = open(q.ctx, who, w.run)
		}
		r.err = err
		results[i] = r
	}
	return results
}

// together runs all members in one transaction: the one that fails carries its own error, all others BDCE041 (B-4).
func (h *Handler) together(q *request, who db.Caller, members []*xmldoc.Node) []*result {
	results := make([]*result, len(members))
	works := make([]work, len(members))
	failed, cause := -1, error(nil)
	for i, m := range members {
		var err error
		results[i], works[i], err = h.decode(q, m)
		if err == nil && works[i].before != nil {
			err = works[i].before(q.ctx)
		}
		if err != nil {
			works[i].run = func(*db.Tx) error { return err }
		}
	}
	err := h.db.Write(q.ctx, who, func(tx *db.Tx) error {
		failed, cause = -1, nil
		for i, w := range works {
			if err := tx.Try(w.run); err != nil {
				failed, cause = i, err
				return err
			}
		}
		return nil
	})
	if err == nil {
		return results
	}
	for i, r := range results {
		r.err = problem.ErrRolled
		if i == failed {
			r.err = cause
		}
	}
	if failed < 0 { // the commit itself failed
		results[len(results)-1].err = err
	}
	return results
}

// getList serves every list (section 7).
func (h *Handler) getList(q *request, n *xmldoc.Node, r *result) (work, error) {
	object, _ := n.Attr("object")
	if strings.TrimSpace(object) == "" {
		return work{}, fault.ErrMissing.On("object")
	}
	xs, err := readFilter(n)
	r.hasData = true
	switch name := strings.ToLower(strings.TrimSpace(object)); name {
	case "org_info", "orgdetail":
		if err == nil && len(xs) > 0 {
			err = badFilter("%s takes no filter", object)
		}
		return work{access: reading, run: func(tx *db.Tx) error { return writeOrg(tx, name, h.newSpool(r)) }}, err
	default:
		s := h.shapes[name]
		if s == nil {
			return work{}, problem.ErrOperation
		}
		if err != nil {
			return work{}, err
		}
		fs, polls, err := q.codec.filters(s, xs)
		if err != nil {
			return work{}, err
		}
		w := work{access: reading, run: func(tx *db.Tx) error { return q.codec.list(tx, s, widen(s, fs), h.newSpool(r)) }}
		if polls || len(fs) == 0 {
			w.access = polling
		}
		return w, nil
	}
}

func (h *Handler) newSpool(r *result) *spool {
	if r.data != nil {
		_ = r.data.Close()
	}
	r.data = &spool{dir: h.spoolDir}
	return r.data
}

func (h *Handler) orgDetail(_ *request, _ *xmldoc.Node, r *result) (work, error) {
	r.hasData = true
	return work{access: reading, run: func(tx *db.Tx) error { return writeOrg(tx, "orgdetail", h.newSpool(r)) }}, nil
}

// writeOrg writes the organisation of the session as org_info or orgDetail (6.13).
func writeOrg(tx *db.Tx, name string, out *spool) error {
	o, err := org.Load(tx)
	if err != nil {
		return err
	}
	w := xmldoc.NewWriter(nil)
	if name == "org_info" {
		w.Start("org_info")
		w.Text("orgID", string(o.ID))
		w.Text("name", o.Name)
		w.End("org_info")
	} else {
		w.Start("orgDetail")
		for _, f := range []struct{ name, value string }{{"name", o.Name}, {"address1", o.Address1}, {"address2", o.Address2},
			{"address3", o.Address3}, {"address4", o.Address4}, {"addressCity", o.City}, {"addressState", o.Region},
			{"addressZip", o.Zip}, {"phone", o.Phone}, {"fax", o.Fax}, {"hasAP", "1"}, {"hasAR", "0"}} {
			w.Text(f.name, f.value)
		}
		w.End("orgDetail")
	}
	_, err = out.Write(w.Bytes())
	return err
}

// markable finds the type of a record, or of a line, that carries a client's marks, by the prefix of its id.
func (h *Handler) markable(id ids.ID, lines bool) *record.Type {
	for _, s := range h.shapes {
		if id.Prefix() == s.Type.Prefix {
			return s.Type
		}
		if lines && s.Lines != nil && id.Prefix() == s.Lines.Type.Prefix {
			return s.Lines.Type
		}
	}
	return nil
}

// mark sets a client's own mark on a record; updatedTime stays (5.9, G-32).
func (h *Handler) mark(id ids.ID, lines bool, r *result, set func(tx *db.Tx, rec record.Record) error) work {
	return work{run: func(tx *db.Tx) error {
		t := h.markable(id, lines)
		if t == nil {
			return fault.ErrReference.On("id")
		}
		if err := tx.Require(org.RunSync); err != nil {
			return err
		}
		before, err := t.LoadAny(tx, id)
		if err != nil {
			return onID(err)
		}
		after := t.Copy(before)
		if err := set(tx, after); err != nil {
			return err
		}
		t.Save(tx, before, after)
		r.id = id
		return nil
	}}
}

func (h *Handler) setExternalID(_ *request, n *xmldoc.Node, r *result) (work, error) {
	ext := n.Child("externalId")
	if text(n, "id") == "" || ext == nil {
		var names []string
		if text(n, "id") == "" {
			names = append(names, "id")
		}
		if ext == nil {
			names = append(names, "externalId")
		}
		return work{}, fault.ErrMissing.On(names...)
	}
	if longer(ext.Text, 100) {
		return work{}, fault.ErrTooLong.On("externalId")
	}
	id, err := idOf(n, "id")
	if err != nil {
		return work{}, err
	}
	return h.mark(id, true, r, func(tx *db.Tx, rec record.Record) error {
		if v, ok := rec.(*vendor.Vendor); ok {
			if err := vendor.CheckMark(tx, v, ext.Text); err != nil {
				return err
			}
		}
		rec.Head().ExternalID = ext.Text
		return nil
	}), nil
}

func (h *Handler) setAllowExport(_ *request, n *xmldoc.Node, r *result) (work, error) {
	if err := missing(n, "id", "allowExport"); err != nil {
		return work{}, err
	}
	id, err := idOf(n, "id")
	if err != nil {
		return work{}, err
	}
	v, ok := parseBool(text(n, "allowExport"))
	if !ok {
		return work{}, fault.ErrValue.On("allowExport")
	}
	return h.mark(id, false, r, func(_ *db.Tx, rec record.Record) error {
		rec.Head().AllowExport = v
		return nil
	}), nil
}
