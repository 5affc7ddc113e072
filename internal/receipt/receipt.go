// Package receipt keeps the money that customers pay: received payments, what of them goes to which invoice, and what is
// left for later.
//
//	recorded --Void--> voided
//	scheduled --Leave--> in_file --Settle--> settled --Return--> returned
//	scheduled --Void--> canceled; in_file --Return--> returned
//	returned --Retry--> another receipt, scheduled
//	announced --> credited, canceled, returned; credited --> returned (Follow)
//
// A recorded payment has been received elsewhere and posts at once: the deposit account is debited, accounts receivable
// credited. A charge fetches the money from the customer's bank account (AR-12): it reserves the invoices, leaves as an
// ACH debit and posts on the day it settles. What undoes a receipt posts the opposite and opens its invoices again.
// Each receipt has one entry that stands in the ledger at most; PostingVersion is the number of its last one.
package receipt

import (
	"slices"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/customer"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/invoice"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/record"
)

// The states of a receipt.
const (
	Recorded  = "recorded"
	Voided    = "voided"
	Scheduled = "scheduled"
	Canceled  = "canceled"
	InFile    = "in_file"
	Settled   = "settled"
	Returned  = "returned"
	Announced = "announced" // a linked organisation has scheduled a payment to us (NET-3)
	Credited  = "credited"  // it has settled
)

// Status as the API shows it (api-v2 3.12). StatusEscheated is never produced.
const (
	StatusPaid      = 0
	StatusVoid      = 1
	StatusScheduled = 2
	StatusCanceled  = 3
)

var statuses = map[string]int64{Recorded: StatusPaid, Voided: StatusVoid, Scheduled: StatusScheduled, Canceled: StatusCanceled,
	InFile: StatusScheduled, Settled: StatusPaid, Returned: StatusVoid, Announced: StatusScheduled, Credited: StatusPaid}

// TypeACH is the payment type of a charge.
const TypeACH = 3

// Types are the numbers of a received payment's type and their names in generation 3.
var Types = map[int64]string{0: "CASH", 1: "CHECK", 2: "CREDIT_CARD", TypeACH: "ACH", 4: "PAYPAL", 5: "OTHER"}

// Receipt is a payment received from a customer. Amounts are minor units of Currency.
type Receipt struct {
	record.Base
	CustomerID         ids.ID
	Status             int64 // of State
	State              string
	PaymentDate        civil.Date
	DepositToAccountID ids.ID // a charge comes by way of Money In Clearing
	Online             bool
	PaymentType        int64
	Amount             int64
	UnappliedAmount    int64 // not used for invoices, also of a voided one
	Currency           string
	Description        string
	RefNumber          string
	ConvFeeAmount      int64  // paid on top of Amount (AR-15)
	PaymentAccountID   ids.ID // the customer's bank account that is charged
	PayToBankAccountID ids.ID // the account of ours that gets the charge
	Channel            string
	CreatedBy          ids.ID
	PostingVersion     int64
	BatchID            ids.ID // of the file its debit left in
	Trace              string // of its debit: 15 digits
	SettleDate         civil.Date
	ReasonCode         string // why its debit came back
	ReasonText         string
	RetryOf            ids.ID     // a try after the first: the first charge (ACH-10)
	Attempt            int64      // 1 or 2 of a try after the first
	RetryOn            civil.Date // returned: the process date on which it is tried again
	PeerID             ids.ID     // the organisation of this server that pays over the network (NET-3)
	PeerPaymentID      ids.ID     // its payment
	Pays               []*InvoicePay
	Fees               []*Fee // LoadFees
}

// InvoicePay is the part of a receipt that goes to one invoice.
type InvoicePay struct {
	record.Base
	ReceivedPayID ids.ID
	Position      int64
	InvoiceID     ids.ID
	Amount        int64
	Description   string
}

// InvoicePays describes the parts of receipts.
var InvoicePays = record.Describe[InvoicePay]("invoicePay", ids.InvoicePay, "invoice_pays",
	record.Owner("receivedPayId", func(p *InvoicePay) *ids.ID { return &p.ReceivedPayID }),
	record.Number("position", func(p *InvoicePay) *int64 { return &p.Position }),
	record.Reference("invoiceId", func() *record.Type { return invoice.Invoices.Type }, func(p *InvoicePay) *ids.ID { return &p.InvoiceID }),
	record.Amount("amount", func(p *InvoicePay) *int64 { return &p.Amount }),
	record.String("description", 4000, func(p *InvoicePay) *string { return &p.Description }),
)

// Receipts describes received payments.
var Receipts = record.Describe[Receipt]("receivedPay", ids.ReceivedPay, "received_pays",
	record.Reference("customerId", func() *record.Type { return customer.Customers.Type }, func(r *Receipt) *ids.ID { return &r.CustomerID }),
	record.Choice("status", map[int64]string{StatusPaid: "PAID", StatusVoid: "VOID", StatusScheduled: "SCHEDULED", StatusCanceled: "CANCELED",
		4: "ESCHEATED"}, func(r *Receipt) *int64 { return &r.Status }),
	record.String("state", 20, func(r *Receipt) *string { return &r.State }),
	record.Day("paymentDate", func(r *Receipt) *civil.Date { return &r.PaymentDate }),
	record.Reference("depositToAccountId", func() *record.Type { return dimension.Accounts.Type }, func(r *Receipt) *ids.ID { return &r.DepositToAccountID }),
	record.Flag("isOnline", func(r *Receipt) *bool { return &r.Online }),
	record.Choice("paymentType", Types, func(r *Receipt) *int64 { return &r.PaymentType }),
	record.Amount("amount", func(r *Receipt) *int64 { return &r.Amount }),
	record.Amount("unappliedAmount", func(r *Receipt) *int64 { return &r.UnappliedAmount }),
	record.String("currency", 3, func(r *Receipt) *string { return &r.Currency }),
	record.String("description", 4000, func(r *Receipt) *string { return &r.Description }),
	record.String("refNumber", 100, func(r *Receipt) *string { return &r.RefNumber }),
	record.Amount("convFeeAmount", func(r *Receipt) *int64 { return &r.ConvFeeAmount }),
	record.Reference("paymentAccountId", func() *record.Type { return customer.BankAccounts.Type }, func(r *Receipt) *ids.ID { return &r.PaymentAccountID }),
	record.Reference("payToBankAccountId", func() *record.Type { return bank.Accounts.Type }, func(r *Receipt) *ids.ID { return &r.PayToBankAccountID }),
	record.String("channel", 20, func(r *Receipt) *string { return &r.Channel }),
	record.Reference("createdBy", func() *record.Type { return org.Members.Type }, func(r *Receipt) *ids.ID { return &r.CreatedBy }),
	record.Number("postingVersion", func(r *Receipt) *int64 { return &r.PostingVersion }),
	record.Reference("batchId", nil, func(r *Receipt) *ids.ID { return &r.BatchID }),
	record.String("trace", 15, func(r *Receipt) *string { return &r.Trace }),
	record.Day("settleDate", func(r *Receipt) *civil.Date { return &r.SettleDate }),
	record.String("reasonCode", 10, func(r *Receipt) *string { return &r.ReasonCode }),
	record.String("reasonText", 200, func(r *Receipt) *string { return &r.ReasonText }),
	record.Reference("retryOf", nil, func(r *Receipt) *ids.ID { return &r.RetryOf }),
	record.Number("attempt", func(r *Receipt) *int64 { return &r.Attempt }),
	record.Day("retryOn", func(r *Receipt) *civil.Date { return &r.RetryOn }),
	record.Reference("peerId", nil, func(r *Receipt) *ids.ID { return &r.PeerID }),
	record.Reference("peerPaymentId", nil, func(r *Receipt) *ids.ID { return &r.PeerPaymentID }),
	record.WithLines("invoicePays", InvoicePays, "receivedPayId", func(r *Receipt) *[]*InvoicePay { return &r.Pays }),
)

// Fee is what a customer paid for a way of paying, apart from the amount received (AR-15).
type Fee struct {
	record.Base
	ReceivedPayID    ids.ID
	RefNumber        string
	Amount           int64
	PaymentDate      civil.Date
	ChartOfAccountID ids.ID // the income account
}

// Fees describes convenience fees.
var Fees = record.Describe[Fee]("convFee", ids.ConvenienceFee, "convenience_fees",
	record.Reference("receivedPayId", func() *record.Type { return Receipts.Type }, func(f *Fee) *ids.ID { return &f.ReceivedPayID }),
	record.String("refNumber", 100, func(f *Fee) *string { return &f.RefNumber }),
	record.Amount("amount", func(f *Fee) *int64 { return &f.Amount }),
	record.Day("paymentDate", func(f *Fee) *civil.Date { return &f.PaymentDate }),
	record.Reference("chartOfAccountId", func() *record.Type { return dimension.Accounts.Type }, func(f *Fee) *ids.ID { return &f.ChartOfAccountID }),
)

// LoadFees reads the convenience fees of the receipts among recs into them.
func LoadFees(tx *db.Tx, recs []record.Record) error {
	byID := make(map[ids.ID]*Receipt, len(recs))
	values := make([]any, len(recs))
	for i, rec := range recs {
		byID[rec.Head().ID], values[i] = rec.(*Receipt), string(rec.Head().ID)
	}
	for part := range slices.Chunk(values, 400) {
		q := record.Query{Filters: []record.Filter{{Field: Fees.Must("receivedPayId"), Op: record.In, Values: part}}}
		err := Fees.List(tx, q, func(f *Fee) error {
			r := byID[f.ReceivedPayID]
			r.Fees = append(r.Fees, f)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Faults of this room.
var (
	ErrNotVoidable   = fault.New(fault.Conflict, "receipt_not_voidable", "The received payment is void already, or its charge can no longer be stopped.")
	ErrNotAuthorized = fault.New(fault.Forbidden, "charge_not_authorised", "The customer has not authorised charges.")
	ErrAccount       = fault.New(fault.Invalid, "customer_account_unusable", "The customer has no such active, verified bank account.")
)
