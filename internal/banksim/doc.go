// Package banksim is the bank of the sandbox: it reads the files that would go to a real bank and answers with the files
// a real bank would send back. Nothing else in the program knows that it exists.
//
// The simulator has no memory and no clock. Its answers are a function of the files in out/, whose names tell when they
// were delivered, and an answer exists from the instant it is due. The same files give the same bytes under the same
// names, however often and from however many processes it runs (SIM-9). Banking days are those of the Federal Reserve;
// its instants are New York's.
//
// out/, delivered at the UTC instant in the name:
//
//	20261125T090000Z-<id>.ach              NACHA
//	20261125T090000Z-<id>-positivepay.csv  checks issued and voided
//	20261125T090000Z-<id>-positivepay.txt  the same in 100 columns
//	20261125T090000Z-<id>-recall.csv       entries to be sent back
//	20261125T090000Z-<id>-decisions.csv    what to do with checks that the bank asked about
//	20261125T090000Z-<id>-wire.xml         wires (pain.001.001.09)
//	20261125T090000Z-rules.json            how the bank behaves from then on (Rules)
//
// in/, due at the UTC instant in the name:
//
//	20261125T090500Z-<id>.ack              what was received, and ACCEPTED or REJECTED (SIM-2)
//	20261125T091000Z-<id>-status.xml       what becomes of each wire (pain.002.001.10)
//	20261202T130000Z-exceptions.csv        checks that the bank asks about (CHK-7)
//	20261130T110000Z-statement.xml         the same as camt.053.001.08, for accounts that ask for it
//	20261130T110000Z-statement.bai         BAI2 for a banking day with movements, 06:00 on the next one (SIM-3)
//	20261201T130000Z-returns.ach           returns and corrections, 08:00 on their banking day (SIM-4, SIM-5)
//
// A file for positive pay is acknowledged as <id>-positivepay.ack: no batches, its rows as entries, the checks issued as
// debits.
//
// # Entries
//
// An accepted entry settles on its effective date, or on the next banking day that the file still reaches: the day of
// delivery itself until 16:45, when the last window closes (ACH-5). The last four digits of the receiving account
// decide what follows (SIM-4):
//
//	00nn  a live entry is returned Rnn if Nacha defines that code; a test entry is posted
//	01nn  correction Cnn of live and test entries, for C01 to C07, C09 to C12; the entry is posted
//	0200  a test entry is returned R03; a live entry is posted
//	0300  a debit is returned R10 on the first banking day from the 59th day after settlement
//	0400  a credit is returned R23 on the 3rd banking day after settlement, when it had cleared
//	0500  the file is rejected, whatever the entry; what is rejected for its form says REJECTED FORMAT
//	0611  a debit is returned R11, as one that reverses a credit; 0617: R17
//	0600  the entry is posted, and not sent back when asked for
//
// A credit to an account that the bank keeps for us is a movement of that account too, besides the lump of its file.
//
// A live credit that a list asks for until 13:00 Pacific of the banking day before its effective date comes back as R06,
// whatever else would follow. A list is not acknowledged.
//
// Returns and corrections come on the 2nd banking day after settlement. A return moves its money on its day. A
// corrected account is the old one with its last four digits replaced by 1234, a corrected bank the next of the four
// receiving banks (SIM-1). A correction that leaves the account as it is comes again with the next entry.
//
// # Wires
//
// A wire is booked on its execution date, or on the first banking day after that the file still reaches. The last four
// characters of the payee's account decide (SIM-10): 0010 and 0011 are rejected with AC01 and AC04, 0012 is pending and
// booked one banking day later, 0013 comes back on the 2nd banking day after, 0500 has the file rejected.
//
// # Checks
//
// A check is presented on the 5th banking day after its issue date, and at the earliest on the first banking day after
// its file was delivered, unless its payee's name has a token (SIM-7): SIM-NEVER, SIM-RTS (the post brings it back on that
// day), SIM-D<n> (the n-th banking day), SIM-ALTERED (ten times the amount), SIM-DUP (again on the next banking day), SIM-FORGED
// (given back to the account two banking days after it was paid, CHK-4). A check is not paid on the New York day on which its void was delivered, or later.
//
// What differs from its issue, comes a second time, or was voided before and has a token, is asked about at 08:00 on its
// day, and returned unless a list of decisions says pay before 14:00. A list is not acknowledged.
package banksim
