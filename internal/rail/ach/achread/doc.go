// Package achread reads NACHA files and refuses every file that is not exactly right: the files we send to the bank and
// the files of returns and corrections that the bank sends back.
//
// It recomputes all that a file says about itself (counts, entry hashes, totals, blocks, check digits) and believes
// none of it. It shares no code with the writer in package ach, so that each is a check on the other.
//
// A file is lines of 94 ASCII characters, ended by LF or CRLF, in blocks of ten:
//
//	1 file header
//	  5 batch header
//	    6 entry
//	      7 addenda of the entry, none or more
//	  8 batch control
//	9 file control
//	9999... lines of nines that fill the last block
//
// A batch is of one of three kinds, by its transaction codes and its class: entries under way to a receiver (codes
// ending in 2, 3, 7, 8; addenda 05), returned entries (codes ending in 1 and 6; one addenda 99), and notifications of
// change (class COR, the same codes; one addenda 98).
//
// Source: domain specification 5.8 (ACH-1, ACH-2, ACH-6, ACH-7, ACH-8, ACH-9) and its appendix A.
package achread
