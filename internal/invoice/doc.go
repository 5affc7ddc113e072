// Package invoice keeps what customers owe: invoices and credit memos with their lines and sales tax, and what has been
// received, credited and scheduled of each.
//
// Both are documents: a header, lines, a total computed from them (AR-2 to AR-4), one entry in the ledger while the
// document is active. Editing one posts the opposite of its entry and a new one; making it inactive, which is the void of
// AR-18, posts the opposite alone, and restoring it posts anew. Money changes a document only through Schedule, Settle,
// Apply and their opposites here, so that its amounts and states, and the customer's balance, have one home.
package invoice
