// Package acceptance runs the acceptance scenarios and hard cases of docs/spec/domain.md, section 15, with exactly the
// figures that stand there, against a whole server: programs speak generation 1 and 2, people use the web (where it is a
// step of a scenario, in a real browser), and the bank is the simulated one, whose files are read by readers that did not
// write them.
//
// A test of a scenario has a subtest for each step, TestE01 to TestE30 are the hard cases. Each runs on both databases and
// ends with the proof of the whole store (internal/verify). The clock is the test's. Set up behind the doors are only what
// an operator does by command (organisation, users, key, preferences) and what has no door yet: the opening journal, the
// closing of a month.
//
// What needs a part that is not built is named where it is left out, and in docs/divergences.md.
package acceptance
