// Package iso20022 writes the file a bank takes wires from, pain.001.001.09 (customer credit transfer initiation), and
// reads its answer, pain.002 (payment status report), versions 03 to 10.
//
// A file has a head with count and sum, then a block for each funding account and execution date, with the transfers in
// one pass. Texts are reduced to the characters that SWIFT carries (Latin) by the callers; Write refuses what cannot
// stand in its element with a FieldError and cuts nothing.
//
// Source: ISO 20022 message definitions pain.001.001.09 and pain.002; docs/spec/domain.md INT-3 to INT-6.
package iso20022
