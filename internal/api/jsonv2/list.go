package jsonv2

import (
	"slices"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/jsondoc"
	"github.com/duebook/duebook/internal/record"
)

// Limits of a list (4.3.2, 4.3.7, 4.3.11).
const (
	pageSize   = 999
	maxPage    = 1000 // the cap of an older revision
	maxFilters = 50
	maxMembers = 1000
	maxAhead   = 10 * time.Minute
)

// listed is a field that lists can be filtered and sorted by.
type listed struct {
	entry  *shape.Entry
	line   bool // of the lines: only filtered by
	folded *record.Field
	also   *record.Field // of the lines: a record matches by either
}

// named are the texts that lists can be filtered by (4.3.9).
var named = map[string]bool{"name": true, "invoiceNumber": true, "refNumber": true, "txnNumber": true, "accountNumber": true,
	"shortName": true, "companyName": true}

// listFields finds the fields that lists can ask for: those that are stored, by their kind (4.3.9).
func (e *entity) listFields() map[string]listed {
	out := map[string]listed{}
	for i := range e.shape.Entries {
		x := &e.shape.Entries[i]
		if x.Via != nil || x.Extra != nil || x.Use == shape.Hidden || !x.Field.Listable() || x.Field.Sensitive || strings.Contains(x.Path, "/") {
			continue
		}
		switch x.Field.Kind {
		case record.Ref, record.Enum, record.Bool, record.Date, record.Instant, record.Money:
		case record.Text:
			if !named[x.Path] {
				continue
			}
		default:
			continue
		}
		out[x.Path] = listed{entry: x, folded: e.shape.Type.Field(x.Field.Name + "Folded")}
	}
	for i := range e.shape.Also {
		x := &e.shape.Also[i]
		l, ok := out[x.Path]
		if ok {
			l.also = x.Field
		} else {
			l = listed{entry: x, line: true}
		}
		out[x.Path] = l
	}
	return out
}

// listOf gives the list of the entity of that name. It fails with problem.ErrListEntity.
func (h *Handler) listOf(name string) (call, error) {
	e := h.entities[name]
	if e == nil || e.ops&opList == 0 {
		return call{}, problem.ErrListEntity
	}
	return call{get: true, needs: e.view, run: func(q *request, in *args) (any, error) {
		query, polls, audit, err := e.query(in)
		if err != nil {
			return nil, err
		}
		var out raw
		open := q.read
		if polls || len(query.Filters) == 0 {
			open = q.poll
		}
		err = open(func(tx *db.Tx) error {
			out, err = e.page(q, tx, query, audit)
			return err
		})
		return out, err
	}}, nil
}

// page writes one page.
func (e *entity) page(q *request, tx *db.Tx, query record.Query, audit bool) (raw, error) {
	if err := checkAhead(query.Filters, tx.Now()); err != nil {
		return nil, err
	}
	if e.scope != nil {
		if err := e.scope(tx, &query); err != nil {
			return nil, err
		}
	}
	var recs []record.Record
	err := e.shape.Type.List(tx, query, func(rec record.Record) error {
		recs = append(recs, rec)
		return nil
	})
	if err == nil {
		err = e.fillAll(tx, recs)
	}
	if err != nil {
		return nil, err
	}
	var trail map[ids.ID]auditNote
	if audit {
		if trail, err = auditNotes(tx, recs); err != nil {
			return nil, err
		}
	}
	w := q.writer()
	b := append(make(raw, 0, 2+len(recs)*int(max(e.plan.size.Load(), 200))*9/8), '[')
	for i, rec := range recs {
		if i > 0 {
			b = append(b, ',')
		}
		b = e.plan.open(b, w, rec)
		if audit {
			b = trail[rec.Head().ID].append(b)
		}
		b = append(b, '}')
	}
	if len(recs) > 0 {
		e.plan.size.Store(int64(len(b) / len(recs)))
	}
	return append(b, ']'), nil
}

// query reads the parameters of a list. polls reports that a client polls by the answer.
func (e *entity) query(in *args) (q record.Query, polls, audit bool, err error) {
	start, max := in.int("start", optional, 0), in.int("max", optional, pageSize)
	in.flag("nested", false) // a boolean, which changes nothing (4.3.16)
	audit = in.flag("showAudit", false)
	bad := slices.Clone(in.found.types)
	if start < 0 || start > 1<<40 {
		add(&bad, "start")
	}
	if max < 1 || max > maxPage {
		add(&bad, "max")
	}
	if bad != nil {
		return q, false, false, problem.ErrListValue.On(bad...)
	}
	q.Offset, q.Limit, q.Only, q.OnlyLines = int(start), int(max), e.only, e.lines
	for _, f := range rows(in, "filters", &err) {
		if len(q.Filters) == maxFilters {
			return q, false, false, problem.ErrListValue.On("filters")
		}
		var c record.Filter
		if c, err = e.filter(f); err != nil {
			return q, false, false, err
		}
		polls = polls || c.Field.Name == "updatedTime"
		q.Filters = append(q.Filters, c)
	}
	for _, s := range rows(in, "sort", &err) {
		if err = e.sort(s, &q); err != nil {
			return q, false, false, err
		}
	}
	if len(q.Order) > 0 && !slices.ContainsFunc(q.Order, func(k record.Key) bool { return k.Field.Name == "id" }) {
		last := q.Order[len(q.Order)-1]
		q.Order = append(q.Order, record.Key{Field: e.shape.Type.Must("id"), Descending: last.Descending}) // as indexes have it
	}
	return q, polls, audit, err
}

// rows gives the objects of a list parameter, or the one object some clients send.
func rows(in *args, name string, err *error) []jsondoc.Value {
	v := in.value.Get(name)
	if v.IsNone() || *err != nil {
		return nil
	}
	items := v.Items
	if v.Kind == jsondoc.Object {
		items = []jsondoc.Value{*v}
	} else if v.Kind != jsondoc.List {
		*err = problem.ErrListValue.On(name)
	}
	for _, x := range items {
		if x.Kind != jsondoc.Object {
			*err = problem.ErrListValue.On(name)
			return nil
		}
	}
	return items
}

func textOf(v *jsondoc.Value) string {
	if v == nil {
		return ""
	}
	return v.Text
}

// sort adds a key of the order.
func (e *entity) sort(v jsondoc.Value, q *record.Query) error {
	name := textOf(v.Get("field"))
	f, ok := e.fields[name]
	if !ok || f.line {
		return problem.ErrSortField.On(shorten(name))
	}
	asc := true
	if a := v.Get("asc"); !a.IsNone() {
		if asc, ok = parseBool(a); !ok {
			return problem.ErrListValue.On("asc")
		}
	}
	if !slices.ContainsFunc(q.Order, func(k record.Key) bool { return k.Field == f.entry.Field || k.Field == f.folded }) {
		k := record.Key{Field: f.entry.Field, Descending: !asc}
		if f.folded != nil {
			k.Field = f.folded
		} else {
			k.Fold = k.Field.Kind == record.Text // 4.3.10
		}
		q.Order = append(q.Order, k)
	}
	return nil
}

var operators = map[string]record.Op{"=": record.Eq, "!=": record.Ne, "<": record.Lt, "<=": record.Le, ">": record.Gt,
	">=": record.Ge, "in": record.In, "nin": record.Nin, "sw": record.Sw}

// suits reports whether an operator goes with a kind of field (4.3.8).
func suits(k record.Kind, op record.Op) bool {
	switch op {
	case record.Eq, record.Ne, record.In, record.Nin:
		return true
	case record.Sw:
		return k == record.Text
	}
	return k == record.Date || k == record.Instant || k == record.Money || k == record.Int || k == record.Quantity
}

// filter reads one condition.
func (e *entity) filter(v jsondoc.Value) (f record.Filter, err error) {
	name := textOf(v.Get("field"))
	l, ok := e.fields[name]
	if !ok {
		return f, problem.ErrFilterField.On(shorten(name))
	}
	op, ok := operators[strings.ToLower(strings.TrimSpace(textOf(v.Get("op"))))]
	if !ok || !suits(l.entry.Field.Kind, op) {
		return f, problem.ErrFilterOp.On(name)
	}
	f = record.Filter{Field: l.entry.Field, Op: op, Line: l.line}
	values := []jsondoc.Value{{}}
	if x := v.Get("value"); x != nil {
		values[0] = *x
	}
	many := op == record.In || op == record.Nin
	if many {
		values = members(values[0])
	}
	if len(values) == 0 || len(values) > maxMembers {
		return f, problem.ErrListValue.On(name)
	}
	for i := range values {
		if f.Values, ok = e.compare(l, f.Op, &values[i], f.Values); !ok {
			return f, problem.ErrListValue.On(name)
		}
	}
	switch {
	case f.Field.Kind == record.Text:
		f.Fold = true
		if l.folded != nil {
			f.Field, f.Fold = l.folded, false
		}
	case f.Field.Kind == record.Instant: // compared at the precision of the wire, milliseconds (4.3.19)
		switch f.Op {
		case record.Gt:
			f.Op, f.Values[0] = record.Ge, f.Values[0].(int64)+millisecond
		case record.Le:
			f.Op, f.Values[0] = record.Lt, f.Values[0].(int64)+millisecond
		}
	case l.also != nil && (f.Op == record.Eq && f.Values[0] != "" || f.Op == record.In):
		f.Or = &record.Filter{Field: l.also, Op: f.Op, Values: f.Values, Line: true}
	}
	return f, nil
}

// millisecond is one in an instant's unit.
const millisecond = int64(time.Millisecond / time.Microsecond)

// members gives the values of in and nin: a list, or a text with commas.
func members(v jsondoc.Value) []jsondoc.Value {
	switch v.Kind {
	case jsondoc.List:
		return v.Items
	case jsondoc.String:
		var out []jsondoc.Value
		for _, p := range strings.Split(v.Text, ",") {
			out = append(out, jsondoc.Value{Kind: jsondoc.String, Text: strings.TrimSpace(p)})
		}
		return out
	case jsondoc.Null, jsondoc.Object:
		return nil
	}
	return []jsondoc.Value{v}
}

// compare adds what v means in a comparison with l's field, as package record takes it.
func (e *entity) compare(l listed, op record.Op, v *jsondoc.Value, vs []any) ([]any, bool) {
	k := l.entry.Field.Kind
	if isNone(l.entry, v) {
		if op != record.Eq && op != record.Ne {
			return nil, false
		}
		switch k {
		case record.Text, record.Ref, record.Date:
			return append(vs, ""), true
		case record.Instant:
			return append(vs, int64(0), int64(1)), true
		case record.Money:
			return append(vs, int64(0)), l.entry.Null != "" && v.Kind == jsondoc.Null
		}
		return append(vs, int64(-1)), v.Kind == jsondoc.Null // is never unset
	}
	switch k {
	case record.Text:
		if v.Kind != jsondoc.String && v.Kind != jsondoc.Number || hasNull(v.Text) {
			return nil, false
		}
		if l.folded != nil {
			return append(vs, strings.ToLower(v.Text)), true
		}
		return append(vs, record.Lower(v.Text)), true
	case record.Ref:
		return append(vs, v.Text), v.Kind == jsondoc.String && ids.Valid(v.Text)
	case record.Bool:
		b, ok := parseBool(v)
		if b {
			return append(vs, int64(1)), ok
		}
		return append(vs, int64(0)), ok
	case record.Enum:
		if l.entry.IsTruth() {
			b, ok := parseBool(v)
			if b {
				return append(vs, l.entry.Truth[1]), ok
			}
			return append(vs, l.entry.Truth[0]), ok
		}
		n, ok := parseInt(v)
		if !ok {
			return nil, false
		}
		if stored, known := storedEnum(l.entry, n); known {
			n = stored
		} else {
			n = -1 // a number that no record has
		}
		return append(vs, n), true
	case record.Money:
		m, large, ok := parseMoney(v)
		return append(vs, m), ok && !large
	case record.Date:
		d, ok := parseDate(v.Text)
		return append(vs, d.String()), ok && v.Kind == jsondoc.String
	case record.Instant:
		at, _, ok := parseInstant(v.Text)
		from := int64(at) - int64(at)%millisecond
		vs = append(vs, from)
		if op == record.Eq || op == record.Ne || op == record.In || op == record.Nin {
			vs = append(vs, from+millisecond)
		}
		return vs, ok && v.Kind == jsondoc.String
	}
	return nil, false
}

// checkAhead refuses a filter on updatedTime so far ahead of the server that changes would be lost (SYN-5).
func checkAhead(fs []record.Filter, now time.Time) error {
	limit := int64(clock.FromTime(now.Add(maxAhead)))
	for _, f := range fs {
		if f.Field.Name == "updatedTime" && f.Op == record.Ge && f.Values[0].(int64) > limit {
			return problem.ErrListValue.On("updatedTime")
		}
	}
	return nil
}

// auditNote is who made a record and who changed it last.
type auditNote struct{ created, createdName, updated, updatedName string }

func (n auditNote) append(b []byte) []byte {
	for _, m := range []struct{ name, value string }{{`,"audit":{"createdBy":`, n.created}, {`,"createdByName":`, n.createdName},
		{`,"updatedBy":`, n.updated}, {`,"updatedByName":`, n.updatedName}} {
		b = append(b, m.name...)
		if m.value == "" {
			b = append(b, "null"...)
			continue
		}
		b = record.AppendQuoted(b, m.value)
	}
	return append(b, '}')
}

// auditNotes finds who made and last changed the records.
func auditNotes(tx *db.Tx, recs []record.Record) (map[ids.ID]auditNote, error) {
	out := make(map[ids.ID]auditNote, len(recs))
	for len(recs) > 0 {
		n := min(len(recs), 500)
		list := make([]ids.ID, n)
		for i, r := range recs[:n] {
			list[i] = r.Head().ID
		}
		in, args := record.InIDs(2, list)
		rows, err := tx.Query(`SELECT a.record_id, a.user_id, coalesce(u.name, '') FROM audit_events a LEFT JOIN users u ON u.id = a.user_id
			WHERE a.org_id = $1 AND a.record_id`+in+` ORDER BY a.record_id, a.id`, append([]any{string(tx.Org())}, args...)...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var id ids.ID
			var user, name string
			if err := rows.Scan(&id, &user, &name); err != nil {
				_ = rows.Close()
				return nil, err
			}
			note, known := out[id]
			if !known {
				note.created, note.createdName = user, name
			}
			note.updated, note.updatedName = user, name
			out[id] = note
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
		recs = recs[n:]
	}
	return out, nil
}
