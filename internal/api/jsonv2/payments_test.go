package jsonv2_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/network"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/vendor"
)

// fund gives the organisation a verified bank account.
func (h *house) fund() ids.ID {
	h.t.Helper()
	a, err := bank.Seal(h.vault, h.org, "000117777")
	if err != nil {
		h.t.Fatal(err)
	}
	a.Name, a.BankName, a.Routing, a.Verified = "Operating", "Sandbox Bank", "990000013", true
	h.write(func(tx *db.Tx) error { _, err := bank.Add(tx, a); return err })
	return a.ID
}

// account gives a vendor a bank account.
func (h *house) account(vendorID string) {
	h.t.Helper()
	n, err := vendor.SealBankAccount(h.vault, h.org, "5551234")
	if err != nil {
		h.t.Fatal(err)
	}
	n.VendorID, n.Routing, n.AccountType, n.HolderType = ids.ID(vendorID), "990000026", vendor.Checking, vendor.Business
	h.write(func(tx *db.Tx) error { _, err := vendor.AddBankAccount(tx, n); return err })
}

// at sets the clock to a Pacific time.
func (h *house) at(day string, hour, minute int) {
	h.store.Clock.Set(civil.MustDate(day).At(hour, minute, civil.Pacific))
}

// work does what is due by now.
func (h *house) work() {
	h.t.Helper()
	e := payment.NewEngine(h.store.DB, h.vault, filepath.Join(h.dir, "bank"), slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err := e.Step(context.Background(), h.org, h.store.Clock.Now()); err != nil {
		h.t.Fatal(err)
	}
}

// stopped is the bank's word that the cheque of a payment is not paid.
func (h *house) stopped(id string) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		p, err := payment.Find(tx, ids.ID(id))
		if err != nil {
			return err
		}
		return payment.ConfirmStop(tx, p.ID, true)
	})
}

// again logs in anew: days have passed.
func (h *house) again() { h.session = h.login(h.email) }

// payee makes a vendor that a cheque can be mailed to.
func (h *house) payee(name string) string {
	h.t.Helper()
	return h.made("Vendor", fmt.Sprintf(`{"name":%q,"address1":"1 Main Street","addressCity":"Springfield","addressState":"IL","addressZip":"62701"}`, name))
}

// bill makes a bill of one line.
func (h *house) bill(vendor, number, amount string) string {
	h.t.Helper()
	return h.made("Bill", fmt.Sprintf(`{"vendorId":%q,"invoiceNumber":%q,"invoiceDate":"2026-11-20","dueDate":"2026-12-20","billLineItems":[{"amount":%s}]}`,
		vendor, number, amount))
}

func (h *house) credit(vendor, number, amount string) string {
	h.t.Helper()
	return h.made("VendorCredit", fmt.Sprintf(`{"vendorId":%q,"refNumber":%q,"creditDate":"2026-11-20","vendorCreditLineItems":[{"amount":%s}]}`,
		vendor, number, amount))
}

// pays is the data of PayBills for one bill.
func pays(bill, amount string, more ...string) string {
	return fmt.Sprintf(`{"billPays":[{"billId":%q,"amount":%s}]%s}`, bill, amount, strings.Join(more, ""))
}

func date(day string) string { return `,"processDate":"` + day + `"` }

// want compares members of the data.
func (a answer) want(what string, pairs ...string) {
	a.t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		if got := a.text(pairs[i]); got != pairs[i+1] {
			a.t.Errorf("%s: %s is %q, want %q", what, pairs[i], got, pairs[i+1])
		}
	}
}

func TestPayBills(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		h.at("2026-11-27", 10, 0) // Friday
		h.again()
		v, byACH := h.payee("Harbor Tool Rental"), h.payee("By ACH")
		h.account(byACH)
		h.run("V2-103 no bank account", func(h *house) {
			b := h.bill(v, "103", "100")
			h.refused("PayBills", pays(b, "1"), "BDC_1151")
		})
		own := h.fund()
		h.run("V2-099 a new bank account", func(h *house) {
			b := h.bill(byACH, "099a", "100")
			h.refused("PayBills", pays(b, "1", date("2026-11-30")), "BDC_1402")
			h.ok("PayBills", pays(b, "1", date("2026-12-01"))).want("5.3", "sentPays.0.paymentType", "2")
		})
		h.at("2026-11-27", 19, 0)
		h.again()
		h.run("V2-098 the earliest date", func(h *house) {
			b := h.bill(v, "098", "100")
			a := h.ok("PayBills", pays(b, "100"))
			a.want("5.1", "sentPays.0.entity", "SentPay", "sentPays.0.processDate", "2026-12-01", "sentPays.0.status", "1", "sentPays.0.isOnline", "true",
				"sentPays.0.disbursementStatus", "null", "sentPays.0.toPrintCheck", "false", "sentPays.0.amount", "100.00", "sentPays.0.paymentType", "0",
				"sentPays.0.description", "Inv #098", "sentPays.0.bankAccountId", string(own), "sentPays.0.vendorId", v, "sentPays.0.voidRequest", "null",
				"sentPays.0.billPays.0.billId", b, "sentPays.0.billPays.0.amount", "100.00", "sentPays.0.billPays.0.paymentStatus", "1",
				"sentPays.0.billPays.0.sentPayId", a.text("sentPays.0.id"), "sentPays.0.fasterPayment", "false", "sentPays.0.source", "0")
			if name := a.text("sentPays.0.name"); len(name) != len("P26112700 - 0000001") || len(a.text("sentPays.0.txnNumber")) != 20 {
				h.t.Errorf("name %q, txnNumber %q", name, a.text("sentPays.0.txnNumber"))
			}
			h.read("Bill", b).want("4.3", "paymentStatus", "4", "scheduledAmount", "100.00", "dueAmount", "0.00",
				"payFromBankAccountId", string(own))
		})
		h.run("V2-099 dates", func(h *house) {
			b := h.bill(v, "099", "100")
			for _, d := range []string{"2026-11-27", "2026-11-30", "2026-12-05", "2026-12-25", "2026-02-30", "soon"} {
				h.refused("PayBills", pays(b, "1", date(d)), "BDC_1152")
			}
			h.refused("PayBills", pays(b, "1", date("2027-11-29")), "BDC_9112")
			h.ok("PayBills", pays(b, "1", date("2027-11-26")))
		})
		h.run("V2-100 amounts", func(h *house) {
			b := h.bill(v, "100", "100")
			h.refused("PayBills", pays(b, "100.01"), "BDC_1159")
			h.refused("PayBills", pays(b, "0"), "BDC_9045")
			h.refused("PayBills", pays(b, "-1"), "BDC_9045")
			h.refused("PayBills", `{"billPays":[{"billId":"`+b+`"}]}`, "BDC_1117", "amount")
			h.refused("PayBills", `{}`, "BDC_1117", "billPays")
		})
		h.run("V2-101 how many", func(h *house) {
			one := `{"billId":"` + string(ids.New(ids.Bill)) + `","amount":1}`
			h.refused("PayBills", `{"billPays":[`+strings.Repeat(one+",", 200)+one+`]}`, "BDC_9201")
			h.refused("PayBills", `{"billPays":[]}`, "BDC_9201")
		})
		h.run("5.1.3 references", func(h *house) {
			b, other := h.bill(v, "513", "100"), h.payee("Other")
			h.refused("PayBills", pays(string(ids.New(ids.Bill)), "1"), "BDC_1119", "billId")
			h.refused("PayBills", pays(b, "1", `,"vendorId":"`+other+`"`), "BDC_1119", "billId")
			h.refused("PayBills", pays(b, "1", `,"bankAccountId":"`+string(ids.New(ids.BankAccount))+`"`), "BDC_1151")
			h.ok("PayBills", pays(b, "1", `,"vendorId":"`+v+`","bankAccountId":"`+string(own)+`"`))
			h.ok("PayBill", `{"billId":"`+b+`","amount":"2.50","processDate":"2026-12-01"}`).want("5.1", "entity", "SentPay", "amount", "2.50", "status", "1")
		})
		h.run("5.1.12 combining", func(h *house) {
			b1, b2 := h.bill(v, "512a", "10"), h.bill(v, "512b", "20")
			two := func(a, b string) string {
				return fmt.Sprintf(`{"billPays":[{"billId":%q,"amount":5},{"billId":%q,"amount":5}]}`, a, b)
			}
			a := h.ok("PayBills", two(b1, b2))
			a.want("together", "sentPays.0.amount", "10.00", "sentPays.0.description", "Inv #512a, 512b", "sentPays.1", "")
			h.ok("Crud/Update/Vendor", `{"obj":{"id":"`+v+`","enabledCombinePayments":false}}`)
			h.ok("PayBills", two(b1, b2)).want("apart", "sentPays.0.amount", "5.00", "sentPays.1.amount", "5.00")
		})
		h.run("V2-102 who may not pay", func(h *house) {
			b := h.bill(v, "102", "100")
			clerk := h.as(org.Clerk)
			clerk.refused("PayBills", pays(b, "1"), "BDC_1150")
			clerk.refused("PayBill", `{"billId":"`+b+`","amount":1}`, "BDC_1150")
			payer := h.as(org.Payer)
			payer.ok("PayBills", pays(b, "1"))
		})
		h.run("V2-104 address", func(h *house) {
			w := h.made("Vendor", `{"name":"No zip","address1":"1 Main Street","addressCity":"Springfield","addressState":"IL"}`)
			h.refused("PayBills", pays(h.bill(w, "104", "100"), "1"), "BDC_9052")
			abroad := func(country string) string {
				return h.made("Vendor", fmt.Sprintf(`{"name":"In %s","address1":"1 High Street","addressCity":"London","addressCountry":%q}`, country, country))
			}
			gb := h.bill(abroad("GB"), "105a", "20000")
			h.refused("PayBills", pays(gb, "1"), "BDC_9053")
			h.set("internationalPayments", "true", "internationalOn", "true")
			h.refused("PayBills", pays(gb, "10000.01"), "BDC_9055")
			h.refused("PayBills", pays(h.bill(abroad("North Korea"), "105b", "1"), "1"), "BDC_9054")
			h.ok("PayBills", pays(gb, "10000.00"))
		})
		h.run("V2-105 approval", func(h *house) {
			set := func(id string, status int64) {
				h.write(func(tx *db.Tx) error {
					tx.ExecOne(`UPDATE bills SET approval_status = $3 WHERE org_id = $1 AND id = $2`, string(h.org), id, status)
					return nil
				})
			}
			denied, assigned := h.bill(v, "105c", "100"), h.bill(v, "105d", "100")
			set(denied, 5)
			set(assigned, 1)
			payer := *h
			payer.session = h.login(org.Payer + "@acme.example")
			payer.refused("PayBills", pays(denied, "1"), "BDC_9107")
			h.refused("PayBills", pays(denied, "1"), "BDC_9107")
			h.refused("PayBills", pays(assigned, "1"), "BDC_9107")
			h.set("allowPayUnapproved", "true")
			h.ok("PayBills", pays(assigned, "1"))
			h.refused("PayBills", pays(denied, "1"), "BDC_9107")
			h.set("allowPayUnapproved", "false")
		})
		h.run("V2-040 trust", func(h *house) {
			o := *h
			o.key = o.newKey("required")
			o.session = o.login(o.email)
			o.refused("PayBills", `{}`, "BDC_1361")
			o.refused("PayBill", `{}`, "BDC_1361")
			if a := o.call("CancelAPPayment", `{}`); a.code != "BDC_1117" {
				h.t.Errorf("2.5.5: cancelling needs no trust: %s", a.code)
			}
		})
	})
}

func TestV2_106_PayWithCredit(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		h.fund()
		v := h.payee("Harbor Tool Rental")
		b, c := h.bill(v, "106", "100"), h.credit(v, "CR-1", "5")
		credits := fmt.Sprintf(`,"billCredits":[{"billId":%q,"vendorCreditId":%q,"amount":1.00}]`, b, c)
		a := h.ok("PayBills", pays(b, "99.00", credits))
		p := a.text("sentPays.0.id")
		a.want("5.1.9", "sentPays.0.amount", "99.00", "sentPays.0.billCredits.0.entity", "BillCredit", "sentPays.0.billCredits.0.amount", "1.00",
			"sentPays.0.billCredits.0.vendorCreditId", c, "sentPays.0.billCredits.0.billId", b, "sentPays.0.billCredits.0.sentPayId", p,
			"sentPays.0.billCredits.1", "")
		h.read("Bill", b).want("106", "dueAmount", "0.00", "paymentStatus", "4", "scheduledAmount", "99.00")
		h.read("VendorCredit", c).want("106", "creditStatus", "2", "appliedAmount", "1.00", "amount", "5.00")
		h.refused("PayBills", pays(h.bill(v, "106a", "100"), "1", fmt.Sprintf(`,"billCredits":[{"billId":%q,"vendorCreditId":%q,"amount":1}]`, b, string(ids.New(ids.VendorCredit)))),
			"BDC_1119", "vendorCreditId")
		alone := h.bill(v, "106b", "4")
		h.ok("PayBills", pays(alone, "0", fmt.Sprintf(`,"billCredits":[{"billId":%q,"vendorCreditId":%q,"amount":4}]`, alone, c))).
			want("PAY-2", "sentPays.0.status", "2", "sentPays.0.amount", "0.00", "sentPays.0.disbursementStatus", "null")
		h.read("Bill", alone).want("PAY-2", "paymentStatus", "0", "creditAmount", "4.00")
		h.read("VendorCredit", c).want("106", "creditStatus", "0", "appliedAmount", "5.00")
		h.refused("Crud/Delete/VendorCredit", `{"id":"`+c+`"}`, "BDC_9105")
		rows := h.list("BillCredit", "vendorCreditId", "=", `"`+c+`"`)
		if got := column(rows, "amount"); !slices.Equal(got, []string{"1.00", "4.00"}) {
			h.t.Errorf("List/BillCredit: %v", got)
		}
		h.read("BillCredit", rows[0].text("id")).want("Read", "sentPayId", p)
		h.ok("CancelAPPayment", `{"sentPayId":"`+p+`"}`).want("109", "status", "3", "id", p)
		h.read("Bill", b).want("cancelled", "dueAmount", "100.00", "paymentStatus", "1")
		h.read("VendorCredit", c).want("cancelled", "appliedAmount", "4.00")
	})
}

func TestRecordAPPayment(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		v := h.payee("Harbor Tool Rental")
		record := func(data string) answer { return h.ok("RecordAPPayment", data) }
		h.run("V2-107 in full", func(h *house) {
			b := h.bill(v, "107", "100")
			a := record(pays(b, "100", date("2026-11-22"), `,"syncReference":"S-1","toPrintCheck":true,"description":"by card"`))
			a.want("5.2", "entity", "SentPay", "status", "2", "paymentType", "4", "isOnline", "false", "bankAccountId", null, "disbursementStatus", "null",
				"syncReference", "S-1", "toPrintCheck", "true", "description", "by card", "amount", "100.00", "billPays.0.paymentType", "1")
			h.read("Bill", b).want("107", "paymentStatus", "0", "paidAmount", "100.00")
		})
		h.run("V2-108 in part", func(h *house) {
			b := h.bill(v, "108", "100")
			record(pays(b, "40", date("2026-11-22"))).want("5.2", "status", "2")
			h.read("Bill", b).want("108", "paymentStatus", "2", "dueAmount", "60.00")
		})
		h.run("5.2 bills and credits", func(h *house) {
			b1, b2, c := h.bill(v, "52a", "100"), h.bill(v, "52b", "50"), h.credit(v, "CR-52", "10")
			two := fmt.Sprintf(`{"processDate":"2026-11-22","billPays":[{"billId":%q,"amount":90},{"billId":%q,"amount":50}],"billCredits":[{"billId":%q,"vendorCreditId":%q,"amount":10}]`, b1, b2, b1, c)
			h.refused("RecordAPPayment", two+"}", "BDC_1117", "vendorId")
			record(two+`,"vendorId":"`+v+`"}`).want("5.2", "amount", "140.00", "billPays.1.billId", b2, "billCredits.0.amount", "10.00")
			h.read("Bill", b1).want("5.2", "paymentStatus", "0", "creditAmount", "10.00", "paidAmount", "90.00")
			h.read("VendorCredit", c).want("5.2", "creditStatus", "0")
		})
		h.run("5.2 refusals", func(h *house) {
			b := h.bill(v, "52c", "100")
			h.refused("RecordAPPayment", pays(b, "1"), "BDC_1117", "processDate")
			h.refused("RecordAPPayment", pays(b, "1", date("no date")), "BDC_1152")
			h.refused("RecordAPPayment", pays(b, "101", date("2026-11-22")), "BDC_1159")
			h.refused("RecordAPPayment", pays(b, "1", date("2026-11-22"), `,"chartOfAccountId":"`+string(ids.New(ids.Account))+`"`), "BDC_1119", "chartOfAccountId")
			auditor := h.as(org.Auditor)
			auditor.refused("RecordAPPayment", pays(b, "1", date("2026-11-22")), "BDC_9006")
		})
		h.run("V2-110 void", func(h *house) {
			b := h.bill(v, "110", "100")
			p := record(pays(b, "100", date("2026-11-22"))).text("id")
			h.ok("VoidAPPayment", `{"sentPayId":"`+p+`"}`).want("5.4", "status", "4", "id", p, "billPays.0.paymentStatus", "4")
			h.read("Bill", b).want("110", "paymentStatus", "1", "dueAmount", "100.00")
			h.refused("VoidAPPayment", `{"sentPayId":"`+p+`"}`, "BDC_9108")
			h.refused("CancelAPPayment", `{"sentPayId":"`+p+`"}`, "BDC_9108")
		})
		h.run("5.4 references", func(h *house) {
			for _, call := range []string{"CancelAPPayment", "VoidAPPayment", "GetDisbursementData", "GetCheckImageData"} {
				h.refused(call, `{}`, "BDC_1117", "sentPayId")
				h.refused(call, `{"sentPayId":"`+string(ids.New(ids.SentPay))+`"}`, "BDC_1119", "sentPayId")
			}
		})
	})
}

// 5.3: what is told of a payment to a listed large biller.
func TestBillerPayment(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		h.fund()
		l, err := network.Listed{Name: "Pacific Gas", Address1: "Box 1", City: "Sacramento", Region: "CA", Zip: "95899"}.
			WithAccount(h.vault, "990000026", "5551234")
		if err != nil {
			h.t.Fatal(err)
		}
		v := h.payee("Pacific Gas")
		h.write(func(tx *db.Tx) error {
			biller, err := network.AddListed(tx, l)
			if err != nil {
				return err
			}
			return network.Link(tx, ids.ID(v), biller)
		})
		p := h.ok("PayBills", pays(h.bill(v, "109", "100"), "100", date("2026-11-25"))).text("sentPays.0.id")
		data := `{"sentPayId":"` + p + `"}`
		h.ok("GetDisbursementData", data).want("before", "paymentType", "1", "rppsData", "", "address1", "")
		h.at("2026-11-25", 2, 0)
		h.work()
		h.again()
		h.ok("GetDisbursementData", data).want("after", "paymentType", "1", "address1", "Box 1", "address2", "null", "addressCity", "Sacramento",
			"addressZip", "95899", "rppsData.largeBillerId", string(l.ID), "rppsData.sentDate", "2026-11-25", "rppsData.errorCode", "null",
			"rppsData.returnedDate", "null", "rppsData.traceNumber", "990000010000001", "achData", "")
	})
}

func TestSentPay(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		own := h.fund()
		v := h.payee("Harbor Tool Rental")
		b := h.bill(v, "109", "100")
		pay := func() string { return h.ok("PayBills", pays(b, "100", date("2026-11-25"))).text("sentPays.0.id") }
		h.run("V2-109 cancel", func(h *house) {
			p := pay()
			h.ok("CancelAPPayment", `{"sentPayId":"`+p+`"}`).want("5.4", "status", "3", "billPays.0.paymentStatus", "3")
			h.read("Bill", b).want("109", "paymentStatus", "1")
			h.refused("CancelAPPayment", `{"sentPayId":"`+p+`"}`, "BDC_9108")
			clerk := h.as(org.Clerk)
			clerk.refused("CancelAPPayment", `{"sentPayId":"`+p+`"}`, "BDC_9006")
		})
		p := pay()
		data := `{"sentPayId":"` + p + `"}`
		h.run("V2-111 an online payment needs type and reason", func(h *house) {
			h.refused("VoidAPPayment", data, "BDC_1117", "voidRequestType", "reason")
			h.refused("VoidAPPayment", data[:len(data)-1]+`,"voidRequestType":"1"}`, "BDC_1117", "reason")
			h.refused("VoidAPPayment", data[:len(data)-1]+`,"voidRequestType":"1","reason":"lost"}`, "BDC_9108")
		})
		h.run("V2-112 before", func(h *house) {
			a := h.ok("GetDisbursementData", data)
			a.want("5.3", "paymentType", "0", "disbursementStatus", "null", "checkData", "", "achData", "")
			h.refused("GetCheckImageData", data, "BDC_1120")
		})
		h.at("2026-11-25", 2, 0)
		h.work()
		h.again()
		h.run("V2-112 after", func(h *house) {
			a := h.ok("GetDisbursementData", data)
			a.want("5.3", "paymentType", "0", "disbursementStatus", "3", "checkData.checkNumber", "10001", "checkData.checkDate", "2026-11-25",
				"checkData.amount", "100.00", "checkData.memo", "Inv #109", "checkData.clearedDate", "null", "checkData.trackingInfo", "null",
				"checkData.arrivesByDate", "2026-12-03", "checkData.expirationDate", "2027-02-23", "checkData.errorCode", "null")
			h.read("SentPay", p).want("5.1", "status", "2", "disbursementStatus", "3")
			h.read("Bill", b).want("5.1", "paymentStatus", "0", "paidAmount", "100.00", "scheduledAmount", "0.00")
			if _, err := exec.LookPath("pdftoppm"); err != nil {
				h.refused("GetCheckImageData", data, "BDC_1120")
				return
			}
			a = h.ok("GetCheckImageData", data)
			png, err := base64.StdEncoding.DecodeString(a.text("frontImage"))
			if err != nil || !strings.HasPrefix(string(png), "\x89PNG\r\n") || a.text("backImage") != "null" {
				h.t.Errorf("%v, %d bytes", err, len(png))
			}
		})
		h.run("3.17 movement", func(h *house) {
			rows := h.list("MoneyMovement", "bankAccountId", "=", `"`+string(own)+`"`)
			if len(rows) != 1 {
				h.t.Fatalf("%d movements", len(rows))
			}
			rows[0].want("3.17", "type", "1", "amount", "-100.00", "status", "0", "processDate", "2026-11-25", "sentPayIds.0", p, "sentPayIds.1", "")
			h.read("MoneyMovement", rows[0].text("id")).want("3.17", "entity", "MoneyMovement", "sentPayIds.0", p)
		})
		h.run("5.4 void and reissue", func(h *house) {
			h.ok("VoidAPPayment", data[:len(data)-1]+`,"voidRequestType":2,"reason":"lost"}`).
				want("5.4", "id", p, "status", "2", "voidRequest.status", "requested")
			h.refused("VoidAPPayment", data[:len(data)-1]+`,"voidRequestType":2,"reason":"lost"}`, "BDC_9108")
			h.stopped(p)
			a := h.read("SentPay", p)
			a.want("5.4", "id", p, "status", "1", "processDate", "2026-11-27", "disbursementStatus", "null", "billPays.0.sentPayId", p, "billPays.0.paymentStatus", "1")
			rows := h.list("SentPay", "vendorId", "=", `"`+v+`"`)
			if got := column(rows, "status"); len(rows) != 2 || rows[1].text("id") != p || !slices.Equal(got, []string{"3", "1"}) {
				h.t.Errorf("List/SentPay: %v", got)
			}
			if rows := h.list("SentPay", "id", "=", `"`+p+`"`); len(rows) != 1 || rows[0].text("status") != "1" {
				h.t.Errorf("by id: %d", len(rows))
			}
			for _, part := range h.list("BillPay", "billId", "=", `"`+b+`"`)[1:] {
				part.want("3.6", "sentPayId", p)
			}
			h.read("Bill", b).want("5.4", "paymentStatus", "4")
			h.at("2026-11-27", 2, 0)
			h.work()
			h.again()
			a = h.ok("GetDisbursementData", data)
			a.want("5.4", "checkData.checkNumber", "10002", "disbursementStatus", "3")
			h.ok("VoidAPPayment", data[:len(data)-1]+`,"voidRequestType":"1","reason":"lost again"}`).want("5.4", "id", p, "status", "2")
			h.stopped(p)
			h.read("SentPay", p).want("5.4", "id", p, "status", "4", "voidRequest.type", "1", "voidRequest.reason", "lost again", "voidRequest.status", "confirmed")
			h.read("Bill", b).want("5.4", "paymentStatus", "1", "dueAmount", "100.00")
		})
		h.again()
		h.run("5.3 ListPayments", func(h *house) {
			if rows := h.ok("ListPayments", `{}`).at("payments").([]any); len(rows) != 2 {
				h.t.Errorf("%d payments", len(rows))
			}
			h.ok("ListPayments", `{"disbursementStatus":"3","max":10,"filters":[{"field":"status","op":"=","value":"4"}]}`).want("5.3", "payments.0.id", p, "payments.1", "")
			h.ok("ListPayments", `{"disbursementStatus":"2"}`).want("5.3", "payments.0", "")
			h.refused("ListPayments", `{"max":1001}`, "BDC_1129")
		})
		h.run("3.6 lists", func(h *house) {
			for _, f := range [][]string{{"status", "=", `"4"`}, {"amount", "=", `100`}, {"isOnline", "=", "true"}, {"processDate", ">=", `"2026-11-27"`}} {
				if rows := h.list("SentPay", f...); !slices.Contains(column(rows, "id"), p) {
					h.t.Errorf("%v: %v", f, column(rows, "id"))
				}
			}
			h.list("BillPay", "paymentStatus", "=", `"4"`)[0].want("3.6", "entity", "BillPay", "name", h.read("BillPay", h.list("BillPay", "paymentStatus", "=", `"4"`)[0].text("id")).text("name"))
		})
		h.run("V2-066 payments are made by calls", func(h *house) {
			h.refused("Crud/Create/SentPay", `{"obj":{}}`, "BDC_1116")
			h.refused("Crud/Update/BillPay", `{"obj":{}}`, "BDC_1116")
			h.refused("Crud/Delete/BillCredit", `{"obj":{}}`, "BDC_1116")
			h.refused("Crud/Create/MoneyMovement", `{"obj":{}}`, "BDC_1116")
		})
		h.run("3.16 bank accounts", func(h *house) {
			h.read("BankAccount", string(own)).want("3.16", "bankName", "Sandbox Bank", "nameOnAcct", "Operating", "accountNumber", "*****7777", "routingNumber", "*****0013",
				"status", "1", "isPrimaryAP", "true", "isSavings", "false")
			h.ok("GetBankBalance", ``).want("5.10", "balances.0.bankAccountId", string(own), "balances.0.balance", "0.00")
			h.refused("Crud/Create/BankAccount", `{"obj":{}}`, "BDC_1116")
		})
	})
}

func TestVendorCredits(t *testing.T) {
	each(t, func(_ *testing.T, h *house) {
		v := h.payee("Harbor Tool Rental")
		h.run("3.5 create", func(h *house) {
			c := h.create("VendorCredit", fmt.Sprintf(`{"vendorId":%q,"refNumber":"CR-1","creditDate":"2026-11-20","description":"back",
				"vendorCreditLineItems":[{"amount":10},{"quantity":2,"unitPrice":"1.25","jobBillable":true}]}`, v))
			c.want("3.5", "entity", "VendorCredit", "amount", "12.50", "glPostingDate", "2026-11-20", "creditStatus", "1", "approvalStatus", "0", "appliedAmount", "0.00",
				"applyToBankAccountId", null, "exchangeRate", "null", "isActive", "1", "poNumber", "null", "dueDate", "", "vendorCreditLineItems.0.entity", "VendorCreditLineItem",
				"vendorCreditLineItems.1.amount", "2.50", "vendorCreditLineItems.1.lineOrder", "1", "vendorCreditLineItems.1.vendorCreditId", c.text("id"))
			if !strings.HasPrefix(c.text("id"), "vcr01") || !strings.HasPrefix(c.text("vendorCreditLineItems.0.id"), "vci01") || c.text("createdTime") != c.text("updatedTime") {
				h.t.Errorf("%s", c.raw)
			}
			h.create("VendorCredit", fmt.Sprintf(`{"vendorId":%q,"invoiceNumber":"CR-2","invoiceDate":"2026-11-20","dueDate":"2026-12-01","vendorCreditLineItems":[{"amount":1}]}`, v)).
				want("aliases", "refNumber", "CR-2", "creditDate", "2026-11-20")
		})
		h.run("3.5 refusals", func(h *house) {
			with := func(number, more string) string {
				return fmt.Sprintf(`{"obj":{"vendorId":%q,"refNumber":%q,"creditDate":"2026-11-20"%s}}`, v, number, more)
			}
			line := `,"vendorCreditLineItems":[{"amount":1}]`
			const create = "Crud/Create/VendorCredit"
			h.refused(create, `{"obj":{}}`, "BDC_1117", "vendorId, refNumber, creditDate, vendorCreditLineItems")
			h.refused(create, with("CR-3", ""), "BDC_1117", "vendorCreditLineItems")
			h.refused(create, with("CR-3", `,"vendorCreditLineItems":[{}]`), "BDC_1117", "amount")
			h.refused(create, with("CR-3", `,"vendorCreditLineItems":[{"amount":-1}]`), "BDC_9045")
			h.refused(create, with("CR-1", line), "BDC_9102", "refNumber")
			h.refused(create, with("CR-3", line+`,"exchangeRate":1.5`), "BDC_1143", "exchangeRate")
			h.refused(create, with("CR-3", line+`,"nmae":1`), "BDC_1002", "nmae")
			h.refused(create, with(strings.Repeat("x", 101), line), "BDC_1143", "refNumber")
			h.refused(create, with("CR-3", line+`,"applyToChartOfAccountId":"`+string(ids.New(ids.Account))+`"`), "BDC_1119", "applyToChartOfAccountId")
			h.refused("Crud/Create/VendorCreditLineItem", `{"obj":{}}`, "BDC_1116")
			auditor := h.as(org.Auditor)
			auditor.refused(create, with("CR-3", line), "BDC_9006")
		})
		h.run("3.5 update, delete, undelete", func(h *house) {
			c := h.create("VendorCredit", fmt.Sprintf(`{"vendorId":%q,"refNumber":"CR-4","creditDate":"2026-11-20","vendorCreditLineItems":[{"amount":10},{"amount":5}]}`, v))
			id := c.text("id")
			h.store.Clock.Advance(time.Minute)
			h.ok("Crud/Update/VendorCredit", `{"obj":{"id":"`+id+`","description":"x"}}`).want("lines stay", "amount", "15.00", "vendorCreditLineItems.1.amount", "5.00")
			a := h.ok("Crud/Update/VendorCredit", fmt.Sprintf(`{"obj":{"id":%q,"vendorCreditLineItems":[{"id":%q,"amount":7},{"amount":1}]}}`, id, c.text("vendorCreditLineItems.1.id")))
			a.want("new set", "amount", "8.00", "vendorCreditLineItems.0.id", c.text("vendorCreditLineItems.1.id"), "vendorCreditLineItems.2", "")
			h.ok("Crud/Delete/VendorCredit", `{"id":"`+id+`"}`).want("deleted", "isActive", "2")
			h.ok("Crud/Undelete/VendorCredit", `{"id":"`+id+`"}`).want("back", "isActive", "1", "amount", "8.00")
			back := strings.Replace(h.read("VendorCredit", id).raw, `{"response_status":0,"response_message":"Success","response_data":`, `{"obj":`, 1)
			before := h.read("VendorCredit", id).text("updatedTime")
			h.ok("Crud/Update/VendorCredit", back).want("V2-059", "updatedTime", before)
		})
		h.run("3.5 lists and bulk", func(h *house) {
			rows := h.list("VendorCredit", "refNumber", "sw", `"cr-"`, "creditStatus", "=", `"1"`)
			if len(rows) != 3 || rows[0].text("vendorCreditLineItems.0.amount") == "" {
				h.t.Errorf("%d credits", len(rows))
			}
			one := fmt.Sprintf(`{"obj":{"vendorId":%q,"refNumber":"B-1","creditDate":"2026-11-20","vendorCreditLineItems":[{"amount":1}]}}`, v)
			h.ok("Bulk/Crud/Create/VendorCredit", `{"bulk":[`+one+`,`+one+`]}`).want("4.2", "bulk.0.response_status", "0", "bulk.1.response_data.error_code", "BDC_9102")
		})
	})
}
