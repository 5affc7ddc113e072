package jsonv2_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/org"
)

// Domain 2.3 over the wire, api-v2 2.7: who may call what. Everything is asked with data that an administrator gets
// through with, so that a refusal is one of the role. A administrator, C accountant, V approver, P payer, K clerk,
// R auditor.
func TestPermissionsOverTheWire(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		own := h.fund()
		letters := map[string]*house{"A": h}
		for letter, role := range map[string]string{"C": org.Accountant, "V": org.Approver, "P": org.Payer, "K": org.Clerk, "R": org.Auditor} {
			letters[letter] = h.as(role)
		}
		vendor := h.payee("Harbor Tool Rental")
		customer, _ := owing(h)
		n := 0
		next := func() string { n++; return fmt.Sprint("N", n) }
		bill := func() string { return h.bill(vendor, next(), "100") }
		credit := func() string { return h.credit(vendor, next(), "100") }
		invoice := func() string {
			return h.made("Invoice", newInvoice(string(customer), next(), `{"price":100,"quantity":1}`))
		}
		memo := func() string {
			return h.made("CreditMemo", fmt.Sprintf(`{"customerId":%q,"refNumber":%q,"creditDate":"2026-11-20","creditMemoLineItems":[{"price":10,"quantity":1}]}`, customer, next()))
		}
		payment := func() string { return h.ok("PayBills", pays(bill(), "100")).text("sentPays.0.id") }
		recorded := func() string {
			return h.ok("RecordAPPayment", pays(bill(), "1", date("2026-11-20"))).text("id")
		}
		receipt := func() string {
			return h.ok("RecordARPayment", fmt.Sprintf(`{"customerId":%q,"paymentDate":"2026-11-20","paymentType":"1","amount":5}`, customer)).text("id")
		}
		account := h.ok("Crud/Create/CustomerBankAccount", fmt.Sprintf(`{"agreedWithTOS":true,"obj":{"customerId":%q,"nameOnAccount":"Hartwell Hotel",
			"routingNumber":"990000026","accountNumber":"5551234"}}`, customer)).text("id")
		h.ok("SetCustomerAuthorization", fmt.Sprintf(`{"customerId":%q}`, customer))
		charge := func(inv string) string {
			return fmt.Sprintf(`{"customerId":%q,"paymentType":"3","paymentAccountId":%q,"invoicePays":[{"invoiceId":%q,"amount":1}]}`, customer, account, inv)
		}
		charged := func() string { return h.ok("ChargeCustomer", charge(invoice())).text("chargedReceivedPay.id") }
		at := func(entity, id string) string { return fmt.Sprintf(`{"entity":%q,"objectId":%q}`, entity, id) }
		read := func(id func() string) func() string { return func() string { return `{"id":"` + id() + `"}` } }
		all := func() string { return `{}` }
		existing := func(id string) func() string { return func() string { return `{"id":"` + id + `"}` } }
		obj := func(format string, args ...func() string) func() string {
			return func() string {
				var values []any
				for _, a := range args {
					values = append(values, a())
				}
				return `{"obj":` + fmt.Sprintf(format, values...) + `}`
			}
		}
		is := func(s string) func() string { return func() string { return s } }
		for _, c := range []struct {
			path, who string
			data      func() string
		}{
			{"Crud/Read/Vendor", "ACVPKR", existing(vendor)}, {"List/Vendor", "ACVPKR", all},
			{"Crud/Create/Vendor", "ACK", obj(`{"name":%q}`, next)}, {"Crud/Update/Vendor", "ACK", obj(`{"id":%q,"shortName":%q}`, is(vendor), next)},
			{"Crud/Delete/Vendor", "ACK", read(func() string { return h.payee(next()) })},
			{"Crud/Create/VendorBankAccount", "A", obj(`{"vendorId":%q,"accountNumber":"5551234","routingNumber":"990000026","nameOnAcct":"x"}`, func() string { return h.payee(next()) })},
			{"List/VendorBankAccount", "ACVPKR", all},
			{"List/Bill", "ACVPKR", all}, {"Crud/Create/Bill", "ACK", obj(`{"vendorId":%q,"invoiceNumber":%q,"invoiceDate":"2026-11-20","dueDate":"2026-12-20","billLineItems":[{"amount":1}]}`, is(vendor), next)},
			{"Crud/Update/Bill", "ACK", obj(`{"id":%q,"poNumber":"x"}`, bill)}, {"Crud/Delete/Bill", "ACK", read(bill)},
			{"List/VendorCredit", "ACVPKR", all}, {"Crud/Create/VendorCredit", "ACK", obj(`{"vendorId":%q,"refNumber":%q,"creditDate":"2026-11-20","vendorCreditLineItems":[{"amount":1}]}`, is(vendor), next)},
			{"Crud/Delete/VendorCredit", "ACK", read(credit)},
			{"List/RecurringBill", "ACVPKR", all},
			{"Crud/Create/RecurringBill", "ACK", obj(`{"vendorId":%q,"timePeriod":"2","frequencyPerTimePeriod":1,"nextDueDate":"2027-11-30","daysInAdvance":1,"recurringBillLineItems":[{"amount":100}]}`, is(vendor))},
			{"PayBills", "AP", func() string { return pays(bill(), "1") }},
			{"PayBill", "AP", func() string { return `{"billId":"` + bill() + `","amount":1,"processDate":"2026-11-24"}` }},
			{"PayBills", "AP", func() string { // by credit alone is paying too
				b := bill()
				return fmt.Sprintf(`{"billPays":[{"billId":%q,"amount":0}],"billCredits":[{"billId":%[1]q,"vendorCreditId":%[2]q,"amount":100}]}`, b, credit())
			}},
			{"RecordAPPayment", "ACPK", func() string { return pays(bill(), "1", date("2026-11-20")) }},
			{"CancelAPPayment", "AP", func() string { return `{"sentPayId":"` + payment() + `"}` }},
			{"VoidAPPayment", "AP", func() string { return `{"sentPayId":"` + recorded() + `"}` }},
			{"List/SentPay", "ACVPKR", all}, {"List/BillPay", "ACVPKR", all}, {"ListPayments", "ACVPKR", is(`{"start":0,"max":9}`)},
			{"List/MoneyMovement", "ACVPKR", all},
			{"List/BankAccount", "APKR", all}, {"Crud/Read/BankAccount", "APKR", existing(string(own))},
			{"SetApprovers", "ACVK", func() string { return approvers("Bill", bill(), h) }},
			{"ClearApprovers", "ACVK", func() string { return at("Bill", bill()) }},
			{"List/Customer", "ACKR", all}, {"Crud/Read/Customer", "ACKR", existing(string(customer))},
			{"Crud/Create/Customer", "ACK", obj(`{"name":%q}`, next)}, {"List/CustomerBankAccount", "ACKR", all},
			{"Crud/Create/CustomerContact", "ACK", obj(`{"customerId":%q,"name":"x"}`, is(string(customer)))},
			{"List/Invoice", "ACKR", all}, {"Crud/Update/Invoice", "ACK", obj(`{"id":%q,"poNumber":"x"}`, invoice)}, {"Crud/Delete/Invoice", "ACK", read(invoice)},
			{"List/CreditMemo", "ACKR", all}, {"Crud/Delete/CreditMemo", "ACK", read(memo)},
			{"ApplyCreditMemo", "ACK", func() string {
				return fmt.Sprintf(`{"creditMemoId":%q,"invoicePays":[{"invoiceId":%q,"amount":1}]}`, memo(), invoice())
			}},
			{"List/RecurringInvoice", "ACKR", all},
			{"List/ReceivedPay", "ACKR", all}, {"List/InvoicePay", "ACKR", all},
			{"RecordARPayment", "ACK", func() string {
				return fmt.Sprintf(`{"customerId":%q,"paymentDate":"2026-11-20","paymentType":"1","amount":5}`, customer)
			}},
			{"VoidARPayment", "ACK", read(receipt)},
			{"ChargeCustomer", "A", func() string { return charge(invoice()) }},
			{"VoidARPayment", "A", read(charged)},
			{"SetCustomerAuthorization", "ACK", is(fmt.Sprintf(`{"customerId":%q}`, customer))},
			{"GetARSummary", "ACKR", all}, {"GetAPSummary", "ACVPKR", all},
			{"List/ChartOfAccount", "ACVPKR", all}, {"Crud/Create/ActgClass", "AC", obj(`{"name":%q}`, next)}, {"Crud/Create/Item", "AC", obj(`{"name":%q,"type":"1"}`, next)},
			{"Crud/Create/ChartOfAccount", "AC", obj(`{"name":%q,"accountType":"1"}`, next)},
			{"List/ApprovalPolicy", "ACVPKR", all}, {"Crud/Create/ApprovalPolicy", "A", obj(`{"type":"0","amountThreshold":99999999,"minNumApprovers":1}`)},
			{"Crud/Create/User", "A", obj(`{"firstName":"x","lastName":"y","email":"x@y.example","loginId":"%s@y.example","profileId":"0po01AAAAAAAAAA00000"}`, next)},
			{"Crud/Update/Organization", "A", obj(`{"id":%q,"phone":%q}`, is(string(h.org)), next)},
			{"GetDocuments", "ACK", all}, // the inbox
			{"SendInvoice", "ACK", func() string {
				return fmt.Sprintf(`{"invoiceId":%q,"headers":{"toEmailAddresses":["a@b.example"]},"content":{}}`, invoice())
			}},
		} {
			for letter, as := range letters {
				data := c.data()
				a := as.call(c.path, data)
				forbidden := a.code == "BDC_9006" || a.code == "BDC_1150"
				if may := strings.Contains(c.who, letter); may == forbidden {
					t.Errorf("%s by %s: %s %s %.200s", c.path, letter, a.code, a.what, data)
				}
				if strings.HasPrefix(c.path, "PayBill") && forbidden && a.code != "BDC_1150" {
					t.Errorf("2.7: %s by %s: %s", c.path, letter, a.code)
				}
				if letter == "A" && a.failed && !strings.Contains(data, "0po01AAAAAAAAAA00000") {
					t.Errorf("%s by an administrator: %s %s %.300s", c.path, a.code, a.what, data)
				}
			}
		}
	})
}

// LOG-5, api-v2 2.5.5, 2.1.7: without the second factor and with an API token nothing is paid, nobody's bank account
// comes or goes, nobody is invited; with a token not even where the key is exempt.
func TestUntrustedSessions(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.fund()
		vendor := h.payee("Harbor Tool Rental")
		b := h.bill(vendor, "1", "100")
		account := h.made("VendorBankAccount", fmt.Sprintf(`{"vendorId":%q,"accountNumber":"5551234","routingNumber":"990000026","nameOnAcct":"x"}`, vendor))
		other := h.payee("Other")
		calls := [][2]string{
			{"PayBills", pays(b, "1", date("2026-11-30"))}, {"PayBill", `{"billId":"` + b + `","amount":1,"processDate":"2026-11-30"}`},
			{"Crud/Create/VendorBankAccount", fmt.Sprintf(`{"obj":{"vendorId":%q,"accountNumber":"5551234","routingNumber":"990000026","nameOnAcct":"x"}}`, other)},
			{"Bulk/Crud/Create/VendorBankAccount", fmt.Sprintf(`{"bulk":[{"obj":{"vendorId":%q,"accountNumber":"5551234","routingNumber":"990000026","nameOnAcct":"x"}}]}`, other)},
			{"Crud/Delete/VendorBankAccount", `{"id":"` + account + `"}`},
			{"Bulk/Crud/Delete/VendorBankAccount", `{"bulk":[{"id":"` + account + `"}]}`},
			{"SendVendorInvite", fmt.Sprintf(`{"vendorId":%q,"email":"x@y.example"}`, other)},
			{"SendInvite", fmt.Sprintf(`{"id":%q,"networkId":"1"}`, other)},
		}
		strict := *h
		strict.key = h.newKey("required")
		strict.session = strict.login(h.email)
		var token string
		h.write(func(tx *db.Tx) (err error) { token, _, err = org.NewAPIToken(tx, "till"); return err })
		byToken := *h
		a := h.form("Login.json", "userName", "till", "password", token, "orgId", string(h.org), "devKey", h.key)
		if byToken.session = a.text("sessionId"); byToken.session == "" {
			t.Fatal(a.raw)
		}
		for _, c := range calls {
			for who, x := range map[string]*house{"untrusted": &strict, "token": &byToken} {
				if a := x.call(c[0], c[1]); a.code != "BDC_1361" {
					t.Errorf("%s, %s: %s", who, c[0], a.raw)
				}
			}
		}
		byToken.refused("MFAChallenge", `{}`, "BDC_1361")
		byToken.ok("List/Bill", `{}`)
		if rows := h.list("SentPay"); len(rows) != 0 {
			t.Errorf("%d payments", len(rows))
		}
		if rows := h.list("VendorBankAccount"); len(rows) != 1 || rows[0].text("isActive") != "1" {
			t.Errorf("bank accounts %v", rows)
		}
	})
}
