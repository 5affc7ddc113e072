package view

// SignInSettingsPage is Settings > Signing in: the user's own second factor.
type SignInSettingsPage struct {
	Page
	Set    bool // an authenticator is at work
	Errors FieldErrors

	// While one is being set up: the QR code as the path of a drawing of QRSize squares a side, and the secret to type. Both
	// are shown once.
	Pending bool
	QR      string
	QRSize  string
	Secret  string

	Manage, Banks bool // which other pages of the settings the user sees
}

// TokensPage is Settings > API tokens.
type TokensPage struct {
	Page
	Tokens []APIToken
	Name   string // as typed
	Value  string // of a token just made; shown once
	Errors FieldErrors
	Banks  bool
}

// APIToken is a secret by which a program signs in.
type APIToken struct {
	ID, Name, User, Created string
}
