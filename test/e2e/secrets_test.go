package e2e

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// json2 calls generation 2 and gives its answer, the whole text and its data.
func (n *node) json2(session, path, data string, more ...string) (text string, answer map[string]any) {
	n.t.Helper()
	form := url.Values{"devKey": {n.key}, "sessionId": {session}, "data": {data}}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	resp, err := http.PostForm(n.base+"/api/v2/"+path+".json", form)
	if err != nil {
		n.t.Fatal(err)
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		n.t.Fatal(err)
	}
	var b struct {
		Data map[string]any `json:"response_data"`
	}
	_ = json.Unmarshal(body.Bytes(), &b)
	return body.String(), b.Data
}

// browser is somebody who is signed in on the web.
type browser struct {
	n *node
	c http.Client
}

func (n *node) browser() *browser {
	jar, _ := cookiejar.New(nil)
	b := &browser{n, http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	b.post("/signin", "email", email, "password", password)
	return b
}

// post sends a form; whether it is taken shows in what comes of it.
func (b *browser) post(path string, pairs ...string) {
	b.n.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	resp, err := b.c.PostForm(b.n.base+path, form)
	if err != nil {
		b.n.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 500 {
		b.n.t.Errorf("%s: %s", path, resp.Status)
	}
}

// knowsSealed wants every column that holds sealed values known to what seals them anew when keys rotate.
func (s *store) knowsSealed() {
	s.t.Helper()
	var status struct {
		Uses []struct {
			What string `json:"what"`
		} `json:"uses"`
	}
	s.json(&status, "keys", "status")
	known := map[string]bool{}
	for _, u := range status.Uses {
		known[u.What] = true
	}
	d, err := sql.Open("sqlite", filepath.Join(s.dir, "duebook.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer d.Close()
	columns := s.texts(d, `SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`)
	found := 0
	for _, c := range columns {
		table, column, _ := strings.Cut(c, ".")
		if s.texts(d, `SELECT count(*) FROM "`+table+`" WHERE length("`+column+`") >= 40 AND "`+column+`" GLOB '`+strings.Repeat("[0-9a-f]", 8)+`.*'`)[0] == "0" {
			continue
		}
		if found++; !known[c] {
			s.t.Errorf("%s holds sealed values that no rotation reaches", c)
		}
	}
	if found < 6 {
		s.t.Errorf("%d columns hold sealed values: %v", found, known)
	}
}

func (s *store) texts(d *sql.DB, query string) (all []string) {
	s.t.Helper()
	rows, err := d.Query(query)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			s.t.Fatal(err)
		}
		all = append(all, v)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return all
}

// SEC-1, SEC-2: known numbers, passwords, keys and sessions that came in by either generation stand nowhere in clear: in
// no row or file of the store but the bank's own files, not in the log, not in a refusal.
func TestSEC_1_NothingInClear(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, dbURL string) {
		s := sandbox(t, dbURL)
		n := s.serve()
		n.post("/sandbox/clock", `{"now":"2026-11-23T17:00:00Z"}`)
		const vendorNumber, customerNumber, badNumber, wrong = "73109982011", "73109982022", "73109982033-x-73109982033", "planted-wrong-password"
		n.json2("", "Login", "", "userName", email, "password", wrong, "orgId", s.org)
		n.call(strings.Replace(n.loginRequest(), password, wrong, 1))
		_, a := n.json2("", "Login", "", "userName", email, "password", password, "orgId", s.org)
		session, _ := a["sessionId"].(string)
		made := func(path, data string) string {
			t.Helper()
			text, a := n.json2(session, path, data)
			id, _ := a["id"].(string)
			if id == "" {
				t.Fatalf("%s: %s", path, text)
			}
			for _, number := range []string{vendorNumber, customerNumber} {
				if strings.Contains(text, number) {
					t.Errorf("VEN-7: %s answers a number in full", path)
				}
			}
			return id
		}
		vendor := made("Crud/Create/Vendor", `{"obj":{"name":"Harbor","address1":"1 Dock","addressCity":"Seattle","addressState":"WA","addressZip":"98101"}}`)
		customer := made("Crud/Create/Customer", `{"obj":{"name":"Hotel","email":"ap@hotel.example"}}`)
		accounts := map[string]string{"VendorBankAccount": `"vendorId":"` + vendor + `","nameOnAcct":"x"`, "CustomerBankAccount": `"customerId":"` + customer + `","nameOnAccount":"x"`}
		for entity, members := range accounts {
			for _, number := range []string{badNumber, "7310998203373109982033"} {
				for _, routing := range []string{"990000026", "73109982033"} {
					text, _ := n.json2(session, "Crud/Create/"+entity, fmt.Sprintf(`{"agreedWithTOS":true,"obj":{%s,"routingNumber":%q,"accountNumber":%q}}`, members, routing, number))
					if strings.Contains(text, `"response_status":0`) || strings.Contains(text, number) {
						t.Errorf("%s: %s", entity, text)
					}
				}
			}
		}
		made("Crud/Create/VendorBankAccount", fmt.Sprintf(`{"obj":{%s,"routingNumber":"990000026","accountNumber":%q}}`, accounts["VendorBankAccount"], vendorNumber))
		account := made("Crud/Create/CustomerBankAccount", fmt.Sprintf(`{"agreedWithTOS":true,"obj":{%s,"routingNumber":"990000026","accountNumber":%q}}`,
			accounts["CustomerBankAccount"], customerNumber))
		n.json2(session, "SetCustomerAuthorization", `{"customerId":"`+customer+`"}`)
		invoice := made("Crud/Create/Invoice", `{"obj":{"customerId":"`+customer+`","invoiceNumber":"1","invoiceDate":"2026-11-20","dueDate":"2026-12-20","invoiceLineItems":[{"price":20,"quantity":1}]}}`)
		if text, _ := n.json2(session, "ChargeCustomer", fmt.Sprintf(`{"customerId":%q,"paymentType":"3","paymentAccountId":%q,"invoicePays":[{"invoiceId":%q,"amount":20}]}`,
			customer, account, invoice)); !strings.Contains(text, "chargedReceivedPay") {
			t.Fatal(text)
		}
		bill := made("Crud/Create/Bill", `{"obj":{"vendorId":"`+vendor+`","invoiceNumber":"1","invoiceDate":"2026-11-20","dueDate":"2026-12-20","billLineItems":[{"amount":5}]}}`)
		if text, _ := n.json2(session, "PayBills", `{"billPays":[{"billId":"`+bill+`","amount":5}],"processDate":"2026-11-27"}`); !strings.Contains(text, `"sentPays"`) {
			t.Fatal(text)
		}
		for _, path := range []string{"List/VendorBankAccount", "List/CustomerBankAccount", "List/BankAccount", "GetBankBalance", "List/SentPay"} {
			if text, _ := n.json2(session, path, `{}`); strings.Contains(text, vendorNumber) || strings.Contains(text, customerNumber) {
				t.Errorf("%s shows a number in full", path)
			}
		}
		old := n.login() // generation 1

		// Tax numbers come in by both generations and the web, account numbers by the web, a pay link and a bank.
		const tax1, tax2, tax3, tax4, badTax, webTax = "73-1094401", "73-1094402", "73-1094403", "73-1094404", "73-1094405-73-1094405", "73-1094406"
		const corrected, correction, returned, ours, linked = "88120345670101", "88120345671234", "88120345680003", "88120345690", "88120345700"
		n.made(old, `<create_vendor><vendor><name>Old Mill</name><taxId>`+tax1+`</taxId></vendor></create_vendor>`)
		n.made(old, `<create_customer><customer><name>Club</name><taxId>`+tax2+`</taxId></customer></create_customer>`)
		n.call(operation(old, `<update_vendor><vendor><id>`+vendor+`</id><taxId>`+badTax+`</taxId></vendor></update_vendor>`))
		n.json2(session, "Crud/Update/Vendor", `{"obj":{"id":"`+vendor+`","taxId":"`+badTax+`"}}`)
		for id, tax := range map[string]string{vendor: tax3, customer: tax4} {
			entity := map[string]string{vendor: "Vendor", customer: "Customer"}[id]
			n.json2(session, "Crud/Update/"+entity, `{"obj":{"id":"`+id+`","taxId":"`+tax+`"}}`)
			if text, _ := n.json2(session, "Crud/Read/"+entity, `{"id":"`+id+`"}`); !strings.Contains(text, tax) {
				t.Errorf("the %s has no tax id: %s", entity, text)
			}
		}
		for name, number := range map[string]string{"Corrected": corrected, "Returned": returned} {
			v := made("Crud/Create/Vendor", `{"obj":{"name":"`+name+`"}}`)
			made("Crud/Create/VendorBankAccount", fmt.Sprintf(`{"obj":{"vendorId":%q,"nameOnAcct":"x","routingNumber":"990000026","accountNumber":%q}}`, v, number))
			b := made("Crud/Create/Bill", `{"obj":{"vendorId":"`+v+`","invoiceNumber":"1","invoiceDate":"2026-11-20","dueDate":"2026-12-20","billLineItems":[{"amount":7}]}}`)
			if text, _ := n.json2(session, "PayBills", `{"billPays":[{"billId":"`+b+`","amount":7}],"processDate":"2026-12-01"}`); !strings.Contains(text, `"sentPays"`) {
				t.Fatal(text)
			}
		}
		web := n.browser()
		web.post("/vendors/new", "name", "Web", "taxId", webTax, "country", "USA")
		web.post("/vendors/new", "name", "", "taxId", webTax)
		web.post("/settings/bank-accounts/new", "name", "Payroll", "routingNumber", "990000026", "accountNumber", ours)
		web.post("/settings/bank-accounts/new", "name", "Payroll", "routingNumber", "1", "accountNumber", ours)
		walker := made("Crud/Create/Customer", `{"obj":{"name":"Walker","email":"jo@walker.example"}}`)
		owed := made("Crud/Create/Invoice", `{"obj":{"customerId":"`+walker+`","invoiceNumber":"2","invoiceDate":"2026-11-20","dueDate":"2026-12-20","invoiceLineItems":[{"price":9,"quantity":1}]}}`)
		if text, _ := n.json2(session, "SendInvoice", `{"invoiceId":"`+owed+`","headers":{},"content":{}}`); !strings.Contains(text, `"response_status":0`) {
			t.Fatal(text)
		}
		_, mails := n.get("/sandbox/mail")
		link := regexp.MustCompile(`/pay/[0-9a-f]+`).FindString(mails)
		_, page := n.get(link)
		form := []string{"amount", "9", "from", "new", "name", "Jo Hart", "accountType", "1", "holderType", "1", "agree", "yes", "accountNumber", linked}
		for _, m := range regexp.MustCompile(`name="(form|day)" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			form = append(form, m[1], m[2])
		}
		web.post(link, append(form, "routingNumber", "1")...)
		web.post(link, append(form, "routingNumber", "990000026")...)

		n.at("2026-12-10T17:00:00Z")
		backup := filepath.Join(t.TempDir(), "backup")
		s.ok("backup", backup)
		n.stop()
		s.clean()

		planted := map[string]string{"the vendor's account number": vendorNumber, "the customer's account number": customerNumber, "a refused number": "73109982033",
			"a wrong password": wrong, "the password": password, "the application key": s.key, "a session of generation 2": session, "a session of generation 1": old,
			"a vendor's tax id by generation 1": tax1, "a customer's tax id by generation 1": tax2, "a vendor's tax id": tax3, "a customer's tax id": tax4,
			"a refused tax id": badTax, "a tax id by the web": webTax, "the number that a bank corrected": corrected, "the bank's correction": correction,
			"the number of a returned entry": returned, "a funding account's number": ours, "a number by a pay link": linked}
		inFiles := map[string]bool{}
		hunt := func(where, text string) {
			for what, secret := range planted {
				if secret != "" && strings.Contains(text, secret) {
					t.Errorf("SEC-1, SEC-2: %s stands in %s", what, where)
				}
			}
		}
		hunt("the log", n.forgive())
		if dbURL == "" {
			s.knowsSealed()
		}
		files, seen := 0, 0
		err := filepath.WalkDir(s.dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if strings.HasPrefix(path, filepath.Join(s.dir, "bank")+string(filepath.Separator)) { // what the bank is to read
				if bytes.Contains(b, []byte(customerNumber)) || bytes.Contains(b, []byte(vendorNumber)) {
					seen++
				}
				for _, number := range []string{corrected, correction, returned, linked} {
					inFiles[number] = inFiles[number] || bytes.Contains(b, []byte(number))
				}
				return nil
			}
			files++
			hunt(filepath.Base(path), string(b))
			return nil
		})
		if err != nil || files == 0 || seen < 2 {
			t.Errorf("hunted %d files, %d of the bank have the numbers: %v", files, seen, err)
		}
		for _, number := range []string{corrected, correction, returned, linked} {
			if !inFiles[number] {
				t.Errorf("no file to or from the bank has %s: the story did not happen", number)
			}
		}
		copied := 0
		if err := filepath.WalkDir(backup, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() || strings.HasPrefix(path, filepath.Join(backup, "bank")) {
				return err
			}
			b, err := os.ReadFile(path)
			copied++
			hunt("the backup's "+filepath.Base(path), string(b))
			return err
		}); err != nil || copied < 2 {
			t.Errorf("hunted %d files of the backup: %v", copied, err)
		}
		if dbURL == "" {
			return
		}
		dump, err := exec.Command("pg_dump", "--dbname", dbURL).Output()
		if err != nil {
			t.Skipf("the database is hunted with pg_dump: %v", err)
		}
		hunt("the database", string(dump))
	})
}
