package jsonv2_test

import (
	"cmp"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/api/jsonv2"
	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/org"
)

// equip puts a door before the store that has everything a server's has; it gives what is mailed.
func (h *house) equip() *mailed {
	h.t.Helper()
	blobs, err := blob.New(filepath.Join(h.dir, "blobs"), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	m := &mailed{}
	h.sessions.UseSecondFactor(h.vault, func(_ *db.Tx, _ org.User, code string) error { m.codes = append(m.codes, code); return nil })
	h.handler = jsonv2.New(jsonv2.Deps{DB: h.store.DB, Sessions: h.sessions, Vault: h.vault, Blobs: blobs, SpoolDir: h.dir,
		Log:    slog.New(failOnError{slog.NewTextHandler(io.Discard, nil), h.t}),
		Invite: func(_ *db.Tx, u org.User, _ string) error { m.invitations = append(m.invitations, u.Email); return nil }})
	return m
}

// TestGoldenCalls tells what every call of sections 2 and 5 answers, and how the records look that calls make: statuses,
// amounts due and balances after payments are made, cancelled and voided.
func TestGoldenCalls(t *testing.T) {
	t.Parallel()
	h := newHouse(t, dbtest.SQLite(t))
	m := h.equip()
	b := open(h, "golden-calls")
	// keep remembers what a step made.
	keep := func(name string, a answer) {
		for _, path := range []string{"id", "sentPays.0.id", "chargedReceivedPay.id", "requestId", "challengeId", "documentUploadedId", "0.id"} {
			if id := a.text(path); id != "" {
				b.given[name] = id
				return
			}
		}
	}
	say := func(name, path, data string) answer {
		t.Helper()
		a, text := b.exchange(path, data)
		if a.failed != strings.HasSuffix(name, "-refused") {
			t.Errorf("%s: %s", name, a.raw)
		}
		keep(name, a)
		b.hold(name, text)
		return a
	}
	// form is say for the calls that take no data.
	form := func(name, path string, pairs ...string) {
		t.Helper()
		a := h.form(path+".json", append(pairs, "devKey", h.key)...)
		var shown []string
		for i := 0; i < len(pairs); i += 2 {
			shown = append(shown, pairs[i]+"="+cmp.Or(map[string]string{"orgId": "{org}", "password": "…"}[pairs[i]], pairs[i+1]))
		}
		_, text := b.told(path, "", a)
		b.hold(name, strings.Replace(text, "data=", strings.Join(append(shown, "devKey={key}"), "&"), 1))
	}
	made := func(name, entity, obj string) { t.Helper(); b.given[name] = h.made(entity, b.filled(obj)) }

	// Section 2: who calls.
	form("login", "Login", "userName", h.email, "password", password, "orgId", string(h.org))
	form("list-orgs", "ListOrgs", "userName", h.email, "password", password)
	say("session-info", "GetSessionInfo", ``)
	say("mfa-challenge", "MFAChallenge", `{"useBackup":false}`)
	b.given["code"] = m.codes[len(m.codes)-1]
	say("mfa-authenticate", "MFAAuthenticate", `{"challengeId":"{mfa-challenge}","token":"{code}","deviceId":"till 4","machineName":"Till","rememberMe":true}`)
	say("mfa-status", "MFAStatus", `{}`)
	say("profiles", "List/Profile", `{"filters":[{"field":"name","op":"=","value":"Payer"}]}`)
	say("profile", "Crud/Read/Profile", `{"id":"{profiles}"}`)
	say("profile-permissions", "GetProfilePermissions", `{"profileId":"{profiles}"}`)
	say("organizations", "List/Organization", `{}`)
	say("organization", "Crud/Read/Organization", `{"id":"{organizations}"}`)
	say("update-organization", "Crud/Update/Organization", `{"obj":{"id":"{organizations}","name":"Acme","address1":"9 Quay Street","addressCity":"Reno","addressState":"NV","addressZip":"89501","addressCountry":"USA","phone":"555-0111","fax":"555-0112"}}`)

	// 4.4, 4.5
	say("metadata", "GetEntityMetadata", `{"entities":["Bill","Vendor"]}`)
	say("enum", "Enum", `{}`)
	say("errors", "Errors", `{}`)

	// 5.1 to 5.4: payables.
	b.given["bank"] = string(h.fund())
	h.at("2026-11-30", 9, 0)
	h.again()
	b.given["vendor"] = h.payee("Harbor Tool Rental")
	for _, number := range []string{"101", "102", "103", "104", "105"} {
		b.given["bill-"+number] = h.bill(b.given["vendor"], number, "100")
	}
	b.given["credit"] = h.credit(b.given["vendor"], "CR-1", "30")
	say("vendor-owed", "Crud/Read/Vendor", `{"id":"{vendor}"}`)
	say("ap-summary", "GetAPSummary", `{}`)
	say("bank-accounts", "List/BankAccount", `{}`)
	say("bank-account", "Crud/Read/BankAccount", `{"id":"{bank}"}`)
	say("bank-balance", "GetBankBalance", `{}`)
	say("need-approval", "OrgBillPayNeedApproval", `{}`)
	say("pay-bills", "PayBills", `{"bankAccountId":"{bank}","processDate":"2026-12-02","billPays":[{"billId":"{bill-101}","amount":70},{"billId":"{bill-102}","amount":40.5}],"billCredits":[{"billId":"{bill-101}","vendorCreditId":"{credit}","amount":30}]}`)
	say("bill-scheduled", "Crud/Read/Bill", `{"id":"{bill-102}"}`)
	say("credit-reserved", "Crud/Read/VendorCredit", `{"id":"{credit}"}`)
	say("disbursement-before", "GetDisbursementData", `{"sentPayId":"{pay-bills}"}`)
	say("check-image-before-refused", "GetCheckImageData", `{"sentPayId":"{pay-bills}"}`)
	say("pay-bill", "PayBill", `{"billId":"{bill-103}","amount":100,"processDate":"2026-12-03"}`)
	say("cancel", "CancelAPPayment", `{"sentPayId":"{pay-bill}"}`)
	say("bill-cancelled", "Crud/Read/Bill", `{"id":"{bill-103}"}`)
	say("record", "RecordAPPayment", `{"vendorId":"{vendor}","processDate":"2026-11-30","billPays":[{"billId":"{bill-104}","amount":60}],"description":"Cash","toPrintCheck":true,"syncReference":"s-1"}`)
	say("bill-partly-paid", "Crud/Read/Bill", `{"id":"{bill-104}"}`)
	say("record-ahead", "RecordAPPayment", `{"processDate":"2026-12-24","billPays":[{"billId":"{bill-105}","amount":100}]}`)
	say("record-too-far-refused", "RecordAPPayment", `{"processDate":"2027-12-24","billPays":[{"billId":"{bill-103}","amount":100}]}`)
	say("void-offline", "VoidAPPayment", `{"sentPayId":"{record}"}`)
	say("bill-voided", "Crud/Read/Bill", `{"id":"{bill-104}"}`)
	h.at("2026-12-02", 20, 0)
	h.again()
	h.work()
	say("sent-pay", "Crud/Read/SentPay", `{"id":"{pay-bills}"}`)
	say("disbursement", "GetDisbursementData", `{"sentPayId":"{pay-bills}"}`)
	say("list-payments", "ListPayments", `{"disbursementStatus":"3"}`)
	say("sent-pays", "List/SentPay", `{"filters":[{"field":"status","op":"=","value":"3"}]}`)
	say("bill-pays", "List/BillPay", `{"filters":[{"field":"sentPayId","op":"=","value":"{pay-bills}"}]}`)
	say("bill-pay", "Crud/Read/BillPay", `{"id":"{bill-pays}"}`)
	say("bill-credits", "List/BillCredit", `{}`)
	say("bill-credit", "Crud/Read/BillCredit", `{"id":"{bill-credits}"}`)
	say("money-movements", "List/MoneyMovement", `{}`)
	say("money-movement", "Crud/Read/MoneyMovement", `{"id":"{money-movements}"}`)
	say("bill-paid", "Crud/Read/Bill", `{"id":"{bill-101}"}`)
	say("void-online", "VoidAPPayment", `{"sentPayId":"{pay-bills}","voidRequestType":"1","reason":"Lost in the mail"}`)
	h.stopped(b.filled("{pay-bills}"))
	say("bill-void-online", "Crud/Read/Bill", `{"id":"{bill-101}"}`)
	say("vendor-after", "Crud/Read/Vendor", `{"id":"{vendor}"}`)

	// 5.7: approvals.
	bo := h.as(org.Accountant)
	b.given["me"], b.given["bo"] = string(h.user), h.list("User", "profileId", "=", `"`+h.list("Profile", "name", "=", `"Accountant"`)[0].text("id")+`"`)[0].text("id")
	b.given["for-approval"] = bo.simpleBill(b.given["vendor"], "201", 100)
	b.given["credit-for-approval"] = bo.simpleCredit(b.given["vendor"], "CR-2", 10)
	say("set-approvers", "SetApprovers", `{"entity":"Bill","objectId":"{for-approval}","approvers":["{me}","{bo}"]}`)
	say("set-credit-approvers", "SetApprovers", `{"entity":"VendorCredit","objectId":"{credit-for-approval}","approvers":["{me}"]}`)
	say("list-approvers", "ListApprovers", `{"entity":"Bill","objectId":"{for-approval}"}`)
	say("list-user-approvals", "ListUserApprovals", `{"approvalType":"Bill"}`)
	say("approve", "Approve", `{"entity":"Bill","objectId":"{for-approval}","comment":"Fine"}`)
	say("approve-again-refused", "Approve", `{"entity":"Bill","objectId":"{for-approval}"}`)
	say("bill-approvers", "List/BillApprover", `{}`)
	say("bill-approver", "Crud/Read/BillApprover", `{"id":"{bill-approvers}"}`)
	say("bill-approving", "Crud/Read/Bill", `{"id":"{for-approval}"}`)
	say("clear-approvers", "ClearApprovers", `{"entity":"Bill","objectId":"{for-approval}"}`)
	say("deny", "Deny", `{"entity":"VendorCredit","objectId":"{credit-for-approval}","comment":"No"}`)
	say("vendor-credit-approvers", "List/VendorCreditApprover", `{}`)
	say("vendor-credit-approver", "Crud/Read/VendorCreditApprover", `{"id":"{vendor-credit-approvers}"}`)
	say("credit-denied", "Crud/Read/VendorCredit", `{"id":"{credit-for-approval}"}`)

	// 5.5: receivables.
	made("customer", "Customer", `{"name":"Hartwell Hotel","email":"ap@hartwell.example","billAddress1":"1 Main","billAddressCity":"Reno","billAddressState":"NV","billAddressZip":"89501","billAddressCountry":"USA"}`)
	for _, number := range []string{"301", "302", "303"} {
		made("invoice-"+number, "Invoice", `{"customerId":"{customer}","invoiceNumber":"`+number+`","invoiceDate":"2026-11-20","dueDate":"2026-12-05","invoiceLineItems":[{"price":100}]}`)
	}
	made("memo", "CreditMemo", `{"customerId":"{customer}","refNumber":"M-1","creditDate":"2026-11-20","creditMemoLineItems":[{"price":25}]}`)
	b.given["account"] = h.ok("Bulk/Crud/Create/CustomerBankAccount", b.filled(`{"bulk":[{"agreedWithTOS":true,"obj":{"customerId":"{customer}","nameOnAccount":"Hartwell","routingNumber":"990000026","accountNumber":"987654321"}}]}`)).text("bulk.0.response_data.id")
	say("customer-owes", "Crud/Read/Customer", `{"id":"{customer}"}`)
	say("ar-summary", "GetARSummary", `{}`)
	say("send-invoice", "SendInvoice", `{"invoiceId":"{invoice-301}","headers":{},"content":{}}`)
	say("mail-invoice", "MailInvoice", `{"invoiceId":"{invoice-301}"}`)
	say("record-ar", "RecordARPayment", `{"customerId":"{customer}","paymentDate":"2026-12-01","paymentType":"1","amount":75.3,"description":"Cheque","refNumber":"4711","invoicePays":[{"invoiceId":"{invoice-301}","amount":56.5}]}`)
	say("invoice-partly-paid", "Crud/Read/Invoice", `{"id":"{invoice-301}"}`)
	say("customer-paid", "Crud/Read/Customer", `{"id":"{customer}"}`)
	say("void-ar", "VoidARPayment", `{"id":"{record-ar}"}`)
	say("invoice-voided", "Crud/Read/Invoice", `{"id":"{invoice-301}"}`)
	say("charge-refused", "ChargeCustomer", `{"customerId":"{customer}","paymentType":"3","paymentAccountId":"{account}","invoicePays":[{"invoiceId":"{invoice-302}","amount":100}]}`)
	say("authorize", "SetCustomerAuthorization", `{"customerId":"{customer}","hasAuthorizedToCharge":true}`)
	say("charge", "ChargeCustomer", `{"customerId":"{customer}","paymentType":"3","paymentAccountId":"{account}","memo":"Agreed","invoicePays":[{"invoiceId":"{invoice-302}","amount":100}]}`)
	say("invoice-charged", "Crud/Read/Invoice", `{"id":"{invoice-302}"}`)
	say("apply-memo", "ApplyCreditMemo", `{"creditMemoId":"{memo}","invoicePays":[{"invoiceId":"{invoice-303}","amount":25}]}`)
	say("invoice-credited", "Crud/Read/Invoice", `{"id":"{invoice-303}"}`)
	say("invoice-credits", "List/InvoiceCredit", `{}`)
	say("invoice-credit", "Crud/Read/InvoiceCredit", `{"id":"{invoice-credits}"}`)
	say("received-pays", "List/ReceivedPay", `{"sort":[{"field":"amount","asc":false}],"max":1}`)
	say("received-pay", "Crud/Read/ReceivedPay", `{"id":"{charge}"}`)
	say("invoice-pays", "List/InvoicePay", `{}`)
	say("invoice-pay", "Crud/Read/InvoicePay", `{"id":"{invoice-pays}"}`)
	say("fees", "List/RPConvFee", `{}`)

	// 5.8: documents.
	a := h.upload(b.filled(`{"id":"{bill-104}","fileName":"Bill 104.png"}`), picture(t))
	keep("upload", a)
	_, text := b.told("UploadAttachment", `{"id":"{bill-104}","fileName":"Bill 104.png"}, file=20 by 30 points of PNG`, a)
	b.hold("upload", text)
	say("document-pages", "GetDocumentPages", `{"id":"{bill-104}"}`)
	b.given["document"] = say("documents", "GetDocuments", `{"id":"{bill-104}","start":0,"max":10}`).text("documents.0.id")
	say("retrieve", "RetrieveAttachment", `{"id":"{upload}"}`)
	say("document-records", "List/Document", `{}`)
	say("document-record", "Crud/Read/Document", `{"id":"{document}"}`)
	say("assign-document", "AssignDocument", `{"documentId":"{document}","objectId":"{vendor}"}`)
	say("remove-document", "RemoveAttachment", `{"id":"{document}"}`)

	// 5.9: the network.
	other := h.other()
	other.set("networkPublic", "true")
	say("search-network", "SearchNetwork", `{"name":"bol"}`)
	b.given["network"] = h.ok("SearchNetwork", `{"name":"bol"}`).text("0.networkId")
	say("send-vendor-invite", "SendVendorInvite", `{"vendorId":"{vendor}","email":"due@harbor.example"}`)
	say("network-status", "GetNetworkStatus", `{"id":"{vendor}"}`)
	say("cancel-invite", "CancelInvite", `{"id":"{vendor}"}`)
	say("send-invite", "SendInvite", `{"networkId":"{network}","id":"{vendor}"}`)

	say("logout", "Logout", ``)
	h.session = h.login(h.email)
	for _, name := range unborn {
		if !slices.ContainsFunc(b.paths, func(p string) bool { return p == "List/"+name }) {
			t.Errorf("List/%s is not told of", name)
		}
	}
	for _, name := range h.handler.(*jsonv2.Handler).Calls() {
		if !slices.Contains(b.paths, name) && name != "CurrentTime" {
			t.Errorf("%s is not told of", name)
		}
	}
}
