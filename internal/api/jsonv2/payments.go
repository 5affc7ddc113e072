package jsonv2

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/api/shape"
	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/jsondoc"
	"github.com/duebook/duebook/internal/money"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/record"
	"github.com/duebook/duebook/internal/vendor"
)

// payments serves what bills are paid by (3.6, 3.16, 3.17, 5.1 to 5.4).
func (h *Handler) payments() area {
	return area{
		entities: []entity{{
			shape: sentPayShape(), ops: readOnly, view: db.Of(org.ViewBills),
			scope: func(_ *db.Tx, q *record.Query) error { payment.Latest(q); return nil },
			fill:  func(tx *db.Tx, recs []record.Record) error { return payment.Fill(tx, all[*payment.Payment](recs)) },
		}, {
			shape: billPayShape(), ops: readOnly, view: db.Of(org.ViewBills),
			fill: func(tx *db.Tx, recs []record.Record) error {
				return payment.FillParts(tx, paymentIDs(recs, func(r record.Record) *ids.ID { return &r.(*payment.BillPay).PaymentID }))
			},
		}, {
			shape: billCreditShape(), ops: readOnly, view: db.Of(org.ViewBills),
			fill: func(tx *db.Tx, recs []record.Record) error {
				return payment.FillParts(tx, paymentIDs(recs, func(r record.Record) *ids.ID { return &r.(*payment.BillCredit).PaymentID }))
			},
		}, {
			shape: movementShape(), ops: readOnly, view: db.Of(org.ViewBills),
			fill: func(tx *db.Tx, recs []record.Record) error {
				return payment.FillMovements(tx, all[*payment.Movement](recs))
			},
		}, {
			shape: bankAccountShape(), ops: readOnly, view: db.Of(org.ViewBanks),
		}},
		calls: map[string]call{
			"PayBills":            {trusted: true, run: h.payBills},
			"PayBill":             {trusted: true, run: h.payBill},
			"RecordAPPayment":     {run: h.recordAPPayment},
			"CancelAPPayment":     {run: h.cancelAPPayment},
			"VoidAPPayment":       {run: h.voidAPPayment},
			"GetDisbursementData": {get: true, needs: db.Of(org.ViewBills), run: h.disbursementData},
			"GetCheckImageData":   {get: true, needs: db.Of(org.ViewBills, org.ViewBanks), run: h.checkImage},
			"ListPayments":        {get: true, needs: db.Of(org.ViewBills), run: h.listPayments},
			"GetBankBalance":      {get: true, needs: db.Of(org.ViewBanks), run: h.bankBalance},
		},
	}
}

func paymentIDs(recs []record.Record, of func(record.Record) *ids.ID) []*ids.ID {
	out := make([]*ids.ID, len(recs))
	for i, r := range recs {
		out[i] = of(r)
	}
	return out
}

// object makes a member that is JSON text made from the record.
func object[T any](path string, of func(*T) any) shape.Entry {
	return shape.Entry{Path: path, Use: shape.ReadOnly, Field: record.Pass(path, record.Text, 0, func(r *T) *json.RawMessage {
		text, err := json.Marshal(of(r))
		if err != nil {
			text = []byte("null")
		}
		return (*json.RawMessage)(&text)
	})}
}

func sentPayShape() *shape.Shape {
	x := fields{payment.Payments.Type}
	return shape.New("SentPay", x.t, slices.Concat(x.head(), []shape.Entry{
		x.shown("processDate", "processDate"),
		x.shown("amount", "amount"),
		x.shown("status", "status"),
		x.shown("description", "description"),
		x.shown("txnNumber", "txnNumber"),
		x.shown("name", "confirmation"),
		x.shown("vendorId", "vendorId"),
		x.shown("isOnline", "isOnline"),
		x.constant("fasterPayment", record.Bool, "false"),
		x.constant("deliveryTypeRequested", record.Text, "null"),
		x.shown("paymentType", "paymentType"),
		null(x.shown("disbursementStatus", "disbursementStatus")),
		x.shown("chartOfAccountId", "chartOfAccountId"),
		x.shown("bankAccountId", "bankAccountId"),
		x.shown("syncReference", "syncReference"),
		x.shown("toPrintCheck", "toPrintCheck"),
		x.constant("needAttnReviewed", record.Bool, "false"),
		x.constant("source", record.Enum, `"0"`),
		object("voidRequest", func(p *payment.Payment) any {
			if p.VoidType == 0 {
				return nil
			}
			return struct {
				Type          string `json:"type"`
				Reason        string `json:"reason"`
				Status        string `json:"status"`
				RequestedTime string `json:"requestedTime"`
			}{strconv.FormatInt(p.VoidType, 10), p.VoidReason, p.VoidStatus, string(appendInstant(nil, p.VoidRequestedAt))}
		}),
	})...).
		WithList("billPays", billPayShape(), func(r record.Record) []record.Record { return records(r.(*payment.Payment).Parts) }).
		WithList("billCredits", billCreditShape(), func(r record.Record) []record.Record { return records(r.(*payment.Payment).Uses) })
}

// records gives records of one type as any.
func records[R record.Record](of []R) []record.Record {
	out := make([]record.Record, len(of))
	for i, r := range of {
		out[i] = r
	}
	return out
}

func billPayShape() *shape.Shape {
	x := fields{payment.BillPays.Type}
	return shape.New("BillPay", x.t,
		x.shown("id", "id"),
		x.shown("billId", "billId"),
		x.shown("sentPayId", "paymentId"),
		x.shown("name", "name"),
		x.shown("paymentStatus", "paymentStatus"),
		x.shown("amount", "amount"),
		x.shown("description", "description"),
		x.shown("processDate", "processDate"),
		x.shown("syncReference", "syncReference"),
		x.shown("toPrintCheck", "toPrintCheck"),
		x.shown("chartOfAccountId", "chartOfAccountId"),
		x.shown("paymentType", "paymentType"),
		x.shown("isActive", "isActive"),
		x.shown("createdTime", "createdTime"),
		x.shown("updatedTime", "updatedTime"),
	)
}

func billCreditShape() *shape.Shape {
	x := fields{payment.BillCredits.Type}
	return shape.New("BillCredit", x.t,
		x.shown("id", "id"),
		x.shown("billId", "billId"),
		x.shown("sentPayId", "paymentId"),
		x.shown("vendorCreditId", "vendorCreditId"),
		x.shown("amount", "amount"),
		x.shown("isActive", "isActive"),
		x.shown("createdTime", "createdTime"),
		x.shown("updatedTime", "updatedTime"),
	)
}

func movementShape() *shape.Shape {
	x := fields{payment.Movements.Type}
	return shape.New("MoneyMovement", x.t, slices.Concat(x.head(), []shape.Entry{
		x.shown("name", "name"),
		x.shown("type", "type"),
		x.shown("amount", "amount"),
		x.shown("processDate", "processDate"),
		x.shown("status", "status"),
		x.shown("bankAccountId", "bankAccountId"),
		x.shown("description", "description"),
		object("sentPayIds", func(m *payment.Movement) any { return append([]ids.ID{}, m.Payments...) }),
		object("receivedPayIds", func(m *payment.Movement) any { return append([]ids.ID{}, m.Receipts...) }),
	})...)
}

func bankAccountShape() *shape.Shape {
	x := fields{bank.Accounts.Type}
	type A = *bank.Account
	masked := func(name string, of func(A) string) shape.Entry {
		return shape.Entry{Path: name, Field: record.View(name, record.Text, of)}
	}
	return shape.New("BankAccount", x.t, slices.Concat(x.head(), []shape.Entry{
		x.shown("bankName", "bankName"),
		x.shown("nameOnAcct", "name"),
		masked("accountNumber", func(a A) string { return "*****" + a.AccountTail }),
		masked("routingNumber", func(a A) string { return "*****" + a.Routing[max(0, len(a.Routing)-4):] }),
		x.constant("usersId", record.Ref, zero),
		x.shown("chartOfAccountId", "ledgerAccountId"),
		x.shown("status", "status"),
		x.constant("isSavings", record.Bool, "false"),
		x.constant("isPersonalAcct", record.Bool, "false"),
		x.shown("isPrimaryAP", "isDefault"),
		x.shown("isPrimaryAR", "isDefault"),
	})...)
}

// noDay is a day that no payment can be made on: a Saturday long ago.
var noDay = civil.MustDate("0001-01-06")

// processDate reads a date that is judged with the payment: one that is none becomes one that no payment can have (5.1.5).
func processDate(in *args, n need) civil.Date {
	v := in.get("processDate", n)
	if v == nil {
		return civil.Date{}
	}
	d, ok := parseDate(v.Text)
	if !ok || v.Kind != jsondoc.String {
		return noDay
	}
	return d
}

// portions reads the bills and credits of a payment.
func portions(in *args) (bills []payment.Portion, credits []payment.Offset) {
	if v := in.get("billPays", required); v != nil && v.Kind == jsondoc.List && len(v.Items) == 0 {
		return nil, nil // too few is said like too many (5.1.2)
	}
	for _, a := range in.list("billPays", optional) {
		bills = append(bills, payment.Portion{BillID: a.ref("billId", required), Amount: a.money("amount", required)})
	}
	for _, a := range in.list("billCredits", optional) {
		credits = append(credits, payment.Offset{BillID: a.ref("billId", required), CreditID: a.ref("vendorCreditId", required),
			Amount: a.money("amount", required)})
	}
	return bills, credits
}

// pay carries an order out. Who may not pay is told so in words of its own (2.7).
func (q *request) pay(o payment.Order, show func(*db.Tx, []record.Record) error) error {
	may := func(p db.Permission) bool { return q.session.Caller.Perms.Has(p) }
	if !may(org.PayApproved) && !may(org.PayUnassigned) && !may(org.PayUnapproved) {
		return problem.ErrPay
	}
	err := q.write(func(tx *db.Tx) error {
		made, err := payment.PayBills(tx, o)
		if err != nil {
			return err
		}
		recs := make([]record.Record, len(made))
		for i, p := range made { // the times are those of the commit
			if recs[i], err = payment.Payments.Load(tx, p.ID); err != nil {
				return err
			}
		}
		return show(tx, recs)
	})
	if errors.Is(err, fault.ErrForbidden) {
		return problem.ErrPay
	}
	return unknownBill(err)
}

// unknownBill tells a bill that is not there by its field and id, as other references are (2.7).
func unknownBill(err error) error {
	if f := fault.From(err); f != nil && f.Kind == fault.NotFound && len(f.Fields) > 0 {
		return fault.ErrReference.On(f.Fields...).With(f.Args...)
	}
	return err
}

func (h *Handler) payBills(q *request, in *args) (any, error) {
	o := payment.Order{VendorID: in.ref("vendorId", optional), BankAccountID: in.ref("bankAccountId", optional), ProcessDate: processDate(in, optional)}
	o.Bills, o.Credits = portions(in)
	if err := in.err(); err != nil {
		return nil, err
	}
	var out struct {
		SentPays raw `json:"sentPays"`
	}
	err := q.pay(o, func(tx *db.Tx, made []record.Record) (err error) {
		out.SentPays, err = q.list(tx, "SentPay", made)
		return err
	})
	return out, err
}

func (h *Handler) payBill(q *request, in *args) (any, error) {
	o := payment.Order{ProcessDate: processDate(in, optional)}
	o.Bills = []payment.Portion{{BillID: in.ref("billId", required), Amount: in.money("amount", required)}}
	if err := in.err(); err != nil {
		return nil, err
	}
	var out raw
	err := q.pay(o, func(tx *db.Tx, made []record.Record) (err error) {
		out, err = q.show(tx, "SentPay", made...)
		return err
	})
	return out, err
}

func (h *Handler) recordAPPayment(q *request, in *args) (any, error) {
	o := payment.OfflineOrder{VendorID: in.ref("vendorId", optional), Date: processDate(in, required), ChartOfAccountID: in.ref("chartOfAccountId", optional),
		AllowExport: true, ToPrintCheck: in.flag("toPrintCheck", false), SyncReference: in.text("syncReference", optional),
		Description: in.text("description", optional)}
	o.Bills, o.Credits = portions(in)
	if longer(o.Description, 4000) {
		add(&in.found.tooLong, "description")
	}
	if longer(o.SyncReference, 100) {
		add(&in.found.tooLong, "syncReference")
	}
	if o.Date == noDay {
		o.Date = civil.Date{}
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	var out raw
	err := q.write(func(tx *db.Tx) error {
		p, err := payment.RecordPayment(tx, o)
		if err != nil {
			return err
		}
		out, err = q.sentPay(tx, p.ID)
		return err
	})
	return out, unknownBill(err)
}

// sentPay shows a payment as it is stored by now.
func (q *request) sentPay(tx *db.Tx, id ids.ID) (raw, error) {
	p, err := payment.Find(tx, id)
	if err != nil {
		return nil, err
	}
	return q.show(tx, "SentPay", p)
}

// onSentPay runs f on the payment that sentPayId names and shows it afterwards.
func (q *request) onSentPay(in *args, f func(tx *db.Tx, id ids.ID) error) (any, error) {
	id := in.ref("sentPayId", required)
	if err := in.err(); err != nil {
		return nil, err
	}
	var out raw
	err := q.write(func(tx *db.Tx) error {
		p, err := payment.Find(tx, id)
		if err != nil {
			return onSentPayID(id, err)
		}
		if err := f(tx, p.ID); err != nil {
			return err
		}
		out, err = q.sentPay(tx, p.ID)
		return err
	})
	return out, err
}

// onSentPayID names the field sentPayId in the refusal of a payment that is not there.
func onSentPayID(id ids.ID, err error) error {
	if errors.Is(err, fault.ErrNotFound) {
		return fault.ErrReference.On("sentPayId").With(string(id))
	}
	return err
}

func (h *Handler) cancelAPPayment(q *request, in *args) (any, error) {
	return q.onSentPay(in, payment.Cancel)
}

func (h *Handler) voidAPPayment(q *request, in *args) (any, error) {
	v := payment.Voiding{Type: in.int("voidRequestType", optional, 0), Reason: in.text("reason", optional)}
	if longer(v.Reason, 200) {
		add(&in.found.tooLong, "reason")
	}
	return q.onSentPay(in, func(tx *db.Tx, id ids.ID) error {
		v.PaymentID = id
		_, err := payment.Void(tx, v)
		return err
	})
}

func (h *Handler) listPayments(q *request, in *args) (any, error) {
	status := in.int("disbursementStatus", optional, -1)
	if err := in.err(); err != nil {
		return nil, err
	}
	e := h.entities["SentPay"]
	q.wire = e.shape.Wire
	query, polls, audit, err := e.query(in)
	if err != nil {
		return nil, err
	}
	if status >= 0 {
		query.Filters = append(query.Filters, record.Filter{Field: payment.Payments.Must("disbursementStatus"), Op: record.Eq, Values: []any{status}})
	}
	open := q.read
	if polls {
		open = q.poll
	}
	var out struct {
		Payments raw `json:"payments"`
	}
	err = open(func(tx *db.Tx) error {
		out.Payments, err = e.page(q, tx, query, audit)
		return err
	})
	return out, err
}

// disbursementData shows the movement of money behind a payment, with the block of its rail (5.3).
func (h *Handler) disbursementData(q *request, in *args) (any, error) {
	id := in.ref("sentPayId", required)
	if err := in.err(); err != nil {
		return nil, err
	}
	type check struct {
		CheckNumber    string  `json:"checkNumber"`
		CheckDate      *string `json:"checkDate"`
		ArrivesByDate  *string `json:"arrivesByDate"`
		ClearedDate    *string `json:"clearedDate"`
		Amount         raw     `json:"amount"`
		Memo           *string `json:"memo"`
		ExpirationDate *string `json:"expirationDate"`
		TrackingInfo   *string `json:"trackingInfo"`
		ErrorCode      *string `json:"errorCode"`
	}
	type ach struct {
		DepositDate  *string `json:"depositDate"`
		SentDate     *string `json:"sentDate"`
		ErrorCode    *string `json:"errorCode"`
		ReturnedDate *string `json:"returnedDate"`
		TraceNumber  string  `json:"traceNumber"`
	}
	type biller struct {
		ArrivesByDate *string `json:"arrivesByDate"`
		SentDate      *string `json:"sentDate"`
		ErrorCode     *string `json:"errorCode"`
		LargeBillerID ids.ID  `json:"largeBillerId"`
		ReturnedDate  *string `json:"returnedDate"`
		TraceNumber   string  `json:"traceNumber"`
	}
	type address struct {
		Address1 *string `json:"address1"`
		Address2 *string `json:"address2"`
		Address3 *string `json:"address3"`
		Address4 *string `json:"address4"`
		City     *string `json:"addressCity"`
		State    *string `json:"addressState"`
		Zip      *string `json:"addressZip"`
		Country  *string `json:"addressCountry"`
	}
	var out struct {
		PaymentType        string  `json:"paymentType"`
		DisbursementStatus *string `json:"disbursementStatus"`
		*address
		Check  *check  `json:"checkData,omitempty"`
		Biller *biller `json:"rppsData,omitempty"`
		ACH    *ach    `json:"achData,omitempty"`
	}
	err := q.read(func(tx *db.Tx) error {
		p, err := payment.Find(tx, id)
		if err != nil {
			return onSentPayID(id, err)
		}
		d, err := payment.Detail(tx, p.ID)
		if err != nil {
			return err
		}
		out.PaymentType = strconv.FormatInt(p.PaymentType, 10)
		if p.DisbursementStatus != 0 {
			out.DisbursementStatus = orNone(strconv.FormatInt(p.DisbursementStatus, 10))
		}
		m := d.Disbursement
		switch {
		case m == nil:
		case p.Rail == payment.Check:
			own, err := org.Load(tx)
			if err != nil {
				return err
			}
			days := own.Preferences.ExpireCheckDays
			if days == 0 {
				days = 90
			}
			out.Check = &check{CheckNumber: strconv.FormatInt(m.Check, 10), CheckDate: orNone(p.ProcessDate.String()), ArrivesByDate: orNone(p.ArrivalDate.String()),
				ClearedDate: orNone(m.SettledOn.String()), Amount: money.AppendMinor(nil, p.Amount, 2), Memo: orNone(p.Description),
				ExpirationDate: orNone(p.ProcessDate.AddDays(days).String()), ErrorCode: orNone(m.ReasonCode)}
		case p.PeerID.Is(ids.ListedVendor):
			v, err := vendor.Vendors.Load(tx, p.VendorID)
			if err != nil {
				return err
			}
			out.address = &address{orNone(v.Address1), orNone(v.Address2), orNone(v.Address3), orNone(v.Address4), orNone(v.City), orNone(v.Region), orNone(v.Zip), orNone(v.Country)}
			out.Biller = &biller{ArrivesByDate: orNone(p.ArrivalDate.String()), SentDate: orNone(day(d, payment.Sent)), ErrorCode: orNone(m.ReasonCode),
				LargeBillerID: p.PeerID, ReturnedDate: orNone(day(d, payment.Failed)), TraceNumber: m.Trace}
		case p.Rail == payment.ACH:
			out.ACH = &ach{DepositDate: orNone(m.Effective.String()), SentDate: orNone(day(d, payment.Sent)), ErrorCode: orNone(m.ReasonCode),
				ReturnedDate: orNone(day(d, payment.Failed)), TraceNumber: m.Trace}
		}
		return nil
	})
	return out, err
}

// day is the Pacific day on which a payment came into a state; "" if it never did.
func day(d payment.Details, state string) string {
	for _, s := range d.Steps {
		if s.State == state {
			return civil.Of(s.At.Time(), civil.Pacific).String()
		}
	}
	return ""
}

// checkImage shows a cheque as it was issued. It answers problem.ErrNothing for a payment without, and where the server
// cannot draw one.
func (h *Handler) checkImage(q *request, in *args) (any, error) {
	id := in.ref("sentPayId", required)
	if err := in.err(); err != nil {
		return nil, err
	}
	var paper payment.Paper
	err := q.read(func(tx *db.Tx) error {
		p, err := payment.Find(tx, id)
		if err != nil {
			return onSentPayID(id, err)
		}
		paper, err = payment.Cheque(tx, p.ID)
		return err
	})
	switch {
	case errors.Is(err, payment.ErrNoCheque):
		return nil, problem.ErrNothing
	case err != nil:
		return nil, err
	}
	image, err := paper.PNG(q.ctx, h.Vault, q.session.Caller.Org)
	if err != nil {
		return nil, err
	}
	if image == nil {
		return nil, problem.ErrNothing
	}
	return struct {
		Front string  `json:"frontImage"`
		Back  *string `json:"backImage"`
	}{base64.StdEncoding.EncodeToString(image), nil}, nil
}

// bankBalance tells what the ledger says of the organisation's bank accounts (5.10).
func (h *Handler) bankBalance(q *request, _ *args) (any, error) {
	type balance struct {
		BankAccountID ids.ID `json:"bankAccountId"`
		Balance       raw    `json:"balance"`
		AsOf          string `json:"asOf"`
	}
	out := struct {
		Balances []balance `json:"balances"`
	}{Balances: []balance{}}
	err := q.read(func(tx *db.Tx) error {
		all, err := bank.Balances(tx)
		if err != nil {
			return err
		}
		now := string(appendInstant(nil, clock.FromTime(tx.Now())))
		for _, b := range all {
			out.Balances = append(out.Balances, balance{b.ID, money.AppendMinor(nil, b.Minor, 2), now})
		}
		return nil
	})
	return out, err
}
