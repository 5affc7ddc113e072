package view

// PaymentRulesPage is the form for when a payment needs a second person. Its fields post as threshold, vendor, user, day (an
// amount, or nothing for none) and combine (yes or no).
type PaymentRulesPage struct {
	Page
	Threshold, Vendor, User, Day string
	Combine                      bool
	Banks                        bool
	Errors                       FieldErrors
}
