package demo

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// client is a small program of the year 2012: it speaks generation 1 as any accounting system's connector would, and
// knows nothing of the server's own packages.
type client struct {
	base, key, session  string
	user, password, org string
	tell                func(sent, answered string)
}

// element is any element of an answer.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []element  `xml:",any"`
}

// first finds the first element of that name, as clients do.
func (e element) first(name string) (element, bool) {
	for _, c := range e.Children {
		if c.XMLName.Local == name {
			return c, true
		}
		if f, ok := c.first(name); ok {
			return f, true
		}
	}
	return element{}, false
}

// all finds every element of that name.
func (e element) all(name string) (out []element) {
	for _, c := range e.Children {
		if c.XMLName.Local == name {
			out = append(out, c)
		} else {
			out = append(out, c.all(name)...)
		}
	}
	return out
}

func (e element) text(name string) string {
	f, _ := e.first(name)
	return strings.TrimSpace(f.Text)
}

// refusal is a failed operation.
type refusal struct{ code, message string }

func (r refusal) Error() string { return r.code + " " + r.message }

// send posts a request document and reads the answer.
func (c *client) send(inner string) (element, error) {
	doc := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><request version="1.0" applicationkey=%q>%s</request>`, c.key, inner)
	resp, err := http.PostForm(c.base+"/crudApi", url.Values{"request": {doc}})
	if err != nil {
		return element{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return element{}, err
	}
	if resp.StatusCode != http.StatusOK {
		return element{}, fmt.Errorf("HTTP status %s", resp.Status)
	}
	var e element
	if err := xml.Unmarshal(body, &e); err != nil {
		return element{}, fmt.Errorf("read the answer: %w", err)
	}
	if c.tell != nil {
		c.tell(inner, string(body))
	}
	if code := e.text("errorcode"); code != "" {
		return e, refusal{code, e.text("errormessage")}
	}
	return e, nil
}

// login opens a session.
func (c *client) login(user, password, org string) error {
	c.user, c.password, c.org = user, password, org
	e, err := c.send(fmt.Sprintf(`<login>%s%s%s</login>`, tag("username", user), tag("password", password), tag("orgID", org)))
	if err == nil {
		c.session = e.text("sessionId")
	}
	return err
}

// do runs one operation and gives the id of its result.
func (c *client) do(operation string) (id string, err error) {
	e, err := c.operation(operation)
	return e.text("id"), err
}

// operation runs one operation. When the session has died meanwhile it logs in again and repeats the call, as
// clients of this API do.
func (c *client) operation(operation string) (element, error) {
	e, err := c.once(operation)
	if expect(err, "BDCE015") != nil {
		return e, err
	}
	if err := c.login(c.user, c.password, c.org); err != nil {
		return element{}, err
	}
	return c.once(operation)
}

func (c *client) once(operation string) (element, error) {
	return c.send(fmt.Sprintf(`<operation transactionId="demo" sessionId=%q>%s</operation>`, c.session, operation))
}

// list reads records.
func (c *client) list(object, field, op, value string) (element, error) {
	filter := ""
	if field != "" {
		filter = "<filter><expression>" + tag("field", field) + tag("operator", op) + tag("value", value) + "</expression></filter>"
	}
	return c.operation(fmt.Sprintf(`<get_list object=%q>%s</get_list>`, object, filter))
}

// tag writes an element around a text.
func tag(name, value string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(value))
	return "<" + name + ">" + b.String() + "</" + name + ">"
}

// expect wants a refusal with that code.
func expect(err error, code string) error {
	var r refusal
	if errors.As(err, &r) && r.code == code {
		return nil
	}
	return fmt.Errorf("expected %s, got %w", code, orNothing(err))
}

func orNothing(err error) error {
	if err == nil {
		return errors.New("no refusal")
	}
	return err
}
