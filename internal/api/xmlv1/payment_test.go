package xmlv1_test

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/blob"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/document"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/vendor"
)

// vault seals account numbers of tests.
var vault = sync.OnceValue(func() *secret.Vault {
	dir, err := os.MkdirTemp("", "duebook-vault")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	v, err := secret.CreateVault(filepath.Join(dir, "key"))
	if err != nil {
		panic(err)
	}
	return v
})

// fund adds a verified funding account.
func (h *house) fund() {
	h.t.Helper()
	n, err := bank.Seal(vault(), h.org, "4455667788")
	if err != nil {
		h.t.Fatal(err)
	}
	n.Name, n.BankName, n.Routing, n.Verified = "Operating", "Test Bank", "990000026", true
	h.write(func(tx *db.Tx) error {
		_, err := bank.Add(tx, n)
		return err
	})
}

// banked gives a vendor a bank account.
func (h *house) banked(vendorID string) {
	h.t.Helper()
	n, err := vendor.SealBankAccount(vault(), h.org, "1234567890")
	if err != nil {
		h.t.Fatal(err)
	}
	n.VendorID, n.Routing, n.AccountType, n.HolderType = ids.ID(vendorID), "990000026", vendor.Checking, vendor.Business
	h.write(func(tx *db.Tx) error {
		_, err := vendor.AddBankAccount(tx, n)
		return err
	})
}

func (h *house) at(y int, m time.Month, d, hour, minute int) {
	h.store.Clock.Set(time.Date(y, m, d, hour, minute, 0, 0, civil.Pacific))
	h.session = h.login().text("sessionId")
}

// checkVendor can be paid by check.
func (h *house) checkVendor() string {
	return h.made(create("vendor", "name", "Harbor Tool Rental", "address1", "1 Pier Road", "addressCity", "Oakland", "addressState", "CA", "addressZip", "94607"))
}

func pay(bill, amount, date string) string {
	return "<pay_bill>" + tags("billId", bill, "amount", amount, "processDate", date) + "</pay_bill>"
}

func offline(bill, amount, date string, more ...string) string {
	return "<create_offlinepayment>" + tags("billId", bill, "amount", amount, "processDate", date) + tags(more...) + "</create_offlinepayment>"
}

func TestPayments(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		v := h.checkVendor()
		owed := func(h *house, amount string) string { return h.made(newBill(v, "n", amount)) }
		status := func(h *house, bill, want string) {
			h.t.Helper()
			if got := h.one("bill", bill).child("paymentStatus"); got != want {
				h.t.Errorf("paymentStatus %s, want %s", got, want)
			}
		}
		h.run("V1-077 no bank account", func(h *house) {
			h.refused(pay(owed(h, "5"), "5", "11/24/26"), "BDCE050")
		})
		h.fund()
		h.run("V1-074 process dates", func(h *house) {
			b := owed(h, "100")
			h.refused(pay(b, "1", "11/23/26"), "BDCE046", "11/24/2026")
			for _, s := range []string{"11/28/26", "11/29/2026", "31/12/2012", "tomorrow", "02/30/2027", "11/24", "2026-11-31"} {
				h.refused(pay(b, "1", s), "BDCE013")
			}
			h.refused(pay(b, "1", "12/31/2012"), "BDCE046", "11/24/2026")
			h.refused(pay(b, "1", "12/31/12"), "BDCE046", "11/24/2026")
			h.made(pay(b, "1", "12/31/2026"))
			h.made(pay(b, "1", "12/31/26"))
			h.made(pay(b, "1", "11/24/2027")) // 366 days ahead
			h.refused(pay(b, "1", "11/26/2027"), "BDCE040", "processDate")
			h.refused(pay(b, "1", "12/30/2030"), "BDCE040", "processDate")
			w := h.made(create("vendor", "name", "Banked"))
			h.banked(w)
			b = h.made(newBill(w, "1", "10"))
			for _, s := range []string{"11/24/26"} { // Wednesday the 25th is the second business day
				h.refused(pay(b, "1", s), "BDCE046", "on or after 11/25/2026")
			}
			h.made(pay(b, "1", "11/25/26"))
		})
		h.run("V1-090 paying moves the bill's updatedTime", func(h *house) {
			b := owed(h, "10")
			before := h.one("bill", b).child("updatedTime")
			h.store.Clock.Advance(time.Minute)
			h.made(pay(b, "4", "11/24/26"))
			scheduled := h.one("bill", b).child("updatedTime")
			h.store.Clock.Advance(time.Minute)
			h.made(offline(b, "6", "11/23/26"))
			if after := h.one("bill", b).child("updatedTime"); scheduled == before || after == scheduled {
				h.t.Errorf("updatedTime %s, %s, %s", before, scheduled, after)
			}
		})
		h.run("V1-076 unknown bills", func(h *house) {
			theirs := h.other()
			w := theirs.made(create("vendor", "name", "w"))
			for _, id := range []string{string(ids.New(ids.Bill)), theirs.made(newBill(w, "1", "5")), v} {
				h.refused(pay(id, "1", "11/24/26"), "BDCE042", "Cannot locate bill :"+id)
				h.refused(offline(id, "1", "11/20/26"), "BDCE042", "Cannot locate bill :"+id)
			}
			h.refused(pay("x", "1", "11/24/26"), "BDCE049", "billId")
			h.refused(pay(string(ids.Null), "1", "11/24/26"), "BDCE009", "billId")
			h.refused("<pay_bill/>", "BDCE009", "billId, amount, processDate")
			h.refused("<create_offlinepayment><amount/></create_offlinepayment>", "BDCE009", "billId, amount, processDate")
			h.refused("<pay_bill>"+tags("billId", "x", "billId", "x", "amount", "1", "processDate", "x")+"</pay_bill>", "BDCE049", "billId")
		})
		h.run("V1-077 payees", func(h *house) {
			bill := func(pairs ...string) string {
				return h.made(newBill(h.made(create("vendor", append([]string{"name", "p"}, pairs...)...)), "1", "20000"))
			}
			abroad := []string{"address1", "1 Rue", "addressCity", "Paris", "addressCountry"}
			h.refused(pay(bill(append(abroad, "France")...), "1", "11/24/26"), "BDCE053")
			h.set("internationalPayments", "yes", "internationalOn", "yes")
			h.refused(pay(bill(append(abroad, "Atlantis")...), "1", "11/24/26"), "BDCE054")
			fr := bill(append(abroad, "France")...)
			h.refused(pay(fr, "10000.01", "11/24/26"), "BDCE055")
			h.made(pay(fr, "10000.00", "11/24/26"))
			h.refused(pay(bill("address1", "1 Pier", "addressState", "CA", "addressZip", "94607"), "1", "11/24/26"), "BDCE052")
			h.refused(pay(bill(), "1", "11/24/26"), "BDCE052")
			for _, us := range []string{"USA", "united states", "U.S.A.", "us", ""} {
				h.made(pay(bill("address1", "1 Pier", "addressCity", "Oakland", "addressState", "CA", "addressZip", "94607", "addressCountry", us), "1", "11/24/26"))
			}
			off := h.checkVendor()
			b := h.made(newBill(off, "1", "5"))
			h.made(update("vendor", "id", off, "isActive", "2"))
			h.refused(pay(b, "1", "11/24/26"), "BDCE007", "vendorId")
			waiting := h.checkVendor()
			h.made(pay(h.made(newBill(waiting, "1", "5")), "1", "11/24/26"))
			h.refused(update("vendor", "id", waiting, "isActive", "2"), "BDCE040", "isActive")
		})
		h.run("V1-078 approval", func(h *house) {
			h.set("defaultBillApprover", string(h.user))
			b := owed(h, "10")
			h.set("defaultBillApprover", "")
			h.refused(pay(b, "1", "11/24/26"), "BDCE040", "billId")
			h.made(offline(b, "1", "11/20/26"))
			h.set("allowPayUnapproved", "yes")
			h.made(pay(b, "1", "11/24/26"))
			h.set("allowPayUnapproved", "no")
		})
		h.run("V1-079 offline payments", func(h *house) {
			b := owed(h, "100")
			account := h.made(create("chartOfAccount", "name", "Petty cash", "accountType", "3"))
			id := h.made(offline(b, "40", "11/22/2026", "chartOfAccountId", account, "syncReference", "s-1", "description", "by hand", "toPrintCheck", "1", "allowExport", "0"))
			p := h.one("billpay", id)
			for name, want := range map[string]string{"billId": b, "amount": "40.00", "paymentStatus": "2", "paymentType": "1", "billPayProcessDate": "11/22/26",
				"chartOfAccountId": account, "syncReference": "s-1", "description": "by hand", "toPrintCheck": "1", "allowExport": "0"} {
				if got := p.child(name); got != want {
					h.t.Errorf("%s %q, want %q", name, got, want)
				}
			}
			status(h, b, "2")
			id = h.made(offline(b, "60", "01/01/2012"))
			if p := h.one("billpay", id); p.child("chartOfAccountId") != string(ids.Null) || p.child("toPrintCheck") != "0" || p.child("allowExport") != "1" {
				h.t.Errorf("%+v", p)
			}
			status(h, b, "0")
			c := owed(h, "10")
			for _, s := range []string{"02/30/2012", "yesterday"} {
				h.refused(offline(c, "1", s), "BDCE013")
			}
			h.refused(offline(c, "1", "11/25/27"), "BDCE040", "processDate") // 367 days ahead
			h.made(offline(c, "1", "11/24/26"))                              // spec/README 15: a post-dated cheque
			h.made(offline(c, "1", "11/24/27"))
			h.refused(offline(c, "1", "11/20/26", "chartOfAccountId", string(ids.New(ids.Account))), "BDCE007", "chartOfAccountId")
			h.refused(offline(c, "1", "11/20/26", "chartOfAccountId", "x"), "BDCE049", "chartOfAccountId")
			h.refused(offline(c, "1", "11/20/26", "toPrintCheck", "x", "allowExport", "y"), "BDCE040", "allowExport, toPrintCheck")
			h.refused(offline(c, "1", "11/20/26", "syncReference", strings.Repeat("x", 101)), "BDCE048", "syncReference")
		})
		h.run("6.9 billpay", func(h *house) {
			b := owed(h, "10")
			id := h.made(pay(b, "10", "11/24/26"))
			p := h.one("billpay", id)
			if !slices.Equal(p.names(), []string{"id", "billId", "name", "amount", "paymentStatus", "description", "billPayProcessDate", "txnNumber",
				"createdTime", "updatedTime", "paymentType", "toPrintCheck", "chartOfAccountId", "allowExport"}) || !strings.HasPrefix(id, "blp01") || p.child("paymentStatus") != "1" || p.child("paymentType") != "0" ||
				len(p.child("txnNumber")) != 20 || !strings.HasPrefix(p.child("name"), "P261123") {
				h.t.Errorf("%+v", p)
			}
			h.made("<set_external_id>" + tags("id", id, "externalId", "pay-1") + "</set_external_id>")
			for _, x := range [][]string{{"billPayProcessDate", "=", "11/24/26"}, {"externalId", "=", "pay-1"}, {"paymentStatus", "=", "1"}, {"paymentStatus", "<", "2"}, {"billId", "IN", b}} {
				if !slices.Contains(idsOf(h.list("billpay", x...)), id) {
					h.t.Errorf("%q does not find it", x)
				}
			}
			if slices.Contains(idsOf(h.list("billpay", "paymentStatus", "!=", "1")), id) {
				h.t.Error("!= 1 finds it")
			}
		})
		h.run("5.6 step 14: not confirmed for payments", func(h *house) {
			o := *h
			var key ids.ID
			h.write(func(tx *db.Tx) (err error) {
				o.key, key, err = org.IssueKey(tx, "strict", "dev@x.example", "required")
				return err
			})
			o.session = o.login().text("sessionId")
			b := owed(h, "10")
			o.refused(pay(b, "1", "11/24/26"), "BDCE006")
			h.write(func(tx *db.Tx) error { return org.ConfirmPayments(tx, h.user, key) })
			o.made(pay(b, "1", "11/24/26"))
		})
		h.run("V1-075 amounts", func(h *house) {
			b := owed(h, "100")
			for _, s := range []string{"0", "-1", "100.01", "1.005", "1e2", "$1", "1,00", "999999999999"} {
				h.refused(pay(b, s, "11/24/26"), "BDCE045")
				h.refused(offline(b, s, "11/20/26"), "BDCE045")
			}
			h.made(pay(b, "100", "11/24/26"))
			status(h, b, "4")
			h.refused(pay(b, "0.01", "11/24/26"), "BDCE045")
			part := owed(h, "100")
			h.made(pay(part, "40", "11/24/26"))
			status(h, part, "4")
			moved := h.one("bill", part).child("updatedTime")
			engine := payment.NewEngine(h.store.DB, vault(), h.t.(*testing.T).TempDir(), slog.New(slog.NewTextHandler(io.Discard, nil)))
			h.at(2026, time.November, 24, 9, 0)
			if err := engine.Step(context.Background(), h.org, h.store.Clock.Now()); err != nil {
				h.t.Fatal(err)
			}
			status(h, part, "2")
			status(h, b, "0")
			if got := h.one("bill", part).child("updatedTime"); got == moved {
				h.t.Errorf("updatedTime stayed %s", got)
			}
			if p := h.list("billpay", "billId", "=", part)[0]; p.child("paymentStatus") != "2" {
				h.t.Errorf("billpay %+v", p)
			}
		})
		h.run("V1-073 earliest process date", func(h *house) {
			h.at(2026, time.November, 20, 9, 0)
			b := owed(h, "100")
			for _, c := range []struct {
				day, hour, minute int
				month             time.Month
				early, earliest   string
			}{
				{20, 17, 59, time.November, "11/20/2026", "11/23/2026"}, // Friday
				{20, 18, 0, time.November, "11/23/2026", "11/24/2026"},
				{25, 9, 0, time.November, "11/25/2026", "11/27/2026"}, // Thanksgiving
				{25, 18, 0, time.November, "11/27/2026", "11/30/2026"},
				{24, 12, 0, time.December, "12/24/2026", "12/28/2026"},
			} {
				h.at(2026, c.month, c.day, c.hour, c.minute)
				h.refused(pay(b, "1", c.early), "BDCE046", "on or after "+c.earliest)
				h.made(pay(b, "1", c.earliest))
			}
			h.at(2026, time.November, 25, 9, 0)
			h.refused(pay(b, "1", "11/26/2026"), "BDCE013") // the holiday itself
		})
	})
}

func TestV1_080_ParallelPayments(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.fund()
		v := h.checkVendor()
		for _, operation := range []func(string) string{
			func(b string) string { return pay(b, "5", "11/24/26") },
			func(b string) string { return offline(b, "5", "11/20/26") },
		} {
			for range 5 {
				b := h.made(newBill(v, "1", "5"))
				codes := make([]string, 2)
				var wg sync.WaitGroup
				for i := range codes {
					wg.Go(func() { codes[i] = h.op(operation(b)).text("errorcode") })
				}
				wg.Wait()
				slices.Sort(codes)
				if !slices.Equal(codes, []string{"", "BDCE045"}) {
					t.Errorf("codes %q", codes)
				}
				if n := len(h.list("billpay", "billId", "=", b)); n != 1 {
					t.Errorf("%d payments", n)
				}
			}
		}
	})
}

func TestDocuments(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		v := h.checkVendor()
		bill := h.made(newBill(v, "1", "5"))
		job := h.made(create("job", "name", "j"))
		pdf := []byte("%PDF-1.4\nsome content \x00\xff\n%%EOF\n")
		encoded := base64.StdEncoding.EncodeToString(pdf)
		upload := func(document string, pairs ...string) string {
			return "<upload_document>" + tags(pairs...) + "<document>" + document + "</document></upload_document>"
		}
		attach := func(document string, pairs ...string) string {
			return "<upload_attachment>" + tags(pairs...) + "<document>" + document + "</document></upload_attachment>"
		}
		stored := func(h *house, id string) []byte {
			h.t.Helper()
			var d document.Document
			h.write(func(tx *db.Tx) (err error) {
				d, err = document.Load(tx, ids.ID(id))
				return err
			})
			blobs, err := blob.New(h.blobs, nil)
			if err != nil {
				h.t.Fatal(err)
			}
			r, err := document.Open(blobs, d)
			if err != nil {
				h.t.Fatal(err)
			}
			defer r.Close()
			b, err := io.ReadAll(r)
			if err != nil {
				h.t.Fatal(err)
			}
			return b
		}
		h.run("V1-081 base 64", func(h *house) {
			for _, bad := range []string{"%%%", "QQ", "QQ=", "Q===", "QUJD=", encoded + "=", encoded[:len(encoded)-1], "QUJ\u00e9"} {
				h.refused(upload(bad, "filename", "a.pdf"), "BDCE043")
			}
			h.refused(upload("", "filename", "a.pdf"), "BDCE009", "document")
			h.refused(upload(" \n", "filename", ""), "BDCE009", "filename, document")
			h.refused(attach("%%%", "filename", "a.pdf"), "BDCE009", "id")
			lines := strings.Join([]string{encoded[:8], encoded[8:20], encoded[20:]}, "\r\n  ")
			for _, good := range []string{encoded, lines, "<![CDATA[" + encoded + "]]>"} {
				id := h.made(upload(good, "filename", "a.pdf"))
				if !strings.HasPrefix(id, "00h01") || string(stored(h, id)) != string(pdf) {
					h.t.Errorf("V1-082, stored under %s: %q", id, stored(h, id))
				}
			}
		})
		h.run("V1-082 names and records", func(h *house) {
			for _, name := range []string{"a/b.pdf", `a\b.pdf`, "noextension", "a.", strings.Repeat("x", 252) + ".pdf", "tab\there.pdf", "run.exe", "a.png", strings.Repeat("é", 126) + ".pdf"} {
				h.refused(upload(encoded, "filename", name), "BDCE044")
				h.refused(attach(encoded, "id", bill, "filename", name), "BDCE044")
			}
			h.made(upload(encoded, "filename", strings.Repeat("x", 251)+".pdf"))
			unknown := string(ids.New(ids.Bill))
			h.refused(upload(encoded, "billId", unknown, "filename", "a.pdf"), "BDCE042", unknown)
			h.refused(upload("%%%", "billId", unknown, "filename", "a.pdf"), "BDCE042", unknown) // in the order of 5.8
			h.refused(upload(encoded, "billId", "x", "filename", "a.pdf"), "BDCE049", "billId")
			h.refused(attach(encoded, "id", "x", "filename", "a.pdf"), "BDCE049", "id")
			for _, id := range []string{unknown, string(ids.New(ids.Vendor)), h.made(create("department", "name", "d")), string(h.user)} {
				h.refused(attach(encoded, "id", id, "filename", "a.pdf"), "BDCE007", "id")
			}
			h.refused(attach(encoded, "id", string(ids.Null), "filename", "a.pdf"), "BDCE009", "id")
			h.refused(attach(encoded, "id", bill, "filename", "a.pdf", "description", strings.Repeat("x", 4001)), "BDCE048", "description")
			h.refused("<upload_document>"+tags("filename", "a.pdf", "document", encoded, "document", encoded)+"</upload_document>", "BDCE040", "document")
			if id := h.made(upload(encoded, "billId", bill, "filename", "scan.pdf")); !strings.HasPrefix(id, "0du01") || string(stored(h, id)) != string(pdf) {
				h.t.Errorf("stored under %s", id)
			}
			for _, id := range []string{bill, v, job} {
				got := h.made(attach(encoded, "id", id, "filename", "résumé.pdf", "description", "d"))
				if !strings.HasPrefix(got, "0du01") || string(stored(h, got)) != string(pdf) {
					h.t.Errorf("%s: stored under %s", id, got)
				}
			}
			var n int
			h.write(func(tx *db.Tx) error {
				docs, err := document.ForRecord(tx, ids.ID(bill))
				n = len(docs)
				return err
			})
			if n != 2 {
				h.t.Errorf("%d documents on the bill", n)
			}
		})
		h.run("B-5 a document of a batch that is rolled back", func(h *house) {
			e := h.batch(`transaction="true"`, upload(encoded, "billId", bill, "filename", "rolled.pdf"), upload("%%%", "filename", "a.pdf"))
			if got := e.codes(); !slices.Equal(got, []string{"failed BDCE041", "failed BDCE043"}) {
				h.t.Errorf("results %v", got)
			}
		})
	})
}

// The limit counts decoded bytes; the size is known before anything is decoded into memory.
func TestV1_081_DocumentLimit(t *testing.T) {
	t.Parallel()
	h := sqliteHouse(t)
	content := make([]byte, 20_971_521)
	copy(content, "%PDF-1.4\n")
	for size, want := range map[int]string{20_971_520: "00h01", 20_971_521: "BDCE056"} {
		w := h.serve("text/xml", strings.NewReader(h.request(h.operation("<upload_document><filename>big.pdf</filename><document>"+
			base64.StdEncoding.EncodeToString(content[:size])+"</document></upload_document>"))))
		e := h.parse(w.Body.String())
		if got := e.text("id") + e.text("errorcode"); !strings.HasPrefix(got, want) {
			t.Errorf("%d bytes: %s, want %s", size, got, want)
		}
	}
}
