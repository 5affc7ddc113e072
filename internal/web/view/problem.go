package view

import "net/http"

// ErrorPage is a refusal or a fault. Incident is what the user quotes and the log can be searched for.
type ErrorPage struct {
	Bare
	Status   int    // 403, 404, 500 and others of their kind
	Detail   string // what exactly was refused, safe to show; "" for the usual words
	Incident string
	Home     Link // the way out; the zero Link leads to HomeURL
}

func (v ErrorPage) words() (heading, detail string) {
	switch v.Status {
	case http.StatusForbidden:
		heading, detail = "You may not do this", "Your role in this organisation does not include it. An administrator can change that."
	case http.StatusNotFound:
		heading, detail = "There is nothing here", "The address may be mistyped, or what it showed belongs to another organisation."
	case http.StatusTooManyRequests:
		heading, detail = "Too many tries", "Wait a while, then try again."
	default:
		heading, detail = "Something went wrong on our side", "Nothing was half done: what you sent was either kept whole or not at all. Look before you send it again."
	}
	if v.Detail != "" {
		detail = v.Detail
	}
	return heading, detail
}

func (v ErrorPage) wayOut() Link {
	if v.Home.URL == "" {
		return Link{"Go to Home", HomeURL}
	}
	return v.Home
}
