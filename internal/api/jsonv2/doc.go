// Package jsonv2 is the door of generation 2: forms in, JSON out, under /api/v2/, as docs/spec/api-v2-json.md has it.
//
// A request's parameters are gathered from wherever a client puts them (params.go), its address names an operation on
// an entity or a call (handler.go), data is read into a small tree (package jsondoc), and what comes out goes into the
// envelope of three members. Whatever a client sends, it gets that envelope.
//
// # Adding an area
//
// An area is one file with one function, and a line in areas.go: it gives the entities it serves and its calls.
//
//	func (h *Handler) receivables() area {
//		return area{
//			entities: []entity{{
//				shape: customerShape(), ops: crud, view: org.ViewReceivables, manage: org.ManageReceivables,
//				create: func(tx *db.Tx, r record.Record, o options) error { return customer.Create(tx, r.(*customer.Customer)) },
//				update: func(tx *db.Tx, a, b record.Record, o options) error {
//					return customer.Update(tx, a.(*customer.Customer), b.(*customer.Customer))
//				},
//			}},
//			calls: map[string]call{"SetCustomerAuthorization": {run: h.setCustomerAuthorization}},
//		}
//	}
//
// An entity is described, not programmed: Crud, Bulk, List, GetEntityMetadata and Enum follow from its shape (package
// shape, built by the helpers of fields.go) and its functions (entity.go says what each may do). A field that the room
// describes is one line of the shape:
//
//	x.opt("description", "description", 4000)        // taken and shown; at most 4000 characters
//	x.req("name", "name", 100)                       // a new record must bring it
//	x.shown("balance", "balance")                    // sent back by clients and ignored
//	x.constant("hasAutoPay", record.Bool, "false")   // the same JSON text in every record
//	x.kept("eBillEligible", record.Bool, "false")    // stored if sent, in the record's text extras, without behaviour
//	{Path: "amountDue", Field: record.View(...)}     // computed from the record
//
// What a shape shows of other records, fill puts into the records of a page at once, in fields made by record.Pass.
// Lists can be filtered and sorted by whatever 4.3.9 says, derived from the kind of each field that is stored.
//
// A call reads its members through args, which collects what is missing or of the wrong type and names it all together,
// acts through q.write, q.read or q.poll, and returns what encoding/json can write; records go in as q.show gives them:
//
//	func (h *Handler) voidAPPayment(q *request, in *args) (any, error) {
//		id := in.ref("sentPayId", required)
//		reason := in.text("reason", optional)
//		if err := in.err(); err != nil {
//			return nil, err
//		}
//		var out raw
//		err := q.write(func(tx *db.Tx) error {
//			...
//			out, err = q.show(tx, "SentPay", p)
//			return err
//		})
//		return out, err
//	}
//
// Who may not is refused by the room, before that by entity.view, entity.manage and call.needs. Faults reach the wire
// through problem.ForV2 with the shape's names for fields.
package jsonv2
