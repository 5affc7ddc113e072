package jsonv2_test

import (
	"fmt"
	"strings"
	"testing"
)

// SEC-12: whatever names a record of another organisation gets the answer that an unknown id gets, changes nothing there
// and shows nothing of it.
func TestSEC_12_Strangers(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		bank := string(h.fund())
		vendor := h.payee("Secretive Supplies")
		customer, invoice := owing(h)
		ids := map[string]string{"Vendor": vendor, "Customer": string(customer), "Invoice": string(invoice), "BankAccount": bank, "User": string(h.user)}
		ids["Bill"], ids["VendorCredit"] = h.bill(vendor, "S1", "100"), h.credit(vendor, "S1", "5")
		ids["SentPay"] = h.ok("PayBills", pays(ids["Bill"], "10")).text("sentPays.0.id")
		ids["BillPay"] = h.list("BillPay")[0].text("id")
		ids["ReceivedPay"] = h.ok("RecordARPayment", fmt.Sprintf(`{"customerId":%q,"paymentDate":"2026-11-20","paymentType":"1","amount":5}`, customer)).text("id")
		ids["CreditMemo"] = h.made("CreditMemo", fmt.Sprintf(`{"customerId":%q,"refNumber":"1","creditDate":"2026-11-20","creditMemoLineItems":[{"price":10,"quantity":1}]}`, customer))
		ids["VendorBankAccount"] = h.made("VendorBankAccount", fmt.Sprintf(`{"vendorId":%q,"accountNumber":"5551234","routingNumber":"990000026","nameOnAcct":"x"}`, vendor))
		ids["CustomerBankAccount"] = h.ok("Crud/Create/CustomerBankAccount", fmt.Sprintf(`{"agreedWithTOS":true,"obj":{"customerId":%q,"nameOnAccount":"x",
			"routingNumber":"990000026","accountNumber":"5551234"}}`, customer)).text("id")
		ids["CustomerContact"] = h.made("CustomerContact", fmt.Sprintf(`{"customerId":%q,"name":"x"}`, customer))
		ids["RecurringBill"] = h.made("RecurringBill", fmt.Sprintf(`{"vendorId":%q,"timePeriod":"2","frequencyPerTimePeriod":1,"nextDueDate":"2027-11-30","daysInAdvance":1,"recurringBillLineItems":[{"amount":100}]}`, vendor))
		ids["ApprovalPolicy"] = h.made("ApprovalPolicy", `{"type":"0","amountThreshold":99999999,"minNumApprovers":1}`)
		ids["ActgClass"], ids["Item"] = h.made("ActgClass", `{"name":"x"}`), h.made("Item", `{"name":"x","type":"1"}`)
		stored := map[string]string{}
		for entity, id := range ids {
			stored[entity] = h.read(entity, id).raw
		}
		o := h.other()
		o.fund()
		v := o.payee("Own")
		b := o.bill(v, "1", "100")
		c := o.made("Customer", `{"name":"Own"}`)
		i := o.made("Invoice", newInvoice(c, "1", `{"price":100,"quantity":1}`))
		m := o.made("CreditMemo", fmt.Sprintf(`{"customerId":%q,"refNumber":"1","creditDate":"2026-11-20","creditMemoLineItems":[{"price":10,"quantity":1}]}`, c))
		refused := func(path, data string) {
			t.Helper()
			a := o.call(path, data)
			if a.code != "BDC_1119" && a.code != "BDC_1116" && a.code != "BDC_1114" && a.code != "BDC_1151" && a.code != "BDC_9104" && a.code != "BDC_9006" && a.code != "BDC_9106" {
				t.Errorf("%s %s: %s", path, data, a.raw)
			}
			if strings.Contains(a.raw, "Secretive") || strings.Contains(a.raw, "Hartwell") {
				t.Errorf("%s tells of another's record: %s", path, a.raw)
			}
		}
		for entity, id := range ids {
			refused("Crud/Read/"+entity, `{"id":"`+id+`"}`)
			for _, path := range []string{"Crud/Delete/", "Crud/Undelete/"} {
				if a := o.call(path+entity, `{"id":"`+id+`"}`); !a.failed {
					t.Errorf("%s%s: %s", path, entity, a.raw)
				}
			}
			if a := o.call("Crud/Update/"+entity, `{"obj":{"id":"`+id+`","name":"taken over","description":"taken over","isActive":"2"}}`); !a.failed {
				t.Errorf("Update/%s: %s", entity, a.raw)
			}
			if rows := o.ok("List/"+entity, `{"filters":[{"field":"id","op":"=","value":"`+id+`"}]}`).rows(); len(rows) != 0 {
				t.Errorf("List/%s: %d rows", entity, len(rows))
			}
			for _, call := range []string{"GetDocumentPages", "GetDocuments"} {
				if a := o.call(call, `{"id":"`+id+`"}`); !a.failed {
					t.Errorf("%s of a %s: %s", call, entity, a.raw)
				}
			}
		}
		for _, call := range [][2]string{
			{"PayBills", pays(ids["Bill"], "1")}, {"PayBill", `{"billId":"` + ids["Bill"] + `","amount":1,"processDate":"2026-11-30"}`},
			{"PayBills", pays(b, "1", `,"bankAccountId":"`+bank+`"`)}, {"PayBills", pays(b, "1", `,"vendorId":"`+vendor+`"`)},
			{"PayBills", fmt.Sprintf(`{"billPays":[{"billId":%q,"amount":1}],"billCredits":[{"billId":%[1]q,"vendorCreditId":%q,"amount":1}]}`, b, ids["VendorCredit"])},
			{"RecordAPPayment", pays(ids["Bill"], "1", date("2026-11-20"))},
			{"CancelAPPayment", `{"sentPayId":"` + ids["SentPay"] + `"}`}, {"VoidAPPayment", `{"sentPayId":"` + ids["SentPay"] + `","voidRequestType":1,"reason":"x"}`},
			{"GetDisbursementData", `{"sentPayId":"` + ids["SentPay"] + `"}`}, {"GetCheckImageData", `{"sentPayId":"` + ids["SentPay"] + `"}`},
			{"SetApprovers", approvers("Bill", ids["Bill"], o)}, {"SetApprovers", approvers("Bill", b, h)}, {"ClearApprovers", `{"entity":"Bill","objectId":"` + ids["Bill"] + `"}`},
			{"Approve", `{"entity":"Bill","objectId":"` + ids["Bill"] + `"}`}, {"ListApprovers", `{"entity":"Bill","objectId":"` + ids["Bill"] + `"}`},
			{"VoidARPayment", `{"id":"` + ids["ReceivedPay"] + `"}`}, {"SetCustomerAuthorization", fmt.Sprintf(`{"customerId":%q}`, customer)},
			{"RecordARPayment", fmt.Sprintf(`{"customerId":%q,"paymentDate":"2026-11-20","paymentType":"1","amount":5}`, customer)},
			{"RecordARPayment", fmt.Sprintf(`{"customerId":%q,"paymentDate":"2026-11-20","paymentType":"1","amount":5,"invoicePays":[{"invoiceId":%q,"amount":1}]}`, c, invoice)},
			{"ChargeCustomer", fmt.Sprintf(`{"customerId":%q,"paymentType":"3","paymentAccountId":%q,"amount":1}`, customer, ids["CustomerBankAccount"])},
			{"ApplyCreditMemo", fmt.Sprintf(`{"creditMemoId":%q,"invoicePays":[{"invoiceId":%q,"amount":1}]}`, ids["CreditMemo"], i)},
			{"ApplyCreditMemo", fmt.Sprintf(`{"creditMemoId":%q,"invoicePays":[{"invoiceId":%q,"amount":1}]}`, m, invoice)},
			{"SendInvoice", fmt.Sprintf(`{"invoiceId":%q,"headers":{"toEmailAddresses":["a@b.example"]},"content":{}}`, invoice)},
			{"SendInvoice", fmt.Sprintf(`{"invoiceId":%q,"headers":{"fromUserId":%q,"toEmailAddresses":["a@b.example"]},"content":{}}`, i, h.user)},
			{"MailInvoice", fmt.Sprintf(`{"invoiceId":%q}`, invoice)}, {"SendVendorInvite", fmt.Sprintf(`{"vendorId":%q,"email":"x@y.example"}`, vendor)},
			{"CancelInvite", fmt.Sprintf(`{"id":%q}`, vendor)}, {"GetNetworkStatus", fmt.Sprintf(`{"id":%q}`, vendor)},
			{"Crud/Create/Bill", `{"obj":` + bill(vendor, "2", `{"amount":1}`) + `}`},
			{"Crud/Create/Bill", `{"obj":` + bill(v, "3", `{"amount":1,"actgClassId":"`+ids["ActgClass"]+`"}`) + `}`},
			{"Crud/Create/Bill", `{"obj":` + bill(v, "4", `{"amount":1,"itemId":"`+ids["Item"]+`"}`) + `}`},
			{"Crud/Create/Bill", `{"obj":` + bill(v, "5", `{"amount":1,"customerId":"`+string(customer)+`"}`) + `}`},
			{"Crud/Create/Invoice", `{"obj":` + newInvoice(string(customer), "2", `{"price":1,"quantity":1}`) + `}`},
			{"Crud/Create/VendorBankAccount", fmt.Sprintf(`{"obj":{"vendorId":%q,"accountNumber":"5551234","routingNumber":"990000026","nameOnAcct":"x"}}`, vendor)},
			{"Crud/Create/CustomerContact", fmt.Sprintf(`{"obj":{"customerId":%q,"name":"x"}}`, customer)},
			{"Crud/Create/ApprovalPolicyApprover", fmt.Sprintf(`{"obj":{"approvalPolicyId":%q,"usersId":%q}}`, ids["ApprovalPolicy"], o.user)},
		} {
			refused(call[0], call[1])
		}
		if w := o.get("/Invoice2PdfServlet?Id="+string(invoice), "sessionId", o.session); w.Code != 404 {
			t.Errorf("the invoice as a PDF: %d", w.Code)
		}
		for entity, id := range ids {
			if now := h.read(entity, id).raw; now != stored[entity] {
				t.Errorf("%s was %s and is %s", entity, stored[entity], now)
			}
		}
	})
}
