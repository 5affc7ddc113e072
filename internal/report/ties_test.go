package report_test

// allTie runs every report that shows money over all that has happened; each has to differ from the ledger by nothing.
func (o *office) allTie() {
	o.t.Helper()
	begin, end, today := o.today().AddDays(-400).String(), o.today().AddDays(30).String(), o.today().String()
	for _, args := range [][]string{
		{"payment-register", "from", begin, "to", end}, {"check-register"}, {"funds-transfers", "from", begin, "to", end},
		{"unclaimed-property", "show", "all"}, {"cash-requirements"}, {"cash-requirements", "by", "day", "show", "less-receipts"},
		{"spend", "from", begin, "to", end}, {"spend", "from", begin, "to", end, "by", "account"}, {"spend", "from", begin, "to", end, "by", "job"},
		{"profit-and-loss", "from", begin, "to", today}, {"balance-sheet"}, {"sales-tax", "from", begin, "to", end}, {"sales-tax", "from", begin, "to", today},
	} {
		if t := o.run(args[0], args[1:]...); t.Off != 0 {
			o.t.Errorf("GL-4: %v is off by %d: %v\n%v", args, t.Off, t.Facts, rows(t))
		}
	}
	if items, sums := o.run("cash-items", "show", "less-receipts"), o.run("cash-requirements", "show", "less-receipts"); items.Total[5] != sums.Total[len(sums.Total)-1] {
		o.t.Errorf("cash requirements are %v, by item %v", sums.Total, items.Total)
	}
	if lines, sums := o.run("spend-lines", "from", begin, "to", end), o.run("spend", "from", begin, "to", end); lines.Total[6] != sums.Total[2] {
		o.t.Errorf("spend is %v, by line %v", sums.Total, lines.Total)
	}
}
