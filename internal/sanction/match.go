package sanction

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/rail/ach"
)

// Hit is a listed name that a name of ours resembles.
type Hit struct {
	Kind      string // what is alike: name, address, bank
	List      string
	Published civil.Date // the list's date
	Listed    Name
	Score     int64 // of 100; 100: the same words
}

// How alike two names must be. Numbers are shares of letters in words that agree.
const (
	alike      = 0.90 // two words, by Jaro and Winkler
	covered    = 0.88 // of the shorter name's letters
	coveredToo = 0.45 // of the longer one's
	shortest   = 5    // letters that agree, at least
)

// legal are words that tell a legal form, not a name.
var legal = map[string]bool{"LLC": true, "INC": true, "LTD": true, "CO": true, "CORP": true, "CORPORATION": true, "COMPANY": true, "LIMITED": true,
	"INCORPORATED": true, "GMBH": true, "AG": true, "SA": true, "SAS": true, "SRL": true, "BV": true, "NV": true, "PLC": true, "LP": true, "LLP": true,
	"OOO": true, "OAO": true, "ZAO": true, "PJSC": true, "JSC": true, "SPA": true, "KG": true, "AB": true, "AS": true, "OY": true, "PTE": true,
	"PTY": true, "SARL": true, "THE": true, "AND": true, "OF": true, "DE": true, "EL": true, "AL": true, "MR": true, "MRS": true, "DR": true}

// words are the words of a name that count, in upper-case Latin letters and digits, without repetition, sorted.
func words(name string) []string {
	found := strings.FieldsFunc(ach.Transliterate(strings.NewReplacer("'", "", "’", "", ".", "").Replace(name)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	all := slices.DeleteFunc(slices.Clone(found), func(w string) bool { return legal[w] || len(w) < 2 })
	if len(all) == 0 {
		all = found
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Index finds listed names. It is safe for concurrent use.
type Index struct {
	Version int64
	Lists   []List
	names   []listed
	byWord  map[string][]int32 // word to names
	byShape map[shape][]string // words that may be alike
	similar sync.Map           // word of ours to []likeness
	known   sync.Map           // name of ours to []Hit
	places  []place
	byPlace map[string][]int32    // word to places
	byBank  map[string][]int32    // first eight characters of a BIC, or routing number, to names
	dates   map[string]civil.Date // of lists
}

// place is a listed address.
type place struct {
	name    int32 // whose
	words   []string
	letters int
}

type listed struct {
	Name
	list    string
	words   []string
	letters int
}

// shape is what alike words share: their first letter; lengths may differ by one or two.
type shape struct {
	first  byte
	length int
}

type likeness struct {
	word string
	by   float64
}

// NewIndex indexes lists with their names.
func NewIndex(version int64, lists []List, names map[string][]Name) *Index {
	x := &Index{Version: version, Lists: lists, byWord: map[string][]int32{}, byShape: map[shape][]string{}, byPlace: map[string][]int32{}, byBank: map[string][]int32{}, dates: map[string]civil.Date{}}
	for _, l := range lists {
		x.dates[l.Name] = l.Published
		for _, n := range names[l.Name] {
			entry := listed{Name: n, list: l.Name, words: words(n.Name)}
			for _, w := range entry.words {
				entry.letters += len(w)
				if x.byWord[w] == nil {
					s := shape{w[0], len(w)}
					x.byShape[s] = append(x.byShape[s], w)
				}
				x.byWord[w] = append(x.byWord[w], int32(len(x.names))) //nolint:gosec // maxNames fits
			}
			x.addDetails(n, int32(len(x.names))) //nolint:gosec // maxNames fits
			x.names = append(x.names, entry)
		}
	}
	return x
}

func (x *Index) addDetails(n Name, at int32) {
	for a := range strings.Lines(n.Addresses) {
		p := place{name: at, words: words(a)}
		for _, w := range p.words {
			p.letters += len(w)
		}
		if len(p.words) < placeWords || p.letters < placeLetters {
			continue
		}
		for _, w := range p.words {
			x.byPlace[w] = append(x.byPlace[w], int32(len(x.places))) //nolint:gosec // a few to a name
		}
		x.places = append(x.places, p)
	}
	for b := range strings.Lines(n.Banks) {
		if key := bankKey(b); key != "" {
			x.byBank[key] = append(x.byBank[key], at)
		}
	}
}

// How alike two addresses must be.
const (
	placeWords   = 3    // that a listed one has at least, to be told from others
	placeLetters = 10   // likewise
	placeSame    = 0.5  // of its letters in words that ours has too
	placeAlike   = 0.90 // of its letters in words that ours has, or nearly so
)

// MatchAddress gives the listed entries that have nearly that address, the most alike first. Ours may say more, as the floor
// or the postal code, and words of letters may be spelt a little differently; numbers of more than one digit
// may not.
func (x *Index) MatchAddress(address string) []Hit {
	ours := words(address)
	same := map[int32]int{} // letters in words that both have
	for _, w := range ours {
		for _, p := range x.byPlace[w] {
			same[p] += len(w)
		}
	}
	best := map[string]Hit{}
	for at, letters := range same {
		p := x.places[at]
		if float64(letters) < placeSame*float64(p.letters) {
			continue
		}
		agree := 0.0
		for _, w := range p.words {
			by := 0.0
			for _, o := range ours {
				if o == w {
					by = 1
				} else if b := jaroWinkler(o, w); b >= alike && strings.Trim(w+o, "0123456789") == w+o {
					by = max(by, b)
				}
			}
			if by == 0 && strings.Trim(w, "0123456789") == "" {
				agree = 0 // another house
				break
			}
			agree += by * float64(len(w))
		}
		if score := agree / float64(p.letters); score >= placeAlike {
			x.better(best, "address", p.name, int64(100*score))
		}
	}
	return ranked(best)
}

// bankKey is what identifies a bank: the first eight characters of its BIC, which leave out the branch, or its routing number.
func bankKey(bank string) string {
	bank = strings.ToUpper(strings.TrimSpace(bank))
	if len(bank) == 9 && strings.Trim(bank, "0123456789") == "" {
		return bank
	}
	if len(bank) < 8 {
		return ""
	}
	return bank[:8]
}

// MatchBank gives the listed entries whose bank it is, by BIC, whatever the branch, or routing number.
func (x *Index) MatchBank(bank string) []Hit {
	best := map[string]Hit{}
	for _, n := range x.byBank[bankKey(bank)] {
		x.better(best, "bank", n, 100)
	}
	return ranked(best)
}

// better keeps the best hit of each entry.
func (x *Index) better(best map[string]Hit, kind string, name int32, score int64) {
	e := x.names[name]
	if key := e.list + "\n" + e.UID; best[key].Score < score {
		best[key] = Hit{Kind: kind, List: e.list, Published: x.dates[e.list], Listed: e.Name, Score: score}
	}
}

// ranked are the hits, the most alike first.
func ranked(best map[string]Hit) (hits []Hit) {
	for _, h := range best {
		hits = append(hits, h)
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.List, b.List), cmp.Compare(a.Listed.UID, b.Listed.UID))
	})
	return hits[:min(len(hits), maxHits)]
}

// maxHits are shown of one name.
const maxHits = 20

// Match gives the listed entries that a name resembles, the most alike first: each entry once, by the name that is most
// alike. Order, case, accents, legal forms and small differences of spelling do not count.
func (x *Index) Match(name string) []Hit {
	if v, ok := x.known.Load(name); ok {
		return v.([]Hit)
	}
	hits := x.match(words(name))
	x.known.Store(name, hits)
	return hits
}

// Know matches a party's names ahead of a transaction that is to be short.
func (x *Index) Know(p Party) {
	for _, n := range distinct(p.Names) {
		x.Match(n)
	}
}

func (x *Index) match(ours []string) []Hit {
	letters := 0
	agree := map[int32]float64{} // letters of the listed name's words that ours have too
	for _, w := range ours {
		letters += len(w)
		best := map[int32]float64{}
		for _, l := range x.likeWords(w) {
			for _, n := range x.byWord[l.word] {
				best[n] = max(best[n], l.by*float64(min(len(w), len(l.word))))
			}
		}
		for n, by := range best {
			agree[n] += by
		}
	}
	entries := map[string]Hit{}
	for n, same := range agree {
		e := x.names[n]
		score := resemblance(same, letters, len(ours), e)
		if score == 0 {
			continue
		}
		x.better(entries, "name", n, score)
	}
	return ranked(entries)
}

// resemblance scores a name of ours, with that many letters and words, against a listed one, with which it shares that
// many letters; 0: they are not alike. A single word must be the whole of both names.
func resemblance(same float64, letters, count int, e listed) int64 {
	shorter, longer := float64(min(letters, e.letters)), float64(max(letters, e.letters))
	same = min(same, shorter) // two words of one name may be like the same word of the other
	if same < shortest || same/shorter < covered || same/longer < coveredToo {
		return 0
	}
	if min(count, len(e.words)) == 1 && same/longer < covered {
		return 0
	}
	if same == shorter && letters == e.letters && count == len(e.words) {
		return 100
	}
	return min(99, int64(100*2*same/(shorter+longer)+0.5))
}

// likeWords are the words of the lists that are like a word of ours.
func (x *Index) likeWords(w string) []likeness {
	if v, ok := x.similar.Load(w); ok {
		return v.([]likeness)
	}
	var all []likeness
	spread := 0
	if len(w) > 3 {
		spread = 1 + len(w)/8
	}
	for n := len(w) - spread; n <= len(w)+spread; n++ {
		for _, other := range x.byShape[shape{w[0], n}] {
			if by := jaroWinkler(w, other); by >= alike || w == other {
				all = append(all, likeness{other, by})
			}
		}
	}
	x.similar.Store(w, all)
	return all
}

// jaroWinkler is how alike two words are, from 0 to 1: the share of letters that stand near the same place, less those
// in another order, and more for a common beginning.
func jaroWinkler(a, b string) float64 {
	if a == b {
		return 1
	}
	if len(a) <= 3 || len(b) <= 3 {
		return 0 // a short word is another one with any letter changed
	}
	reach := max(len(a), len(b))/2 - 1
	var inA, inB [64]bool
	if len(a) > len(inA) || len(b) > len(inB) {
		return 0
	}
	same := 0
	for i := range len(a) {
		for j := max(0, i-reach); j < min(len(b), i+reach+1); j++ {
			if !inB[j] && a[i] == b[j] {
				inA[i], inB[j] = true, true
				same++
				break
			}
		}
	}
	if same == 0 {
		return 0
	}
	swapped, j := 0, 0
	for i := range len(a) {
		if !inA[i] {
			continue
		}
		for !inB[j] {
			j++
		}
		if a[i] != b[j] {
			swapped++
		}
		j++
	}
	m := float64(same)
	jaro := (m/float64(len(a)) + m/float64(len(b)) + (m-float64(swapped)/2)/m) / 3
	prefix := 0
	for prefix < min(4, len(a), len(b)) && a[prefix] == b[prefix] {
		prefix++
	}
	return jaro + float64(prefix)*0.1*(1-jaro)
}
