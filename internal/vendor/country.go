package vendor

import "strings"

// supported are the countries that payments can go to (LIM-2). It is an allow-list: countries under comprehensive
// US sanctions are never in it.
var supported = map[string]string{
	"US": "United States",
	"AR": "Argentina",
	"AU": "Australia",
	"AT": "Austria",
	"BE": "Belgium",
	"BR": "Brazil",
	"BG": "Bulgaria",
	"CA": "Canada",
	"CL": "Chile",
	"CN": "China",
	"CO": "Colombia",
	"CR": "Costa Rica",
	"HR": "Croatia",
	"CY": "Cyprus",
	"CZ": "Czech Republic",
	"DK": "Denmark",
	"DO": "Dominican Republic",
	"EC": "Ecuador",
	"EG": "Egypt",
	"EE": "Estonia",
	"FI": "Finland",
	"FR": "France",
	"DE": "Germany",
	"GR": "Greece",
	"GT": "Guatemala",
	"HK": "Hong Kong",
	"HU": "Hungary",
	"IS": "Iceland",
	"IN": "India",
	"ID": "Indonesia",
	"IE": "Ireland",
	"IL": "Israel",
	"IT": "Italy",
	"JM": "Jamaica",
	"JP": "Japan",
	"KE": "Kenya",
	"LV": "Latvia",
	"LI": "Liechtenstein",
	"LT": "Lithuania",
	"LU": "Luxembourg",
	"MY": "Malaysia",
	"MT": "Malta",
	"MX": "Mexico",
	"MA": "Morocco",
	"NL": "Netherlands",
	"NZ": "New Zealand",
	"NO": "Norway",
	"PA": "Panama",
	"PE": "Peru",
	"PH": "Philippines",
	"PL": "Poland",
	"PT": "Portugal",
	"RO": "Romania",
	"SA": "Saudi Arabia",
	"SG": "Singapore",
	"SK": "Slovakia",
	"SI": "Slovenia",
	"ZA": "South Africa",
	"KR": "South Korea",
	"ES": "Spain",
	"SE": "Sweden",
	"CH": "Switzerland",
	"TW": "Taiwan",
	"TH": "Thailand",
	"TR": "Turkey",
	"AE": "United Arab Emirates",
	"GB": "United Kingdom",
	"UY": "Uruguay",
	"VN": "Vietnam",
}

// countryByName finds a code by the name in upper case, with the other names people write.
var countryByName = func() map[string]string {
	m := map[string]string{
		"UK": "GB", "GREAT BRITAIN": "GB", "ENGLAND": "GB", "SCOTLAND": "GB", "WALES": "GB", "CAN": "CA", "MEX": "MX", "GBR": "GB",
		"DEU": "DE", "FRA": "FR", "CZECHIA": "CZ", "THE NETHERLANDS": "NL", "HOLLAND": "NL", "KOREA": "KR", "TÜRKIYE": "TR", "UAE": "AE",
		"VIET NAM": "VN", "DEUTSCHLAND": "DE", "MÉXICO": "MX", "ESPAÑA": "ES",
	}
	for code, name := range supported {
		m[strings.ToUpper(name)] = code
	}
	return m
}()
