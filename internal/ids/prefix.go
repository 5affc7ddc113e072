package ids

// Prefixes of the records the wire shows, for all generations (api-v2 1.5).
const (
	User                   = "006"
	Org                    = "008"
	SystemUser             = "syu" // the user that an API token stands for
	PartnerUser            = "ptu"
	Profile                = "0po" // a role
	Vendor                 = "009"
	VendorBankAccount      = "vba"
	ListedVendor           = "0rv"
	Bill                   = "00n"
	BillLine               = "bli"
	RecurringBill          = "btp"
	RecurringBillLine      = "btl"
	VendorCredit           = "vcr"
	VendorCreditLine       = "vci"
	BillCredit             = "bcr"
	PurchaseOrder          = "pou"
	ApprovalPolicy         = "apo"
	ApprovalPolicyApprover = "apa"
	ApprovalGroup          = "agp"
	BillApprover           = "bap"
	VendorCreditApprover   = "vca"
	SentPay                = "stp"
	BillPay                = "blp"
	VoidRequest            = "vrq"
	BankAccount            = "bac"
	BankAccountUser        = "bau"
	CardAccount            = "cac" // reserved
	MoneyMovement          = "mmt"
	Document               = "00h"
	DocumentPage           = "dpg"
	Upload                 = "0du" // upload ticket
	Attachment             = "att"
	Customer               = "0cu"
	CustomerContact        = "0cc"
	CustomerBankAccount    = "cba"
	Item                   = "0ii" // sales tax items too
	Invoice                = "00e"
	InvoiceLine            = "00f"
	InvoiceTemplate        = "itm"
	InvoiceCredit          = "icr"
	Estimate               = "est" // reserved
	CreditMemo             = "ccr"
	CreditMemoLine         = "ccl"
	RecurringInvoice       = "rit"
	RecurringInvoiceLine   = "ril"
	ReceivedPay            = "0rp"
	InvoicePay             = "0ip"
	ConvenienceFee         = "rpf"
	Account                = "0ca" // of the chart of accounts
	Department             = "0de"
	Location               = "loc"
	Job                    = "job"
	Class                  = "cls"
	Employee               = "emp"
	PaymentTerm            = "00p"
	NetworkRequest         = "nrr"
)

// Prefixes of records that never leave the server by id (domain section 3).
const (
	Disbursement      = "dsb"
	DisbursementBatch = "dba"
	BankFile          = "bfl"
	Check             = "chk"
	InboxItem         = "inb"
	ExpenseReport     = "exr"
	PayoutJob         = "mpj" // mass payout
	JournalEntry      = "jen"
	AuditEvent        = "aud"
	SyncLink          = "syl"
	Note              = "nte"
	CustomField       = "cfd"
	Mail              = "mai"
)
