package view

// SignInPage is the form that opens a session.
type SignInPage struct {
	Bare
	Email  string // as typed, so that it need not be typed again
	Next   string // path to go to afterwards
	Locked bool   // rule LOG-3: only the forgotten-password way unlocks, so the page says so and leads there
	Errors FieldErrors
}

// ForgotPasswordPage asks for a link that sets a new password. Once sent it says the same whether or not the address
// is known.
type ForgotPasswordPage struct {
	Bare
	Email  string
	Sent   bool
	Errors FieldErrors
}

// ResetPasswordPage sets a new password. Expired replaces the form by the way to a new link.
type ResetPasswordPage struct {
	Bare
	Token   string
	Email   string // whose password it is, for the browser's password store
	Rule    string // what a password must be, in words
	Expired bool
	Errors  FieldErrors
}

// ChooseOrganisationPage is shown after signing in to who works in several organisations, or in none.
type ChooseOrganisationPage struct {
	Bare
	User string
	Next string
	Orgs []Organisation
}
