package view

// ErrorsPage is the table of the API's error codes, for everybody.
type ErrorsPage struct {
	Bare
	Search string
	Codes  []APIError
}

// APIError is one code of either generation.
type APIError struct{ Code, Message, When, Remedy string }
