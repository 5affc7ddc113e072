// Package payment turns bills into money that moves: it schedules payments, releases them on their process date as ACH
// files and cheques, delivers those files to the bank's folder, and takes in what the bank answers (domain section 5).
//
// A payment pays one vendor from one funding account. Its parts, the bill pays, go to one bill each; beside them vendor
// credits may be set off (order.go). Released, it has one disbursement, the movement of money: an ACH entry with its trace
// number, or a cheque with its number. The disbursements of one run, rail, funding account and process date make a batch
// with its files. What leaves an account on a day is one movement of money. A payment made elsewhere is only recorded, one
// that credits cover in full moves no money: both are done at once.
//
//	scheduled --release--> in_file --delivery--> sent --statement--> settled --two banking days--> cleared
//	    |  \                                      | \                  |                              |
//	    |   on_hold                               |  cleared (cheque)  '-------------return-----------+--> failed
//	    '--cancel--> canceled                     '--file rejected--> funding_failed
//
// From the organisation's threshold on a payment begins as awaiting_approval, above a ceiling of the day as on_hold; a second
// person lets it go from either (approve.go, hold.go), and ten banking days on hold cancel it. What leaves on a process date
// does so in two pickups (pickup.go), to payees as they were taken down at its first minute (takedown.go).
//
// A payment that has left can be voided (void.go): a cheque until it clears, an entry by asking the bank to have it sent
// back, which shows in the end. It may be replaced by a new payment then, which generation 2 shows as the same one.
//
//	in_file (cheque), cleared (recorded) --void--> voided
//	sent (cheque) --void--> void_requested --the bank takes the stop--> voided, or --statement--> cleared
//	in_file, sent (entry) --void--> void_requested --return--> voided, or --two banking days--> cleared
//	sent (cheque) --91st day--> voided, or unclaimed --paid to a state--> escheated
//
// Every change of state is one call of Payment.move, which keeps the payment, its bill pays, its bills and its timeline
// in step. Money is posted in the same transaction (domain 9.2): release debits accounts payable and credits Money Out
// Clearing, the bank's statement and its returns bring that account back to zero.
//
// Nothing leaves before its bytes are stored, and what is stored never changes: a run that dies is taken up where it
// stood, and sends no file and no cheque twice (XO-1 to XO-4). Files of the bank are taken in once (XO-8).
//
// Not here yet: one disbursement for payments made one by one (PAY-9 combines the bills of one order), the clearing model.
package payment
