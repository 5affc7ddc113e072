package codes

import (
	"slices"
	"testing"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/limit"
)

// TestCodes provokes each code, in each way that domain 2.7 and the specifications know of.
func TestCodes(t *testing.T) {
	stores(t, func(t *testing.T, database string) {
		s := open(t, database, limit.Settings{})
		for _, p := range slices.Concat(generation1, generation2) {
			t.Run(p.code, func(t *testing.T) { p.run(s.settle(t, p.code)) })
		}
	})
}

// Every code of the catalogue that can be sent has a subtest of its own, and none is tested that cannot.
func TestEveryCodeIsProvoked(t *testing.T) {
	t.Parallel()
	tested := map[string]int{}
	for _, p := range slices.Concat(generation1, generation2) {
		tested[p.code]++
	}
	for _, c := range slices.Concat(problem.V1, problem.V2) {
		want := 1
		if c.Never != "" {
			want = 0
		}
		if tested[c.Code] != want {
			t.Errorf("%s has %d subtests, want %d", c.Code, tested[c.Code], want)
		}
		delete(tested, c.Code)
	}
	for code := range tested {
		t.Errorf("%s stands in no catalogue", code)
	}
}
