package banksim

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/rail/ach/achread"
)

// lived has a bank under those rules live through four files a day apart, with the clock in steps of some minutes, and gives
// what it wrote.
func lived(t *testing.T, r Rules, step time.Duration) (names []string, bodies map[string]string) {
	t.Helper()
	b := open(t)
	if err := b.SetRules(instant("2026-12-01T00:00:00Z"), r); err != nil {
		t.Fatal(err)
	}
	now := instant("2026-12-07T09:00:00Z")
	for i := range 4 {
		day := now.AddDate(0, 0, i)
		for now := day; now.Before(day.AddDate(0, 0, 1)); now = now.Add(step) {
			if now.Equal(day) {
				b.deliver(fmt.Sprintf("%s-f%d.ach", stamp(day), i), achOf(1+10*i, "CCD", day.Format(time.DateOnly),
					entry{22, "990000026", "5551234", 1_000}, entry{22, "990000097", "88880003", 2_000}))
			}
			if _, err := b.Run(now); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := b.Run(instant("2027-03-01T00:00:00Z")); err != nil {
		t.Fatal(err)
	}
	bodies = map[string]string{}
	files, err := os.ReadDir(filepath.Join(b.dir, "in"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		names = append(names, f.Name())
		bodies[f.Name()] = b.read(f.Name())
	}
	return names, bodies
}

// TestHostile: SIM-9. Each rate does what it says to every file at 100, and the same files come out the same however often
// the bank is asked meanwhile.
func TestHostile(t *testing.T) {
	t.Parallel()
	calm, body := lived(t, Rules{}, time.Hour)
	ends := func(names []string) (all []string) {
		for _, n := range names {
			_, rest, _ := strings.Cut(n, "-")
			all = append(all, rest)
		}
		slices.Sort(all)
		return all
	}
	tests := []struct {
		name  string
		rules Rules
		files int // for each one of the calm bank
	}{{"late", Rules{Late: 100}, 1}, {"duplicate", Rules{Duplicate: 100}, 2}, {"reorder", Rules{Reorder: 100}, 1}, {"garble", Rules{Garble: 100}, 2},
		{"all", Rules{Seed: 3, Late: 30, Duplicate: 30, Reorder: 30, Garble: 30, Reject: 30}, 0}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			names, bodies := lived(t, tt.rules, time.Hour)
			again, same := lived(t, tt.rules, 20*time.Minute)
			if !slices.Equal(names, again) {
				t.Fatalf("SIM-9: got %q, then %q", names, again)
			}
			for n := range bodies {
				if bodies[n] != same[n] {
					t.Errorf("SIM-9: %s differs", n)
				}
			}
			if tt.files == 0 {
				return
			}
			if len(names) != tt.files*len(calm) {
				t.Fatalf("%d files, want %d for each of %d", len(names), tt.files, len(calm))
			}
			if tt.files == 1 && (slices.Equal(names, calm) || !slices.Equal(ends(names), ends(calm))) {
				t.Errorf("got %q, want the answers of %q at other times", names, calm)
			}
			broken := 0
			for _, n := range names {
				if strings.HasSuffix(n, ".ach") {
					if _, err := achread.Read(strings.NewReader(bodies[n]), func(achread.Entry) error { return nil }); err != nil {
						broken++
					}
				}
			}
			if want := map[string]int{"garble": 4}[tt.name]; broken != want {
				t.Errorf("%d files of returns cannot be read, want %d", broken, want)
			}
		})
	}
	if len(body) == 0 || len(ends(calm)) < 10 {
		t.Errorf("the calm bank answers %q", calm)
	}
	rejected, _ := lived(t, Rules{Reject: 100}, time.Hour)
	if len(rejected) != 4 {
		t.Errorf("all is rejected: got %q, want four acknowledgements", rejected)
	}
}

// TestRules: outcomes and balances (SIM-4, SIM-6), in force from their instant on; answers one by one.
func TestRules(t *testing.T) {
	t.Parallel()
	b := open(t)
	file := func(i int, day string) {
		b.deliver(fmt.Sprintf("202612%sT090000Z-f%d.ach", day, i), achOf(1+10*i, "CCD", "2026-12-"+day, entry{22, "990000026", "5551234", 1_000},
			entry{22, "990000026", "5550003", 1_000}, entry{27, "990000026", "4440000", 600}, entry{27, "990000026", "4440000", 600},
			entry{27, "990000026", "4440000", 400}, entry{27, "990000026", "4440001", 100}))
	}
	file(0, "07")
	if err := b.SetRules(instant("2026-12-08T00:00:00Z"), Rules{Outcomes: map[string]string{"5551234": "0014", "5550003": "9999"},
		Balances: map[string]int64{"4440000": 1_000}}); err != nil {
		t.Fatal(err)
	}
	file(1, "08")
	want := map[string]string{
		"20261209": "5550003 R03, 4440001 R01",
		"20261210": "5551234 R14, 4440000 R01, 4440001 R01",
	}
	got := map[string]string{}
	for range 100 {
		written, err := b.Step(instant("2026-12-31T00:00:00Z"))
		if err != nil || len(written) > 1 {
			t.Fatal(written, err)
		}
		if len(written) == 0 {
			break
		}
		if name := written[0]; strings.HasSuffix(name, "-returns.ach") {
			_, entries := b.returns(name)
			var all []string
			for _, e := range entries {
				all = append(all, e.Account+" "+e.Return.Code)
			}
			got[name[:8]] = strings.Join(all, ", ")
		}
	}
	for day, w := range want {
		if got[day] != w {
			t.Errorf("SIM-4, SIM-6: on %s %q came back, want %q", day, got[day], w)
		}
	}
	for _, bad := range []Rules{{Late: 101}, {Garble: -1}, {Outcomes: map[string]string{"1": "3"}}, {Balances: map[string]int64{"1": -1}}} {
		if err := b.SetRules(instant("2026-12-31T00:00:00Z"), bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
	if garbled := garbled([]byte("x"), 5); bytes.Equal(garbled, []byte("x")) {
		t.Error("a short file stays whole")
	}
}
