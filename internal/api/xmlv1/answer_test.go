package xmlv1_test

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/duebook/duebook/internal/api/problem"
)

// element is an answer as a client sees it.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []element  `xml:",any"`
}

func parse(raw string) (e element, err error) {
	return e, xml.Unmarshal([]byte(raw), &e)
}

// find gives the first element of that name, as the old clients search.
func (e element) find(name string) *element {
	for i := range e.Children {
		if e.Children[i].XMLName.Local == name {
			return &e.Children[i]
		}
		if f := e.Children[i].find(name); f != nil {
			return f
		}
	}
	return nil
}

// text gives the text of the first element of that name.
func (e element) text(name string) string {
	if f := e.find(name); f != nil {
		return f.Text
	}
	return ""
}

// child gives the text of the direct child.
func (e element) child(name string) string {
	for _, c := range e.Children {
		if c.XMLName.Local == name {
			return c.Text
		}
	}
	return ""
}

func (e element) all(name string) (out []element) {
	for _, c := range e.Children {
		if c.XMLName.Local == name {
			out = append(out, c)
		}
		out = append(out, c.all(name)...)
	}
	return out
}

func (e element) attr(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// names lists the direct children.
func (e element) names() []string {
	var out []string
	for _, c := range e.Children {
		out = append(out, c.XMLName.Local)
	}
	return out
}

// codes gives status and code of each operation's result.
func (e element) codes() []string {
	var out []string
	for _, r := range e.all("operationresult") {
		out = append(out, strings.TrimSpace(r.child("status")+" "+r.child("errorcode")))
	}
	return out
}

const declaration = `<?xml version="1.0" encoding="UTF-8"?>`

var (
	wireID      = regexp.MustCompile(`^[0-9a-z]{3}01[A-Z]+[0-9a-z]+$`)
	wireSession = regexp.MustCompile(`^[A-Za-z0-9]{30,64}$`)
	wireTime    = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(PST|PDT|GMT)$`)
)

// The children of each result element in their order; those of entities are free here (4.1).
var results = map[string][]string{
	"loginresult":                  {"status", "sessionId", "orgID", "errormessage", "errorcode"},
	"logoutresult":                 {"status", "sessionId", "orgID", "errormessage", "errorcode"},
	"getorglistresult":             {"status", "errormessage", "errorcode", "org_info"},
	"getcurrenttimeresult":         {"currentTime"},
	"checksyncclientversionresult": {"status", "errormessage", "errorcode"},
	"applicationkeyerror":          {"errormessage", "errorcode"},
	"versionerror":                 {"errormessage", "errorcode"},
	"operationresult":              {"loginresult", "status", "id", "data", "errormessage", "errorcode"},
	"operationbatchresult":         {"loginresult", "operationresult"},
}

// checkAnswer holds an answer against section 4 of docs/spec/api-v1-xml.md and the rules of transport for answers.
func checkAnswer(raw string, root element) error {
	if !strings.HasPrefix(raw, declaration+"<response>") {
		return fmt.Errorf("T-15: begins with %.60q", raw)
	}
	for i := range len(raw) {
		if raw[i] > 0x7E {
			return fmt.Errorf("T-16: byte %#x at %d", raw[i], i)
		}
	}
	if strings.Contains(raw, "<!") || strings.Contains(raw[len(declaration):], "<?") || strings.Contains(raw, "xmlns") {
		return fmt.Errorf("T-15: declaration, instruction or namespace")
	}
	if root.XMLName.Local != "response" || len(root.Attrs) != 0 || len(root.Children) != 1 {
		return fmt.Errorf("4.1: root %s with %d children", root.XMLName.Local, len(root.Children))
	}
	top := root.Children[0]
	if top.XMLName.Local == "operationresult" && (len(top.Children) == 0 || top.Children[0].XMLName.Local != "loginresult") &&
		top.child("errorcode") != "BDCE012" && top.child("errorcode") != "BDCE056" && top.child("errorcode") != "BDCE014" {
		return fmt.Errorf("R-3: no loginresult")
	}
	return checkResult(top, false)
}

func checkResult(e element, inBatch bool) error {
	name := e.XMLName.Local
	order, ok := results[name]
	if !ok {
		return fmt.Errorf("4.1: element %s", name)
	}
	at := 0
	for _, c := range e.Children {
		i := slices.Index(order, c.XMLName.Local)
		if i < at {
			return fmt.Errorf("4.1: %s in %s", c.XMLName.Local, name)
		}
		if at = i; c.XMLName.Local != "org_info" && c.XMLName.Local != "operationresult" {
			at++ // only these repeat
		}
	}
	if name == "operationresult" {
		if len(e.Attrs) != 1 || e.Attrs[0].Name.Local != "transactionId" {
			return fmt.Errorf("R-7: attributes %v", e.Attrs)
		}
		if inBatch && e.find("loginresult") != nil {
			return fmt.Errorf("R-4: loginresult inside a batch")
		}
	} else if len(e.Attrs) != 0 {
		return fmt.Errorf("4.1: attributes of %s", name)
	}
	status := e.child("status")
	failed := status == "failed" || name == "applicationkeyerror" || name == "versionerror"
	if slices.Contains(order, "status") && status != "OK" && status != "failed" {
		return fmt.Errorf("R-1: status %q of %s", status, name)
	}
	if failed {
		if e.child("errormessage") == "" || e.child("errorcode") == "" {
			return fmt.Errorf("R-2: %s without code or message", name)
		}
		if _, ok := problem.Find(e.child("errorcode")); !ok {
			return fmt.Errorf("section 9 has no code %s", e.child("errorcode"))
		}
		if slices.Contains(e.names(), "id") || slices.Contains(e.names(), "data") {
			return fmt.Errorf("R-12: id or data in a failure")
		}
	} else if e.child("errormessage")+e.child("errorcode") != "" {
		return fmt.Errorf("R-2: code or message without failure in %s", name)
	}
	for _, c := range e.Children {
		switch n := c.XMLName.Local; n {
		case "loginresult", "operationresult":
			if err := checkResult(c, name == "operationbatchresult"); err != nil {
				return err
			}
		case "data", "org_info":
			if err := checkEntities(c, 0); err != nil {
				return err
			}
		case "sessionId":
			if !wireSession.MatchString(c.Text) {
				return fmt.Errorf("3.4: session id %q", c.Text)
			}
		case "id", "orgID":
			if !wireID.MatchString(c.Text) || len(c.Text) != 20 {
				return fmt.Errorf("2.6: %s %q", n, c.Text)
			}
		case "currentTime":
			if !wireTime.MatchString(c.Text) {
				return fmt.Errorf("2.4: %q", c.Text)
			}
		}
	}
	return nil
}

// wrappers hold the lines of entities.
var wrappers = []string{"billLineItems", "vendorCreditLineItems", "invoiceLineItems", "paidTransactions"}

// checkEntities: nothing inside an entity is empty (T-17), and only a wrapper of lines has children (2.7).
func checkEntities(e element, depth int) error {
	if len(e.Attrs) != 0 {
		return fmt.Errorf("attributes of %s", e.XMLName.Local)
	}
	for _, c := range e.Children {
		if len(c.Children) == 0 && c.Text == "" {
			return fmt.Errorf("T-17: empty %s in %s", c.XMLName.Local, e.XMLName.Local)
		}
		if depth == 1 && len(c.Children) > 0 && !slices.Contains(wrappers, c.XMLName.Local) {
			return fmt.Errorf("2.7: %s in %s has children", c.XMLName.Local, e.XMLName.Local)
		}
		if err := checkEntities(c, depth+1); err != nil {
			return err
		}
	}
	return nil
}
