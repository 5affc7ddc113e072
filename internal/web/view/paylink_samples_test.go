package view

import "github.com/duebook/duebook/internal/civil"

func payLinkSample() PayLinkPage {
	return PayLinkPage{Title: "Invoice 417 from Northwind", Token: "4f9c2b7e1a6d4c0f8b3e5a7d9c1f2e4b", Company: "Northwind Property Services",
		Reach: []string{"1200 Harbor Way", "Seattle, WA 98101", "Phone (206) 555-0142"}, Customer: "Hartwell Hotel", Number: "417",
		Date: civil.MustDate("2026-11-23"), Due: civil.MustDate("2026-12-23"), Currency: "USD", Subtotal: 3000_00, Tax: 246_00, TaxName: "WA sales tax 8.2%",
		Total: 3246_00, Paid: 1000_00, Open: 2246_00, Note: "Thank you for your business.", Remit: []string{"Check payable to Northwind Property Services."},
		Lines:  []PayLinkLine{{"Cleaning", "Every week of November", "4", "500.00", 2000_00}, {"", "Windows", "1", "1,000.00", 1000_00}},
		Others: []PayLinkOther{{"418", civil.MustDate("2026-12-30"), 99_00, "/pay/x"}, {"419", civil.MustDate("2026-12-31"), 1_00, ""}},
		Form:   &PayLinkForm{Wording: "I authorise Northwind to debit the bank account named here once.", Day: "2026-11-24", Key: "k", Amount: "2246.00", Sandbox: true}}
}

func payLinkAwkward() PayLinkPage {
	v := payLinkSample()
	v.Company, v.Customer, v.Number, v.Note = longName, rtl, attack, markup
	v.Reach, v.Remit, v.More, v.Waiting = []string{attack}, []string{markup}, true, 1
	v.Lines = append(v.Lines, PayLinkLine{longName, attack, "-1", "10%", -999_999_999_99})
	v.Others = append(v.Others, PayLinkOther{attack, civil.Date{}, 0, "/pay/y"})
	v.Form.Account, v.Form.Replace, v.Form.From, v.Form.Name, v.Form.Routing, v.Form.Wording = "5678", true, "new", attack, attack, attack
	v.Form.Errors = FieldErrors{{"amount", "Enter an amount.", ""}, {"routingNumber", attack, ""}, {"agree", "Agree first.", ""}, {"", "Look at the form once more.", ""}}
	return v
}

func payLinkDone() PayLinkPage {
	v := payLinkSample()
	v.Done, v.Waiting, v.Form, v.Others = "$2,246.00 will be debited.", v.Open, nil, nil
	v.Refused = FieldErrors{{"", "Nothing is left to pay.", ""}}
	return v
}
