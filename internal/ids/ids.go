// Package ids makes and checks the identifiers of records: 20 ASCII characters that begin with the type of the record
// and sort by the time they were made (CNV-7).
//
// An id is a prefix of three characters, the partition "01", ten letters A-Z that count the milliseconds since
// 2020-01-01 UTC in base 26, and five characters [0-9a-z] of a counter in base 36:
//
//	00n 01 AAAGAHIXRM 7k0c2
//
// The same record has the same id in all generations of the API.
package ids

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

const (
	length    = 20
	partition = "01"
	epoch     = 1_577_836_800_000                 // 2020-01-01 UTC in Unix milliseconds
	maxMillis = 26*26*26*26*26*26*26*26*26*26 - 1 // ten letters: until the year 6493
	counters  = 36 * 36 * 36 * 36 * 36            // five characters
	half      = counters / 2
)

// ID names a record. Empty and Null both mean no record. Ids are case-sensitive and compare bytewise.
type ID string

// Null is the reference to nothing on the wire.
const Null ID = "00000000000000000000"

// New makes an id of the present moment. Ids made by one process ascend strictly, whatever the system's clock does.
// Two processes can meet only within one millisecond and then by a chance of about 1 in 30 million for each pair of
// ids; the primary keys of the tables refuse the rest. Prefix is one of the constants; New panics unless it has three
// characters. Safe for concurrent use.
func New(prefix string) ID {
	ms, n := source.live(time.Now().UnixMilli() - epoch)
	return encode(prefix, ms, n)
}

// NewAt makes an id of the time t, for clocks that do not run with the system's. Its counter is never that of New, so
// the two do not meet within a process. Ids ascend with t; among those of one millisecond, in the order in which they
// were made, but for one break in 30 million ids. Times before 2020 count as 2020.
func NewAt(prefix string, t time.Time) ID {
	return encode(prefix, min(max(t.UnixMilli()-epoch, 0), maxMillis), source.fixed())
}

// source is the only state of the package: ids of one process share it, or they could not ascend.
var source generator

// generator hands out counters: in the lower half for the running time, in the upper half for times given.
type generator struct {
	mu    sync.Mutex
	ms    int64  // of the last live id
	n     uint32 // its counter
	atSet bool
	at    uint32 // distance of the last fixed counter from half
}

// live returns the time and counter that follow the last ones, given the present in milliseconds since the epoch. A
// clock that stands still or goes back counts on in the last millisecond; a full counter borrows the next one.
func (g *generator) live(now int64) (ms int64, n uint32) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case now > g.ms:
		g.ms, g.n = now, rand.Uint32N(half)
	case g.n+1 < half:
		g.n++
	default:
		g.ms, g.n = g.ms+1, 0
	}
	return g.ms, g.n
}

// fixed returns the next counter for a given time. It does not start anew for each time, so that going to and fro
// between two times repeats nothing.
func (g *generator) fixed() uint32 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.atSet {
		g.at, g.atSet = rand.Uint32N(half), true
	}
	g.at = (g.at + 1) % half
	return half + g.at
}

func encode(prefix string, ms int64, n uint32) ID {
	if len(prefix) != 3 {
		panic(fmt.Sprintf("ids: prefix %q has not three characters", prefix))
	}
	var b [length]byte
	copy(b[:], prefix)
	copy(b[3:], partition)
	for i := 14; i >= 5; i-- {
		b[i] = 'A' + byte(ms%26)
		ms /= 26
	}
	for i := 19; i >= 15; i-- {
		b[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[n%36]
		n /= 36
	}
	return ID(b[:])
}

// IsNull reports whether id refers to nothing: it is empty or Null.
func (id ID) IsNull() bool { return id == "" || id == Null }

// Prefix is the type of the record: the first three characters, "" if there are fewer.
func (id ID) Prefix() string {
	if len(id) < 3 {
		return ""
	}
	return string(id[:3])
}

// Is reports whether id has the prefix and could be an id at all.
func (id ID) Is(prefix string) bool {
	return Valid(string(id)) && strings.HasPrefix(string(id), prefix)
}

// Valid reports whether s has the form of an id, that of Null included: 20 characters of [0-9A-Za-z] (api-v1 2.6).
// Ids made by others need not have our letters and digits in their places.
func Valid(s string) bool {
	if len(s) != length {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
