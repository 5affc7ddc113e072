package payment

// reasonText is what a return code means, in words a payer can act on.
func reasonText(code string) string {
	if s, ok := reasons[code]; ok {
		return s
	}
	return "Returned by the receiving bank"
}

// reasons are the return codes of credits (5.8).
var reasons = map[string]string{
	"R02": "Account closed",
	"R03": "No account / unable to locate account",
	"R04": "Invalid account number",
	"R06": "Returned at our bank's request",
	"R12": "Account sold to another bank",
	"R13": "The receiving bank takes no ACH",
	"R14": "Payee deceased",
	"R15": "Account holder deceased",
	"R16": "Account frozen",
	"R17": "The bank questions the account or the entry",
	"R18": "Improper effective date",
	"R19": "Amount field error",
	"R20": "Account takes no such entries",
	"R21": "Invalid company id",
	"R22": "Invalid individual id",
	"R23": "Refused by the payee",
	"R24": "Duplicate entry",
	"R25": "Addenda error",
	"R26": "Mandatory field error",
	"R27": "Trace number error",
	"R28": "Routing number error",
	"R31": "Permissible return",
	"R34": "The receiving bank takes part only in a limited way",
}

// badAccount are the codes after which the vendor's bank account is not paid to any more (5.8).
var badAccount = map[string]bool{"R02": true, "R03": true, "R04": true, "R12": true, "R13": true, "R20": true, "R28": true, "R34": true}
