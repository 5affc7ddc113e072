package view

import "time"

func payManySamples() []sample {
	awkward := payManySample()
	awkward.Page, awkward.Query = awkwardPage("Pay bills", BillsURL), PayManyQuery{Search: attack, All: true}
	awkward.Errors = FieldErrors{{"processDate", "Enter a date.", "BDCE013"}, {"list", "Choose the bills to pay, 200 bills at most.", ""}}
	awkward.Accounts[1].Known = false
	none, nothing := PayManyPage{Page: page("Pay bills", BillsURL)}, paidManySample()
	nothing.Paid = nil
	noMatch := none
	noMatch.Query.Search = markup
	ask := AskPage{Page: awkwardPage("Cancel a payment", PaymentsURL), Heading: "Cancel the payment to " + longName + attack + "?", Sum: Amount(huge, "USD"),
		Lines: []string{"It does not leave on 27 Nov 2026.", markup}, Action: CancelPaymentURL("p1"), Fields: []Fact{{"reason", attack}}, Button: "Cancel this payment",
		Back: Link{"Keep it", PaymentURL("p1")}}
	denied, image := paymentWaiting(), paymentCheck()
	denied.Errors, denied.Waiting.Typed = FieldErrors{{"reason", "Say why you deny this payment.", ""}}, attack
	image.Disbursement.Image, image.Disbursement.Number = CheckImageURL("p3"), 10001
	return []sample{
		{"ask", Ask(ask)}, {"payment-denied-without-reason", Payment(denied)}, {"payment-check-image", Payment(image)},
		{"vendor-credits", Vendor(VendorPage{Page: page("Vendor", VendorsURL), ID: "v1", Name: longName, Currency: "USD", AllBills: BillsURL, Credits: []CreditRow{
			{"c1", noBreak, date("2026-11-12"), "USD", huge, huge - 5, 3, []CreditUse{{"b1", noBreak, 3}, {"b2", attack, 2}}}, {"c2", "", date("2026-11-12"), "EUR", 100, 100, 0, nil}}})},
		{"pay-many", PayMany(payManySample())}, {"pay-many-awkward", PayMany(awkward)}, {"pay-many-none", PayMany(none)}, {"pay-many-no-match", PayMany(noMatch)},
		{"pay-many-review", ReviewMany(paidManySample())}, {"pay-many-review-nothing", ReviewMany(nothing)},
		{"pay-many-done", PaidMany(paidManySample())}, {"pay-many-done-nothing", PaidMany(nothing)},
	}
}

func payManySample() PayManyPage {
	odd := ToPayRow{BillHead: BillHead{ID: "b3", Vendor: longName, Number: noBreak, Currency: "USD", Open: huge, Due: date("2026-10-01")}, DaysLate: 53, Method: "Check"}
	second := ToPayRow{BillHead: head(), Approval: 3, Method: "ACH ···· 1234"}
	second.ID = "b2"
	return PayManyPage{
		Page: page("Pay bills", BillsURL), Rows: []ToPayRow{{BillHead: head(), Method: "ACH ···· 1234"}, second, odd}, Next: "n", Previous: "p",
		Chosen: map[string]bool{"b2": true}, ProcessDate: "2026-11-27", Earliest: date("2026-11-27"), Latest: date("2027-11-26"),
		Cutoff: Cutoff{"18:00 Pacific today", 130 * time.Minute}, Key: "k-1", Account: "a2",
		Accounts: []Funds{{accounts()[0], true, 1_000_000, 400_000}, {accounts()[1], true, -5, huge}},
	}
}

func paidManySample() PaidManyPage {
	odd := head()
	odd.Vendor, odd.Number, odd.Open, odd.ID = rtl, attack, huge, "b3"
	return PaidManyPage{
		Page: page("Confirm the payments", BillsURL), ProcessDate: date("2026-11-27"), From: Funds{accounts()[0], true, 100_000, 40_000}, Key: "k-1",
		Bills: []ChosenBill{{head().ID, 242_050, 0}, {"b2", 95_000, 5_000}, {"b3", huge, 0}},
		Paid: []PaidTogether{
			{"p1", head().Vendor, "scheduled", "ACH", 337_050, 1_200, date("2026-11-27"), date("2026-11-30"), []PaidBill{{Bill: head(), Paid: 242_050}, {Bill: head(), Paid: 95_000}}},
			{"p2", longName, "awaiting_approval", "Check", huge, 0, date("2026-11-27"), date("2026-12-04"), []PaidBill{{Bill: odd, Paid: huge}}},
		},
		Refused: []RefusedPayment{{odd, longName + noBreak, "BDCE013"}},
	}
}
