// Package micr has the magnetic line at the foot of a US check: its layout (CHK-2) and an E-13B font to print it (CHK-3).
//
// The font is drawn here, in code, because no freely licensed one could be found; it is under the licence of the
// program. Every character follows the grid of the standard (ISO 1004-1, ANSI X9.100-20): squares of 0.013 inch, at
// most 7 wide and 9 high, right edges 0.125 inch apart at 12 points. The strokes follow public descriptions of the
// characters and the grids that recognition programs compare with; they were not measured from the standard's own
// drawings, and no magnetic reader has seen them. Before the first real check the operator prints samples with magnetic
// toner and has the bank test them.
package micr
