package view

import (
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/duebook/duebook/internal/civil"
)

// sample is one view with one set of data. The gallery shows all of them, the tests walk all of them.
type sample struct {
	name string
	page templ.Component
}

// Awkward data: what real books contain and what attackers type.
const (
	longName = "Ostbayerische Wasserversorgungs- und Abwasserbeseitigungszweckverbandsgesellschaft mit beschränkter Haftung & Co. Kommanditgesellschaft auf Aktien"
	noBreak  = "INV-2026-0000000000000000000000000000000000000000000000000000000000000000000042"
	rtl      = "شركة النور للتجارة"
	attack   = `<script>alert("pay me")</script>`
	markup   = `"><img src=x onerror=alert(1)>`
	huge     = 999_999_999_999 // twelve digits of minor units
)

func date(s string) civil.Date { return civil.MustDate(s) }

func page(title, section string) Page {
	return Page{
		Title: title, Section: section, Rail: Rail(3, 12, 0),
		Org: Organisation{ID: "00801TESTORG00000001", Name: "Northwind Property Services"},
		Orgs: []Organisation{
			{ID: "00801TESTORG00000001", Name: "Northwind Property Services"},
			{ID: "00801TESTORG00000002", Name: "Hartwell Hotel LLC"},
			{ID: "00801TESTORG00000003", Name: "Old Mill Bakery", Note: "overdue"},
		},
		User: "Ana Ferreira", Version: "0.1.0",
	}
}

func awkwardPage(title, section string) Page {
	p := page(title, section)
	p.Org.Name, p.User, p.Search = longName, rtl, attack
	p.Orgs = append(p.Orgs, Organisation{ID: "4", Name: attack}, Organisation{ID: "5", Name: rtl, Note: markup})
	p.Rail = Rail(0, 1_234_567, 1)
	p.New = []Link{{"Bill", "/bills"}}
	p.Help = "https://duebook.example/help"
	p.Sandbox = "25 Nov 2026, 10:00"
	p.Flash = []Flash{
		{Good, "Saved.", Link{}},
		{Wait, "The file waits for the bank. " + attack, Link{"See why", "/payments"}},
		{Bad, noBreak, Link{"javascript", "javascript:alert(1)"}},
	}
	return p
}

func samples() []sample {
	return append([]sample{
		{"home", Home(homeSample())},
		{"home-empty", Home(HomePage{Page: page("Home", HomeURL), Greeting: "Wednesday, 25 Nov 2026", Cash: CashRequired{Currency: "USD", Days: days(nil)}, Ageing: Ageing{Currency: "USD"}})},
		{"home-awkward", Home(homeAwkward())},
		{"bills", Bills(billsSample())},
		{"bills-awkward", Bills(billsAwkward())},
		{"bills-no-match", Bills(BillsPage{Page: page("Bills", BillsURL), Query: BillQuery{Tab: "paid", Search: attack, Sort: "due", Desc: true}, Currency: "USD", Exists: true})},
		{"bills-empty-tab", Bills(BillsPage{Page: page("Bills", BillsURL), Query: BillQuery{Tab: "scheduled"}, Currency: "USD", Exists: true})},
		{"bills-none", Bills(BillsPage{Page: page("Bills", BillsURL), Currency: "USD"})},
		{"bill", Bill(billSample())},
		{"bill-awkward", Bill(billAwkward())},
		{"bill-paid", Bill(billPaid())},
		{"pay", Pay(paySample())},
		{"pay-errors", Pay(payErrors())},
		{"pay-discount", Pay(payDiscount())},
		{"review", Review(reviewSample())},
		{"paid", Paid(PaidPage{Page: page("Payment scheduled", BillsURL), Scheduled: []ScheduledPayment{scheduled(false)}})},
		{"paid-mixed", Paid(paidMixed())},
		{"paid-nothing", Paid(PaidPage{Page: page("Nothing was scheduled", BillsURL), Refused: paidMixed().Refused[:1]})},
		{"payments", Payments(PaymentsPage{Page: page("Payments", PaymentsURL), Currency: "USD", Rows: paymentRows(), Next: "c2", Exists: true})},
		{"payments-empty-tab", Payments(PaymentsPage{Page: page("Payments", PaymentsURL), Query: PaymentQuery{Tab: "failed"}, Currency: "USD", Exists: true})},
		{"pay-link", PayLink(payLinkSample())},
		{"pay-link-awkward", PayLink(payLinkAwkward())},
		{"pay-link-done", PayLink(payLinkDone())},
		{"approvals", Approvals(approvalsSample())},
		{"approvals-awkward", Approvals(approvalsAwkward())},
		{"approvals-empty", Approvals(ApprovalsPage{Page: page("Approvals", ApprovalsURL)})},
		{"mail-link", MailLink(mailLinkSample())},
		{"approval-policies", Policies(policiesSample())},
		{"approval-policies-empty", Policies(PoliciesPage{Page: page("Approval policies", SettingsURL), Mode: "off"})},
		{"approval-policy", EditPolicy(policySample())},
		{"approval-replay", Replay(replaySample())},
		{"payments-none", Payments(PaymentsPage{Page: page("Payments", PaymentsURL), Currency: "USD"})},
		{"payment-ach", Payment(paymentACH())},
		{"payment-check", Payment(paymentCheck())},
		{"payment-waiting", Payment(paymentWaiting())},
		{"payment-unclaimed", Payment(paymentUnclaimed())},
		{"payment-held", Payment(paymentHeld())},
		{"payment-awkward", Payment(paymentAwkward())},
		{"settings", Settings(SettingsPage{Page: page("Settings", SettingsURL), Company: "Northwind Property Services"})},
		{"profile", CompanyProfile(ProfilePage{Page: page("Profile", SettingsURL), Profile: profile(), CanEdit: true})},
		{"profile-reader", CompanyProfile(ProfilePage{Page: awkwardPage("Profile", SettingsURL), Profile: awkwardProfile()})},
		{"profile-edit", EditProfile(EditProfilePage{Page: page("Edit profile", SettingsURL), Profile: profile()})},
		{"profile-edit-errors", EditProfile(EditProfilePage{Page: page("Edit profile", SettingsURL), Profile: awkwardProfile(), Errors: FieldErrors{
			{"name", "Enter the company's name in at most 100 characters.", "BDCE040"},
			{"zip", "Enter a ZIP code of 5 or 9 digits.", ""},
			{"allowApiAccess", "Choose Yes or No.", ""},
		}})},
		{"payment-rules", PaymentRules(PaymentRulesPage{Page: page("Payment settings", SettingsURL), Threshold: "10000.00", Combine: true, Banks: true})},
		{"payment-rules-wrong", PaymentRules(PaymentRulesPage{Page: page("Payment settings", SettingsURL), Vendor: attack,
			Errors: FieldErrors{{Field: "vendor", Message: "Enter an amount such as 10000.00, or leave it empty."}}})},
		{"preferences", Preferences(PreferencesPage{Page: page("Preferences", SettingsURL), CanEdit: true})},
		{"preferences-reader", Preferences(PreferencesPage{Page: page("Preferences", SettingsURL), APIAccess: true})},
		{"vendors", Vendors(VendorsPage{Page: page("Vendors", VendorsURL), Currency: "USD", Rows: []VendorRow{{"v1", "Old Mill Bakery", "Salem, OR", "", "ACH ···· 1234", 9_640}, {"v2", "Hartwell Supply Co.", "", "bills@hartwell.example", "Check", 0}}, Next: "c2", Exists: true})},
		{"vendors-awkward", Vendors(VendorsPage{Page: awkwardPage("Vendors", VendorsURL), Query: VendorQuery{Search: attack, After: markup}, Currency: "JPY", Rows: []VendorRow{{markup, longName, attack, noBreak, rtl, huge}}, Previous: markup, Exists: true})},
		{"vendors-no-match", Vendors(VendorsPage{Page: page("Vendors", VendorsURL), Query: VendorQuery{Search: attack}, Exists: true})},
		{"vendors-none", Vendors(VendorsPage{Page: page("Vendors", VendorsURL)})},
		{"vendor", Vendor(VendorPage{Page: page("Old Mill Bakery", VendorsURL), ID: "v1", Name: "Old Mill Bakery", Address: "1 Mill Road\nSalem, OR 97301", Method: "ACH ···· 1234", Currency: "USD", TaxTail: "6789", CanManageBank: true,
			Bank: &VendorBank{"Old Mill Bakery", "Checking, company", "990000026", "1234", Badge{Good, "Verified"}, "25 Nov 2026", "sent, not returned", false, true, false}, Bills: billsSample().Rows, AllBills: BillsURL})},
		{"vendor-awkward", Vendor(VendorPage{Page: awkwardPage(longName, VendorsURL), ID: markup, Name: longName, Payee: rtl, Inactive: true, Address: attack, Email: noBreak, Description: longName, Method: "Check", Warning: attack, Currency: "JPY", CanManageBank: true, AllBills: "javascript:alert(1)", History: []Change{{"25 Nov 2026, 10:00", rtl, attack, longName, []FieldChange{{attack, markup, noBreak}}}}})},
		{"vendor-held", Vendor(VendorPage{Page: page("Old Mill Bakery", VendorsURL), ID: "v1", Name: "Old Mill Bakery", Method: "Check", Currency: "USD", AllBills: BillsURL,
			Bank:       &VendorBank{"Old Mill Bakery", "Checking, company", "990000026", "1234", Badge{Wait, "Not verified"}, "25 Nov 2026", "sent, not returned", false, false, true},
			Correction: &VendorCorrection{"C03", "990000039", "5678", true}, Changes: []VendorChange{{ID: "vch1", Who: attack, When: "Nov 23, 2026", Bank: true, CanDecide: true}, {ID: "vch2", Who: longName}}, Held: attack, CanLift: true})},
		{"vendor-bank", VendorBankForm(VendorBankPage{Page: page("Add a bank account", VendorsURL), ID: "v1", Name: "Old Mill Bakery", Sandbox: true})},
		{"vendor-bank-errors", VendorBankForm(VendorBankPage{Page: awkwardPage("Add a bank account", VendorsURL), ID: markup, Name: longName, Routing: markup, Holder: rtl, AccountType: "2", HolderType: "2", Errors: FieldErrors{{"routingNumber", attack, "BDCE040"}, {"accountNumber", "Enter 4 to 17 letters, digits and hyphens.", ""}, {"accountType", "Choose one.", ""}}})},
		{"vendor-new", EditVendor(VendorFormPage{Page: page("Add a vendor", VendorsURL), Typed: VendorForm{Country: "USA"}})},
		{"vendor-edit-errors", EditVendor(VendorFormPage{Page: awkwardPage("Edit vendor", VendorsURL), ID: markup, Title: longName, Seen: attack,
			Typed:  VendorForm{Name: longName, NameOnCheck: rtl, Email: attack, City: noBreak, Description: markup, Inactive: true, TaxTail: "6789"},
			Errors: FieldErrors{{"email", "Enter an e-mail address such as name@company.com, or none.", "BDCE040"}, {"active", attack, ""}, {"", longName, ""}}})},
		{"bill-vendor", ChooseVendor(ChooseVendorPage{Page: page("Enter a bill", BillsURL), Vendors: []Link{{"Old Mill Bakery", NewBillURL("v1")}, {longName, NewBillURL(markup)}}, Next: "c2", CanAdd: true})},
		{"bill-vendor-no-match", ChooseVendor(ChooseVendorPage{Page: awkwardPage("Enter a bill", BillsURL), Query: VendorQuery{Search: attack}})},
		{"bill-vendor-none", ChooseVendor(ChooseVendorPage{Page: page("Enter a bill", BillsURL), CanAdd: true})},
		{"bill-new", EnterBill(BillFormPage{Page: page("Enter a bill", BillsURL), ID: "00n01HARTWELL0000009", VendorID: "v1", Vendor: "Old Mill Bakery", Currency: "USD", Date: "2026-11-25", Due: "2026-12-25",
			Lines: make([]TypedLine, 1), CanUpload: true, Accounts: []Option{{"a1", "Office and supplies"}, {"a2", longName}}})},
		{"bill-new-errors", EnterBill(BillFormPage{Page: awkwardPage("Enter a bill", BillsURL), ID: markup, VendorID: markup, Vendor: longName, Currency: "USD", Number: attack, Date: "soon", Amount: noBreak, Description: rtl,
			Lines: []TypedLine{{"a1", "d1", "", "", attack, "1.00"}, {"a2", "", "", "", longName, noBreak}}, Sum: "The lines add up to $1.00: $9.00 of the bill are on no line yet.", Same: Link{attack, "/bills/x"},
			Accounts: []Option{{"a1", attack}, {"a2", longName}}, Departments: []Option{{"d1", rtl}}, Locations: []Option{{"l1", markup}}, Jobs: []Option{{"j1", noBreak}}, Cut: true,
			Errors: FieldErrors{{"amount", "Enter an amount such as 1250.00.", "BDCE040"}, {"amount-2", attack, ""}, {"", longName, ""}}})},
		{"bank-accounts", BankAccounts(BankAccountsPage{Page: page("Bank accounts", SettingsURL), CanManage: true, Security: true, Accounts: []BankAccount{
			{FundingAccount{"b1", "Operating", "7777"}, "990000013", true, true, false, false, Badge{Good, "Verified"}, false}, {FundingAccount{markup, longName, "1111"}, attack, false, true, true, false, Badge{Wait, "Pending"}, true},
			{FundingAccount{"b3", rtl, "2222"}, "990000013", true, false, false, false, Badge{Quiet, "Inactive"}, false}}})},
		{"statements", Statements(StatementsPage{Page: page("Statements", SettingsURL), Account: BankAccount{FundingAccount: FundingAccount{ID: "b1", Name: "Operating", Last4: "7777"}}, CanKeep: true,
			Report: ReconciliationReport{Day: "25 Nov 2026", URLDay: "2026-11-25", Statement: "$48,944.99", Book: "$48,944.99", Transit: "$0.00", Open: "$0.00", Unproved: "$0.00", Checks: "$0.00", Transfers: "$0.00", Proved: true,
				InTransit: []ReportItem{{"25 Nov 2026", longName, "$1.00"}}},
			Open: []OpenLine{{ID: "l1", Day: "25 Nov 2026", Kind: "Fee", Text: attack, Reference: noBreak, Amount: "−$5.00", Choices: []Option{{"fee - -500", "A bank fee"}}, Proposal: &Option{"book x -500", rtl}},
				{ID: "l2", Day: "25 Nov 2026", Kind: "Type 699", Amount: "−$5.00"}},
			Suspended:  []OpenLine{{ID: "l3", Day: "25 Nov 2026", Kind: "ACH return", Text: markup, Amount: "$5.00", Credit: true, Choices: []Option{{"p1", longName}}}},
			Statements: []StatementRow{{ID: "s1", Day: "25 Nov 2026", Opening: "$1.00", Closing: "$2.00", Reason: attack, Lines: 2, State: Badge{Tone: Wait, Label: "Waits"}, Parked: true}},
			Accounts:   []Option{{"a1", longName}}})},
		{"statements-none", Statements(StatementsPage{Page: awkwardPage("Statements", SettingsURL), Account: BankAccount{FundingAccount: FundingAccount{ID: markup, Name: attack, Last4: "7777"}},
			Errors: FieldErrors{{"", attack, "BDCE040"}}})},
		{"bank-accounts-none", BankAccounts(BankAccountsPage{Page: page("Bank accounts", SettingsURL)})},
		{"bank-account-new", NewBankAccount(NewBankAccountPage{Page: page("Add a bank account", SettingsURL), Sandbox: true})},
		{"bank-account-errors", NewBankAccount(NewBankAccountPage{Page: awkwardPage("Add a bank account", SettingsURL), Name: longName, Routing: markup, Errors: FieldErrors{{"name", attack, "BDCE048"}, {"routingNumber", "x", ""}, {"accountNumber", "y", ""}}})},
		{"bank-files", BankFiles(BankFilesPage{Page: page("Files to the bank", SettingsURL), Account: BankAccount{FundingAccount: FundingAccount{"b1", longName, "7777"}}, Balanced: true,
			Description: attack, Errors: FieldErrors{{"entryDescription", attack, ""}}})},
		{"bank-account-confirm", ConfirmBankAccount(ConfirmBankAccountPage{Page: awkwardPage("Enter the test amount", SettingsURL), Account: BankAccount{FundingAccount: FundingAccount{"b1", longName, "7777"}},
			Until: civil.MustDate("2026-12-07"), Left: 1, Errors: FieldErrors{{"amount", attack, ""}}})},
		{"bank-account-close", CloseBankAccount(CloseBankAccountPage{Page: page("Deactivate a bank account", SettingsURL), Account: BankAccount{FundingAccount: FundingAccount{"b1", longName, "7777"}}, Waiting: 3, Minor: 4_120_00, In: "USD", Only: true})},
		{"bank-account-close-idle", CloseBankAccount(CloseBankAccountPage{Page: page("Deactivate a bank account", SettingsURL), Account: BankAccount{FundingAccount: FundingAccount{"b1", "Old", "7777"}}})},
		{"security", Security(SecurityPage{Page: page("Security", SettingsURL), Applications: []Application{
			{"u1", "k1", "Ledger Bridge", "4f2a", "Ana Ferreira", "25 Nov 2026, 10:00", true, false, "", ""}, {"u2", "k1", attack, markup, rtl, "", true, false, "25 Nov 2026, 10:00", longName},
			{"u3", "k2", longName, "aaaa", "Bo", "24 Nov 2026, 09:00", true, true, "", ""}, {"u3", "k3", "Old", "bbbb", "Bo", "1 Jan 2026, 09:00", false, false, "", ""}}})},
		{"signing-in", SignInSettings(SignInSettingsPage{Page: page("Signing in", SettingsURL), Manage: true, Banks: true})},
		{"signing-in-pending", SignInSettings(SignInSettingsPage{Page: page("Signing in", SettingsURL), Pending: true, QR: "M4 4h1v1h-1z", QRSize: "9",
			Secret: "ABCDEFGHIJKLMNOP", Errors: FieldErrors{{Field: "token", Message: "The token is wrong."}}})},
		{"signing-in-set", SignInSettings(SignInSettingsPage{Page: page("Signing in", SettingsURL), Set: true})},
		{"tokens", Tokens(TokensPage{Page: page("API tokens", SettingsURL), Value: "0123456789abcdefABCD0123456789abcdefABCD", Banks: true,
			Tokens: []APIToken{{ID: "tok01", Name: "Night run", User: "Ana Ruiz", Created: "Nov 23, 2026, 9:00 AM"}}})},
		{"reports", Reports(reportsSample())},
		{"report", Report(reportSample())},
		{"report-empty", Report(ReportPage{Page: page("Trial balance", ReportsURL), Name: "trial-balance", About: "Nothing yet.", Columns: reportSample().Columns})},
		{"audit", AuditTrail(AuditPage{Page: page("Audit trail", SettingsURL), Manage: true, Banks: true, Query: AuditQuery{User: "ana@northwind.example", After: "1.x"}, Next: "2.y",
			Anchor: &AuditAnchor{Day: "Nov 23, 2026", Hash: "d0def52e1570b7b597f0054807d8817445d68e402e80e67e2ab2aa01e3726dcb", Events: 12_345},
			Events: []AuditEvent{{Change: Change{When: "Nov 23, 2026, 9:00 AM", Who: longName, Via: attack, What: "Changed", Fields: []FieldChange{{"Name", markup, attack}, {"Amount", "1.00", "2.00"}}},
				ID: "1", Type: "Vendor", Record: "00901ABBCGBFJWXbx5l9", Address: "192.0.2.7"}, {Change: Change{When: "Nov 23, 2026, 8:59 AM", Who: "Duebook", What: "Signed in"}}}})},
		{"bank-tasks", BankTasks(BankTasksPage{Page: page("Answers of the bank", PaymentsURL), CanAct: true,
			Rates: []ReturnRate{{"Not authorised", 1, 120_000, "0.00 %", "0.50 %", Badge{Good, "Allowed"}}, {longName, 1, 1, "100.00 %", "15.00 %", Badge{Bad, attack}}},
			Tasks: []BankTask{
				{1, "Operator", "R24", "Payment P1 came back as a duplicate.", "25 Nov 2026, 10:00", Link{"The payment", PaymentURL("p1")}, "", []TaskAct{{"failed", "It failed"}}, false},
				{2, longName, "", attack, "25 Nov 2026, 10:00", Link{}, "", []TaskAct{{"write", "Write the file again"}}, false},
				{3, "Operator", "", attack, "25 Nov 2026, 10:00", Link{}, attack, []TaskAct{{"there", "The bank has it"}, {"missing", "The bank does not have it"}}, true}}})},
		{"bank-tasks-none", BankTasks(BankTasksPage{Page: page("Answers of the bank", PaymentsURL)})},
		{"payment-reversal", Payment(PaymentPage{Page: page("Payment", PaymentsURL), ID: "p1", Payee: longName, Currency: "USD", Minor: 100, State: "cleared", Method: "ACH",
			Reversal: &Reversal{State: "Denied.", Reason: attack, CanAsk: true, CanDecide: true, Reasons: []Option{{"duplicate", "Paid twice"}, {"amount", attack}}}})},
		{"print-runs", PrintRuns(PrintRunsPage{Page: page("Print checks", PaymentsURL), Currency: "USD", Late: 2, Runs: []PrintRun{
			{ID: "bfl1", Account: longName, State: "waiting", Issued: civil.MustDate("2026-11-24"), First: 10_001, Last: 10_003, Checks: 3, Minor: 125_000, Unprinted: 3},
			{ID: "bfl2", Account: attack, State: "opened", Issued: civil.MustDate("2026-11-24"), First: 1, Last: 1, Checks: 1, Minor: 1, Printed: 1, Late: true},
			{ID: "bfl3", Account: markup, State: "done", First: 999_999_999, Last: 1_000_000_004, Checks: 6, Minor: 9_999_999_999}}})},
		{"print-runs-none", PrintRuns(PrintRunsPage{Page: page("Print checks", PaymentsURL), ByHand: true})},
		{"print-run", PrintRunView(PrintRunPage{Page: page("Print run", PaymentsURL), Currency: "USD", CanPrint: true,
			Run:    PrintRun{ID: "bfl1", Account: longName, State: "opened", First: 10_001, Last: 10_004, Checks: 4, Minor: 125_000, Unprinted: 1, Printed: 1},
			Checks: sampleChecks})},
		{"print-run-waiting", PrintRunView(PrintRunPage{Page: page("Print run", PaymentsURL), Currency: "USD", CanPrint: true,
			Run: PrintRun{ID: "bfl1", Account: attack, State: "waiting", First: 10_001, Last: 10_001, Checks: 1, Unprinted: 1}})},
		{"check-register", CheckRegister(RegisterPage{Page: page("Check register", PaymentsURL), Currency: "USD", Checks: sampleChecks, Expiring: sampleChecks[3:],
			Query: RegisterQuery{State: "stop_requested", Before: 20_000}, Next: 10_001, CanPrint: true, CanStop: true})},
		{"check-exceptions", CheckExceptions(ExceptionsPage{Page: page("Exceptions of the bank", PaymentsURL), Currency: "USD", CanDecide: true, Waiting: []CheckException{
			{ID: "bfl1", Account: longName, Serial: 10_001, Minor: 9_999_999_999, Issued: 1, Payee: attack, Reason: "AMOUNT", PaymentID: "stp1", Presented: civil.MustDate("2026-12-01"), Deadline: "Dec 1, 2026, 2:00 PM"},
			{ID: "bfl2", Serial: 999_999_999_999_999, Minor: 5, Reason: "SERIAL"}},
			Decided: []CheckException{{Serial: 1, Minor: 5, Reason: markup, Decision: "pay", Decided: longName}, {Serial: 2, Reason: "DUPLICATE", Decision: "return"}}})},
		{"check-exceptions-none", CheckExceptions(ExceptionsPage{Page: page("Exceptions of the bank", PaymentsURL)})},
		{"void", VoidPayment(VoidPage{Page: page("Void a payment", PaymentsURL), ID: "stp1", Payee: attack, Currency: "USD", Minor: 125_000, Mailed: true, Reasons: []string{"lost", noBreak}, Reason: "lost",
			Other: markup, Errors: FieldErrors{{Field: "reason", Message: "Choose a reason."}}})},
		{"check-register-none", CheckRegister(RegisterPage{Page: page("Check register", PaymentsURL)})},
		{"sanctions", Sanctions(SanctionsPage{Page: page("Sanctions", SettingsURL), Manage: true, Banks: true, Wrong: "snh1", Reason: attack,
			Errors: FieldErrors{{Message: "Say why this is somebody else."}}, Lists: []SanctionsList{{Name: "SDN", Published: "Nov 20, 2026", Note: "8 days old", Names: 40_000}},
			Hits: []SanctionsHit{{ID: "snh1", Name: markup, URL: "/vendors/x", List: "SDN", Listed: attack, Program: "ZTR", Score: 97, Published: "Nov 20, 2026", Found: "Nov 23, 2026"},
				{ID: "snh2", Name: longName, List: "SDN", Listed: longName, Score: 100}}, Done: []SanctionsHit{{ID: "snh3", Name: longName, Listed: markup, By: attack, Reason: attack}}})},
		{"network", Network(NetworkPage{Page: page("Network", SettingsURL), Manage: true, Banks: true, ID: "1234567890123452", Wrong: "nrq1", Error: "Choose which of your vendors this is.",
			Accounts: []Option{{ID: "a", Name: markup}}, Vendors: []Option{{ID: "v", Name: attack}}, Cut: true,
			Invitations: []Invitation{{ID: "nrq1", Name: markup, City: longName, NetworkID: "1234567890123452", Expires: "Nov 30, 2026"},
				{ID: "nrq2", Name: longName, Pays: true, NetworkID: "1234567890123452", Expires: "Nov 30, 2026"}}})},
		{"network-none", Network(NetworkPage{Page: page("Network", SettingsURL), ID: "1234567890123452", Public: true, Wrong: "x", Error: attack})},
		{"sanctions-none", Sanctions(SanctionsPage{Page: page("Sanctions", SettingsURL)})},
		{"audit-none", AuditTrail(AuditPage{Page: page("Audit trail", SettingsURL)})},
		{"security-none", Security(SecurityPage{Page: page("Security", SettingsURL)})},
		{"api-errors", APIErrors(ErrorsPage{Bare: Bare{Title: "API error codes", Version: "0.1.0"}, Codes: []APIError{{"BDCE001", "Access via API not enabled for this company", "The switch is off.", "Set it."}, {"X", attack, longName, noBreak}}})},
		{"api-errors-none", APIErrors(ErrorsPage{Bare: Bare{Title: "API error codes"}, Search: attack})},
		{"signin", SignIn(SignInPage{Bare: Bare{Title: "Sign in", Version: "0.1.0"}, Next: "/bills"})},
		{"signin-error", SignIn(SignInPage{Bare: Bare{Title: "Sign in", Version: "0.1.0"}, Email: markup, Errors: FieldErrors{{"password", "E-mail and password do not belong together.", "BDCE015"}}})},
		{"signin-locked", SignIn(SignInPage{Bare: Bare{Title: "Sign in", Version: "0.1.0"}, Email: "ana@northwind.example", Locked: true})},
		{"forgot", ForgotPassword(ForgotPasswordPage{Bare: Bare{Title: "Forgotten password", Version: "0.1.0"}})},
		{"forgot-error", ForgotPassword(ForgotPasswordPage{Bare: Bare{Title: "Forgotten password", Version: "0.1.0"}, Email: "ana@", Errors: FieldErrors{{"email", "Enter an e-mail address such as name@company.com.", ""}}})},
		{"forgot-sent", ForgotPassword(ForgotPasswordPage{Bare: Bare{Title: "Look into your mail", Version: "0.1.0"}, Email: attack, Sent: true})},
		{"reset", ResetPassword(ResetPasswordPage{Bare: Bare{Title: "Set a new password", Version: "0.1.0"}, Token: markup, Email: "ana@northwind.example", Rule: "At least 12 characters."})},
		{"reset-errors", ResetPassword(ResetPasswordPage{Bare: Bare{Title: "Set a new password", Version: "0.1.0"}, Rule: "At least 12 characters.", Errors: FieldErrors{{"password", "Enter at least 12 characters.", ""}, {"again", "This differs from the first.", ""}}})},
		{"reset-expired", ResetPassword(ResetPasswordPage{Bare: Bare{Title: "This link no longer works", Version: "0.1.0"}, Expired: true})},
		{"choose", ChooseOrganisation(ChooseOrganisationPage{Bare: Bare{Title: "Choose an organisation", Version: "0.1.0"}, User: "ana@northwind.example", Next: "/", Orgs: awkwardPage("", "").Orgs})},
		{"choose-none", ChooseOrganisation(ChooseOrganisationPage{Bare: Bare{Title: "Choose an organisation", Version: "0.1.0"}, User: rtl})},
		{"error-403", Error(ErrorPage{Bare: Bare{Title: "You may not do this", Version: "0.1.0"}, Status: 403, Incident: "01J9-4K7Q"})},
		{"error-404", Error(ErrorPage{Bare: Bare{Title: "There is nothing here", Version: "0.1.0"}, Status: 404, Detail: "No bill has this address. " + attack, Home: Link{"All bills", BillsURL}})},
		{"error-500", Error(ErrorPage{Bare: Bare{Title: "Something went wrong", Version: "0.1.0"}, Status: 500, Incident: "01J9-4K7Q-" + noBreak})},
	}, payManySamples()...)
}

// days makes thirty days from 25 November 2026 with the amounts given by their index.
func days(amounts map[int]int64) []CashDay {
	all := make([]CashDay, 30)
	for i := range all {
		all[i] = CashDay{Date: date("2026-11-25").AddDays(i), Minor: amounts[i]}
		if amounts[i] != 0 {
			all[i].Bills = 1 + i%3
		}
	}
	return all
}

func homeSample() HomePage {
	return HomePage{
		Page: page("Home", HomeURL), Greeting: "Wednesday, 25 Nov 2026",
		Tasks: []Task{
			{Bad, "3 bills are past due", "$4,120.00, the oldest for 12 days", Link{"Pay", BillQuery{Tab: "topay", Sort: "due"}.URL()}},
			{Bad, "A payment to Hartwell Supply was returned", "R03 No account or unable to locate account · $2,400.00", Link{"See why", PaymentURL("p3")}},
			{Wait, "8 bills can be paid by the cut-off", "$18,930.55 due this week; the cut-off is today at 18:00 Pacific", Link{"Pay", BillQuery{Tab: "topay"}.URL()}},
			{Quiet, "1 bill has no approver", "Blue Ridge Electric, INV-20881", Link{"Open", BillURL("b4")}},
		},
		Cash: CashRequired{Currency: "USD", Late: 412_000, Days: days(map[int]int64{0: 125_000, 1: 97_000, 2: 1_031_055, 5: 640_000, 6: 88_000, 8: 310_000, 12: 1_200_000, 13: 45_000, 15: 530_000, 19: 260_000, 20: 75_000, 22: 980_000, 26: 150_000, 29: 415_000})},
		Ageing: Ageing{Currency: "USD", Buckets: []AgeingBucket{
			{"Not yet due", false, 41, 5_946_055}, {"1–30 days", true, 3, 412_000}, {"31–60 days", true, 1, 96_000}, {"61–90 days", true, 0, 0}, {"Over 90 days", true, 1, 12_550},
		}},
		InFlight: paymentRows()[:4],
	}
}

func homeAwkward() HomePage {
	return HomePage{
		Page: awkwardPage("Home", HomeURL), Greeting: attack,
		Tasks: []Task{
			{Bad, longName, noBreak, Link{"Pay", "/bills"}},
			{Quiet, attack, rtl, Link{}},
		},
		Cash: CashRequired{Currency: "JPY", Late: huge, Days: days(map[int]int64{0: 1, 1: -500, 3: huge, 4: huge / 2, 29: huge / 1000})},
		Ageing: Ageing{Currency: "JPY", Buckets: []AgeingBucket{
			{"Not yet due", false, 1_234_567, huge}, {"1–30 days", true, 1, -500}, {"Over 90 days", true, 0, 0},
		}},
		InFlight: []PaymentRow{{ID: "x/../y?z", Payee: longName, Method: "Check 99999999", ProcessDate: date("2026-12-31"), Currency: "KWD", Minor: huge, Bills: 35, State: "NO_SUCH_STATE"}},
	}
}

func billsSample() BillsPage {
	v := BillsPage{Page: page("Bills", BillsURL), Query: BillQuery{Sort: "due"}, Currency: "USD", Next: "cursor+/=", Previous: "c0", Exists: true}
	for i, r := range []struct {
		vendor, number, date, due string
		late                      int
		amount, open              int64
		approval, payment         int
	}{
		{"Hartwell Supply Co.", "INV-1001", "2026-10-14", "2026-11-13", 12, 125_000, 125_000, 3, 1},
		{"Blue Ridge Electric", "20881", "2026-10-22", "2026-11-21", 4, 38_412, 38_412, 0, 1},
		{"Castellano Plumbing", "CP-4471", "2026-10-25", "2026-11-24", 1, 248_588, 97_000, 3, 2},
		{"Metro Waste Services", "7719-A", "2026-11-01", "2026-11-25", 0, 31_000, 31_000, 4, 1},
		{"Ana Ferreira (expenses)", "E-1", "2026-11-10", "2026-11-27", 0, 31_247, 31_247, 1, 1},
		{"Old Mill Bakery", "2026/118", "2026-11-12", "2026-11-30", 0, 9_640, 0, 3, 4},
		{"Summit Landscaping LLC", "SL-0093", "2026-11-12", "2026-12-01", 0, 1_200_000, 0, 3, 4},
		{"City of Redwood, Water Department", "ACCT 88120 NOV", "2026-11-15", "2026-12-05", 0, 64_218, 64_218, 5, 1},
		{"Kestrel Software", "K-30021", "2026-11-16", "2026-12-16", 0, 450_000, 450_000, 3, 5},
		{"Dupont & Fils", "FA-2026-77", "2026-11-17", "2026-12-17", 0, 890_000, 890_000, 3, 1},
		{"Pacific Gas", "110-3982", "2026-10-01", "2026-10-31", 0, 21_785, 0, 3, 0},
		{"Harbor Insurance Agency", "POL-5541", "2026-09-15", "2026-10-15", 0, 312_400, 0, 3, 0},
	} {
		currency := "USD"
		if r.vendor == "Dupont & Fils" {
			currency = "EUR"
		}
		v.Rows = append(v.Rows, BillRow{
			ID: "b" + strconv.Itoa(i+1), Vendor: r.vendor, Number: r.number, Date: date(r.date), Due: date(r.due), DaysLate: r.late,
			Currency: currency, Amount: r.amount, Open: r.open, Approval: r.approval, Payment: r.payment,
		})
	}
	return v
}

func billsAwkward() BillsPage {
	v := BillsPage{Page: awkwardPage("Bills", BillsURL), Query: BillQuery{Tab: "topay", Search: attack, Sort: "amount", Desc: true}, Currency: "USD", Exists: true, Previous: markup}
	for i, vendor := range []string{longName, rtl, attack, "", strings.Repeat("W", 100)} {
		v.Rows = append(v.Rows, BillRow{
			ID: markup, Vendor: vendor, Number: []string{noBreak, rtl, markup, "", "0"}[i], Due: date("2026-11-13"), DaysLate: 4000 * i,
			Currency: []string{"USD", "USD", "JPY", "KWD", "USD"}[i], Amount: []int64{huge, -huge, 0, 5, -1}[i], Open: []int64{huge, 0, -1, 5, 0}[i],
			Approval: i + 1, Payment: i + 1,
		})
	}
	return v
}

func billSample() BillPage {
	return BillPage{
		Page: page("INV-1001, Hartwell Supply Co.", BillsURL),
		ID:   "00n01HARTWELL0000001", Vendor: "Hartwell Supply Co.", Number: "INV-1001", Currency: "USD",
		Amount: 482_050, Open: 242_050, Paid: 240_000,
		Date: date("2026-10-14"), Due: date("2026-11-13"), DaysLate: 12, Approval: 3, Payment: 2,
		Terms: "Net 30", PO: "PO-7731", Description: "Lobby renovation, materials and delivery",
		EnteredBy: "Ledger Bridge (API)", Entered: "14 Oct 2026, 09:12", CanPay: true,
		Approvers: []Approver{{"Ana Ferreira", 4, "15 Oct 2026, 08:30"}, {"Bo Lindqvist", 0, ""}, {"cleo@hartwell.example", 5, ""}}, CanDecide: true, CanAsk: true, Learned: true, Ask: "ana@hartwell.example\n" + attack,
		Lines: []BillLine{
			{"6100 Materials", "0101|CAM", "Lobby", "Redwood", "Hartwell Hotel", "Oak panels, 48 pieces", 312_050},
			{"6100 Materials", "0102|CAM", "Lobby", "Redwood", "Hartwell Hotel", "Brass fittings", 121_500},
			{"6210 Freight", "0101|CAM", "", "Redwood", "", "Delivery in two loads", 48_500},
		},
		Attempts: []Attempt{
			{PaymentID: "p2", State: "sent", Method: "check 10001", Minor: 240_000, Steps: []Step{
				{Name: "Scheduled", State: Done, When: "20 Nov 2026, 12:04", Note: "by Ana Ferreira, process date 23 Nov 2026"},
				{Name: "Released", State: Done, When: "23 Nov 2026, 01:00", Note: "Check 10001, print run 12", Link: Link{"Check 10001 as PDF", "/payments/p2/check.pdf"}},
				{Name: "Sent", State: Now, When: "23 Nov 2026, 15:30", Note: "Mailed to 12 Mill Road, Redwood"},
				{Name: "Cleared", State: Todo, When: "expected 2 Dec 2026"},
			}},
			{PaymentID: "p1", State: "failed", Method: "ACH", Minor: 240_000, Steps: []Step{
				{Name: "Scheduled", State: Done, When: "5 Nov 2026, 10:40", Note: "by Ana Ferreira, process date 6 Nov 2026"},
				{Name: "Released", State: Done, When: "6 Nov 2026, 01:00", Note: "File ACH-20261106-1.txt, trace 091000010000042"},
				{Name: "Sent", State: Done, When: "6 Nov 2026, 01:02"},
				{Name: "Returned", State: Failed, When: "11 Nov 2026, 08:00", Note: "R03 No account or unable to locate account. The amount is to be paid again."},
			}},
		},
		Documents: []Document{
			{"INV-1001.pdf", 412_300, 3, "14 Oct 2026, 09:12, by Ledger Bridge", "/documents/d1"},
			{"delivery note signed.jpg", 2_840_112, 0, "16 Oct 2026, 17:45, by Ana Ferreira", "/documents/d2"},
		},
		History: []Change{
			{"11 Nov 2026, 08:00", "Bank", "", "Payment returned", []FieldChange{{"Payment state", "Sent", "Returned (R03)"}, {"Still to pay", "$2,420.50", "$4,820.50"}}},
			{"16 Oct 2026, 17:46", "Ana Ferreira", "", "Changed", []FieldChange{{"Department of line 2", "0101|CAM", "0102|CAM"}, {"Purchase order", "", "PO-7731"}}},
			{"15 Oct 2026, 11:20", "Bo Lindqvist", "", "Approved", nil},
			{"14 Oct 2026, 09:12", "Ana Ferreira", "API, Ledger Bridge", "Created", nil},
		},
	}
}

func billAwkward() BillPage {
	v := billSample()
	v.Page = awkwardPage("Awkward "+attack, BillsURL)
	v.ID, v.Vendor, v.Number, v.Currency = markup, longName, noBreak, "KWD"
	v.Amount, v.Open, v.Credits, v.Paid, v.Scheduled = huge, -1, 5, huge, -3
	v.Date, v.DaysLate, v.Approval, v.Payment = civil.Date{}, 0, 5, 9
	v.CanPay, v.WhyNot = false, "Bo Lindqvist denied this bill: “"+attack+"”. Clear the approvers and set them again to go on."
	v.EnteredBy, v.Description = rtl, strings.Repeat("Ein sehr langer Text. ", 20)
	v.Lines = []BillLine{
		{longName, noBreak, rtl, attack, "", strings.Repeat("x", 300), huge},
		{"", "", "", "", "", "", 0},
		{rtl, "", "", "", "", attack, -huge},
	}
	v.Attempts[0].Method, v.Attempts[0].Minor, v.Attempts[0].State = noBreak, huge, ""
	v.Attempts[0].Steps[1].Note = noBreak + attack
	v.Documents = append(v.Documents, Document{attack, 0, 1, "", "javascript:alert(1)"}, Document{noBreak + noBreak + ".pdf", 999_950_000, 12_000, rtl, "/documents/d4"})
	v.History = append(v.History, Change{noBreak, rtl, longName, attack, []FieldChange{{attack, noBreak, rtl}, {"", "", strings.Repeat("y", 500)}}})
	return v
}

func billPaid() BillPage {
	v := billSample()
	v.Page = page("E-1", BillsURL)
	v.Vendor, v.Number, v.Amount, v.Open, v.Paid, v.DaysLate, v.Payment, v.CanPay = "Ana Ferreira (expenses)", "E-1", 31_247, 0, 31_247, 0, 0, false
	v.Terms, v.PO, v.Description = "", "", ""
	v.Lines = []BillLine{{Account: "6400 Travel", Description: "Fuel", Minor: 11_247}, {Account: "6410 Meals", Description: "Dinner with the architect", Minor: 20_000}}
	v.Attempts, v.Documents = nil, nil
	return v
}

func head() BillHead {
	return BillHead{ID: "00n01HARTWELL0000001", Vendor: "Hartwell Supply Co.", Number: "INV-1001", Currency: "USD", Amount: 482_050, Open: 242_050, Due: date("2026-11-13")}
}

func accounts() []FundingAccount {
	return []FundingAccount{{"a1", "Operating", "6789"}, {"a2", longName, "0001"}}
}

func payDiscount() PayPage {
	v := paySample()
	v.Discount, v.DiscountUntil, v.TakesDiscount = 4_841, date("2026-11-30"), true
	return v
}

func paySample() PayPage {
	return PayPage{
		Page: page("Pay Hartwell Supply Co.", BillsURL), Bill: head(), Amount: "2420.50", ProcessDate: "2026-11-27",
		Earliest: date("2026-11-27"), Latest: date("2027-11-26"), Arrival: date("2026-11-30"), Cutoff: Cutoff{"18:00 Pacific today", 130 * time.Minute},
		Method: "ACH to the account ending 1234", Accounts: accounts(), Account: "a1", Key: "k-1",
	}
}

func payErrors() PayPage {
	v := paySample()
	v.Page = awkwardPage("Pay", BillsURL)
	v.Bill.Vendor, v.Bill.Number, v.Amount, v.ProcessDate = longName, noBreak, attack, "2026-11-26"
	v.Errors = FieldErrors{
		{"", "The bill changed while this page was open. Look at it again before you pay.", "BDC_1100"},
		{"amount", "Enter an amount of more than zero, such as 1250.00.", "BDCE045"},
		{"processDate", "26 Nov 2026 is Thanksgiving. The next banking day is 27 Nov 2026.", "BDCE013"},
		{"account", "Choose an account that is verified and that you may pay from.", "BDCE050"},
	}
	return v
}

func reviewSample() ReviewPage {
	return ReviewPage{
		Page: page("Confirm the payment", BillsURL), Bill: head(), Minor: 242_050, ProcessDate: date("2026-11-27"), Arrival: date("2026-11-30"),
		Method: "ACH to the account ending 1234", Account: accounts()[0], Key: "k-1",
		Warnings: []string{"It arrives on 30 Nov 2026, 17 days after the due date."},
	}
}

func scheduled(waits bool) ScheduledPayment {
	return ScheduledPayment{PaymentID: "p9", Bill: head(), Minor: 242_050, ProcessDate: date("2026-11-27"), Arrival: date("2026-11-30"), Method: "ACH to the account ending 1234", Waits: waits, CancelUntil: "26 Nov 2026, 18:00 Pacific"}
}

func paidMixed() PaidPage {
	odd := head()
	odd.Vendor, odd.Number, odd.Open = rtl, attack, huge
	return PaidPage{
		Page: awkwardPage("Paid", BillsURL), Scheduled: []ScheduledPayment{scheduled(true), {PaymentID: "p10", Bill: odd, Minor: huge}},
		Refused: []RefusedPayment{
			{head(), "The process date 26 Nov 2026 is no longer possible; the earliest is 27 Nov 2026.", "BDCE046"},
			{odd, longName + noBreak, ""},
		},
	}
}

func paymentRows() []PaymentRow {
	var rows []PaymentRow
	for i, r := range []struct {
		payee, method, state, process, arrival string
		minor                                  int64
	}{
		{"Summit Landscaping LLC", "ACH", "scheduled", "2026-11-27", "2026-11-30", 1_200_000},
		{"Old Mill Bakery", "ACH", "sent", "2026-11-24", "2026-11-25", 9_640},
		{"Kestrel Software", "Wire", "awaiting_approval", "2026-11-27", "2026-12-01", 450_000},
		{"Hartwell Supply Co.", "Check 10001", "sent", "2026-11-23", "2026-11-30", 240_000},
		{"Metro Waste Services", "ACH", "on_hold", "2026-11-23", "2026-11-24", 31_000},
		{"Hartwell Supply Co.", "ACH", "failed", "2026-11-06", "2026-11-09", 240_000},
		{"Pacific Gas", "ACH", "cleared", "2026-10-29", "2026-10-30", 21_785},
		{"Harbor Insurance Agency", "Check 10000", "cleared", "2026-10-13", "2026-10-20", 312_400},
		{"Castellano Plumbing", "ACH", "canceled", "2026-10-12", "2026-10-13", 151_588},
		{"Blue Ridge Electric", "Check 9999", "voided", "2026-10-09", "2026-10-19", 88_000},
		{"Dupont & Fils", "Wire", "settled", "2026-10-08", "2026-10-13", 890_000},
	} {
		rows = append(rows, PaymentRow{ID: "p" + strconv.Itoa(i+1), Payee: r.payee, Method: r.method, ProcessDate: date(r.process), Arrival: date(r.arrival), Currency: "USD", Minor: r.minor, Bills: 1 + i%4, State: r.state})
	}
	return rows
}

func paymentACH() PaymentPage {
	return PaymentPage{
		Page: page("Payment to Old Mill Bakery", PaymentsURL), ID: "p2", Payee: "Old Mill Bakery", Currency: "USD", Minor: 9_640, State: "sent", Method: "ACH",
		ProcessDate: date("2026-11-24"), Arrival: date("2026-11-25"), Account: accounts()[0], CreatedBy: "Ana Ferreira", Created: "23 Nov 2026, 10:04",
		Steps: []Step{
			{Name: "Scheduled", State: Done, When: "23 Nov 2026, 10:04"},
			{Name: "Released", State: Done, When: "24 Nov 2026, 01:00", Note: "File ACH-20261124-1.txt"},
			{Name: "Sent to the bank", State: Now, When: "24 Nov 2026, 01:02", Note: "Accepted by the bank at 01:05"},
			{Name: "Settled", State: Todo, When: "expected 25 Nov 2026"},
			{Name: "Cleared", State: Todo, When: "expected 30 Nov 2026"},
		},
		Bills: []PaidBill{
			{BillHead{ID: "b6", Number: "2026/118", Due: date("2026-11-30")}, 7_140, 0},
			{BillHead{ID: "b7", Number: "2026/121", Due: date("2026-12-02")}, 2_500, 1_000},
		},
		Disbursement: &Disbursement{
			Facts: []Fact{{"Trace number", "091000010000042"}, {"To account", "Checking ···· 1234"}, {"Effective date", "25 Nov 2026"}, {"Entry class", "CCD, batch 3"}},
			File:  "ACH-20261124-1.txt",
			Lines: []FileLine{
				{14, "5220NORTHWIND PROPERTY                  1234567890CCDVENDOR PAY261124261125   1091000010000003", false},
				{15, "622990000026*************1234 00000096402026/118        OLD MILL BAKERY         1091000010000042", true},
				{16, "705RMR*IV*2026/118**71.40\\RMR*IV*2026/121**25.00\\                              00010000042", true},
				{17, "822000000200990000020000000000000000000096401234567890                         091000010000003", false},
			},
		},
	}
}

func paymentCheck() PaymentPage {
	v := paymentACH()
	v.Page = page("Payment to Hartwell Supply Co.", PaymentsURL)
	v.Payee, v.Minor, v.Method, v.State = "Hartwell Supply Co.", 240_000, "check 10001", "failed"
	v.Steps = append(v.Steps[:2:2], Step{Name: "Mailed", State: Done, When: "23 Nov 2026, 15:30"}, Step{Name: "Returned", State: Failed, When: "2 Dec 2026", Note: "The post office returned it: moved, left no address."})
	v.Disbursement = &Disbursement{Facts: []Fact{{"Check number", "10001"}, {"Print run", "12"}, {"Mailed to", "Hartwell Supply Co.\n12 Mill Road\nRedwood, CA 94061"}}, Check: Link{"Check 10001 as PDF", "/payments/p4/check.pdf"}}
	return v
}

func paymentUnclaimed() PaymentPage {
	v := paymentWaiting()
	v.Waiting, v.State, v.Unclaimed = nil, "unclaimed", &Unclaimed{From: "2026-08-03", Today: "2026-11-23", CanDecide: true}
	return v
}

func paymentWaiting() PaymentPage {
	v := paymentACH()
	v.State, v.Disbursement = "awaiting_approval", nil
	v.Waiting = &Waiting{LeavesOn: date("2026-11-27"), CanDecide: true, Alone: true}
	v.Review = "Payments to this vendor on one day exceed 10,000.00 together."
	return v
}

func paymentHeld() PaymentPage {
	v := paymentACH()
	v.State, v.Disbursement, v.ApprovedBy = "on_hold", nil, "Bo Lindqvist"
	v.Waiting = &Waiting{Held: true, Reason: "The vendor's bank account was refused: R03 " + attack, Until: "9 Dec 2026, 18:00", LeavesOn: date("2026-11-27"), CanDecide: true}
	return v
}

func paymentAwkward() PaymentPage {
	v := paymentACH()
	v.Page = awkwardPage("Payment", PaymentsURL)
	v.Payee, v.Minor, v.State, v.Method, v.CreatedBy = rtl, huge, "on_hold", attack, longName
	v.Account.Name = noBreak
	v.Waiting = &Waiting{Held: true, Reason: noBreak + attack}
	v.Bills = append(v.Bills, PaidBill{BillHead{ID: markup, Number: noBreak}, -huge, huge})
	v.Disbursement.Facts = append(v.Disbursement.Facts, Fact{attack, noBreak}, Fact{"Empty", ""})
	v.Disbursement.Lines = append(v.Disbursement.Lines, FileLine{123_456, attack, true})
	v.Disbursement.File = attack
	return v
}

func profile() Profile {
	return Profile{
		Name: "Northwind Property Services", DBA: "Northwind", Address1: "410 Harbor Street", Address2: "Suite 12", City: "Redwood", State: "CA", Zip: "94061", Country: "United States",
		Phone: "+1 650 555 0142", Fax: "+1 650 555 0143", APIAccessChanged: "2 Nov 2026, 09:30", ByWhom: "Bo Lindqvist",
	}
}

func awkwardProfile() Profile {
	return Profile{Name: longName, Address1: attack, State: rtl, Zip: markup, AllowAPIAccess: true}
}

// sampleChecks are numbers of a register in awkward states.
var sampleChecks = []Check{
	{AccountID: "bac1", Account: longName, Serial: 10_004, State: "allocated", Minor: 9_999_999_999, Payee: attack, PaymentID: "stp1", Issued: civil.MustDate("2026-11-24")},
	{AccountID: "bac1", Account: markup, Serial: 10_003, State: "spoiled", Reason: longName, Minor: 1, Payee: longName, PaymentID: "stp2", Replacement: 10_005, IssueTold: true},
	{AccountID: "bac1", Account: noBreak, Serial: 10_002, State: "mailed", Minor: 125_000, Payee: noBreak, PaymentID: "stp3", IssueTold: true},
	{AccountID: "bac1", Account: "Operating", Serial: 10_001, State: "stop_requested", Reason: "lost", Minor: 125_000, Payee: markup, PaymentID: "stp4", IssueTold: true,
		VoidTold: true, StopUntil: civil.MustDate("2027-05-24")},
}
