// Package check makes what a check account needs on paper and at the bank: checks as PDF with their magnetic line and
// stubs (CHK-1, CHK-2, CHK-8), and the positive-pay file of what was issued (CHK-6).
//
// It knows no store and no clock. The same values give the same bytes, so a print run can be made again and compared
// with what was stored (CHK-5). Numbers, states and the print run itself belong to the payment room.
//
// The magnetic line needs magnetic toner, and the bank tests samples before the first real check (CHK-3); see micr.
package check
