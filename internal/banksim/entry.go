package banksim

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/bank/bai2"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/rail/ach/achread"
)

// movement is one line of an account's statement.
type movement struct {
	account Account
	day     civil.Date
	line    bai2.Line
}

// settle books the lumps of an accepted NACHA file on their days.
func (s *Sim) settle(d delivery) []movement {
	var moves []movement
	for _, l := range d.lumps {
		day := s.settlement(d, l.effective)
		ref := d.file.Reference
		if ref == "" {
			ref = d.id
		}
		add := func(code int, amount int64) {
			if amount > 0 {
				moves = append(moves, movement{l.account, day, bai2.Line{
					Type: code, Amount: amount, BankRef: plain(ref), CustomerRef: plain(d.id),
					Text: "ACH SETTLEMENT EFFECTIVE " + l.effective.String(),
				}})
			}
		}
		add(bai2.ACHSettlementDebit, l.credit) // credits to the receivers are our debit
		add(bai2.ACHSettlementCredit, l.debit)
	}
	for _, e := range d.ours {
		moves = append(moves, movement{s.accounts[s.ours(e)], s.settlement(d, e.Batch.Effective), bai2.Line{Type: bai2.ACHCredit, Amount: e.Amount,
			BankRef: plain(e.Trace), CustomerRef: plain(e.Trace), Text: "ACH CREDIT " + plain(e.Batch.Company+" "+e.Batch.Description)}})
	}
	return moves
}

// settlement is the effective date, or the next banking day that the file still reaches (ACH-5, SIM-3).
func (s *Sim) settlement(d delivery, effective civil.Date) civil.Date {
	first := civil.Of(d.at, civil.NewYork)
	if lastWindow := first.At(16, 45, civil.NewYork); d.at.After(lastWindow) {
		first = first.AddDays(1)
	}
	if effective.Before(first) {
		effective = first
	}
	return s.calendar.OnOrAfter(effective)
}

// back is an entry on its way back: returned, or corrected.
type back struct {
	entry   achread.Entry
	origin  delivery
	account Account
	day     civil.Date // when the bank tells us, and a return's money moves
	code    string     // Rnn or Cnn
	settled civil.Date
}

// back decides what becomes of an entry to a special account (SIM-4). It is false for one that is just posted.
func (s *Sim) back(d delivery, e achread.Entry) (back, bool) {
	ending, _ := d.rules.ending(e.Account)
	account, _ := s.byCompany(e.Batch.CompanyID)
	b := back{entry: e, origin: d, account: account, settled: s.settlement(d, e.Batch.Effective)}
	b.day = s.calendar.Add(b.settled, 2)
	live := !e.Prenote()
	switch {
	case ending < 100 && live && returnReason[fmt.Sprintf("R%02d", ending)] != "":
		b.code = fmt.Sprintf("R%02d", ending)
	case 100 < ending && ending < 200 && corrected(e, fmt.Sprintf("%02d", ending-100)) != "":
		b.code = fmt.Sprintf("C%02d", ending-100)
	case ending == 200 && !live:
		b.code = "R03"
	case ending == 300 && live && !e.Credit():
		b.code = "R10"
		b.day = s.calendar.OnOrAfter(b.settled.AddDays(59))
	case (ending == 611 || ending == 617) && live && !e.Credit():
		b.code = fmt.Sprintf("R%02d", ending-600)
	case ending == 400 && live && e.Credit():
		b.code = "R23"
		b.day = s.calendar.Add(b.settled, 3)
	}
	return b, b.code != ""
}

// funds are the simulated balances of debited accounts (SIM-6), in cents, since rules last set them.
type funds struct {
	rules string
	holds map[string]int64
}

// short moves the balances by the watched entries of an accepted file, and gives the debits that they do not cover. What
// comes back anyway moves nothing.
func (f *funds) short(d delivery, comeBack []back) (list []achread.Entry) {
	if f.rules != d.rulesText || f.holds == nil {
		f.rules, f.holds = d.rulesText, maps.Clone(d.rules.Balances)
	}
	for _, e := range d.watched {
		switch {
		case slices.ContainsFunc(comeBack, func(b back) bool { return b.code[0] == 'R' && b.entry.Trace == e.Trace }):
		case e.Credit():
			f.holds[e.Account] += e.Amount
		case f.holds[e.Account] < e.Amount:
			list = append(list, e)
		default:
			f.holds[e.Account] -= e.Amount
		}
	}
	return list
}

// movement is the money of a return. Corrections and returned test entries have none.
func (b back) movement() (movement, bool) {
	if b.code[0] != 'R' || b.entry.Amount == 0 {
		return movement{}, false
	}
	code := bai2.ACHReturnCredit
	if !b.entry.Credit() {
		code = bai2.ACHReturnDebit
	}
	return movement{b.account, b.day, bai2.Line{
		Type: code, Amount: b.entry.Amount, BankRef: b.trace(), CustomerRef: b.entry.Trace,
		Text: "ACH RETURN " + b.code + " " + b.reason(),
	}}, true
}

// rdfi is the eight-digit id of the bank that sends the entry back.
func (b back) rdfi() string { return b.entry.Routing[:8] }

// trace is the number of the entry on its way back: unique and ascending wherever the original's is.
func (b back) trace() string { return b.rdfi() + b.entry.Trace[8:] }

func (b back) reason() string { return returnReason[b.code] }

// corrected is the corrected data of change code C<nn> for an entry; empty for a code the simulator does not play.
func corrected(e achread.Entry, nn string) string {
	account := e.Account[:len(e.Account)-4] + "1234"
	routing := nextRDFI(e.Routing)
	code := fmt.Sprintf("%02d", (5-e.Code/10)*10+e.Code%10) // checking 2x, savings 3x
	switch nn {
	case "01":
		return account
	case "02":
		return routing
	case "03":
		return fmt.Sprintf("%-12s%s", routing, account)
	case "04":
		return strings.TrimRight(fmt.Sprintf("%.22s", "CORRECTED "+e.Name), " ")
	case "05":
		return code
	case "06":
		return fmt.Sprintf("%-20s%s", account, code)
	case "07":
		return fmt.Sprintf("%s%-17s%s", routing, account, code)
	case "09":
		return fmt.Sprintf("%.22s", "C"+e.ID)
	case "10":
		return fmt.Sprintf("%.16s", "CORRECTED "+e.Batch.Company)
	case "11":
		return fmt.Sprintf("%.10s", "1"+e.Batch.CompanyID)
	case "12":
		return fmt.Sprintf("%-16.16s%.10s", "CORRECTED "+e.Batch.Company, "1"+e.Batch.CompanyID)
	}
	return ""
}

// rdfis are the receiving banks of the sandbox (SIM-1).
var rdfis = []string{"990000026", "990000039", "990000097", "990000107"}

// nextRDFI is another bank than the given one.
func nextRDFI(routing string) string {
	return rdfis[(slices.Index(rdfis, routing)+1)%len(rdfis)]
}

// plain makes a reference of text that may hold what a BAI2 field may not.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == ',' || r == '/' {
			return '-'
		}
		return r
	}, s)
}

// returnReason has the return codes that Nacha defines, with a short name of each.
var returnReason = map[string]string{
	"R01": "INSUFFICIENT FUNDS", "R02": "ACCOUNT CLOSED", "R03": "NO ACCOUNT", "R04": "INVALID ACCOUNT NUMBER",
	"R05": "UNAUTHORIZED CONSUMER DEBIT", "R06": "RETURNED PER ODFI REQUEST", "R07": "AUTHORIZATION REVOKED",
	"R08": "PAYMENT STOPPED", "R09": "UNCOLLECTED FUNDS", "R10": "NOT AUTHORIZED", "R11": "NOT AS AUTHORIZED",
	"R12": "BRANCH SOLD", "R13": "RDFI NOT QUALIFIED", "R14": "REPRESENTATIVE PAYEE DECEASED",
	"R15": "BENEFICIARY DECEASED", "R16": "ACCOUNT FROZEN", "R17": "FILE RECORD EDIT CRITERIA",
	"R18": "IMPROPER EFFECTIVE DATE", "R19": "AMOUNT FIELD ERROR", "R20": "NON-TRANSACTION ACCOUNT",
	"R21": "INVALID COMPANY ID", "R22": "INVALID INDIVIDUAL ID", "R23": "CREDIT REFUSED BY RECEIVER",
	"R24": "DUPLICATE ENTRY", "R25": "ADDENDA ERROR", "R26": "MANDATORY FIELD ERROR", "R27": "TRACE NUMBER ERROR",
	"R28": "ROUTING NUMBER CHECK DIGIT", "R29": "CORPORATE CUSTOMER REFUSES", "R30": "NOT IN TRUNCATION PROGRAM",
	"R31": "PERMISSIBLE RETURN", "R32": "RDFI NON-SETTLEMENT", "R33": "RETURN OF XCK",
	"R34": "LIMITED PARTICIPATION RDFI", "R35": "IMPROPER DEBIT", "R36": "IMPROPER CREDIT",
	"R37": "SOURCE DOCUMENT PRESENTED", "R38": "STOP ON SOURCE DOCUMENT", "R39": "IMPROPER SOURCE DOCUMENT",
	"R40": "RETURN OF ENR", "R41": "INVALID TRANSACTION CODE", "R42": "ROUTING NUMBER ERROR",
	"R43": "INVALID ACCOUNT NUMBER", "R44": "INVALID INDIVIDUAL ID", "R45": "INVALID INDIVIDUAL NAME",
	"R46": "INVALID PAYEE INDICATOR", "R47": "DUPLICATE ENROLLMENT", "R50": "STATE LAW AFFECTING RCK",
	"R51": "RCK ITEM INELIGIBLE", "R52": "STOP ON RCK ITEM", "R53": "ITEM AND RCK PRESENTED",
	"R61": "MISROUTED RETURN", "R62": "RETURN OF ERRONEOUS DEBIT", "R67": "DUPLICATE RETURN",
	"R68": "UNTIMELY RETURN", "R69": "FIELD ERROR", "R70": "PERMISSIBLE RETURN NOT ACCEPTED",
	"R71": "MISROUTED DISHONORED RETURN", "R72": "UNTIMELY DISHONORED RETURN", "R73": "TIMELY ORIGINAL RETURN",
	"R74": "CORRECTED RETURN", "R75": "RETURN NOT DUPLICATE", "R76": "NO ERRORS FOUND",
	"R77": "NON-ACCEPTANCE OF R62", "R80": "IAT CODING ERROR", "R81": "NON-PARTICIPANT IN IAT",
	"R82": "INVALID FOREIGN BANK ID", "R83": "FOREIGN BANK UNABLE TO SETTLE", "R84": "NOT PROCESSED BY GATEWAY",
	"R85": "INCORRECTLY CODED OUTBOUND",
}
