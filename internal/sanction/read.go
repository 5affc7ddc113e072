package sanction

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/duebook/duebook/internal/civil"
)

// Name is a name on a list.
type Name struct {
	UID     string // of the entry; its other names have it too
	Name    string
	Kind    string // individual, entity, vessel, aircraft
	Program string
	Country string

	Addresses string // of the entry, one a line: those with a street; only its first name has them
	Banks     string // BICs and routing numbers that are the entry's, one a line; likewise
}

// Limits of a list.
const (
	maxNames  = 2_000_000
	maxLength = 500 // of a name
)

// ErrForm is a list that does not have the form of its kind.
var ErrForm = errors.New("the list cannot be read")

func formError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrForm, fmt.Sprintf(format, args...))
}

// ReadOFAC reads the list of the US Office of Foreign Assets Control as comma-separated files: SDN.CSV, ALT.CSV with other
// names and ADD.CSV with addresses. The last two may be nil. The files have no header and
// write an empty value as -0-.
func ReadOFAC(sdn, alt, add io.Reader) ([]Name, error) {
	countries, addresses := map[string]string{}, map[string]string{}
	if add != nil {
		err := eachRow(add, 5, func(row []string) error {
			if countries[row[0]] == "" {
				countries[row[0]] = row[4]
			}
			addresses[row[0]] = oneMore(addresses[row[0]], street(row[2], row[3]))
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("addresses: %w", err)
		}
	}
	var names []Name
	entries := map[string]Name{}
	err := eachRow(sdn, 4, func(row []string) error {
		n := Name{UID: row[0], Name: row[1], Kind: strings.ToLower(row[2]), Program: row[3], Country: countries[row[0]], Addresses: addresses[row[0]]}
		for _, v := range row[4:] {
			for _, m := range swift.FindAllStringSubmatch(v, -1) {
				n.Banks = oneMore(n.Banks, m[1])
			}
		}
		if n.Kind == "" {
			n.Kind = "entity"
		}
		if n.UID == "" || entries[n.UID].UID != "" {
			return formError("number %q is missing or repeated", n.UID)
		}
		entries[n.UID] = n
		return keep(&names, n)
	})
	if err != nil || alt == nil {
		return names, err
	}
	err = eachRow(alt, 4, func(row []string) error {
		n, known := entries[row[0]]
		if !known {
			return formError("another name of %q, which is not on the list", row[0])
		}
		n.Name, n.Addresses, n.Banks = row[3], "", ""
		return keep(&names, n)
	})
	if err != nil {
		return nil, fmt.Errorf("other names: %w", err)
	}
	return names, nil
}

// swift is how the remarks of an entry name the BIC of a bank.
var swift = regexp.MustCompile(`SWIFT/BIC:? ([A-Z0-9]{8}(?:[A-Z0-9]{3})?)\b`)

// oneMore adds a line.
func oneMore(lines, line string) string {
	if line == "" || lines == "" {
		return lines + line
	}
	return lines + "\n" + line
}

// street is an address with its town; "" without a street, which would be that of everybody in the town.
func street(line, town string) string {
	line, town = strings.Join(strings.Fields(line), " "), strings.Join(strings.Fields(town), " ")
	if line == "" || town == "" {
		return line
	}
	return line + ", " + town
}

// keep adds a name to a list.
func keep(names *[]Name, n Name) error {
	n.Name = strings.TrimSpace(n.Name)
	switch {
	case n.Name == "" || len(n.Name) > maxLength:
		return formError("the name of %q is missing or too long", n.UID)
	case len(*names) == maxNames:
		return formError("more than %d names", maxNames)
	}
	*names = append(*names, n)
	return nil
}

// eachRow reads comma-separated rows with at least that many columns. A control-Z ends old files.
func eachRow(r io.Reader, columns int, do func(row []string) error) error {
	c := csv.NewReader(bufio.NewReader(r))
	c.FieldsPerRecord, c.LazyQuotes, c.ReuseRecord = -1, true, true
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return formError("%v", err)
		}
		if len(row) == 1 && strings.Trim(row[0], "\x1a \r\n") == "" {
			continue
		}
		line, _ := c.FieldPos(0)
		if len(row) < columns {
			return formError("line %d has %d columns instead of %d", line, len(row), columns)
		}
		for i, v := range row {
			if v = strings.TrimSpace(strings.ToValidUTF8(v, "?")); v == "-0-" {
				v = ""
			}
			row[i] = strings.Clone(v)
		}
		if err := do(row); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

// ReadCSV reads any other list: a header row that names the column name, and if they are there id, type, program,
// country, address and bic (or a routing number). Rows with the same id are names of one entry.
func ReadCSV(r io.Reader) ([]Name, error) {
	var names []Name
	at := map[string]int{}
	number := 0
	err := eachRow(r, 1, func(row []string) error {
		number++
		if number == 1 {
			for i, column := range row {
				at[strings.ToLower(strings.TrimPrefix(column, "\ufeff"))] = i
			}
			if _, there := at["name"]; !there {
				return formError(`the header has no column "name"`)
			}
			return nil
		}
		value := func(column string) string {
			if i, there := at[column]; there && i < len(row) {
				return row[i]
			}
			return ""
		}
		n := Name{UID: value("id"), Name: value("name"), Kind: strings.ToLower(value("type")), Program: value("program"), Country: value("country"),
			Addresses: street(value("address"), ""), Banks: strings.ToUpper(strings.ReplaceAll(value("bic"), " ", ""))}
		if n.UID == "" {
			n.UID = fmt.Sprintf("row %d", number)
		}
		return keep(&names, n)
	})
	return names, err
}

// sdnEntry is an entry of OFAC's list as XML.
type sdnEntry struct {
	UID       string   `xml:"uid"`
	FirstName string   `xml:"firstName"`
	LastName  string   `xml:"lastName"`
	Type      string   `xml:"sdnType"`
	Programs  []string `xml:"programList>program"`
	Aliases   []struct {
		FirstName string `xml:"firstName"`
		LastName  string `xml:"lastName"`
	} `xml:"akaList>aka"`
	Addresses []struct {
		Address1 string `xml:"address1"`
		Address2 string `xml:"address2"`
		Address3 string `xml:"address3"`
		City     string `xml:"city"`
		Country  string `xml:"country"`
	} `xml:"addressList>address"`
	Numbers []struct {
		Type   string `xml:"idType"`
		Number string `xml:"idNumber"`
	} `xml:"idList>id"`
}

// ReadOFACXML reads the same list as XML, which says when it was published.
func ReadOFACXML(r io.Reader) (published civil.Date, names []Name, err error) {
	d := xml.NewDecoder(bufio.NewReader(r))
	d.CharsetReader = func(label string, _ io.Reader) (io.Reader, error) {
		return nil, formError("the character set %q is not UTF-8", label)
	}
	root := false
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			if !root {
				return published, nil, formError("it is empty")
			}
			return published, names, nil
		}
		if err != nil {
			return published, nil, formError("%v", err)
		}
		s, opens := t.(xml.StartElement)
		if !opens {
			continue
		}
		switch s.Name.Local {
		case "sdnList":
			root = true
		case "publshInformation": // spelt so
			var p struct {
				Date string `xml:"Publish_Date"`
			}
			if err := d.DecodeElement(&p, &s); err != nil {
				return published, nil, formError("%v", err)
			}
			day, err := time.Parse("01/02/2006", strings.TrimSpace(p.Date))
			if err != nil {
				return published, nil, formError("the date %q is not MM/DD/YYYY", p.Date)
			}
			published = civil.Of(day, time.UTC)
		case "sdnEntry":
			var e sdnEntry
			if err := d.DecodeElement(&e, &s); err != nil {
				return published, nil, formError("%v", err)
			}
			if err := e.keep(&names); err != nil {
				return published, nil, err
			}
		}
		if !root {
			return published, nil, formError("it begins with <%s>, not <sdnList>", s.Name.Local)
		}
	}
}

func (e sdnEntry) keep(names *[]Name) error {
	full := func(first, last string) string {
		return strings.TrimSuffix(strings.TrimSpace(last)+", "+strings.TrimSpace(first), ", ")
	}
	n := Name{UID: e.UID, Kind: strings.ToLower(e.Type), Program: strings.Join(e.Programs, " ")}
	for _, a := range e.Addresses {
		if n.Country == "" {
			n.Country = a.Country
		}
		n.Addresses = oneMore(n.Addresses, street(a.Address1+" "+a.Address2+" "+a.Address3, a.City))
	}
	for _, id := range e.Numbers {
		if strings.Contains(id.Type, "SWIFT") {
			n.Banks = oneMore(n.Banks, strings.ToUpper(strings.Join(strings.Fields(id.Number), "")))
		}
	}
	n.Name = full(e.FirstName, e.LastName)
	if err := keep(names, n); err != nil {
		return err
	}
	n.Addresses, n.Banks = "", ""
	for _, a := range e.Aliases {
		n.Name = full(a.FirstName, a.LastName)
		if err := keep(names, n); err != nil {
			return err
		}
	}
	return nil
}

// Read reads a list of any of the kinds: what begins with < is OFAC's XML, what has no header with a name is OFAC's
// SDN.CSV. published is zero where the list does not say it.
func Read(content, alt, add []byte) (published civil.Date, names []Name, err error) {
	optional := func(b []byte) io.Reader {
		if b == nil {
			return nil
		}
		return bytes.NewReader(b)
	}
	head, _, _ := bytes.Cut(bytes.TrimPrefix(content, []byte("\ufeff")), []byte("\n"))
	switch header := strings.ToLower(string(head)); {
	case strings.HasPrefix(strings.TrimSpace(header), "<"):
		return ReadOFACXML(bytes.NewReader(content))
	case strings.Contains(","+strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(header), `"`, ""), " ", "")+",", ",name,"):
		names, err = ReadCSV(bytes.NewReader(content))
	default:
		names, err = ReadOFAC(bytes.NewReader(content), optional(alt), optional(add))
	}
	return published, names, err
}
