package e2e

import (
	"strings"
	"testing"
)

// Two organisations of one server connect: a program asks over generation 1, the operator answers for the other one.
func TestNetworkCommands(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		s := sandbox(t, url)
		var other struct{ OrgID string }
		s.json(&other, "org", "create", "--name", "Harbor", "--admin-email", "hal@harbor.example", "--admin-password", password)
		var biller struct{ ID string }
		s.json(&biller, "biller", "add", "--name", "Pacific Gas", "--account-mask", "#####")
		if out := s.ok("biller", "list"); !strings.Contains(out, biller.ID) {
			t.Errorf("biller list: %s", out)
		}
		s.refused([]string{"biller", "add", "--name", "Pacific Gas"}, "name")
		s.refused([]string{"network", "list", "--org", "00801ABCDEFGHIJ00000"}, "no such record")

		n := s.serve()
		session := n.login()
		link := func(to, account string) string {
			vendor := n.made(session, `<create_vendor><vendor><name>V</name><accNumber>`+account+`</accNumber></vendor></create_vendor>`)
			n.made(session, `<link_vendor><vendorId>`+vendor+`</vendorId><linkTo>`+to+`</linkTo></link_vendor>`)
			return vendor
		}
		link(biller.ID, "12-345")
		waiting := func() []struct{ ID, Name string } {
			var in struct {
				NetworkID   string
				Invitations []struct{ ID, Name string }
			}
			s.json(&in, "network", "list", "--org", other.OrgID)
			if len(in.NetworkID) != 16 {
				t.Errorf("network id %q", in.NetworkID)
			}
			return in.Invitations
		}
		vendor := link(other.OrgID, "")
		in := waiting()
		if len(in) != 1 || in[0].Name != "Acme" || !strings.Contains(s.ok("network", "list", "--org", other.OrgID), "Acme") {
			t.Fatalf("waiting %v", in)
		}
		s.ok("network", "accept", in[0].ID, "--org", other.OrgID)
		s.refused([]string{"network", "decline", in[0].ID, "--org", other.OrgID}, "answered")
		list := n.call(`<operation transactionId="t" sessionId="` + session + `"><get_list object="vendor"><filter><expression><field>id</field><operator>=</operator><value>` +
			vendor + `</value></expression></filter></get_list></operation>`)
		if !strings.Contains(list, "<nameOnCheck>Harbor</nameOnCheck>") {
			t.Errorf("connected: %s", list)
		}
		link(other.OrgID, "")
		s.ok("network", "decline", waiting()[0].ID, "--org", other.OrgID)
		if in := waiting(); len(in) != 0 {
			t.Errorf("still waiting: %v", in)
		}
		n.stop()
		s.clean()
	})
}
