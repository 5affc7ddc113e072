package micr

// The four symbols. Their Unicode names mislead: U+2448 "OCR DASH" is the on-us symbol, U+2449 is the dash.
const (
	Transit = '\u2446'
	Amount  = '\u2447'
	OnUs    = '\u2448'
	Dash    = '\u2449'
)

// A point of the grid in squares of 0.013 inch: x to the right from the character's own left edge, y down from the
// top of the nine rows.
type point struct{ x, y float64 }

// A contour is a closed polygon: ink clockwise, holes counter-clockwise.
type contour []point

// A shape is a character of E-13B. Its right edge stands on the right edge of the grid.
type shape struct {
	char     rune
	width    float64 // in squares
	contours []contour
	// Radii in squares: corners that stick out and corners that turn in. Only 0 is rounder than the others.
	outer, inner float64
}

// corner is the radius of a corner that sticks out, 0.0065 inch.
const corner = 0.5

func box(x0, y0, x1, y1 float64) contour { return contour{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}} }

func hole(x0, y0, x1, y1 float64) contour { return contour{{x0, y0}, {x0, y1}, {x1, y1}, {x1, y0}} }

// shapes are the fourteen characters. Where the ink is heavy is what a reader hears: the foot of 1, the lower right
// of 3 and 9, both stems of 4, both lower sides of 8. The on-us symbol is 7 squares high and the dash 4; both stand in
// the middle of the nine rows.
var shapes = [...]shape{
	{'0', 7, []contour{box(0, 0, 7, 9), hole(1, 1, 6, 8)}, 1.5, 0.5},
	{'1', 4, []contour{{{0, 0}, {2, 0}, {2, 5}, {4, 5}, {4, 9}, {0, 9}, {0, 5}, {1, 5}, {1, 2}, {0, 2}}}, corner, 0},
	{'2', 4, []contour{{{0, 0}, {4, 0}, {4, 5}, {1, 5}, {1, 8}, {4, 8}, {4, 9}, {0, 9}, {0, 4}, {3, 4}, {3, 1}, {0, 1}}}, corner, 0},
	{'3', 5, []contour{{{0, 0}, {4, 0}, {4, 4}, {5, 4}, {5, 9}, {0, 9}, {0, 8}, {3, 8}, {3, 5}, {0, 5}, {0, 4}, {3, 4}, {3, 1}, {0, 1}}}, corner, 0},
	{'4', 6, []contour{{{0, 0}, {2, 0}, {2, 6}, {4, 6}, {4, 5}, {6, 5}, {6, 9}, {4, 9}, {4, 7}, {0, 7}}}, corner, 0},
	{'5', 5, []contour{{{0, 0}, {5, 0}, {5, 1}, {1, 1}, {1, 4}, {5, 4}, {5, 9}, {0, 9}, {0, 8}, {4, 8}, {4, 5}, {0, 5}}}, corner, 0},
	{'6', 6, []contour{{{0, 0}, {4, 0}, {4, 2.5}, {3, 2.5}, {3, 1}, {1, 1}, {1, 5}, {6, 5}, {6, 9}, {0, 9}}, hole(1, 6, 5, 8)}, corner, 0},
	{'7', 5, []contour{{{0, 0}, {5, 0}, {5, 3.75}, {4.25, 4.5}, {3, 4.5}, {3, 9}, {2, 9}, {2, 4.25}, {2.75, 3.5}, {4, 3.5}, {4, 1}, {1, 1}, {1, 3}, {0, 3}}}, corner, 0},
	{'8', 7, []contour{{{1, 0}, {6, 0}, {6, 4}, {7, 4}, {7, 9}, {0, 9}, {0, 4}, {1, 4}}, hole(2, 1, 5, 4), hole(2, 5, 5, 8)}, corner, 0},
	{'9', 6, []contour{{{0, 0}, {6, 0}, {6, 9}, {4, 9}, {4, 5}, {0, 5}}, hole(1, 1, 5, 4)}, corner, 0},
	{Transit, 7, []contour{box(0, 2, 2, 7), box(4, 0, 7, 3), box(4, 6, 7, 9)}, corner, 0},
	{Amount, 7, []contour{box(0, 5, 2, 9), box(3, 2.5, 4, 6.5), box(5, 0, 7, 4)}, corner, 0},
	{OnUs, 7, []contour{box(0, 2, 1, 8), box(2, 2, 3, 8), box(4, 1, 7, 5)}, corner, 0},
	{Dash, 7, []contour{box(0, 2.5, 2, 6.5), box(3, 2.5, 5, 6.5), box(6, 2.5, 7, 6.5)}, corner, 0},
}
