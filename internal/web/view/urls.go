package view

import (
	"net/url"
	"slices"
	"strconv"
)

// The addresses of the web application, in the order of the menu. A handler mounts these, a view links these.
const (
	SignInURL         = "/signin"          // GET form, POST email, password, next
	SignOutURL        = "/signout"         // POST
	ForgotPasswordURL = "/forgot-password" // GET form, POST email
	ResetPasswordURL  = "/reset-password"  // GET ?token=, POST token, password, again
	OrganisationsURL  = "/organisations"   // GET choice, POST org, next

	HomeURL     = "/"
	BillsURL    = "/bills"     // GET, see BillQuery
	BillsCSVURL = "/bills.csv" // GET, see BillQuery
	PaymentsURL = "/payments"  // GET, see PaymentQuery
	VendorsURL  = "/vendors"   // GET, see VendorQuery

	NewVendorURL = "/vendors/new" // GET form, POST the fields of VendorFormPage

	SettingsURL    = "/settings"              // GET overview
	ProfileURL     = "/settings/profile"      // GET
	EditProfileURL = "/settings/profile/edit" // GET form, POST the fields of ProfileForm
	SecurityURL    = "/settings/security"     // GET; POST user, key confirms an application for payments
	PreferencesURL = "/setup/company/preferences"

	SignInSettingsURL      = "/settings/sign-in"          // GET; POST token confirms an authenticator
	NewAuthenticatorURL    = "/settings/sign-in/new"      // POST
	RemoveAuthenticatorURL = "/settings/sign-in/remove"   // POST token
	TokensURL              = "/settings/tokens"           // GET; POST name makes an API token
	AuditURL               = "/settings/audit"            // GET record, user, from, until, after
	AuditCheckpointURL     = "/settings/audit/checkpoint" // GET a signed checkpoint of the organisation's trail
	EndTokenURL            = "/settings/tokens/end"       // POST id

	BankAccountsURL   = "/settings/bank-accounts"     // GET
	PaymentRulesURL   = "/settings/payments"          // GET, POST the fields of PaymentRulesPage
	NewBankAccountURL = "/settings/bank-accounts/new" // GET form, POST name, routingNumber, accountNumber

	ErrorsURL = "/developers/errors" // GET ?q=
)

// Checks: the print runs (GET), their register (GET, see RegisterQuery), and acts on its numbers.
const (
	BankTasksURL     = "/bank-tasks"
	PrintChecksURL   = "/checks"
	CheckRegisterURL = "/checks/register"
	RenewStopURL     = "/checks/renew-stop"    // POST account, number
	ReturnedMailURL  = "/checks/returned-mail" // POST number, back

	CheckExceptionsURL = "/checks/exceptions" // GET
)

// DecideExceptionURL takes the answer to an exception of the bank (POST decision).
func DecideExceptionURL(id string) string { return CheckExceptionsURL + "/" + url.PathEscape(id) }

// VoidPaymentURL asks why a payment that has left is to be void (GET), and voids it (POST reason, other, reissue).
func VoidPaymentURL(id string) string { return PaymentURL(id) + "/void" }

// PrintRunURL is the page of a print run (GET).
func PrintRunURL(id string) string { return PrintChecksURL + "/runs/" + url.PathEscape(id) }

// OpenPrintRunURL gives the sheets of a print run and records it (POST).
func OpenPrintRunURL(id string) string { return PrintRunURL(id) + "/open" }

// ConfirmPrintedURL takes the numbers that came out right (POST from, to).
func ConfirmPrintedURL(id string) string { return PrintRunURL(id) + "/printed" }

// ConfirmMailedURL takes the numbers that were mailed (POST from, to).
func ConfirmMailedURL(id string) string { return PrintRunURL(id) + "/mailed" }

// SpoilCheckURL takes a number that did not come out right (POST number, reason).
func SpoilCheckURL(id string) string { return PrintRunURL(id) + "/spoiled" }

// StopAnswerURL takes the bank's answer to the stop of a payment's check (POST stopped).
func StopAnswerURL(payment string) string {
	return PrintChecksURL + "/stops/" + url.PathEscape(payment)
}

// BillURL is the page of one bill.
func BillURL(id string) string { return BillsURL + "/" + url.PathEscape(id) }

// NewBillURL asks for the vendor of a new bill (GET, see VendorQuery), with a vendor for the bill itself (GET), and takes it
// (POST the fields of BillFormPage).
func NewBillURL(vendor string) string { return BillsURL + "/new" + parameters("vendor", vendor) }

// PayURL is the pay form of a bill (GET). ReviewPaymentURL takes its fields (POST amount, processDate, account, key)
// and shows what would happen; ConfirmPaymentURL takes the same fields (POST) and does it.
func PayURL(id string) string { return BillURL(id) + "/pay" }

// ReviewPaymentURL is explained at PayURL.
func ReviewPaymentURL(id string) string { return PayURL(id) + "/review" }

// ConfirmPaymentURL is explained at PayURL.
func ConfirmPaymentURL(id string) string { return PayURL(id) + "/confirm" }

// PayManyURL is where many bills are paid at once (GET, see PayManyQuery). ReviewManyURL takes the bills (POST bill many times,
// processDate, account, key) and shows what would happen; ConfirmManyURL takes the same with their amounts (POST) and does it.
const (
	PayManyURL     = "/bills/pay"
	ReviewManyURL  = "/bills/pay/review"
	ConfirmManyURL = "/bills/pay/confirm"
)

// PayManyQuery is what the list of bills to pay can be asked for.
type PayManyQuery struct {
	Search        string // q: part of a vendor's name or an invoice number
	All           bool   // every bill of the page is chosen
	After, Before string // cursors as in BillQuery
}

// ParsePayManyQuery reads the parameters of PayManyURL.
func ParsePayManyQuery(v url.Values) PayManyQuery {
	return PayManyQuery{Search: v.Get("q"), All: v.Get("all") == "yes", After: v.Get("after"), Before: v.Get("before")}
}

// URL is the list as the query describes it.
func (q PayManyQuery) URL() string {
	all := ""
	if q.All {
		all = "yes"
	}
	return PayManyURL + parameters("q", q.Search, "all", all, "after", q.After, "before", q.Before)
}

// ApproveURL records the user's approval of a bill (POST, comment).
func ApproveURL(bill string) string { return BillURL(bill) + "/approve" }

// AskURL takes who is to approve a bill (POST approvers, one e-mail address to a line).
func AskURL(bill string) string { return BillURL(bill) + "/approvers" }

// DenyURL records the user's denial of a bill (POST, comment with the reason).
func DenyURL(bill string) string { return BillURL(bill) + "/deny" }

// DocumentsURL takes a document for a bill (POST multipart, file).
func DocumentsURL(bill string) string { return BillURL(bill) + "/documents" }

// DocumentURL downloads a document of a bill.
func DocumentURL(bill, document string) string {
	return DocumentsURL(bill) + "/" + url.PathEscape(document)
}

// PaymentURL is the page of one payment.
func PaymentURL(id string) string { return PaymentsURL + "/" + url.PathEscape(id) }

// ScheduledURL is the page that confirms that a payment was scheduled.
func ScheduledURL(id string) string { return PaymentURL(id) + "/scheduled" }

// PaidToStateURL records that unclaimed money was paid to a state (POST day; it asks unless sure is yes).
func PaidToStateURL(id string) string { return PaymentURL(id) + "/paid-to-state" }

// ClaimURL gives unclaimed money to the payee (POST reissue yes or no; it asks unless sure is yes).
func ClaimURL(id string) string { return PaymentURL(id) + "/claim" }

// CancelPaymentURL asks (GET), and takes a payment back (POST).
func CancelPaymentURL(id string) string { return PaymentURL(id) + "/cancel" }

// ApprovePaymentURL lets a payment leave that waits for a second person (POST).
func ApprovePaymentURL(id string) string { return PaymentURL(id) + "/approve" }

// DenyPaymentURL cancels a payment that waits for a second person (POST, reason).
func DenyPaymentURL(id string) string { return PaymentURL(id) + "/deny" }

// NetworkURL is Settings > Network (GET), and takes the answer to an invitation (POST code, answer, account, vendor).
const NetworkURL = "/settings/network"

// SanctionsURL is Settings > Sanctions (GET).
const SanctionsURL = "/settings/sanctions"

// ClearSanctionURL says that a party is not the listed one (POST reason).
func ClearSanctionURL(id string) string { return SanctionsURL + "/" + url.PathEscape(id) + "/clear" }

// BankTaskURL does something about a task: done, failed, write (POST).
func BankTaskURL(number int64, what string) string {
	return BankTasksURL + "/" + strconv.FormatInt(number, 10) + "/" + what
}

// ReversalURL asks for, approves or denies the reversal of a payment (POST).
func ReversalURL(id, what string) string { return PaymentURL(id) + "/reversal/" + what }

// LiftHoldURL lets a payment leave that is on hold (POST).
func LiftHoldURL(id string) string { return PaymentURL(id) + "/lift-hold" }

// ChecksURL is the printed run that a payment's cheque belongs to, as PDF.
func ChecksURL(id string) string { return PaymentURL(id) + "/checks.pdf" }

// CheckImageURL is the picture of a payment's check.
func CheckImageURL(id string) string { return PaymentURL(id) + "/check.png" }

// VendorURL is the page of one vendor.
func VendorURL(id string) string { return VendorsURL + "/" + url.PathEscape(id) }

// EditVendorURL is the form for a vendor (GET, POST the fields of VendorFormPage).
func EditVendorURL(id string) string { return VendorURL(id) + "/edit" }

// VendorBankURL is the form for a vendor's bank account (GET, POST the fields of VendorBankPage).
func VendorBankURL(id string) string { return VendorURL(id) + "/bank-account" }

// RemoveVendorBankURL deletes a vendor's bank account (POST).
func RemoveVendorBankURL(id string) string { return VendorBankURL(id) + "/remove" }

// CorrectionURL decides a correction of a vendor's bank account that waits: apply or refuse (POST).
func CorrectionURL(id, what string) string { return VendorBankURL(id) + "/correction/" + what }

// VendorChangeURL decides a change of payment data that waits: approve or refuse (POST).
func VendorChangeURL(id, change, what string) string {
	return VendorURL(id) + "/changes/" + url.PathEscape(change) + "/" + what
}

// LiftVendorURL lets a vendor on hold be paid again (POST).
func LiftVendorURL(id string) string { return VendorURL(id) + "/lift" }

// RemittanceURL says how much remittance goes with payments to a vendor's bank account (POST entry).
func RemittanceURL(id string) string { return VendorBankURL(id) + "/remittance" }

// BankFilesURL says how an account's bank wants our files (GET), and changes it (POST style, entryDescription).
func BankFilesURL(id string) string { return BankAccountsURL + "/" + url.PathEscape(id) + "/files" }

// ApproveBankAccountURL makes a further account usable that somebody else has proved (POST).
func ApproveBankAccountURL(id string) string {
	return BankAccountsURL + "/" + url.PathEscape(id) + "/approve"
}

// ConfirmBankAccountURL asks for the amount of a test deposit (GET), and takes it (POST amount).
func ConfirmBankAccountURL(id string) string {
	return BankAccountsURL + "/" + url.PathEscape(id) + "/confirm"
}

// ConfirmVendorBankURL takes the amounts of two small credits to a vendor's account (POST first, second).
func ConfirmVendorBankURL(id string) string { return VendorBankURL(id) + "/confirm" }

// CloseBankAccountURL says what deactivating an account of ours does (GET), and does it (POST).
func CloseBankAccountURL(id string) string {
	return BankAccountsURL + "/" + url.PathEscape(id) + "/deactivate"
}

// BillQuery is what the list of bills can be asked for. The zero value asks for all bills in the list's usual order,
// and makes no parameters.
type BillQuery struct {
	Tab    string // a key of BillTabs
	Search string // q: part of a vendor's name or an invoice number
	Sort   string // a key of billColumns
	Desc   bool
	After  string // cursor of the last row before this page
	Before string // cursor of the first row after this page
}

// Tab is one filter of a list.
type Tab struct{ Key, Label string }

// BillTabs are the filters of the list of bills, the one without a key first.
var BillTabs = []Tab{{"", "All"}, {"topay", "To pay"}, {"scheduled", "Scheduled"}, {"paid", "Paid"}}

// billColumns are the columns a list of bills can be sorted by.
var billColumns = []string{"vendor", "number", "date", "due", "amount"}

// ParseBillQuery reads the parameters of BillsURL. Unknown tabs and columns count as not given, as an old bookmark
// should still show something.
func ParseBillQuery(v url.Values) BillQuery {
	q := BillQuery{
		Tab: v.Get("tab"), Search: v.Get("q"), Sort: v.Get("sort"), Desc: v.Get("dir") == "desc",
		After: v.Get("after"), Before: v.Get("before"),
	}
	if !hasTab(BillTabs, q.Tab) {
		q.Tab = ""
	}
	if !slices.Contains(billColumns, q.Sort) {
		q.Sort, q.Desc = "", false
	}
	return q
}

// URL is the list as the query describes it; CSV is the same list, without paging, as a file.
func (q BillQuery) URL() string { return BillsURL + q.parameters() }

// CSV is explained at URL.
func (q BillQuery) CSV() string {
	q.After, q.Before = "", ""
	return BillsCSVURL + q.parameters()
}

func (q BillQuery) parameters() string {
	return parameters("tab", q.Tab, "q", q.Search, "sort", q.Sort, "dir", direction(q.Desc), "after", q.After, "before", q.Before)
}

// firstPage is the query as a tab, a sort link or a new search starts it.
func (q BillQuery) firstPage() BillQuery {
	q.After, q.Before = "", ""
	return q
}

// tab is the same search under another filter.
func (q BillQuery) tab(key string) string {
	q = q.firstPage()
	q.Tab = key
	return q.URL()
}

// sortedBy sorts by a column, or turns the order round when the list is sorted by it already.
func (q BillQuery) sortedBy(column string) string {
	q = q.firstPage()
	q.Desc = q.Sort == column && !q.Desc
	q.Sort = column
	return q.URL()
}

// page goes to the page after or before a cursor.
func (q BillQuery) page(after, before string) string {
	q.After, q.Before = after, before
	return q.URL()
}

// PaymentQuery is what the list of payments, newest process date first, can be asked for.
type PaymentQuery struct {
	Tab    string // a key of PaymentTabs
	After  string
	Before string
}

// PaymentTabs are the filters of the list of payments, the one without a key first.
var PaymentTabs = []Tab{{"", "All"}, {"waiting", "Waiting or on hold"}, {"scheduled", "Scheduled"}, {"flight", "In flight"}, {"cleared", "Cleared"}, {"failed", "Returned or voided"}}

// ParsePaymentQuery reads the parameters of PaymentsURL; an unknown tab counts as not given.
func ParsePaymentQuery(v url.Values) PaymentQuery {
	q := PaymentQuery{Tab: v.Get("tab"), After: v.Get("after"), Before: v.Get("before")}
	if !hasTab(PaymentTabs, q.Tab) {
		q.Tab = ""
	}
	return q
}

// URL is the list as the query describes it.
func (q PaymentQuery) URL() string {
	return PaymentsURL + parameters("tab", q.Tab, "after", q.After, "before", q.Before)
}

// VendorQuery is what the list of vendors, by name, can be asked for.
type VendorQuery struct {
	Search string // q: part of a name
	After  string
	Before string
}

// ParseVendorQuery reads the parameters of VendorsURL.
func ParseVendorQuery(v url.Values) VendorQuery {
	return VendorQuery{Search: v.Get("q"), After: v.Get("after"), Before: v.Get("before")}
}

// URL is the list as the query describes it.
func (q VendorQuery) URL() string {
	return VendorsURL + parameters("q", q.Search, "after", q.After, "before", q.Before)
}

func direction(desc bool) string {
	if desc {
		return "desc"
	}
	return ""
}

func hasTab(tabs []Tab, key string) bool {
	return slices.ContainsFunc(tabs, func(t Tab) bool { return t.Key == key })
}

// parameters writes the pairs that have a value as a query string, in alphabetical order.
func parameters(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}
