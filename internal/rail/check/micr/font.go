package micr

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"sync"
	"unicode/utf16"
)

// Measures of the font in its own units, 1000 to the em: at 12 points one square of the grid is 0.013 inch.
const (
	unitsPerEm = 1000
	advance    = 750 // 0.125 inch
	square     = 78  // 0.013 inch
	rows       = 9
	columns    = 7
	rightEdge  = advance - (advance-columns*square)/2 // where every character ends
)

// What a caller that places the line on paper needs, at FontSize.
const (
	FontSize = 12.0                                                  // points
	Pitch    = 0.125                                                 // inch from right edge to right edge
	Height   = 0.117                                                 // inch; the line stands on the baseline
	Bearing  = Pitch * float64(advance-rightEdge) / float64(advance) // inch from a right edge to the end of its cell
)

// Font is the font as a TrueType file: digits, space and the four symbols. It is made once; the caller must not change
// it.
var Font = sync.OnceValue(makeFont)

type glyph struct {
	data                   []byte // glyf entry; empty for one without ink
	xMin, yMin, xMax, yMax int
	points, contours       int
}

func makeFont() []byte {
	glyphs := []glyph{{}, {}} // .notdef and space
	for _, s := range shapes {
		glyphs = append(glyphs, draw(s))
	}
	n := len(glyphs)

	var glyf, loca, hmtx table
	var most glyph // the largest of each, and the box around all
	most.xMin, most.yMin = rightEdge, rows*square
	for _, g := range glyphs {
		loca.u16(len(glyf) / 2)
		glyf = append(glyf, g.data...)
		hmtx.u16(advance, g.xMin)
		if g.data != nil {
			most.xMin, most.yMin = min(most.xMin, g.xMin), min(most.yMin, g.yMin)
			most.xMax, most.yMax = max(most.xMax, g.xMax), max(most.yMax, g.yMax)
		}
		most.points, most.contours = max(most.points, g.points), max(most.contours, g.contours)
	}
	loca.u16(len(glyf) / 2)

	var head, hhea, maxp, post, os2 table
	head.u32(0x10000, 0x10000, 0, 0x5F0F3CF5) // version, revision, checksum (below), magic
	head.u16(0b11, unitsPerEm)                // baseline at y 0, left side bearing at x 0
	head.u32(0, 0, 0, 0)                      // created, modified: always the same bytes
	head.u16(most.xMin, most.yMin, most.xMax, most.yMax)
	head.u16(0, 8, 2, 0, 0) // style, smallest ppem, direction, short loca, glyf format

	hhea.u32(0x10000)
	hhea.u16(rows*square, 0, 0, advance, most.xMin, advance-rightEdge, most.xMax, 1, 0, 0, 0, 0, 0, 0, 0, n)

	maxp.u32(0x10000)
	maxp.u16(n, most.points, most.contours, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0)

	post.u32(0x30000, 0)
	post.u16(-100, 50)
	post.u32(1, 0, 0, 0, 0) // fixed pitch

	os2.u16(4, advance, 400, 5, 0)                         // version, average width, weight, width class, may be embedded
	os2.u16(650, 600, 0, 75, 650, 600, 0, 350, 50, 300, 0) // sub- and superscript, strike-out, family class
	os2.u32(0x020B0609, 0)                                 // panose: sans serif, monospaced
	os2.u16(0)
	os2.u32(1, 1<<(41-32), 0, 0) // Unicode ranges: Basic Latin, Optical Character Recognition
	os2 = append(os2, "DUEB"...)
	os2.u16(1<<6, ' ', Dash, rows*square, 0, 0, rows*square, 0) // regular; first, last; typographic and Windows heights
	os2.u32(1, 0)
	os2.u16(rows*square, rows*square, 0, ' ', 1)

	return file(map[string]table{
		"OS/2": os2, "cmap": cmap(), "glyf": glyf, "head": head, "hhea": hhea, "hmtx": hmtx, "loca": loca,
		"maxp": maxp, "name": names(), "post": post,
	})
}

// draw makes the outline of a character. A rounded corner is one quadratic curve with its control point where the
// sharp corner would be.
func draw(s shape) glyph {
	type vertex struct {
		x, y int
		on   bool
	}
	g := glyph{xMin: math.MaxInt16, yMin: math.MaxInt16, xMax: math.MinInt16, yMax: math.MinInt16, contours: len(s.contours)}
	var ends, flags, xs, ys table
	var last vertex
	for _, c := range s.contours {
		var path []vertex
		add := func(x, y float64, on bool) {
			path = append(path, vertex{
				x:  int(math.Round((x-s.width)*square)) + rightEdge,
				y:  int(math.Round((rows - y) * square)),
				on: on,
			})
		}
		for i, p := range c {
			before, after := c[(i+len(c)-1)%len(c)], c[(i+1)%len(c)]
			radius := s.inner
			if (p.x-before.x)*(after.y-p.y)-(p.y-before.y)*(after.x-p.x) > 0 { // y points down: a right turn sticks out
				radius = s.outer
			}
			radius = min(radius, distance(before, p)/2, distance(p, after)/2)
			if radius == 0 {
				add(p.x, p.y, true)
				continue
			}
			from, to := toward(p, before, radius), toward(p, after, radius)
			add(from.x, from.y, true)
			add(p.x, p.y, false)
			add(to.x, to.y, true)
		}
		path = slices.Compact(path) // two curves that meet share their end
		if path[0] == path[len(path)-1] {
			path = path[1:]
		}
		for _, v := range path {
			flag := byte(0)
			if v.on {
				flag = 1
			}
			flags = append(flags, flag)
			xs.u16(v.x - last.x)
			ys.u16(v.y - last.y)
			last = v
			g.xMin, g.yMin, g.xMax, g.yMax = min(g.xMin, v.x), min(g.yMin, v.y), max(g.xMax, v.x), max(g.yMax, v.y)
		}
		g.points += len(path)
		ends.u16(g.points - 1)
	}
	var d table
	d.u16(g.contours, g.xMin, g.yMin, g.xMax, g.yMax)
	d = append(d, ends...)
	d.u16(0) // no instructions
	g.data = pad(slices.Concat(d, flags, xs, ys))
	return g
}

func distance(a, b point) float64 { return math.Hypot(a.x-b.x, a.y-b.y) }

// toward is the point at a distance from a on the way to b.
func toward(a, b point, d float64) point {
	f := d / distance(a, b)
	return point{a.x + f*(b.x-a.x), a.y + f*(b.y-a.y)}
}

// cmap maps space, the digits and the symbols to glyphs 1, 2 to 11 and 12 to 15 (format 4).
func cmap() table {
	var t table
	t.u16(0, 1, 3, 1)
	t.u32(12)
	t.u16(4, 16+4*8, 0, 4*2, 8, 2, 0)
	t.u16(' ', '9', Dash, 0xFFFF, 0)   // ends
	t.u16(' ', '0', Transit, 0xFFFF)   // starts
	t.u16(1-' ', 2-'0', 12-Transit, 1) // what to add
	t.u16(0, 0, 0, 0)                  // no range offsets
	return t
}

func names() table {
	const family = "Duebook E-13B"
	values := []struct {
		id   int
		text string
	}{{1, family}, {2, "Regular"}, {3, family + " 1.0"}, {4, family}, {5, "Version 1.0"}, {6, "DuebookE13B"}}
	var t, texts table
	t.u16(0, len(values), 6+12*len(values))
	for _, v := range values {
		start := len(texts)
		for _, u := range utf16.Encode([]rune(v.text)) {
			texts.u16(int(u))
		}
		t.u16(3, 1, 0x409, v.id, len(texts)-start, start)
	}
	return append(t, texts...)
}

// file puts the tables behind their directory, with the checksums of each and of the whole.
func file(tables map[string]table) []byte {
	tags := make([]string, 0, len(tables))
	for tag := range tables {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	n := len(tags)
	log := bits.Len(uint(n)) - 1
	var dir, body table
	dir.u32(0x10000)
	dir.u16(n, 16<<log, log, 16*n-16<<log)
	headAt := 0
	for _, tag := range tags {
		t := tables[tag]
		at := 12 + 16*n + len(body)
		if tag == "head" {
			headAt = at
		}
		length := len(t)
		t = pad(t)
		dir = append(dir, tag...)
		dir.u32(checksum(t), uint32(at), uint32(length))
		body = append(body, t...)
	}
	out := append(dir, body...)
	binary.BigEndian.PutUint32(out[headAt+8:], 0xB1B0AFBA-checksum(out))
	return out
}

// pad fills up to a multiple of four bytes.
func pad(t table) table {
	for len(t)%4 != 0 {
		t = append(t, 0)
	}
	return t
}

func checksum(t table) uint32 {
	var sum uint32
	for ; len(t) >= 4; t = t[4:] {
		sum += binary.BigEndian.Uint32(t)
	}
	return sum
}

// table is one table of the file, big-endian.
type table []byte

// u16 appends 16-bit numbers, signed ones as two's complement.
func (t *table) u16(values ...int) {
	for _, v := range values {
		*t = binary.BigEndian.AppendUint16(*t, uint16(v))
	}
}

func (t *table) u32(values ...uint32) {
	for _, v := range values {
		*t = binary.BigEndian.AppendUint32(*t, v)
	}
}
