package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
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
		n.at("2026-12-03T17:00:00Z")
		n.stop()
		s.clean()

		planted := map[string]string{"the vendor's account number": vendorNumber, "the customer's account number": customerNumber, "a refused number": "73109982033",
			"a wrong password": wrong, "the password": password, "the application key": s.key, "a session of generation 2": session, "a session of generation 1": old}
		hunt := func(where, text string) {
			for what, secret := range planted {
				if secret != "" && strings.Contains(text, secret) {
					t.Errorf("SEC-1, SEC-2: %s stands in %s", what, where)
				}
			}
		}
		hunt("the log", n.forgive())
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
				return nil
			}
			files++
			hunt(filepath.Base(path), string(b))
			return nil
		})
		if err != nil || files == 0 || seen < 2 {
			t.Errorf("hunted %d files, %d of the bank have the numbers: %v", files, seen, err)
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
