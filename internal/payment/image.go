package payment

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/rail/check"
	"github.com/duebook/duebook/internal/secret"
)

// ErrNoCheque is a payment for which no cheque was issued.
var ErrNoCheque = errors.New("no cheque was issued for this payment")

// Paper is a cheque as it was issued, to be drawn outside of a transaction.
type Paper struct {
	own     org.Organisation
	funding *bank.Account
	cheque  check.Check
}

// Cheque reads the cheque of a payment. It fails with ErrNoCheque.
func Cheque(tx *db.Tx, payment ids.ID) (Paper, error) {
	var account, day, text string
	var serial, amount int64
	err := tx.Row(`SELECT b.bank_account_id, b.process_date, d.serial, d.amount, d.payee FROM disbursements d
		JOIN disbursement_batches b ON b.org_id = d.org_id AND b.id = d.batch_id
		WHERE d.org_id = $1 AND d.payment_id = $2 AND d.serial > 0`, string(tx.Org()), string(payment)).Scan(&account, &day, &serial, &amount, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return Paper{}, ErrNoCheque
	}
	if err != nil {
		return Paper{}, fmt.Errorf("read the cheque of payment %s: %w", payment, err)
	}
	var to payee
	if err := json.Unmarshal([]byte(text), &to); err != nil {
		return Paper{}, fmt.Errorf("read the payee of cheque %d: %w", serial, err)
	}
	issued, err := civil.Parse(day)
	if err != nil {
		return Paper{}, err
	}
	p := Paper{cheque: cheque(serial, issued, amount, to)}
	if p.funding, err = bank.Accounts.Load(tx, ids.ID(account)); err != nil {
		return p, err
	}
	p.own, err = org.Load(tx)
	return p, err
}

// CanDraw reports whether the server has the program that PNG draws with.
func CanDraw() bool {
	_, err := exec.LookPath("pdftoppm")
	return err == nil
}

// PNG draws the sheet with the cheque; nil where the server has no program for it (pdftoppm of poppler-utils).
func (p Paper) PNG(ctx context.Context, vault *secret.Vault, orgID ids.ID) ([]byte, error) {
	program, err := exec.LookPath("pdftoppm")
	if err != nil {
		return nil, nil
	}
	number, err := p.funding.Number(vault, orgID)
	if err != nil {
		return nil, fmt.Errorf("open the number of funding account %s: %w", p.funding.ID, err)
	}
	var sheet, image bytes.Buffer
	if err := check.Write(&sheet, layout(p.own, p.funding, number), []check.Check{p.cheque}); err != nil {
		return nil, err
	}
	draw := exec.CommandContext(ctx, program, "-png", "-singlefile", "-r", "100", "-")
	draw.Stdin, draw.Stdout = &sheet, &image
	if err := draw.Run(); err != nil {
		return nil, fmt.Errorf("draw cheque %d: %w", p.cheque.Serial, err)
	}
	return image.Bytes(), nil
}
