package payment_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/db/dbtest"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/payment"
)

// printed is the text of each sheet in the only print run that has left.
func (o *office) printed(t *testing.T) []string {
	t.Helper()
	names := o.names("checks")
	if len(names) != 1 {
		t.Fatalf("print runs %q, want one", names)
	}
	out, err := exec.Command("pdftotext", "-layout", filepath.Join(o.dir, string(o.who.Org), "checks", names[0]), "-").Output()
	if err != nil {
		t.Fatalf("pdftotext of poppler-utils: %v", err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\f"), "\f")
}

func (o *office) mustVoid(id ids.ID, kind int64, reason string) (p *payment.Payment) {
	o.t.Helper()
	o.write(func(tx *db.Tx) (err error) {
		p, err = payment.Void(tx, payment.Voiding{PaymentID: id, Type: kind, Reason: reason})
		return err
	})
	return p
}

// CHK-4, XO-4: a cheque voided before it is printed, or before its print run has left, comes out as a sheet that says
// VOID; its number stays used and the bank is told with one void line.
func TestVoidBeforePrint(t *testing.T) {
	t.Parallel()
	for _, drawn := range []bool{false, true} {
		dbtest.Each(t, func(t *testing.T, s *dbtest.Store) {
			o := newOffice(t, s, vaultIn(t), t.TempDir())
			ctx := context.Background()
			first := o.mustPay(o.bill(o.vendor("Kept, Inc.", nil), 1_000), 1_000, "2026-11-24")
			second := o.mustPay(o.bill(o.vendor("Voided, Inc.", nil), 2_000), 2_000, "2026-11-24")
			at := o.at("2026-11-24", "01:00:00")
			if err := o.engine.Release(ctx, o.who.Org, at); err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(o.dir, string(o.who.Org), "out")
			if drawn { // the file for the bank cannot leave, so the sheets are drawn and wait
				if err := os.MkdirAll(filepath.Dir(out), 0o750); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(out, nil, 0o600); err != nil {
					t.Fatal(err)
				}
				if err := o.engine.Deliver(ctx, o.who.Org, at); err == nil {
					t.Fatal("delivered into a file")
				}
			}
			o.mustVoid(second, payment.VoidAndCredit, "lost")
			if drawn {
				if err := os.Remove(out); err != nil {
					t.Fatal(err)
				}
			}
			o.until(o.at("2026-11-24", "03:00:00"))
			sheets := o.printed(t)
			if len(sheets) != 2 {
				t.Fatalf("got %d sheets, want 2", len(sheets))
			}
			for i, payee := range []string{"Kept, Inc.", "Voided, Inc."} {
				void := strings.Contains(sheets[i], "VOID") && !strings.Contains(sheets[i], "DOLLARS")
				if !strings.Contains(sheets[i], payee) || void != (i == 1) {
					t.Errorf("CHK-4: sheet %d is\n%s", i+1, sheets[i])
				}
			}
			o.wantState(first, payment.Sent)
			o.wantState(second, payment.Voided)
			var lines []string
			for _, n := range o.names("out") {
				for line := range strings.Lines(o.content("out", n)) {
					if strings.HasSuffix(line, ",V\r\n") {
						lines = append(lines, line)
					}
				}
			}
			if len(lines) != 1 || !strings.Contains(lines[0], ",10002,2026-11-24,20.00,") {
				t.Errorf("CHK-6: void lines %q", lines)
			}
			o.verified()
		})
	}
}
