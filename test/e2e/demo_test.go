package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The demo tells the main job: its facts stand in what it prints, in this order.
func TestDemo(t *testing.T) {
	t.Parallel()
	tmp := t.TempDir()
	cmd := exec.Command(duebook, "demo", "--exit")
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	raw, err := cmd.CombinedOutput()
	out := string(raw)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rest := out
	for _, fact := range []string{
		"BDCE001",          // no access by API yet
		"Allow API Access", // a person switches it on
		"<sessionId>",      // the client is in
		"<create_vendor>",  //
		"/bank-account",    // the second vendor's, on the web
		"BDCE051",          // splits that do not add up
		"ledger after both bills", "2220.00",
		"<upload_document>",
		"BDCE046", "BDCE013", "BDCE045", // too early, no business day, too much
		"<paymentStatus>4<", // scheduled
		"Money Out Clearing",
		"-checks.pdf", "VENDOR PMT", "-positivepay.csv",
		".ack", "-statement.bai",
		"<updatedTime>", // what changed since
		"<paymentStatus>0<",
		"The trial balance", "Operating", "Tools and supplies", "2220.00",
		"duebook verify", "2 bills, 2 payments, 6 journal entries, 1 documents: 0 findings",
		"The main job is done.",
	} {
		_, after, found := strings.Cut(rest, fact)
		if !found {
			t.Fatalf("%q is missing, or comes too early, in\n%s", fact, out)
		}
		rest = after
	}
	steps := regexp.MustCompile(`(?m)^ ?(\d+)\. `).FindAllStringSubmatch(out, -1)
	for i, s := range steps {
		if s[1] != strconv.Itoa(i+1) {
			t.Errorf("step %s is the %dth", s[1], i+1)
		}
	}
	if len(steps) < 19 {
		t.Errorf("%d steps, want 19 or more", len(steps))
	}
	for _, secret := range []string{"orchard-lantern-42-quay", "55501234"} { // its password; the vendor's account outside bank files
		if shown, _, _ := strings.Cut(out, "What left for the bank"); strings.Contains(shown, secret) {
			t.Errorf("the demo shows %s", secret)
		}
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("the demo leaves %v behind (%v)", left, err)
	}
}
