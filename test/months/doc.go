// Package months plays months of business with faults: random acts of several people, a bank whose files come late, twice
// and garbled, and processes that die around every transaction. After the acts the books are proved.
package months
