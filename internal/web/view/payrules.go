package view

// PaymentRulesPage is the form for when a payment needs a second person. Its fields post as threshold, vendor, user, day (an
// amount, or nothing for none) combine (yes or no), test
// (prenote, none, micro) and wait (standard, nacha).
type PaymentRulesPage struct {
	Page
	Threshold, Vendor, User, Day string
	Odd                          string // points; empty for never
	Combine                      bool
	Test, Wait                   string // org.Preferences; empty: the default
	Banks                        bool
	Errors                       FieldErrors
}
