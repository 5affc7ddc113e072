package micr_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"

	"github.com/duebook/duebook/internal/rail/check/micr"
)

func TestLine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, serial, routing, account string
		want                           string
		err                            error
	}{
		{"CHK-2: the 65 positions", "001234", "021000021", "123456789",
			"             ⑈001234⑈ ⑆021000021⑆ 123456789⑈                     ", nil},
		{"CHK-2: every field full", "1234567890123456789", "021000021", "12345678901234567",
			"⑈1234567890123456789⑈ ⑆021000021⑆ 12345678901234567⑈             ", nil},
		{"CHK-2: dashes and blanks of an account", "1", "121000358", "12-345 6",
			"                  ⑈1⑈ ⑆121000358⑆ 12⑉345 6⑈                      ", nil},
		{"no serial", "", "021000021", "1", "", micr.ErrSerial},
		{"letters in the serial", "12a", "021000021", "1", "", micr.ErrSerial},
		{"a serial of 20 digits", "12345678901234567890", "021000021", "1", "", micr.ErrSerial},
		{"wrong check digit", "1", "021000022", "1", "", micr.ErrRouting},
		{"eight digits", "1", "02100002", "1", "", micr.ErrRouting},
		{"nine zeros", "1", "000000000", "1", "", micr.ErrRouting},
		{"no account", "1", "021000021", "", "", micr.ErrAccount},
		{"an account of 18", "1", "021000021", "123456789012345678", "", micr.ErrAccount},
		{"a dash at the end", "1", "021000021", "123-", "", micr.ErrAccount},
		{"a letter in the account", "1", "021000021", "12x4", "", micr.ErrAccount},
		{"digits of another script", "1", "021000021", "1٢3", "", micr.ErrAccount},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := micr.Line(tt.serial, tt.routing, tt.account)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("Line(%q, %q, %q) = %q, %v; want %q, %v", tt.serial, tt.routing, tt.account, got, err, tt.want, tt.err)
			}
		})
	}
}

// FuzzLine: whatever Line accepts has 65 characters that the font has, and its fields read back.
func FuzzLine(f *testing.F) {
	f.Add("001234", "021000021", "12-345 6")
	f.Add("", "0", "-")
	f.Fuzz(func(t *testing.T, serial, routing, account string) {
		line, err := micr.Line(serial, routing, account)
		if err != nil {
			if line != "" {
				t.Fatalf("Line(%q, %q, %q) = %q with %v", serial, routing, account, line, err)
			}
			return
		}
		if n := utf8.RuneCountInString(line); n != micr.Positions {
			t.Fatalf("%q has %d positions", line, n)
		}
		if strings.Trim(line, " 0123456789⑆⑈⑉") != "" {
			t.Fatalf("%q has a character that is not of the line", line)
		}
		cells := []rune(line)
		transit := string(cells[65-43 : 65-32])
		own := strings.ReplaceAll(strings.TrimSuffix(strings.TrimSpace(string(cells[65-32:])), "⑈"), "⑉", "-")
		auxiliary := strings.TrimLeft(string(cells[:65-44]), " ")
		if transit != "⑆"+routing+"⑆" || own != account || auxiliary != "⑈"+serial+"⑈" || string(cells[65-13:]) != strings.Repeat(" ", 13) {
			t.Fatalf("Line(%q, %q, %q) = %q", serial, routing, account, line)
		}
	})
}

func TestFontParses(t *testing.T) {
	t.Parallel()
	f, err := sfnt.Parse(micr.Font())
	if err != nil {
		t.Fatal(err)
	}
	var buf sfnt.Buffer
	if f.UnitsPerEm() != 1000 {
		t.Errorf("units per em = %d", f.UnitsPerEm())
	}
	if name, err := f.Name(&buf, sfnt.NameIDFull); err != nil || name != "Duebook E-13B" {
		t.Errorf("name = %q, %v", name, err)
	}
	for _, r := range " 0123456789⑆⑇⑈⑉" {
		i, err := f.GlyphIndex(&buf, r)
		if err != nil || i == 0 {
			t.Errorf("glyph of %q = %d, %v", r, i, err)
		}
		width, err := f.GlyphAdvance(&buf, i, fixed.I(1000), font.HintingNone)
		if err != nil || width != fixed.I(750) {
			t.Errorf("CHK-2: advance of %q = %v, %v, want 750 (8 to the inch at 12 points)", r, width, err)
		}
	}
	for _, r := range "A/:;<=$\u2445\u244a" {
		if i, err := f.GlyphIndex(&buf, r); err != nil || i != 0 {
			t.Errorf("glyph of %q = %d, %v, want none", r, i, err)
		}
	}
}

// The directory's checksums hold, and the sum of the whole file is the constant of the TrueType specification.
func TestFontChecksums(t *testing.T) {
	t.Parallel()
	sum := func(b []byte) (s uint32) {
		for ; len(b) >= 4; b = b[4:] {
			s += binary.BigEndian.Uint32(b)
		}
		return s
	}
	b := bytes.Clone(micr.Font())
	if got := sum(b); got != 0xB1B0AFBA {
		t.Errorf("sum of the file = %#x", got)
	}
	for i := range int(binary.BigEndian.Uint16(b[4:])) {
		entry := b[12+16*i:]
		at, length := binary.BigEndian.Uint32(entry[8:]), binary.BigEndian.Uint32(entry[12:])
		data := b[at : at+(length+3)/4*4]
		if string(entry[:4]) == "head" {
			clear(data[8:12])
		}
		if got, want := sum(data), binary.BigEndian.Uint32(entry[4:]); got != want {
			t.Errorf("sum of table %s = %#x, want %#x", entry[:4], got, want)
		}
	}
}

// Every character ends at the right edge of the grid, has the width of the standard, and stands in the nine rows.
func TestShapes(t *testing.T) {
	t.Parallel()
	f, err := sfnt.Parse(micr.Font())
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		char        rune
		width       int // squares
		top, bottom float64
		ink         float64 // area in squares, of the drawing with sharp corners
	}{
		{'0', 7, 9, 0, 28}, {'1', 4, 9, 0, 23}, {'2', 4, 9, 0, 18}, {'3', 5, 9, 0, 25}, {'4', 6, 9, 0, 24},
		{'5', 5, 9, 0, 21}, {'6', 6, 9, 0, 25.5}, {'7', 5, 9, 0, 16.5}, {'8', 7, 9, 0, 37}, {'9', 6, 9, 0, 26},
		{micr.Transit, 7, 9, 0, 28}, {micr.Amount, 7, 9, 0, 20}, {micr.OnUs, 7, 8, 1, 24}, {micr.Dash, 7, 6.5, 2.5, 20},
	}
	for _, tt := range tests {
		bounds, ink := rasterise(t, f, tt.char)
		const right = 648
		want := image.Rect(right-78*tt.width, -int(78*tt.top), right, -int(78*tt.bottom))
		if bounds != want {
			t.Errorf("%q has the box %v, want %v", tt.char, bounds, want)
		}
		if ink > tt.ink || ink < tt.ink-3 {
			t.Errorf("%q has %.2f squares of ink, want %.1f less its rounded corners", tt.char, ink, tt.ink)
		}
	}
}

// rasterise draws one character at one pixel a unit and gives the box of its pixels (y up is negative) and its ink in
// squares.
func rasterise(t *testing.T, f *sfnt.Font, char rune) (box image.Rectangle, ink float64) {
	t.Helper()
	var buf sfnt.Buffer
	i, err := f.GlyphIndex(&buf, char)
	if err != nil {
		t.Fatal(err)
	}
	segments, err := f.LoadGlyph(&buf, i, fixed.I(1000), nil)
	if err != nil {
		t.Fatal(err)
	}
	const up = 800
	r := vector.NewRasterizer(750, 1000)
	at := func(p fixed.Point26_6) (x, y float32) { return float32(p.X) / 64, float32(p.Y)/64 + up }
	for _, s := range segments {
		x, y := at(s.Args[0])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			r.MoveTo(x, y)
		case sfnt.SegmentOpLineTo:
			r.LineTo(x, y)
		case sfnt.SegmentOpQuadTo:
			x1, y1 := at(s.Args[1])
			r.QuadTo(x, y, x1, y1)
		default:
			t.Fatalf("%q has a segment of kind %v", char, s.Op)
		}
	}
	img := image.NewAlpha(image.Rect(0, 0, 750, 1000))
	r.Draw(img, img.Rect, image.Opaque, image.Point{})
	for y := range 1000 {
		for x := range 750 {
			if a := img.AlphaAt(x, y).A; a > 0 {
				ink += float64(a) / 255
				box = box.Union(image.Rect(x, y-up, x+1, y-up+1))
			}
		}
	}
	return box, ink / (78 * 78)
}
