package view

func approvalsSample() ApprovalsPage {
	return ApprovalsPage{Page: page("Approvals", ApprovalsURL), Currency: "USD", People: []Option{{"006x", "Ben Okafor"}},
		Rows: []ApprovalRow{
			{ID: "00n1", Kind: "Bill", Number: "4711", Vendor: "Old Mill Bakery", URL: BillURL("00n1"), Due: date("2026-12-10"), Currency: "USD", Minor: 1_250_00, Since: "23 Nov 2026, 09:00"},
			{ID: "vcr1", Kind: "Credit", Number: noBreak, Vendor: longName, For: rtl, Currency: "CAD", Minor: huge, Since: "23 Nov 2026, 09:00"},
		},
		Delegations: []DelegationRow{{"adl1", "Ben Okafor", date("2026-12-01"), date("2026-12-24"), "$5,000.00"}}}
}

func approvalsAwkward() ApprovalsPage {
	v := approvalsSample()
	v.Page = awkwardPage("Approvals", ApprovalsURL)
	v.Rows[0].Urgent, v.Rows[0].Vendor, v.Rows[0].Number, v.Rows[0].For, v.Comment = true, attack, markup, attack, attack
	v.Delegations[0].Name = attack
	v.People = append(v.People, Option{markup, attack})
	v.Form = DelegationForm{Delegate: markup, From: attack, To: attack, Cap: attack}
	v.Errors = FieldErrors{{"from", attack, ""}, {"cap", "Enter an amount.", ""}, {"comment", "Say why you deny.", ""}}
	return v
}

func mailLinkSample() MailLinkPage {
	return MailLinkPage{Title: "Bill 4711", Token: "t0ken", Company: "Northwind", User: "Ben Okafor", For: rtl, Kind: "Bill", Number: "4711", Vendor: longName,
		Minor: 1_250_00, Currency: "USD", Date: date("2026-11-10"), Due: date("2026-12-10"), Description: attack,
		Lines: []BillLine{{Account: "Food", Description: markup, Minor: 1_250_00}}, Comment: attack, Errors: FieldErrors{{"comment", "Say why you deny this bill.", ""}}}
}

func policiesSample() PoliciesPage {
	return PoliciesPage{Page: page("Approval policies", SettingsURL), Banks: true, Mode: "warn", Waiting: "Ana has asked for “enforce”. " + attack,
		Policies: []PolicyRow{{"apo1", "Large bills", "Bills of at least 1000.00 USD", "Asks 1 of Managers, then ana@x.example", true}, {"apo2", attack, markup, longName, false}},
		Groups:   []GroupRow{{"agp1", "Managers", "ana@x.example\nben@x.example"}, {"agp2", attack, markup}},
		Users:    true, Replacements: []ReplacementRow{{"u1", "Anna Gray (has left)", "Ben Cole"}, {"u2", attack, markup}},
		Leaving: []Option{{ID: "u1", Name: "Anna Gray (has left)"}}, Approvers: []Option{{ID: "u3", Name: attack}}, User: "u1", By: "u3",
		Errors: FieldErrors{{"by", "That person may not approve.", ""}, {"members", "No user has this address.", ""}, {"mode", "Choose another mode.", ""}}, Name: attack, Members: attack}
}

func policySample() PolicyForm {
	return PolicyForm{Page: page("Approval policy", SettingsURL), ID: "apo1", Name: attack, Type: "0", Priority: "1", Threshold: "1000.00", Most: markup, Vendors: attack,
		Steps: []PolicyStep{{"Managers\nben@x.example", "1"}, {attack, markup}, {}}, Others: []string{attack}, Least: "2", On: true,
		Errors: FieldErrors{{"people2", "Nothing here is called so.", ""}, {"threshold", "Enter an amount.", ""}}}
}

func replaySample() ReplayPage {
	return ReplayPage{Page: page("What it would have asked", SettingsURL), ID: "apo1", Name: attack, Days: 90, Looked: 412,
		Rows: []ReplayRow{{"00n1", "4711", "Old Mill Bakery", BillURL("00n1"), 1_250_00, "USD", "1 of ana@x.example, ben@x.example"}, {"vcr1", markup, rtl, "", huge, "USD", attack}}}
}
