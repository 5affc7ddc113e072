package view

// AskPage says what an act will do, and to how much money, before it is done.
type AskPage struct {
	Page
	Heading string
	Sum     string // Amount
	Lines   []string
	Action  string // where the form goes
	Fields  []Fact // what goes on in it, unchanged
	Button  string
	Back    Link // the way out
}
