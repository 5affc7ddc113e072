// Package bai2 writes and reads bank statements in the format BAI2, version 2: records 01 (file), 02 (group: one bank,
// one day), 03 (account with its balances), 16 (one movement), 88 (continuation), 49, 98 and 99 (the controls of
// account, group and file).
//
// Read believes nothing a statement says about itself: control totals and the counts of records, accounts and groups
// are recomputed. Whether the movements explain the difference of the balances, and whether a statement follows the one
// before it, is reconciliation's question (REC-1), not asked here.
//
// Amounts are in the minor unit of the account's currency; the format has no decimal point. Movements carry no sign:
// their type code says whether they are credits or debits. Availability (funds type) is checked for its form and
// otherwise ignored; Write states it as unknown.
//
// A record ends with a slash. The text of a movement is the rest of its record, commas and slashes included; each
// continuation of a text is a new line of it. Only text may lack the slash at its end.
//
// Source: domain specification REC-1 and REC-2, after the BAI2 specification of the Bank Administration Institute.
package bai2
