package problem_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/api/problem"
	"github.com/duebook/duebook/internal/fault"
)

// The catalogue has the codes and texts of section 9 of the specification, in its order.
func TestCatalogueIsTheSpecification(t *testing.T) {
	t.Parallel()
	spec, err := os.ReadFile("../../../docs/spec/api-v1-xml.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(spec), "## 9. Error catalogue")
	fill := strings.NewReplacer("{MM/dd/yyyy}", "{date}")
	var rows [][]string
	for _, m := range regexp.MustCompile(`(?m)^\| (BDCE\d{3}) \| (.*?) \|`).FindAllStringSubmatch(section, -1) {
		rows = append(rows, []string{m[1], fill.Replace(m[2])})
	}
	if len(rows) != len(problem.V1) {
		t.Fatalf("%d codes, the specification has %d", len(problem.V1), len(rows))
	}
	for i, c := range problem.V1 {
		if c.Code != rows[i][0] || c.Message != rows[i][1] {
			t.Errorf("%s %q, the specification has %s %q", c.Code, c.Message, rows[i][0], rows[i][1])
		}
		if c.When == "" || c.Remedy == "" || len(c.Faults) == 0 && c.Code != "BDCE012" {
			t.Errorf("%s: when %q, remedy %q, faults %v", c.Code, c.When, c.Remedy, c.Faults)
		}
	}
}

// elsewhere are conditions that no operation of generation 1 can meet.
var elsewhere = []string{
	"bank_account_used", "email_taken", "last_administrator", "payment_not_cancelable", "reset_invalid", "vendor_ach_waiting",
	"vendor_bank_account_exists",
}

// Every condition a room declares has exactly one code, or stands in the list of those this generation cannot meet;
// and no code names a condition that nobody declares.
func TestEveryFaultHasOneCode(t *testing.T) {
	t.Parallel()
	declared := map[string]string{}
	pattern := regexp.MustCompile(`(?s)\b(?:fault\.)?New\((?:fault\.)?(?:Internal|Invalid|NotFound|Forbidden|Unknown|Conflict|Limit|Busy),\s*"(\w+)"`)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		src, err := os.ReadFile(path)
		for _, m := range pattern.FindAllStringSubmatch(string(src), -1) {
			declared[m[1]] = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	mapped := map[string]string{}
	for _, c := range problem.V1 {
		for _, f := range c.Faults {
			if mapped[f] != "" {
				t.Errorf("%s has %s and %s", f, mapped[f], c.Code)
			}
			mapped[f] = c.Code
			if declared[f] == "" && f != "internal" {
				t.Errorf("%s names %s, which is declared nowhere", c.Code, f)
			}
		}
	}
	for f, path := range declared {
		if mapped[f] == "" && !slices.Contains(elsewhere, f) {
			t.Errorf("%s of %s has no code", f, path)
		}
	}
}

func TestForV1(t *testing.T) {
	t.Parallel()
	wire := func(f string) string { return "wire-" + f }
	for _, c := range []struct {
		err           error
		code, message string
		known         bool
	}{
		{fault.ErrMissing.On("a", "b"), "BDCE009", "Missing required fields: wire-a, wire-b", true},
		{fault.New(fault.NotFound, "bill_unknown", "").With("00n01X").On("billId"), "BDCE042", "Cannot locate bill :00n01X", true},
		{fault.New(fault.Invalid, "process_date_too_early", "").With("11/24/2026"), "BDCE046",
			"For Payment by Bill.com, Process Date must be scheduled on or after 11/24/2026", true},
		{problem.ErrFilter.With("unknown field {fields}"), "BDCE057", "Invalid Filter:unknown field {fields}", true},
		{fault.New(fault.Invalid, "vendor_external_id", "").On("externalId"), "BDCE040",
			"Invalid value passed for fields :wire-externalId (CVUSER.UKVENDOREXTID)", true},
		{errors.New("SELECT failed at /x"), "BDCE014", "Unknown Error", false},
		{fault.New(fault.Invalid, "nobody_knows", "secret"), "BDCE014", "Unknown Error", false},
	} {
		code, message, known := problem.ForV1(c.err, wire)
		if code != c.code || message != c.message || known != c.known {
			t.Errorf("%v: %s %q %t", c.err, code, message, known)
		}
	}
}
