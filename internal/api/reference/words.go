package reference

// records say what a type of record is, by its domain name.
var records = map[string]string{
	"vendor":         "Who the organisation pays.",
	"chartOfAccount": "An account of the chart of accounts, and of the ledger.",
	"department":     "Free coding for an industry's own use.",
	"job":            "A piece of work that costs are collected on.",
	"location":       "A place that costs are collected on.",
	"bill":           "An invoice received from a vendor.",
	"billLineItem":   "A part of a bill with its coding.",
	"billPay":        "The part of a payment that goes to one bill.",
}

// fields say what a field means, by domain name; with the type before it where it means something else there.
var fields = map[string]string{
	"id":            "Identifies the record, in every generation.",
	"isActive":      "Inactive records stay readable and cannot be used in new documents.",
	"createdTime":   "When the record was made.",
	"updatedTime":   "When the record, or a line or an amount of it, last changed. A client's own marks do not move it.",
	"integrationId": "A client's own mark.",
	"externalId":    "A client's own id for the record.",
	"lastSyncTime":  "A client's own mark: when it last synchronised the record.",
	"allowExport":   "A client's own mark: whether the record may be exported.",
	"name":          "The name people know it by.",
}
