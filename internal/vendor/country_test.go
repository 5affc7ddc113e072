package vendor_test

import (
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/vendor"
)

// LIM-2: the list is an allow-list of about 60 countries without those under comprehensive US sanctions, and says what a
// payment to each needs.
func TestLIM2CountryList(t *testing.T) {
	t.Parallel()
	all := vendor.Countries()
	if len(all) < 55 || len(all) > 75 {
		t.Errorf("got %d countries", len(all))
	}
	for _, c := range all {
		if len(c.Code) != 2 || c.Name == "" || len(c.Currencies) == 0 || c.Currencies[len(c.Currencies)-1] != "USD" {
			t.Errorf("%+v is not complete", c)
		}
		if !c.Check && !c.Wire {
			t.Errorf("nothing can go to %s", c.Name)
		}
		if c.Code != "US" && c.Wire != c.BIC {
			t.Errorf("%s: wires %v, BIC %v", c.Name, c.Wire, c.BIC)
		}
		if again, ok := vendor.CountryOf(strings.ToLower(c.Name)); !ok || again.Code != c.Code {
			t.Errorf("%s is found as %+v", c.Name, again)
		}
	}
	for _, sanctioned := range []string{"CU", "Cuba", "IR", "Iran", "KP", "North Korea", "SY", "Syria", "RU", "BY"} {
		if c, ok := vendor.CountryOf(sanctioned); ok {
			t.Errorf("%s is in the list: %+v", sanctioned, c)
		}
	}
}
