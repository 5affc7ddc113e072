package view

import "net/url"

// StatementsPage is what a bank says of an account of ours, and how far the books explain it.
type StatementsPage struct {
	Page
	Account    BankAccount
	Report     ReconciliationReport
	Open       []OpenLine
	Suspended  []OpenLine
	Statements []StatementRow
	Accounts   []Option // of the ledger, that a line can be posted to
	CanKeep    bool     // the books
	Errors     FieldErrors
}

// ReconciliationReport is the proof of one day; amounts as they are shown. Day is empty before the first statement.
type ReconciliationReport struct {
	Day, URLDay                               string
	Statement, Book, Transit, Open, Unproved  string
	Checks, Transfers                         string
	Proved, Done                              bool
	InTransit                                 []ReportItem
	TransitCount, OpenCount, ParkedCount, Cut int
}

// ReportItem is one entry of the books that is on no statement.
type ReportItem struct{ Day, Text, Amount string }

// OpenLine is a movement that waits for a person.
type OpenLine struct {
	ID, Day, Kind, Reference, Text, Amount string
	Credit                                 bool
	Choices                                []Option // what it may be; the values post as what
	Proposal                               *Option  // the likeliest
}

// StatementRow is one day's statement.
type StatementRow struct {
	ID, Day, Opening, Closing, Reason string
	Lines                             int64
	State                             Badge
	Parked                            bool
}

// StatementsURL shows what the bank says of an account of ours (GET).
func StatementsURL(account string) string {
	return BankAccountsURL + "/" + url.PathEscape(account) + "/statements"
}

// MatchLineURL says what a movement is (POST); ClearSuspenseURL which payment came back (POST).
func MatchLineURL(account, line string) string {
	return StatementsURL(account) + "/lines/" + url.PathEscape(line)
}

// ClearSuspenseURL says which payment it was that came back (POST).
func ClearSuspenseURL(account, line string) string {
	return MatchLineURL(account, line) + "/suspense"
}

// ParkedURL takes a parked statement or puts it away: accept or refuse (POST).
func ParkedURL(account, statement, what string) string {
	return StatementsURL(account) + "/" + url.PathEscape(statement) + "/" + what
}

// ReconciledURL marks an account as reconciled (POST).
func ReconciledURL(account string) string { return StatementsURL(account) + "/reconciled" }
