package e2e

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestOrganisations(t *testing.T) {
	t.Parallel()
	s := &store{t: t, dir: t.TempDir()}
	s.refused([]string{"org", "list"}, "there is no store in", "org create")
	create := []string{"org", "create", "--name", "Acme", "--admin-email", email, "--admin-password"}
	s.refused(append(create, "short"), "12 characters")
	s.refused([]string{"org", "create", "--name", " ", "--admin-email", email, "--admin-password", password}, "name")
	s.refused([]string{"org", "create", "--name", "Acme", "--admin-email", "ana", "--admin-password", password}, "email")
	s.refused([]string{"org", "create", "--name", "Acme"}, "--admin-email", "--admin-password")

	var made struct{ OrgID, UserID string }
	s.json(&made, append(create, password)...)
	if !strings.HasPrefix(made.OrgID, "008") || !strings.HasPrefix(made.UserID, "006") {
		t.Fatalf("org create: %+v", made)
	}
	if out := s.ok("org", "create", "--name", "Bolt", "--admin-email", email, "--admin-password", password, "--api-access"); !strings.Contains(out, "Bolt") || !strings.Contains(out, made.UserID) {
		t.Errorf("a second organisation of the same administrator: %s", out)
	}
	if out := s.ok("org", "list"); !strings.Contains(out, "API ACCESS") || !strings.Contains(out, made.OrgID+"  Acme") {
		t.Errorf("org list: %s", out)
	}

	list := func() map[string]any {
		var all []map[string]any
		s.json(&all, "org", "list")
		if len(all) != 2 || all[0]["orgId"] != made.OrgID {
			t.Fatalf("org list: %v", all)
		}
		return all[0]
	}
	if o := list(); o["state"] != "active" || o["apiAccess"] != false {
		t.Errorf("a new organisation: %v", o)
	}
	for _, x := range []struct {
		set, key string
		want     any
	}{
		{"apiAccess=true", "apiAccess", true},
		{"apiAccess=no", "apiAccess", false},
		{"internationalPayments=on", "internationalPayments", true},
		{"allowPayUnapproved=1", "allowPayUnapproved", true},
		{"overdue=true", "state", "overdue"},
		{"overdue=false", "state", "active"},
		{"state=inactive", "state", "inactive"},
		{"overdue=false", "state", "inactive"}, // what is closed stays closed
		{"state=active", "state", "active"},
		{"zone=Europe/Vienna", "zone", "Europe/Vienna"},
		{"achId=1234567890", "achId", "1234567890"},
		{"expireCheckDays=180", "expireCheckDays", 180.0},
		{"combinePayments=separate", "combinePayments", "separate"},
		{"sodMode=enforce", "sodMode", "enforce"},
		{"defaultBillApprover=" + made.UserID, "defaultBillApprover", made.UserID},
		{"defaultBillApprover=", "defaultBillApprover", nil},
		{"name=Acme & Sons", "name", "Acme & Sons"},
	} {
		var shown map[string]any
		s.json(&shown, "org", "set", made.OrgID, x.set)
		if got := list()[x.key]; got != x.want || shown[x.key] != x.want {
			t.Errorf("%s: %s is %v, and was shown as %v", x.set, x.key, got, shown[x.key])
		}
	}
	if out := s.ok("org", "set", made.OrgID, "apiAccess=true", "state=active"); !strings.Contains(out, "apiAccess=true, state=active") {
		t.Errorf("org set: %s", out)
	}
	for set, rule := range map[string]string{
		"state=closed": "state: one of active, overdue", "overdue=perhaps": "overdue: true or false", "apiAccess=": "apiAccess: true or false",
		"zone=Mars": "zone: the IANA name", "achId=12": "achId: ten characters", "expireCheckDays=0": "expireCheckDays: 1 to 366",
		"combinePayments=x": "combinePayments: one of combine, separate", "sodMode=x": "sodMode: one of off, warn, enforce",
		"defaultBillApprover=bob": "defaultBillApprover: the id of a user", "name=": "name", "colour=red": "colour: no such setting",
		"apiAccess": "key=value",
	} {
		s.refused([]string{"org", "set", made.OrgID, "internationalPayments=false", set}, rule)
	}
	if list()["internationalPayments"] != true {
		t.Error("a refused org set changed something")
	}
	s.refused([]string{"org", "set", "00801XXXXXXXXXXXXXXX", "overdue=true"}, "no such record", "00801XXXXXXXXXXXXXXX")
	s.clean()
}

func TestUsers(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "")
	n := s.serve()
	wrong := strings.ReplaceAll(s.loginRequest(), password, "not-the-password")
	for range 5 {
		if got := code(n.call(wrong)); got != "BDCE005" {
			t.Fatalf("a wrong password: %s", got)
		}
	}
	if got := code(n.call(s.loginRequest())); got != "BDCE016" {
		t.Errorf("after five wrong passwords the right one answers %q, want BDCE016", got)
	}
	if out := s.ok("user", "unlock", strings.ToUpper(email)); !strings.Contains(out, "may sign in again") {
		t.Errorf("user unlock: %s", out)
	}
	n.login()
	var done struct{ Done string }
	s.json(&done, "user", "unlock", email)
	if done.Done == "" {
		t.Error("user unlock --json says nothing")
	}
	s.refused([]string{"user", "unlock", "nobody@acme.example"}, "no such user")

	add := func(who, role string) []string {
		return []string{"user", "add", "--org", s.org, "--email", who, "--role", role, "--password", password}
	}
	for _, role := range []string{"administrator", "accountant", "approver", "payer", "clerk", "auditor"} {
		var made struct{ UserID string }
		s.json(&made, add(role+"@acme.example", role)...)
		again := s.ok(add(role+"@acme.example", role)...) // changes nothing
		if made.UserID == "" || !strings.Contains(again, made.UserID) {
			t.Errorf("%s: %+v, then %s", role, made, again)
		}
		want := "BDCE006" // the API is for who may manage the company (ROL-1)
		if role == "administrator" {
			want = ""
		}
		if got := code(n.call(strings.Replace(s.loginRequest(), email, role+"@acme.example", 1))); got != want {
			t.Errorf("login of the %s: %q, want %q", role, got, want)
		}
	}
	s.refused(add("bob@acme.example", "boss"), "role: administrator, accountant")
	s.refused(add("bob", "clerk"), "email")
	s.ok(add(email, "administrator")...)
	s.ok(add("administrator@acme.example", "clerk")...)
	s.refused(add(email, "clerk"), "at least one active administrator")

	var op struct{ UserID string }
	s.json(&op, "operator", "add", "--email", "op@host.example", "--password", password)
	if out := s.ok("operator", "add", "--email", "op@host.example", "--password", password); op.UserID == "" || !strings.Contains(out, op.UserID) {
		t.Errorf("operator add: %s", out)
	}
	s.refused([]string{"operator", "add", "--email", "op@host.example", "--password", "short"}, "12 characters")
}

func TestBanks(t *testing.T) {
	t.Parallel()
	type account struct {
		ID, Name, Routing, Account string
		Active                     bool
		Status                     int
	}
	add := func(org, routing, number string, more ...string) []string {
		return append([]string{"bank", "add", "--org", org, "--name", "Second", "--routing", routing, "--account", number}, more...)
	}
	s := sandbox(t, "")
	var all []account
	if s.json(&all, "bank", "list", "--org", s.org); len(all) != 1 || all[0].Name != "Operating" || all[0].Status != 1 || all[0].Account != "****7777" {
		t.Errorf("the funding account of a sandbox: %+v", all)
	}
	var made struct{ BankAccountID string }
	s.json(&made, add(s.org, "990000026", "1234-5678", "--verified")...)
	s.refused(add(s.org, "990000026", "1234-5678"), "there already", "accountNumber")
	s.refused(add(s.org, "990000027", "12345678"), "routingNumber: nine digits")
	s.refused(add(s.org, "011000015", "12345678"), "routingNumber: in a sandbox it begins with 99")
	s.refused(add(s.org, "990000039", "12"), "accountNumber: 4 to 17 digits")
	s.refused(add("00801XXXXXXXXXXXXXXX", "990000039", "12345678"), "no such record")
	if out := s.ok("bank", "list", "--org", s.org); strings.Contains(out, "5678-") || strings.Contains(out, "1234-5678") || !strings.Contains(out, "****5678") {
		t.Errorf("bank list: %s", out)
	}
	if out := s.ok("bank", "deactivate", made.BankAccountID); !strings.Contains(out, made.BankAccountID) {
		t.Errorf("bank deactivate: %s", out)
	}
	s.ok("bank", "deactivate", made.BankAccountID)
	if s.json(&all, "bank", "list", "--org", s.org); len(all) != 2 || all[1].Active || !all[0].Active {
		t.Errorf("after deactivate: %+v", all)
	}
	s.refused([]string{"bank", "deactivate", "bac01XXXXXXXXXXXXXXX"}, "no such record")

	live := &store{t: t, dir: t.TempDir()}
	var org struct{ OrgID string }
	live.json(&org, "org", "create", "--name", "Acme", "--admin-email", email, "--admin-password", password)
	if live.json(&all, "bank", "list", "--org", org.OrgID); len(all) != 0 {
		t.Errorf("a live organisation begins with %+v", all)
	}
	live.refused(add(org.OrgID, "990000026", "12345678"), "routingNumber: in a sandbox it begins with 99")
	live.ok(add(org.OrgID, "011000015", "12345678")...)
	if live.json(&all, "bank", "list", "--org", org.OrgID); len(all) != 1 || all[0].Status == 1 {
		t.Fatalf("an account that nobody has verified: %+v", all)
	}
	if out := live.ok("bank", "verify", all[0].ID); !strings.Contains(out, all[0].ID) {
		t.Errorf("bank verify: %s", out)
	}
	if live.json(&all, "bank", "list", "--org", org.OrgID); all[0].Status != 1 {
		t.Errorf("after bank verify: %+v", all)
	}
	live.refused([]string{"bank", "verify", "bac01XXXXXXXXXXXXXXX"}, "no such record")
}

func TestKeys(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "")
	n := s.serve()
	session := n.login()
	type key struct{ ID, Tail, App, Email, State, MFA, Reason string }
	var keys []key
	if s.json(&keys, "appkey", "list"); len(keys) != 1 || keys[0].MFA != "exempt" || !strings.HasSuffix(s.key, keys[0].Tail) {
		t.Fatalf("appkey list: %+v", keys)
	}
	if out := s.ok("appkey", "list"); strings.Contains(out, s.key) || !strings.Contains(out, "e2e") {
		t.Errorf("appkey list: %s", out)
	}
	list := `<get_list object="vendor"></get_list>`
	s.refused([]string{"appkey", "deactivate", s.key, "--reason", " "}, "reason")
	s.ok("appkey", "deactivate", s.key, "--reason", "seen in a forum")
	for _, inner := range []string{operation(session, list), s.loginRequest()} { // at once (KEY-5)
		if answer := n.call(inner); !strings.Contains(answer, "<applicationkeyerror>") {
			t.Errorf("a deactivated key: %s", answer)
		}
	}
	s.json(&keys, "appkey", "list")
	if keys[0].State != "deactivated" || keys[0].Reason != "seen in a forum" {
		t.Errorf("appkey list: %+v", keys)
	}
	s.ok("appkey", "reactivate", keys[0].ID)
	if got := code(n.call(operation(session, list))); got != "BDCE015" {
		t.Errorf("a session of before: %q, want BDCE015", got)
	}
	if got := code(n.call(operation(n.login(), list))); got != "" {
		t.Errorf("a new session: %s", got)
	}
	var made struct{ AppKey string }
	s.json(&made, "appkey", "issue", "--app", "Second", "--email", email, "--mfa", "required")
	if out := s.ok("appkey", "issue", "--app", "Third", "--email", email); !regexp.MustCompile(`Third: 01\w{18}\n`).MatchString(out) {
		t.Errorf("appkey issue: %s", out)
	}
	if answer := n.call(operation(n.login(), list)); code(answer) != "" {
		t.Errorf("other keys changed something: %s", answer)
	}
	for _, verb := range []string{"deactivate", "reactivate"} {
		args := []string{"appkey", verb, "unknown"}
		if verb == "deactivate" {
			args = append(args, "--reason", "x")
		}
		s.refused(args, "application key", "unknown")
	}
	s.refused([]string{"appkey", "issue", "--app", "X", "--email", "nobody"}, "email")
	s.refused([]string{"appkey", "issue", "--app", "X", "--email", email, "--mfa", "perhaps"}, "--mfa", "required")

	live := &store{t: t, dir: t.TempDir()}
	live.ok("appkey", "issue", "--app", "X", "--email", email)
	if live.json(&keys, "appkey", "list"); len(keys) != 1 || keys[0].MFA != "required" {
		t.Errorf("a live store's key: %+v", keys)
	}
}

// allCommands is DESIGN's contract.
var allCommands = []string{
	"serve", "demo", "org create", "org list", "org set", "user add", "user unlock", "operator add", "bank add", "bank list", "bank verify", "bank deactivate", "bank delivery",
	"bankhost set", "bankhost show", "bankhost test", "bankhost remove",
	"appkey issue", "appkey list", "appkey deactivate", "appkey reactivate", "network list", "network accept",
	"network decline", "biller add", "biller list", "sanctions import", "sanctions list", "sanctions remove", "report", "export journal", "verify", "audit checkpoint", "audit key", "keys rotate", "keys status", "backup", "restore", "migrate", "bench",
}

// Every command explains itself and each of its flags; what does not exist is refused.
func TestHelp(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(duebook, "--help").CombinedOutput()
	if err != nil {
		t.Fatalf("--help: %v\n%s", err, out)
	}
	var listed []string
	for _, m := range regexp.MustCompile(`(?m)^  ((?:[a-z]+)(?: [a-z]+)?)(?: |$)`).FindAllStringSubmatch(string(out), -1) {
		listed = append(listed, strings.TrimSpace(m[1]))
	}
	for _, c := range allCommands {
		if !slices.Contains(listed, c) {
			t.Errorf("--help does not list %s: %q", c, listed)
		}
		out, err := exec.Command(duebook, append(strings.Fields(c), "--help")...).CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), "Usage: duebook "+c) || !strings.Contains(string(out), "--data") {
			t.Errorf("%s --help: %v\n%s", c, err, out)
		}
		if bare := regexp.MustCompile(`(?m)^ {6,}--[a-z-]+(=\S+)?$\n {0,20}\S`).FindString(string(out)); bare != "" {
			t.Errorf("%s --help does not say what %q is", c, strings.TrimSpace(bare))
		}
	}
	for _, bad := range []string{"exports", "import", "payments", "org delete", "serve now", "--port 1 serve"} {
		if out, err := exec.Command(duebook, strings.Fields(bad)...).CombinedOutput(); err == nil || !strings.HasPrefix(string(out), "duebook: un") {
			t.Errorf("duebook %s: %v, %s", bad, err, out)
		}
	}
	if out, err := exec.Command(duebook, "--version").CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "duebook ") {
		t.Errorf("--version: %v, %s", err, out)
	}
}
