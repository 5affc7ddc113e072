package vendor

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Country is a country that payments can go to, and how (LIM-2).
type Country struct {
	Code       string // ISO 3166 alpha-2
	Name       string
	Check      bool     // a US-dollar cheque can be mailed there (INT-2)
	Wire       bool     // its banks can be wired to
	IBAN       int      // length of its account numbers as IBAN; 0 where there is none
	Currencies []string // ISO 4217, its own first
	BIC        bool     // a wire needs the bank's BIC
	Clearing   string   // a wire needs the bank's number in this clearing system (ISO 20022 code); empty: none
	ClearingAt int      // length of that number
	Purpose    bool     // a wire needs its purpose
}

// countryList is the allow-list that ships with the program. Countries under comprehensive US sanctions are never in it.
//
//go:embed countries.csv
var countryList string

// countries are by code; countryNames find a code by name, in upper case, or by another name that people write.
var countries, countryNames = readCountries(countryList)

// readCountries reads the list, which is part of the program: a fault in it stops the program.
func readCountries(list string) (map[string]Country, map[string]string) {
	rows, err := csv.NewReader(strings.NewReader(list)).ReadAll()
	if err != nil {
		panic(fmt.Errorf("read the list of countries: %w", err))
	}
	all, names := map[string]Country{}, map[string]string{}
	for _, r := range rows[1:] {
		c := Country{Code: r[0], Name: r[1], Check: r[2] == "y", Wire: r[3] == "y", Currencies: strings.Fields(r[5])}
		if c.IBAN, err = strconv.Atoi(r[4]); err != nil {
			panic(fmt.Errorf("read the list of countries: %s: %w", c.Code, err))
		}
		for _, need := range strings.Fields(r[6]) {
			switch system, length, local := strings.Cut(need, ":"); {
			case local:
				c.Clearing = system
				if c.ClearingAt, err = strconv.Atoi(length); err != nil {
					panic(fmt.Errorf("read the list of countries: %s: %w", c.Code, err))
				}
			case need == "bic":
				c.BIC = true
			case need == "purpose":
				c.Purpose = true
			default:
				panic("read the list of countries: " + c.Code + ": what is " + need + "?")
			}
		}
		all[c.Code] = c
		names[strings.ToUpper(c.Name)] = c.Code
		for alias := range strings.SplitSeq(r[7], "|") {
			if alias != "" {
				names[alias] = c.Code
			}
		}
	}
	return all, names
}

// CountryOf is the country as people and programs write it; false for one that no payment can go to (BDCE054).
func CountryOf(s string) (Country, bool) {
	c, ok := countries[CountryCode(s)]
	return c, ok
}

// Countries are the countries that payments can go to, by name.
func Countries() []Country {
	all := make([]Country, 0, len(countries))
	for _, c := range countries {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b Country) int { return strings.Compare(a.Name, b.Name) })
	return all
}
