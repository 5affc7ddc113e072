package reference

// v2Examples tell every call and every operation on entities, in an order in which they can be run.
var v2Examples = []example{
	{"ListOrgs", "The organisations of a user.", `
SESSION=
curl -sS http://127.0.0.1:8080/api/v2/ListOrgs.json -d "devKey=$KEY" -d userName=you@example.org --data-urlencode "password=a long passphrase"
echo`},
	{"Login", "Opens a session of a user in an organisation. With a remembered `mfaId` and `deviceId` it starts trusted.", `
login() {
  curl -sS http://127.0.0.1:8080/api/v2/Login.json -d "devKey=$KEY" -d "orgId=$ORG" -d userName=you@example.org \
    --data-urlencode "password=a long passphrase" | tee answer.json
  SESSION=$(value sessionId)
  echo
}
login`},
	{"GetSessionInfo", "Who the session is, and whether it is trusted.", `
call GetSessionInfo '{}'
ME=$(value usersId)`},
	{"CurrentTime", "The server's time, to ask for changes from.", `
call CurrentTime '{}'`},
	{"Errors", "Every error code; needs no session.", `
curl -sS http://127.0.0.1:8080/api/v2/Errors.json -o errors.json
head -c 300 errors.json; echo`},
	{"Enum", "The tables of the enumerations, by entity and member.", `
call Enum '{}' > /dev/null
head -c 300 answer.json; echo`},
	{"GetEntityMetadata", "The members of an entity: type, length, whether required, what lists can be filtered and sorted by.", `
call GetEntityMetadata '{"entity": "Department"}'`},
	{"Crud/Create", "`Crud/Create/<Entity>` makes a record and answers with it. The following examples need these.", `
call Crud/Create/ChartOfAccount '{"obj": {"entity": "ChartOfAccount", "name": "Tool rental", "accountNumber": "6210", "accountType": "7"}}'
ACCOUNT=$(value id)
call Crud/Create/Department '{"obj": {"name": "Service", "shortName": "SVC"}}'
DEPARTMENT=$(value id)
call Crud/Create/Vendor '{"obj": {"name": "Harbor Tool Rental", "email": "billing@harbortool.example", "address1": "14 Dock Street",
  "addressCity": "Seattle", "addressState": "WA", "addressZip": "98101", "addressCountry": "USA"}}'
VENDOR=$(value id)
call Crud/Create/Bill '{"obj": {"entity": "Bill", "vendorId": "'$VENDOR'", "invoiceNumber": "INV-1001",
  "invoiceDate": "2026-11-20", "dueDate": "2026-12-20", "billLineItems": [
    {"entity": "BillLineItem", "amount": 1000, "chartOfAccountId": "'$ACCOUNT'"},
    {"entity": "BillLineItem", "quantity": 2, "unitPrice": 125, "departmentId": "'$DEPARTMENT'"}]}}'
BILL=$(value id)`},
	{"Crud/Read", "`Crud/Read/<Entity>` gives one record, inactive ones too.", `
call Crud/Read/Bill '{"id": "'$BILL'"}'`},
	{"Crud/Update", "`Crud/Update/<Entity>` changes the members that are sent. Lines, if sent, replace all lines.", `
call Crud/Update/Vendor '{"obj": {"id": "'$VENDOR'", "phone": "206 555 0100"}}'`},
	{"Crud/Delete", "`Crud/Delete/<Entity>` makes a record inactive, `Crud/Undelete/<Entity>` active again.", `
call Crud/Delete/Department '{"id": "'$DEPARTMENT'"}'
call Crud/Undelete/Department '{"id": "'$DEPARTMENT'"}'`},
	{"List", "`List/<Entity>` gives a page of records: all filters hold, `start` and `max` (999 at most) cut the page.", `
call List/Bill '{"start": 0, "max": 50, "filters": [{"field": "paymentStatus", "op": "in", "value": "1,4"},
  {"field": "updatedTime", "op": ">=", "value": "2026-11-01T00:00:00.000+0000"}], "sort": [{"field": "dueDate", "asc": "false"}]}'`},
	{"Bulk", "`Bulk/Crud/<Operation>/<Entity>` does up to 100 of them in order, each by itself.", `
call Bulk/Crud/Create/Job '{"bulk": [{"obj": {"name": "Dock 4"}}, {"obj": {"name": "Dock 5"}}]}'`},
	{"MFAStatus", "Whether the session is trusted, as payments by a protected developer key need it. The key of these examples is exempt.", `
call MFAStatus '{}'`},
	{"GetProfilePermissions", "What the users of a role may do.", `
call List/Profile '{"start": 0, "max": 10}'
PROFILE=$(value id)
call GetProfilePermissions '{"profileId": "'$PROFILE'"}'`},
	{"MFAChallenge", "Mails the user a code. The sandbox keeps the mail; a real user reads it.", `
call MFAChallenge '{"useBackup": false}'
CHALLENGE=$(value challengeId)
CODE=$(curl -sS http://127.0.0.1:8080/sandbox/mail | grep -o '\b[0-9]\{6\}\b' | tail -n 1)`},
	{"MFAAuthenticate", "Makes the session trusted by that code, and with `rememberMe` later ones from the same device for 30 days.", `
call MFAAuthenticate '{"challengeId": "'$CHALLENGE'", "token": "'$CODE'", "deviceId": "till 4", "machineName": "Till", "rememberMe": true}'`},
	{"UploadAttachment", "A document for a record, or without `id` for the inbox. Base 64 in the member `document` does instead of the file.", `
echo 'two days' > note.txt
curl -sS http://127.0.0.1:8080/api/v2/UploadAttachment.json -F "devKey=$KEY" -F "sessionId=$SESSION" \
  -F 'data={"id": "'$BILL'", "fileName": "note.txt"}' -F file=@note.txt
echo`},
	{"GetDocuments", "The documents of a record, or without `id` those of the inbox.", `
call GetDocuments '{"id": "'$BILL'", "start": 0, "max": 10}'
DOCUMENT=$(value id)`},
	{"RetrieveAttachment", "The same under an older name.", `
call RetrieveAttachment '{"id": "'$BILL'", "start": 0, "max": 10}'`},
	{"GetDocumentPages", "How many pages a record's documents have, and where they are downloaded.", `
call GetDocumentPages '{"id": "'$BILL'"}'`},
	{"RemoveAttachment", "Takes a document off its record, into the inbox.", `
call RemoveAttachment '{"id": "'$DOCUMENT'"}'`},
	{"AssignDocument", "Puts a document of the inbox with a record.", `
call AssignDocument '{"documentId": "'$DOCUMENT'", "objectId": "'$VENDOR'"}'`},
	{"PayBills", "Schedules payments of up to 200 bills: all or none. Bills of one vendor share a payment.", `
call PayBills '{"processDate": "2026-11-25", "billPays": [{"billId": "'$BILL'", "amount": 1000}]}'
PAYMENT=$(grep -o '"id":"stp[^"]*' answer.json | head -n 1 | cut -d '"' -f 4)`},
	{"CancelAPPayment", "Takes back a payment that has not left.", `
call CancelAPPayment '{"sentPayId": "'$PAYMENT'"}'`},
	{"PayBill", "An older form for one bill.", `
call PayBill '{"billId": "'$BILL'", "amount": 1000, "processDate": "2026-11-25"}'
PAYMENT=$(grep -o '"id":"stp[^"]*' answer.json | head -n 1 | cut -d '"' -f 4)`},
	{"GetDisbursementData", "How far a payment is, and the cheque or deposit it became.", `
call GetDisbursementData '{"sentPayId": "'$PAYMENT'"}'`},
	{"ListPayments", "Payments by how far they are.", `
call ListPayments '{"start": 0, "max": 10}'`},
	{"RecordAPPayment", "Records a payment that was made elsewhere.", `
call RecordAPPayment '{"vendorId": "'$VENDOR'", "processDate": "2026-11-20", "billPays": [{"billId": "'$BILL'", "amount": 250}]}'
OFFLINE=$(grep -o '"id":"stp[^"]*' answer.json | head -n 1 | cut -d '"' -f 4)`},
	{"VoidAPPayment", "Voids a payment: one recorded at once, one that has left with type and reason.", `
call VoidAPPayment '{"sentPayId": "'$OFFLINE'"}'`},
	{"GetAPSummary", "Bills by when they are due, and what waits for the caller's approval.", `
call GetAPSummary '{}'`},
	{"GetBankBalance", "The balance of each bank account in the ledger.", `
call GetBankBalance '{}'`},
	{"OrgBillPayNeedApproval", "Whether bills need approval before they are paid.", `
call OrgBillPayNeedApproval '{}'`},
	{"SetApprovers", "Asks users to approve, in that order.", `
call Crud/Create/Bill '{"obj": {"vendorId": "'$VENDOR'", "invoiceNumber": "INV-1002", "invoiceDate": "2026-11-20", "dueDate": "2026-12-20",
  "billLineItems": [{"amount": 80.10}]}}'
SECOND=$(value id)
call SetApprovers '{"entity": "Bill", "objectId": "'$SECOND'", "approvers": ["'$ME'"]}'`},
	{"ListApprovers", "The approvers of a bill or vendor credit, and what each has said.", `
call ListApprovers '{"entity": "Bill", "objectId": "'$SECOND'"}'`},
	{"ListUserApprovals", "What waits for a user.", `
call ListUserApprovals '{"approvalType": "Bill"}'`},
	{"Approve", "Approves, when it is the user's turn.", `
call Approve '{"entity": "Bill", "objectId": "'$SECOND'", "comment": "fine"}'`},
	{"Deny", "Denies; the bill cannot be paid until it has new approvers.", `
call Crud/Create/Bill '{"obj": {"vendorId": "'$VENDOR'", "invoiceNumber": "INV-1003", "invoiceDate": "2026-11-20", "dueDate": "2026-12-20",
  "billLineItems": [{"amount": 12}]}}'
THIRD=$(value id)
call SetApprovers '{"entity": "Bill", "objectId": "'$THIRD'", "approvers": ["'$ME'"]}'
call Deny '{"entity": "Bill", "objectId": "'$THIRD'", "comment": "not ours"}'`},
	{"ClearApprovers", "Takes the approvers off who have not approved.", `
call ClearApprovers '{"entity": "Bill", "objectId": "'$THIRD'"}'`},
	{"SetCustomerAuthorization", "Records that a customer allows its account to be charged.", `
call Crud/Create/Customer '{"obj": {"name": "Lakeside Marina", "email": "office@lakeside.example", "billAddress1": "1 Shore Road",
  "billAddressCity": "Chelan", "billAddressState": "WA", "billAddressZip": "98816", "billAddressCountry": "USA"}}'
CUSTOMER=$(value id)
call SetCustomerAuthorization '{"customerId": "'$CUSTOMER'", "hasAuthorizedToCharge": true}'`},
	{"SendInvoice", "Mails an invoice with its PDF and a link to pay it. Without subject and body the template is used.", `
call Crud/Create/Invoice '{"obj": {"customerId": "'$CUSTOMER'", "invoiceNumber": "2026-17", "invoiceDate": "2026-11-23", "dueDate": "2026-12-23",
  "invoiceLineItems": [{"quantity": 3, "price": 42.50, "description": "Mooring"}, {"ratePercent": -10, "description": "Member"}]}}'
INVOICE=$(value id)
call SendInvoice '{"invoiceId": "'$INVOICE'", "headers": {}, "content": {}}'`},
	{"MailInvoice", "Puts an invoice into the queue of those sent on paper.", `
call MailInvoice '{"invoiceId": "'$INVOICE'"}'`},
	{"RecordARPayment", "Records what a customer paid, and for which invoices. The rest stays as its credit.", `
call RecordARPayment '{"customerId": "'$CUSTOMER'", "paymentDate": "2026-11-23", "paymentType": "1", "amount": 50.00, "refNumber": "1204",
  "invoicePays": [{"invoiceId": "'$INVOICE'", "amount": 40.00}]}'
RECEIPT=$(grep -o '"id":"0rp[^"]*' answer.json | head -n 1 | cut -d '"' -f 4)`},
	{"VoidARPayment", "Takes back what was recorded; its invoices are open again.", `
call VoidARPayment '{"id": "'$RECEIPT'"}'`},
	{"ChargeCustomer", "Debits a customer's bank account.", `
call Crud/Create/CustomerBankAccount '{"obj": {"customerId": "'$CUSTOMER'", "nameOnAccount": "Lakeside Marina", "routingNumber": "990000026",
  "accountNumber": "77001234"}, "agreedWithTOS": true}'
DEBIT=$(value id)
call ChargeCustomer '{"customerId": "'$CUSTOMER'", "paymentType": "3", "paymentAccountId": "'$DEBIT'",
  "invoicePays": [{"invoiceId": "'$INVOICE'", "amount": 20.00}]}'`},
	{"ApplyCreditMemo", "Uses a credit memo for invoices of the customer. The origin has no such call.", `
call Crud/Create/CreditMemo '{"obj": {"customerId": "'$CUSTOMER'", "refNumber": "CM-3", "creditDate": "2026-11-23",
  "creditMemoLineItems": [{"quantity": 1, "price": 15.00, "description": "Broken cleat"}]}}'
MEMO=$(value id)
call ApplyCreditMemo '{"creditMemoId": "'$MEMO'", "invoicePays": [{"invoiceId": "'$INVOICE'", "amount": 15.00}]}'`},
	{"GetARSummary", "Invoices by when they are due, and what customers paid.", `
call GetARSummary '{}'`},
	{"SendVendorInvite", "Invites a vendor by mail to connect.", `
call SendVendorInvite '{"vendorId": "'$VENDOR'", "email": "billing@harbortool.example"}'`},
	{"GetNetworkStatus", "Whether a vendor or customer is connected or invited.", `
call GetNetworkStatus '{"id": "'$VENDOR'"}'`},
	{"CancelInvite", "Takes back an open invitation.", `
call CancelInvite '{"id": "'$VENDOR'"}'`},
	{"SearchNetwork", "Organisations of this server that let themselves be found by name.", `
OTHER=$(duebook org create --sandbox --name "Harbor Tool Rental" --admin-email owner@harbortool.example --admin-password 'another long passphrase' --json |
  sed 's/.*"orgId":"\([^"]*\)".*/\1/')
duebook org set $OTHER networkPublic=true
call SearchNetwork '{"name": "Harbor"}'
NETWORK=$(value networkId)`},
	{"SendInvite", "Asks such an organisation to connect with a vendor or customer of this one.", `
call SendInvite '{"id": "'$VENDOR'", "networkId": "'$NETWORK'"}'`},
	{"GetCheckImageData", "The picture of an issued check.", `
curl -sS -X POST http://127.0.0.1:8080/sandbox/clock -d '{"now": "2026-12-07T17:00:00Z"}'
curl -sS -X POST http://127.0.0.1:8080/sandbox/settle
login
call GetCheckImageData '{"sentPayId": "'$PAYMENT'"}' > /dev/null
head -c 300 answer.json; echo`},
	{"Logout", "Ends the session.", `
call Logout '{}'`},
}
