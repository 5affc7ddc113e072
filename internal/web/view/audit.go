package view

import "net/url"

// AuditPage is Settings > Audit trail: the latest events of the organisation.
type AuditPage struct {
	Page
	Query  AuditQuery
	Events []AuditEvent
	Next   string // cursor of the page after this one, "" for none
	Anchor *AuditAnchor
	Banks  bool // whether the user may see Settings > Bank accounts
	Manage bool // whether the user may manage the company
}

// AuditQuery is what the page shows. The dates are days of the organisation, YYYY-MM-DD, both included.
type AuditQuery struct {
	Record, User string // id; e-mail
	From, Until  string
	After        string // cursor
}

// AuditEvent is an event of the audit trail.
type AuditEvent struct {
	Change
	ID, Cursor   string
	Type, Record string
	Address      string // network address
}

// AuditAnchor is the latest signed mark of how far the trail went.
type AuditAnchor struct {
	Day, Hash string
	Events    int64
}

// ParseAuditQuery reads the address of the page.
func ParseAuditQuery(v url.Values) AuditQuery {
	return AuditQuery{Record: v.Get("record"), User: v.Get("user"), From: v.Get("from"), Until: v.Get("until"), After: v.Get("after")}
}

// URL is the address of the page.
func (q AuditQuery) URL() string {
	v := url.Values{}
	for _, f := range []struct{ name, value string }{{"record", q.Record}, {"user", q.User}, {"from", q.From}, {"until", q.Until}, {"after", q.After}} {
		if f.value != "" {
			v.Set(f.name, f.value)
		}
	}
	if len(v) == 0 {
		return AuditURL
	}
	return AuditURL + "?" + v.Encode()
}

func (v AuditPage) nextURL() string {
	if v.Next == "" {
		return ""
	}
	q := v.Query
	q.After = v.Next
	return q.URL()
}

// firstURL leads back to the latest events.
func (v AuditPage) firstURL() string {
	if v.Query.After == "" {
		return ""
	}
	q := v.Query
	q.After = ""
	return q.URL()
}
