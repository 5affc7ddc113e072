package sanction_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/sanction"
	"github.com/duebook/duebook/internal/vendor"
)

var ctx = context.Background()

// Invented names in the forms of the published files.
const (
	sdn = `101,"ZELTORA SHIPPING COMPANY LTD",-0- ,"ZTR",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0-
102,"KOROVANDER, Petrik Alois","individual","ZTR] [QRS","Director",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"DOB 01 Jan 1960."
103,"QUENDIL BANK","-0-","QRS",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"SWIFT/BIC QUENFDXX; all offices worldwide."
` + "\x1a\r\n"
	alt = `102,7001,"aka","KOROWANDER, Petrik",-0-
101,7002,"fka","ŽELTORA MARINE",-0-
`
	add = `101,9001,"1 Harbour Road","Port Sunlight","Freedonia",-0-
`
	asXML = `<?xml version="1.0" standalone="yes"?>
<sdnList xmlns="http://tempuri.org/sdnList.xsd"><publshInformation><Publish_Date>11/20/2026</Publish_Date><Record_Count>1</Record_Count></publshInformation>
<sdnEntry><uid>102</uid><firstName>Petrik Alois</firstName><lastName>KOROVANDER</lastName><sdnType>Individual</sdnType>
<programList><program>ZTR</program><program>QRS</program></programList>
<akaList><aka><uid>1</uid><type>a.k.a.</type><category>strong</category><lastName>KOROWANDER</lastName><firstName>Petrik</firstName></aka></akaList>
<idList><id><uid>3</uid><idType>SWIFT/BIC</idType><idNumber>KORO FD 22</idNumber></id></idList>
<addressList><address><uid>2</uid><address1>7 Quay</address1><address2>Dock Gate</address2><city>Port Sunlight</city><country>Freedonia</country></address></addressList></sdnEntry></sdnList>`
)

func read(t *testing.T, content string) (civil.Date, []sanction.Name) {
	t.Helper()
	day, names, err := sanction.Read([]byte(content), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return day, names
}

func TestSEC8_Forms(t *testing.T) {
	t.Parallel()
	_, names, err := sanction.Read([]byte(sdn), []byte(alt), []byte(add))
	if err != nil || len(names) != 5 {
		t.Fatalf("%d names, %v", len(names), err)
	}
	for i, want := range []sanction.Name{
		{UID: "101", Name: "ZELTORA SHIPPING COMPANY LTD", Kind: "entity", Program: "ZTR", Country: "Freedonia", Addresses: "1 Harbour Road, Port Sunlight"},
		{UID: "102", Name: "KOROVANDER, Petrik Alois", Kind: "individual", Program: "ZTR] [QRS"},
		{UID: "103", Name: "QUENDIL BANK", Kind: "entity", Program: "QRS", Banks: "QUENFDXX"},
		{UID: "102", Name: "KOROWANDER, Petrik", Kind: "individual", Program: "ZTR] [QRS"},
		{UID: "101", Name: "ŽELTORA MARINE", Kind: "entity", Program: "ZTR", Country: "Freedonia"},
	} {
		if names[i] != want {
			t.Errorf("name %d is %+v", i, names[i])
		}
	}
	day, names := read(t, asXML)
	if day != civil.MustDate("2026-11-20") || len(names) != 2 || names[0] != (sanction.Name{UID: "102", Name: "KOROVANDER, Petrik Alois",
		Kind: "individual", Program: "ZTR QRS", Country: "Freedonia", Addresses: "7 Quay Dock Gate, Port Sunlight", Banks: "KOROFD22"}) || names[1].Banks != "" || names[1].Name != "KOROWANDER, Petrik" {
		t.Errorf("XML: %s, %+v", day, names)
	}
	_, names = read(t, "\ufeffId,Name,Type,Country\nX1,Zeltora Shipping,entity,Freedonia\n,Only Name\n")
	if len(names) != 2 || names[0].UID != "X1" || names[0].Country != "Freedonia" || names[1].UID != "row 3" {
		t.Errorf("CSV: %+v", names)
	}
	for _, bad := range []string{"", "<html><body/></html>", "<sdnList>", "1,2\n", "1,\"A\",-0-,X\n1,\"B\",-0-,X\n", "name\n\"" + strings.Repeat("x", 501) + "\"\n",
		"<sdnList><publshInformation><Publish_Date>2026-11-20</Publish_Date></publshInformation></sdnList>"} {
		if _, names, err := sanction.Read([]byte(bad), nil, nil); err == nil && len(names) > 0 || bad != "" && err == nil {
			t.Errorf("%.30q was read as %+v", bad, names)
		}
	}
	if _, _, err := sanction.Read([]byte(sdn), []byte("999,1,\"aka\",\"X\",-0-\n"), nil); !errors.Is(err, sanction.ErrForm) {
		t.Errorf("another name of nobody: %v", err)
	}
}

// Addresses hit whatever else they say and with small differences of spelling, never by the town or the street alone or with
// another number; banks by BIC whatever the branch, and by routing number.
func TestSEC8_AddressesAndBanks(t *testing.T) {
	t.Parallel()
	_, names, err := sanction.Read([]byte(sdn), []byte(alt), []byte(add))
	if err != nil {
		t.Fatal(err)
	}
	_, more := read(t, "id,name,address,bic\nB1,Old Pier Trust,\"14 Kestrel Wharf, Unit 9, Port Sunlight\",990000026\nB2,Somewhere,Port Sunlight,\n")
	x := sanction.NewIndex(1, []sanction.List{{Name: "SDN"}, {Name: "X"}}, map[string][]sanction.Name{"SDN": names, "X": more})
	for _, c := range []struct {
		kind, ours, want string
	}{
		{"address", "1 Harbour Road Port Sunlight", "101"},
		{"address", "14 Kestrel Wharf, Unit 9, Port Sunlight", "B1"},
		{"address", "Suite 3, 14 KESTREL WHARF UNIT 9 PORT SUNLIHGT 90210", "B1"},
		{"address", "15 Kestrel Wharf, Unit 9, Port Sunlight", ""},
		{"address", "Kestrel Wharf", ""},
		{"address", "Port Sunlight", ""},
		{"address", "99 Main Street, Springfield", ""},
		{"bank", "QUENFDXX", "103"},
		{"bank", "quenfdxx123", "103"},
		{"bank", "QUENFDYY", ""},
		{"bank", "990000026", "B1"},
		{"bank", "990000027", ""},
		{"bank", "", ""},
	} {
		match := x.MatchAddress
		if c.kind == "bank" {
			match = x.MatchBank
		}
		got := ""
		for _, h := range match(c.ours) {
			got += h.Listed.UID
			if h.Kind != c.kind || h.Score < 80 {
				t.Errorf("%s %q: %+v", c.kind, c.ours, h)
			}
		}
		if got != c.want {
			t.Errorf("%s %q hits %q, want %q", c.kind, c.ours, got, c.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(sdn), []byte(alt))
	f.Add([]byte(asXML), []byte{})
	f.Add([]byte("name,id\nx,1\n"), []byte{})
	f.Fuzz(func(t *testing.T, content, other []byte) {
		_, names, err := sanction.Read(content, other, nil)
		if err != nil && !errors.Is(err, sanction.ErrForm) {
			t.Fatal(err)
		}
		x := sanction.NewIndex(1, []sanction.List{{Name: "L"}}, map[string][]sanction.Name{"L": names})
		for _, n := range names[:min(len(names), 20)] {
			x.Match(n.Name)
		}
	})
}

func TestSEC8_Match(t *testing.T) {
	t.Parallel()
	_, names, err := sanction.Read([]byte(sdn), []byte(alt), nil)
	if err != nil {
		t.Fatal(err)
	}
	x := sanction.NewIndex(1, []sanction.List{{Name: "SDN", Published: civil.MustDate("2026-11-20")}}, map[string][]sanction.Name{"SDN": names})
	for _, c := range []struct {
		name, uid string
		exact     bool
	}{
		{"Zeltora Shipping", "101", true},
		{"zeltora shipping co., ltd.", "101", true},
		{"Shipping Zeltora LLC", "101", true},
		{"Zeltorra Shipping", "101", false},
		{"Zeltora Marine", "101", true},
		{"Petrik Korovander", "102", false},
		{"KOROVANDER Petrik Alois", "102", true},
		{"Petrik Aloïs Korovánder", "102", true},
		{"Petrik Korowander", "102", true},
		{"Quendil Bank", "103", true},
		{"Zeltora", "", false}, // one word of two
		{"Harbor Shipping Company", "", false},
		{"First National Bank", "", false},
		{"Petrik Smith", "", false},
		{"Alois Petrik Jones Construction Materials", "", false},
		{"Bank", "", false},
		{"", "", false},
		{"株式会社", "", false},
	} {
		hits := x.Match(c.name)
		if c.uid == "" {
			if len(hits) > 0 {
				t.Errorf("%q resembles %+v", c.name, hits)
			}
			continue
		}
		if len(hits) != 1 || hits[0].Listed.UID != c.uid || hits[0].Score == 100 != c.exact {
			t.Errorf("%q resembles %+v", c.name, hits)
		}
	}
}

// A party that resembles a listed one is found when it is new, when it changes and when the list does; a person who did not
// enter it clears it, once for the names as they are.
func TestSEC8_Rescreen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		n := ids.New(ids.User)
		orgID, userID, err := org.Create(ctx, s.DB, "command", org.NewOrganisation{Name: "Acme", AdminEmail: string(n) + "@x.example", PasswordHash: "x",
			SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		who := db.Caller{Org: orgID, User: userID, Perms: org.All, Channel: "web"}
		write := func(fn func(tx *db.Tx) error) {
			t.Helper()
			if err := s.Write(ctx, who, fn); err != nil {
				t.Fatal(err)
			}
		}
		var screener sanction.Screener
		screen := func(want int) {
			t.Helper()
			if n, err := screener.Rescreen(ctx, s.DB, orgID, s.Clock.Now()); err != nil || n != want {
				t.Fatalf("%d new hits instead of %d, %v", n, want, err)
			}
		}
		add := func(name string) *vendor.Vendor {
			v := vendor.Vendors.New().(*vendor.Vendor)
			v.Name = name
			write(func(tx *db.Tx) error { return vendor.Create(tx, v) })
			return v
		}
		rename := func(id ids.ID, name string) {
			write(func(tx *db.Tx) error {
				before, err := vendor.Vendors.LoadForUpdate(tx, id)
				if err != nil {
					return err
				}
				after := *before
				after.Name = name
				return vendor.Update(tx, before, &after)
			})
		}
		harmless, bad := add("Harbor Tool Rental"), add("Zeltora Shipping")
		screen(0) // there is no list
		list := func(day, content string) {
			names, err := sanction.ReadCSV(strings.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			write(func(tx *db.Tx) error {
				return sanction.Import(tx, sanction.List{Name: "TEST", Published: civil.MustDate(day), SHA256: sanction.Digest([]byte(content))}, names)
			})
		}
		list("2026-11-20", "id,name\n1,Zeltora Shipping\n")
		screen(1)
		screen(0)
		rename(harmless.ID, "Zeltorra Shipping")
		screen(1)
		var open []sanction.Found
		hits := func(want int) {
			t.Helper()
			write(func(tx *db.Tx) (err error) { open, err = sanction.Hits(tx, sanction.Open); return err })
			if len(open) != want {
				t.Fatalf("%d hits wait instead of %d", len(open), want)
			}
		}
		hits(2)
		if open[0].Subject != bad.ID || open[0].Score != 100 || open[0].Published != civil.MustDate("2026-11-20") || open[1].Score >= 100 {
			t.Errorf("hits %+v", open)
		}
		clear := func(as db.Caller, id ids.ID, reason string) error {
			return s.Write(ctx, as, func(tx *db.Tx) error { return sanction.Clear(tx, id, reason) })
		}
		if err := clear(who, open[0].ID, " "); !errors.Is(err, fault.ErrMissing) {
			t.Errorf("without a reason: %v", err)
		}
		second := who
		if err := s.Write(ctx, who, func(tx *db.Tx) (err error) {
			if second.User, err = org.AddUser(tx, string(n)+"2@x.example", "Second", "x"); err != nil {
				return err
			}
			return org.SetMembership(tx, second.User, org.Payer, true)
		}); err != nil {
			t.Fatal(err)
		}
		if err := clear(who, open[0].ID, "Another company."); !errors.Is(err, sanction.ErrSamePerson) {
			t.Errorf("by who entered it: %v", err)
		}
		clerk := second
		clerk.Perms = db.Of(org.ViewVendors, org.ManageVendors)
		if err := clear(clerk, open[0].ID, "Another company."); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("by a clerk: %v", err)
		}
		if err := clear(second, open[0].ID, "Another company."); err != nil {
			t.Fatal(err)
		}
		if err := clear(second, open[0].ID, "Again."); !errors.Is(err, sanction.ErrDecided) {
			t.Errorf("twice: %v", err)
		}
		list("2026-11-21", "id,name\n1,Zeltora Shipping\n2,Quendil Bank\n")
		screen(0) // what was cleared stays so, and what waits is known
		hits(1)
		rename(bad.ID, "Zeltora Shippings")
		screen(1) // another name is another question
		write(func(tx *db.Tx) error { return sanction.Remove(tx, "TEST") })
		list("2026-11-22", "id,name\n9,Harbor Tool Rental\n")
		add("Harbor Tool Rental")
		screen(1) // a list that comes after the last one was removed is another one
		write(func(tx *db.Tx) error { return sanction.Remove(tx, "TEST") })
		if err := s.Write(ctx, who, func(tx *db.Tx) error { return sanction.Remove(tx, "TEST") }); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("removed twice: %v", err)
		}
	})
}

// pay screens a payment of a name and gives whether it is held.
func TestSEC8_Pay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
		n := ids.New(ids.User)
		orgID, userID, err := org.Create(ctx, s.DB, "command", org.NewOrganisation{Name: "Acme", AdminEmail: string(n) + "@x.example", PasswordHash: "x"})
		if err != nil {
			t.Fatal(err)
		}
		who := db.Caller{Org: orgID, User: userID, Perms: org.All, Channel: "job"}
		var screener sanction.Screener
		for _, c := range []struct {
			published string
			wire      bool
			name      string
			held      bool
			result    string
		}{
			{"", false, "Zeltora Shipping", false, "clear"},
			{"", true, "Zeltora Shipping", false, "clear"}, // a sandbox may have no list
			{"2026-11-22", true, "Harbor Tool Rental", false, "clear"},
			{"2026-11-22", true, "Zeltora Shipping", true, "hit"},
			{"2026-10-01", false, "Harbor Tool Rental", false, "clear"},
			{"2026-10-01", true, "Harbor Tool Rental", true, "clear"},
		} {
			pay, party := ids.New(ids.SentPay), ids.New(ids.Vendor)
			var hold string
			err := s.Write(ctx, who, func(tx *db.Tx) error {
				if c.published != "" {
					l := sanction.List{Name: "TEST", Published: civil.MustDate(c.published), SHA256: "ab"}
					if err := sanction.Import(tx, l, []sanction.Name{{UID: "1", Name: "Zeltora Shipping"}}); err != nil {
						return err
					}
				}
				x, err := screener.Current(tx)
				if err != nil {
					return err
				}
				hold, err = x.Pay(tx, pay, sanction.Party{ID: party, Names: []string{c.name, c.name, ""}}, c.wire)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if hold != "" != c.held {
				t.Errorf("%+v: held %q", c, hold)
			}
			err = s.Read(ctx, who, func(tx *db.Tx) error {
				all, err := sanction.Screenings(tx, pay)
				if len(all) != 1 || all[0].Result != c.result || len(all[0].Names) != 1 || len(all[0].Lists) != min(1, len(c.published)) {
					t.Errorf("%+v: evidence %+v", c, all)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	var names []sanction.Name
	for i := range 40_000 {
		letters := []byte("abcdefgh")
		for j := range letters {
			letters[j] = 'a' + byte((i>>(2*j)+7*j+i*j)%26)
		}
		names = append(names, sanction.Name{UID: string(letters), Name: string(letters) + " " + string(bytes.ToUpper(letters[2:])) + " trading"})
	}
	x := sanction.NewIndex(1, []sanction.List{{Name: "L"}}, map[string][]sanction.Name{"L": names})
	b.ResetTimer()
	for i := range b.N {
		x.Match(names[i%len(names)].Name[:9] + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + " supplies")
	}
}
