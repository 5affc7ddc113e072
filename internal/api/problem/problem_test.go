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

// The catalogue has the codes of section 6.2 of the specification, in its order, each with what helps or why nothing
// provokes it, and the fragments of 6.1 that clients match.
func TestCatalogueV2IsTheSpecification(t *testing.T) {
	t.Parallel()
	spec, err := os.ReadFile("../../../docs/spec/api-v2-json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(spec), "### 6.2 Codes")
	section, _, _ = strings.Cut(section, "### 6.3")
	var codes []string
	for _, m := range regexp.MustCompile(`(?m)^\| (BDC_\d{4}(?:, \d{4})*) \|`).FindAllStringSubmatch(section, -1) {
		for i, c := range strings.Split(m[1], ", ") {
			if i > 0 {
				c = "BDC_" + c
			}
			codes = append(codes, c)
		}
	}
	if len(codes) != len(problem.V2) {
		t.Fatalf("%d codes, the specification has %d", len(problem.V2), len(codes))
	}
	for i, c := range problem.V2 {
		if c.Code != codes[i] {
			t.Errorf("%s stands where the specification has %s", c.Code, codes[i])
		}
		if provoked := c.When != "" && c.Remedy != "" && len(c.Faults) > 0; c.Message == "" || provoked == (c.Never != "") {
			t.Errorf("%s: message %q, when %q, remedy %q, faults %v, never %q", c.Code, c.Message, c.When, c.Remedy, c.Faults, c.Never)
		}
	}
	for code, fragment := range map[string]string{"BDC_1109": "Session is invalid", "BDC_1119": "Invalid field,value: {field}, {value}",
		"BDC_1143": "{field}: ", "BDC_1144": "{value}", "BDC_1171": "duplicate"} {
		if c, _ := problem.Find(code); !strings.Contains(strings.ToLower(c.Message), strings.ToLower(fragment)) {
			t.Errorf("%s says %q, clients look for %q", code, c.Message, fragment)
		}
	}
}

// What a generation cannot meet: conditions that only another door, the web or the command line provokes.
var (
	notV1 = []string{
		"exception_decided", "bank_account_used", "email_taken", "last_administrator", "payment_not_cancelable", "reset_invalid", "vendor_ach_waiting",
		"vendor_bank_account_exists", "endpoint_unknown", "parameter_missing", "key_missing", "entity_unknown", "list_entity_unknown",
		"verb_unknown", "verb_not_offered", "entity_mismatch", "member_unknown", "value_type", "value_choice", "list_value",
		"filter_field", "filter_operator", "sort_field", "nothing_found", "pay_permission_missing", "version_not_served", "bulk_size",
		"approver_unable", "not_approvers_turn", "acted_already", "own_document",
		"customer_charge_waiting", "receipt_not_voidable", "charge_not_authorised", "customer_account_unusable", "payment_not_voidable", "payment_not_reversible", "payment_not_waiting", "second_person", "credit_duplicate", "credit_in_use", "credit_exceeded", "credit_not_usable",
		"name_taken", "number_taken", "session_untrusted", "currency_single", "invoice_unknown", "invoice_amount", "invoice_money_attached", "pay_to_two", "customer_bank_account_exists",
		"invitation_open", "invitation_over", "session_of_token", "org_unknown", "membership_inactive", "mfa_no_device", "mfa_token", "mfa_tries", "mfa_expired", "factor_set", "user_own_data",
		"approval_link_unknown", "approval_link_void", "approval_changed", "sod_mode_change", "sod_mode_second", "sod_mode_none", "customer_address", "pay_link_unknown", "pay_link_throttled", "pay_form_used", "pay_account_kept",
		"report_too_long", "employer_id_missing", "tax_forms_not_ready",
		"check_state", "check_not_announced", // the register of checks is the web's
		"vendor_change_decided", "vendor_change_same_person",
		"screening_same_person", "screening_decided", // and so are sanctions hits
		"statement_parts", "statement_item_closed", "statement_difference", // and reconciliation
		"delivery_open", "bank_file_unreadable", // and the tasks that the bank leaves
		"account_test_over", "account_test_others", "bank_account_second_person", "same_day_unavailable",
	}
	notV2 = []string{"same_day_unavailable", "account_test_over", "account_test_others", "bank_account_second_person", "vendor_change_decided", "vendor_change_same_person", "exception_decided", "invitation_over", "operation_unknown", "rolled_back", "reset_invalid", "approval_link_unknown", "approval_link_void", "approval_changed", "sod_mode_change", "sod_mode_second", "sod_mode_none", "factor_set", "pay_link_unknown", "pay_link_throttled",
		"pay_form_used", "pay_account_kept",
		"report_too_long", "employer_id_missing", "tax_forms_not_ready", "check_state", "check_not_announced", "screening_same_person", "screening_decided",
		"statement_parts", "statement_item_closed", "statement_difference", "delivery_open", "bank_file_unreadable"}
)

// Every condition a room declares has exactly one code in each generation, or stands in the list of those it cannot
// meet; and no code names a condition that nobody declares.
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
	for _, g := range []struct {
		name  string
		codes []problem.Code
		never []string
	}{{"generation 1", problem.V1, notV1}, {"generation 2", problem.V2, notV2}} {
		mapped := map[string]string{}
		for _, c := range g.codes {
			for _, f := range c.Faults {
				if mapped[f] != "" {
					t.Errorf("%s: %s has %s and %s", g.name, f, mapped[f], c.Code)
				}
				mapped[f] = c.Code
				if declared[f] == "" && f != "internal" && !slices.Contains(coming, f) {
					t.Errorf("%s names %s, which is declared nowhere", c.Code, f)
				}
			}
		}
		for f, path := range declared {
			if mapped[f] == "" && !slices.Contains(g.never, f) {
				t.Errorf("%s: %s of %s has no code", g.name, f, path)
			}
			if mapped[f] != "" && slices.Contains(g.never, f) {
				t.Errorf("%s: %s has %s and stands in the list of those without", g.name, f, mapped[f])
			}
		}
	}
}

// coming are conditions that the catalogue of generation 2 knows before their rooms are built.
var coming = []string{"vendor_account_new", "amount_not_allowed"}

func TestForV2(t *testing.T) {
	t.Parallel()
	wire := func(f string) string { return "wire-" + f }
	for _, c := range []struct {
		err           error
		code, message string
		known         bool
	}{
		{fault.ErrMissing.On("a", "b"), "BDC_1117", "Missing required data: wire-a, wire-b.", true},
		{fault.ErrReference.On("a", "b").With("1", "2"), "BDC_1119", "Invalid field,value: wire-a, 1. Invalid field,value: wire-b, 2.", true},
		{fault.ErrTooLong.On("a"), "BDC_1143", "wire-a: " + fault.ErrTooLong.Message, true},
		{fault.New(fault.Limit, "calls_per_hour", "").With("200 calls an hour"), "BDC_1144", "The limit of 200 calls an hour is reached.", true},
		{errors.New("SELECT failed at /x"), "BDC_1001", "Something failed on the server.", false},
		{fault.New(fault.Invalid, "nobody_knows", "secret"), "BDC_1001", "Something failed on the server.", false},
	} {
		code, message, known := problem.ForV2(c.err, wire)
		if code != c.code || message != c.message || known != c.known {
			t.Errorf("%v: %s %q %t", c.err, code, message, known)
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
