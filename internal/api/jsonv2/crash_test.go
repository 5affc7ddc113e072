package jsonv2_test

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/api/jsonv2"
)

// 1.3.6: whatever breaks, the envelope comes, with HTTP 500 and a line in the log that the answer does not repeat.
func TestCrash(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	door := jsonv2.New(jsonv2.Deps{Log: slog.New(slog.NewTextHandler(&log, nil))}) // no sessions to look into: a nil pointer
	r := httptest.NewRequest("POST", "/api/v2/CurrentTime.json", strings.NewReader("devKey=x&sessionId=y"))
	w := httptest.NewRecorder()
	door.ServeHTTP(w, r)
	if a := parse(t, w); a.status != 500 || a.code != "BDC_1001" || strings.Contains(a.raw, "nil pointer") {
		t.Errorf("%d %s", a.status, a.raw)
	}
	if !strings.Contains(log.String(), "nil pointer") || !strings.Contains(log.String(), "reference=err") {
		t.Errorf("log: %s", log.String())
	}
}

// 6.3: lines that are no list of objects have the wrong type; they are not missing.
func TestLinesOfTheWrongType(t *testing.T) {
	t.Parallel()
	h := sqliteHouse(t)
	v := h.made("Vendor", `{"name":"Harbor"}`)
	for _, lines := range []string{`7`, `{}`, `"x"`, `[7]`, `[{"amount":1},[]]`} {
		h.refused("Crud/Create/Bill", `{"obj":{"vendorId":"`+v+`","invoiceNumber":"1","invoiceDate":"2026-11-20","dueDate":"2026-12-20","billLineItems":`+lines+`}}`,
			"BDC_1124", "billLineItems: ")
	}
	h.refused("Crud/Create/Bill", `{"obj":{"billLineItems":7}}`, "BDC_1117", "vendorId, invoiceNumber, invoiceDate, dueDate.")
}
