package payment

// effect is what a return code means and what it does when a credit of ours comes back with it (5.8). The payment fails
// in any case, but for twin.
type effect struct {
	text    string // in words a payer can act on
	account bool   // the vendor's bank account is invalid and not paid to any more
	hold    bool   // the vendor is not paid until a person has looked
	task    string // who has to look; empty: nobody
	twin    bool   // the payment fails only if another one of the same amount is under way to the vendor
}

// effectOf is the row of a code. One that Nacha does not define fails the payment and goes to the operator.
func effectOf(code string) effect {
	if e, ok := effects[code]; ok {
		return e
	}
	return effect{text: "Returned by the receiving bank", task: TaskOperator}
}

// reasonText is what a return code means.
func reasonText(code string) string { return effectOf(code).text }

// effects are the return codes that Nacha defines, with what each does to a credit. Those that only debits, cheques turned
// into entries, returns of returns or international entries can have are a riddle on a credit: the operator solves it.
var effects = map[string]effect{
	"R01": {text: "Insufficient funds", task: TaskOperator},
	"R02": {text: "Account closed", account: true},
	"R03": {text: "No account / unable to locate account", account: true},
	"R04": {text: "Invalid account number", account: true},
	"R05": {text: "Debit of a person not authorised for this kind of entry", task: TaskOperator},
	"R06": {text: "Returned at our bank's request"},
	"R07": {text: "Authorisation revoked", task: TaskOperator},
	"R08": {text: "Payment stopped", task: TaskOperator},
	"R09": {text: "Uncollected funds", task: TaskOperator},
	"R10": {text: "Not authorised", task: TaskOperator},
	"R11": {text: "Not as authorised", task: TaskOperator},
	"R12": {text: "Account sold to another bank", account: true},
	"R13": {text: "The receiving bank takes no ACH", account: true},
	"R14": {text: "Payee deceased", hold: true},
	"R15": {text: "Account holder deceased", hold: true},
	"R16": {text: "Account frozen", hold: true, task: TaskCompliance},
	"R17": {text: "The bank questions the account or the entry", hold: true, task: TaskFraud},
	"R18": {text: "Improper effective date", task: TaskOperator},
	"R19": {text: "Amount field error", task: TaskOperator},
	"R20": {text: "Account takes no such entries", account: true},
	"R21": {text: "Invalid company id", task: TaskOperator},
	"R22": {text: "Invalid individual id", task: TaskOperator},
	"R23": {text: "Refused by the payee", task: TaskContact},
	"R24": {text: "Duplicate entry", task: TaskOperator, twin: true},
	"R25": {text: "Addenda error", task: TaskOperator},
	"R26": {text: "Mandatory field error", task: TaskOperator},
	"R27": {text: "Trace number error", task: TaskOperator},
	"R28": {text: "Routing number error", account: true},
	"R29": {text: "A company did not authorise the debit", task: TaskOperator},
	"R30": {text: "The receiving bank takes no truncated cheques", task: TaskOperator},
	"R31": {text: "Permissible return"},
	"R32": {text: "The receiving bank cannot settle", task: TaskOperator},
	"R33": {text: "A destroyed cheque's entry came back", task: TaskOperator},
	"R34": {text: "The receiving bank takes part only in a limited way", account: true},
	"R35": {text: "Improper debit", task: TaskOperator},
	"R36": {text: "Improper credit", task: TaskOperator},
	"R37": {text: "The cheque behind the entry was paid as well", task: TaskOperator},
	"R38": {text: "The cheque behind the entry was stopped", task: TaskOperator},
	"R39": {text: "The cheque behind the entry may not become one", task: TaskOperator},
	"R40": {text: "Enrolment of an agency came back", task: TaskOperator},
	"R41": {text: "Enrolment: invalid transaction code", task: TaskOperator},
	"R42": {text: "Enrolment: routing number error", task: TaskOperator},
	"R43": {text: "Enrolment: invalid account number", task: TaskOperator},
	"R44": {text: "Enrolment: invalid individual id", task: TaskOperator},
	"R45": {text: "Enrolment: invalid name", task: TaskOperator},
	"R46": {text: "Enrolment: invalid payee indicator", task: TaskOperator},
	"R47": {text: "Enrolled twice", task: TaskOperator},
	"R50": {text: "State law forbids presenting the cheque again", task: TaskOperator},
	"R51": {text: "The cheque presented again is not eligible", task: TaskOperator},
	"R52": {text: "The cheque presented again was stopped", task: TaskOperator},
	"R53": {text: "The cheque and its entry were both presented", task: TaskOperator},
	"R61": {text: "Return sent to the wrong bank", task: TaskOperator},
	"R62": {text: "Erroneous or reversing debit came back", task: TaskOperator},
	"R67": {text: "Duplicate return", task: TaskOperator},
	"R68": {text: "Return too late", task: TaskOperator},
	"R69": {text: "Field error in the return", task: TaskOperator},
	"R70": {text: "Permissible return not accepted", task: TaskOperator},
	"R71": {text: "Dishonoured return sent to the wrong bank", task: TaskOperator},
	"R72": {text: "Dishonoured return too late", task: TaskOperator},
	"R73": {text: "The first return was in time", task: TaskOperator},
	"R74": {text: "Corrected return", task: TaskOperator},
	"R75": {text: "The return was no duplicate", task: TaskOperator},
	"R76": {text: "The return had no errors", task: TaskOperator},
	"R77": {text: "The returned reversal is not accepted", task: TaskOperator},
	"R80": {text: "International entry: coding error", task: TaskOperator},
	"R81": {text: "International entry: the bank takes no part", task: TaskOperator},
	"R82": {text: "International entry: invalid id of the foreign bank", task: TaskOperator},
	"R83": {text: "International entry: the foreign bank cannot settle", task: TaskOperator},
	"R84": {text: "International entry: not processed by the gateway", task: TaskOperator},
	"R85": {text: "International entry coded as a domestic one", task: TaskOperator},
}
