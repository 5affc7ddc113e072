package jsonv2

import (
	"slices"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/jsondoc"
	"github.com/duebook/duebook/internal/record"
)

// ops are operations on an entity (3.23).
type ops uint8

const (
	opCreate ops = 1 << iota
	opRead
	opUpdate
	opDelete
	opUndelete
	opList
	opBulk

	crud     = opCreate | opRead | opUpdate | opDelete | opUndelete | opList | opBulk
	readOnly = opRead | opList
)

// verbs are the operations by their name in an address.
var verbs = map[string]ops{"Create": opCreate, "Read": opRead, "Update": opUpdate, "Delete": opDelete, "Undelete": opUndelete}

// options are the members beside obj (4.1.19).
type options = *args

// entity is one type of record as this generation serves it.
type entity struct {
	shape   *shape.Shape
	ops     ops
	trusted ops            // those that need a trusted session (2.5.5)
	view    db.Permissions // to read and list
	manage  db.Permissions // for everything else

	// form looks at a new or changed record before any transaction, with the members beside obj; what is wrong it adds
	// to o.found.
	form func(rec record.Record, o options)
	// before does what must not happen inside a transaction: sealing a number.
	before func(q *request, rec record.Record) error
	create func(tx *db.Tx, rec record.Record, o options) error
	// update stores the difference; a change of isActive is among it unless there is a remove.
	update func(tx *db.Tx, before, after record.Record, o options) error
	// remove and restore act on an active and an inactive record. Without remove, update makes it inactive.
	remove, restore func(tx *db.Tx, rec record.Record) error
	// fill adds to records about to be shown what the shape shows of others, all at once.
	fill func(tx *db.Tx, recs []record.Record) error
	// scope narrows a list to what the caller may see.
	scope func(tx *db.Tx, q *record.Query) error

	name   string // the shape's
	plan   *plan
	fields map[string]listed // by their names in filters and sorts
	only   []*record.Field   // what a list reads
	lines  []*record.Field   // of lines
}

// area is what one file adds to the door.
type area struct {
	entities []entity
	calls    map[string]call
	files    map[string]download
}

func (e *entity) prepare() {
	e.name, e.plan = e.shape.Name, newPlan(e.shape)
	e.fields = e.listFields()
	if e.fill == nil { // or it may need fields that are not shown
		e.only, e.lines = e.shape.Fields(), e.shape.Lines.Fields()
	}
}

func (e *entity) fillAll(tx *db.Tx, recs []record.Record) error {
	if e.fill == nil || len(recs) == 0 {
		return nil
	}
	return e.fill(tx, recs)
}

// crudOf gives the operation of that name on the entity of that name. It fails with problem.ErrVerb, ErrEntity and
// ErrNotOffered (4.1.9).
func (h *Handler) crudOf(verb, name string, bulk bool) (call, error) {
	op, ok := verbs[verb]
	if !ok {
		return call{}, problem.ErrVerb
	}
	e := h.entities[name]
	switch {
	case e == nil && h.isLine(name):
		return call{}, problem.ErrNotOffered
	case e == nil:
		return call{}, problem.ErrEntity
	case e.ops&op == 0, bulk && e.ops&opBulk == 0:
		return call{}, problem.ErrNotOffered
	}
	c := call{get: op == opRead && !bulk, trusted: e.trusted&op != 0, needs: e.manage}
	run := e.change
	switch op {
	case opCreate:
		run = e.make
	case opRead:
		run, c.needs = e.one, e.view
	case opDelete:
		run = e.deactivate
	case opUndelete:
		run = e.activate
	}
	c.run = func(q *request, in *args) (any, error) {
		q.wire = e.shape.Wire
		if bulk {
			return q.each(in, run)
		}
		return run(q, in)
	}
	return c, nil
}

// isLine reports whether the name is one of rows that live inside another entity.
func (h *Handler) isLine(name string) bool {
	return slices.ContainsFunc(h.names, func(n string) bool {
		s := h.entities[n].shape
		return s.Lines != nil && s.Lines.Name == name
	})
}

// maxBulk is how many members a bulk call may have (4.2.1).
const maxBulk = 100

// each runs every member in a transaction of its own and gives their envelopes (4.2).
func (q *request) each(in *args, run func(*request, *args) (any, error)) (any, error) {
	v := in.value.Get("bulk")
	switch {
	case v == nil || v.Kind != jsondoc.List || len(v.Items) == 0:
		return nil, fault.ErrMissing.On("bulk")
	case len(v.Items) > maxBulk:
		return nil, problem.ErrBulk
	}
	if err := q.read(func(*db.Tx) error { return nil }); err != nil {
		return nil, err
	}
	q.bulk = true
	out := raw(`{"bulk":[`)
	for i := range v.Items {
		if i > 0 {
			out = append(out, ',')
		}
		data, err := run(q, &args{value: &v.Items[i], found: &findings{}})
		if err == nil {
			if b, failed := appendSuccess(out, data); failed == nil {
				out = b
				continue
			} else {
				err = failed
			}
		}
		out = q.appendFailure(out, err)
	}
	return append(out, "]}"...), nil
}

// obj gives the member obj of a call's data.
func obj(in *args) (*jsondoc.Value, error) {
	v := in.value.Get("obj")
	if v == nil || v.Kind != jsondoc.Object {
		return nil, fault.ErrMissing.On("obj")
	}
	return v, nil
}

// idOf reads the id that an operation names.
func idOf(in *args) (ids.ID, error) {
	id := in.ref("id", required)
	return id, in.err()
}

// make serves Create.
func (e *entity) make(q *request, in *args) (any, error) {
	v, err := obj(in)
	if err != nil {
		return nil, err
	}
	rec := e.shape.Type.New()
	r := reader{creating: true, strict: !q.bulk, found: in.found}
	r.object(e.shape, v, rec)
	if e.form != nil {
		e.form(rec, in)
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	if e.before != nil {
		if err := e.before(q, rec); err != nil {
			return nil, err
		}
	}
	var out raw
	err = q.write(func(tx *db.Tx) error {
		if err := e.create(tx, rec, in); err != nil {
			return err
		}
		out, err = e.stored(q, tx, rec.Head().ID)
		return err
	})
	return out, err
}

// stored reads a record again and shows it: its times are those of the commit.
func (e *entity) stored(q *request, tx *db.Tx, id ids.ID) (raw, error) {
	rec, err := e.shape.Type.LoadAny(tx, id)
	if err != nil {
		return nil, onID(id, err)
	}
	return q.show(tx, e.name, rec)
}

// one serves Read.
func (e *entity) one(q *request, in *args) (any, error) {
	id, err := idOf(in)
	if err != nil {
		return nil, err
	}
	var out raw
	err = q.read(func(tx *db.Tx) error {
		if e.scope != nil {
			if out, err = e.scoped(q, tx, id); out != nil || err != nil {
				return err
			}
			return onID(id, fault.ErrNotFound)
		}
		out, err = e.stored(q, tx, id)
		return err
	})
	return out, err
}

// scoped reads a record if the caller may see it; nil if not.
func (e *entity) scoped(q *request, tx *db.Tx, id ids.ID) (out raw, err error) {
	query := record.Query{Filters: []record.Filter{{Field: e.shape.Type.Must("id"), Op: record.Eq, Values: []any{string(id)}}}}
	if err := e.scope(tx, &query); err != nil {
		return nil, err
	}
	err = e.shape.Type.List(tx, query, func(rec record.Record) error {
		out, err = q.show(tx, e.name, rec)
		return err
	})
	return out, err
}

// change serves Update.
func (e *entity) change(q *request, in *args) (any, error) {
	v, err := obj(in)
	if err != nil {
		return nil, err
	}
	at := args{value: v, found: &findings{}}
	id, err := idOf(&at)
	if err != nil {
		return nil, e.unaddressed(v, err)
	}
	var out raw
	err = q.write(func(tx *db.Tx) error {
		before, err := e.shape.Type.LoadAny(tx, id)
		if err != nil {
			return e.unaddressed(v, onID(id, err))
		}
		after := e.shape.Type.Copy(before)
		r := reader{found: in.found}
		r.object(e.shape, v, after)
		if e.form != nil {
			e.form(after, in)
		}
		if err := in.err(); err != nil {
			return err
		}
		if err := e.store(tx, before, after, in); err != nil {
			return err
		}
		out, err = e.stored(q, tx, id)
		return err
	})
	return out, err
}

// store passes a changed record on: what it is, then whether it is active where that has rules of its own.
func (e *entity) store(tx *db.Tx, before, after record.Record, o options) error {
	active := after.Head().Active
	switching := active != before.Head().Active && e.remove != nil
	if switching {
		after.Head().Active = before.Head().Active
	}
	if err := e.update(tx, before, after, o); err != nil || !switching {
		return err
	}
	now, err := e.shape.Type.LoadAny(tx, after.Head().ID)
	if err != nil {
		return err
	}
	return e.turn(tx, now, active, o)
}

// unaddressed judges the form of an update whose record cannot be named, before err is said of its id (6.3).
func (e *entity) unaddressed(v *jsondoc.Value, err error) error {
	f := findings{}
	r := reader{found: &f}
	r.object(e.shape, v, e.shape.Type.New())
	if f.ids = nil; f.err() != nil {
		return f.err()
	}
	return err
}

func (e *entity) deactivate(q *request, in *args) (any, error) {
	return e.setActive(q, in, record.Inactive)
}
func (e *entity) activate(q *request, in *args) (any, error) {
	return e.setActive(q, in, record.Active)
}

// setActive serves Delete and Undelete; doing it twice changes nothing (4.1.16).
func (e *entity) setActive(q *request, in *args, active int64) (any, error) {
	id, err := idOf(in)
	if err != nil {
		return nil, err
	}
	var out raw
	err = q.write(func(tx *db.Tx) error {
		rec, err := e.shape.Type.LoadAny(tx, id)
		if err != nil {
			return onID(id, err)
		}
		if rec.Head().Active != active {
			if err := e.turn(tx, rec, active, in); err != nil {
				return err
			}
		}
		out, err = e.stored(q, tx, id)
		return err
	})
	return out, err
}

// turn makes rec active or inactive.
func (e *entity) turn(tx *db.Tx, rec record.Record, active int64, o options) error {
	switch {
	case active == record.Inactive && e.remove != nil:
		return e.remove(tx, rec)
	case active == record.Active && e.restore != nil:
		return e.restore(tx, rec)
	}
	after := e.shape.Type.Copy(rec)
	after.Head().Active = active
	return e.update(tx, rec, after, o)
}
