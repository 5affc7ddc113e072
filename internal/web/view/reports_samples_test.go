package view

func reportsSample() ReportsPage {
	return ReportsPage{Page: page("Reports", ReportsURL), Groups: []ReportGroup{{"Payables", []ReportLink{{"Payables ageing", ReportURL("ap-ageing"), "What is owed."}, {longName, ReportURL("x"), attack}}}}}
}

func reportSample() ReportPage {
	return ReportPage{Page: page("Payables ageing", ReportsURL), Name: "ap-ageing", About: attack, Subtitle: "As of 2026-11-23", Currency: "USD",
		Fields: []ReportField{{Name: "as-of", Title: "As of", Kind: "date", Value: "2026-11-23"}, {Name: "by", Title: "By", Kind: "choice", Value: "week", Choices: []string{"week", attack}},
			{Name: "vendor", Title: "vendor", Kind: "record", Value: markup}},
		Columns: []ReportColumn{{Title: "Vendor"}, {Title: "Current", Right: true, Long: true}, {Title: "Total", Right: true}},
		Rows: []ReportRow{{Cells: []string{longName, "1,234.50", "1,234.50"}, URL: ReportURL("ap-open", [2]string{"vendor", markup})},
			{Cells: []string{attack, "", "\u22121.00"}}, {Cells: []string{"Closing", "", "1.00"}, Sum: true}},
		Total: []string{"", "1,234.50", "1,233.50"}, Facts: []Fact{{Label: "Difference", Value: "0.00"}}, All: 12_345, First: 1001, PageNumber: 2, TaxYear: "2026",
		Parameters: [][2]string{{"as-of", "2026-11-23"}, {"vendor", markup}}}
}
