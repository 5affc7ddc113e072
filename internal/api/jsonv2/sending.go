package jsonv2

import (
	"bytes"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/paper"
	"github.com/duebook/duebook/internal/sending"
)

// sending serves how invoices reach customers (5.5).
func (h *Handler) sending() area {
	manage := db.Of(org.ManageReceivables)
	return area{
		calls: map[string]call{
			"SendInvoice": {needs: manage, run: h.sendInvoice},
			"MailInvoice": {needs: manage, run: h.mailInvoice},
		},
		files: map[string]download{"/Invoice2PdfServlet": h.invoicePDF},
	}
}

// desk is where invoices are sent from.
func (q *request) desk() sending.Desk { return sending.Desk{Vault: q.h.Vault, PublicURL: q.baseURL()} }

func (h *Handler) sendInvoice(q *request, in *args) (any, error) {
	m := sending.Message{Invoice: in.ref("invoiceId", required)}
	headers, content := in.object("headers", required), in.object("content", required)
	m.From = headers.ref("fromUserId", optional)
	m.To = headers.texts("toEmailAddresses", optional)
	m.CcMe = headers.flag("ccMe", false)
	m.Subject = atMost(headers, "subject", 1000)
	m.Body = atMost(content, "body", 100_000)
	if err := in.err(); err != nil {
		return nil, err
	}
	if err := q.mails(); err != nil {
		return nil, err
	}
	desk := q.desk()
	return empty, q.write(func(tx *db.Tx) error { return onID(m.Invoice, desk.Send(tx, m)) })
}

// mails counts a call by which the user sends a mail (SEC-10).
func (q *request) mails() error { return q.h.Limits.Mail(q.session.Caller.User) }

func (h *Handler) mailInvoice(q *request, in *args) (any, error) {
	id := in.ref("invoiceId", required)
	if err := in.err(); err != nil {
		return nil, err
	}
	desk := q.desk()
	return empty, q.write(func(tx *db.Tx) error { return onID(id, desk.Letter(tx, id)) })
}

// invoicePDF serves Invoice2PdfServlet: an invoice as it stands now.
func (h *Handler) invoicePDF(w http.ResponseWriter, q *request) {
	if as := q.params.get("PresentationType"); as != "" && !strings.EqualFold(as, "PDF") {
		q.fileRefused(w, fault.ErrValue.On("PresentationType").With(as))
		return
	}
	var sheet paper.Invoice
	err := q.read(func(tx *db.Tx) (err error) {
		id := ids.ID(q.params.get("Id"))
		if !id.Is(ids.Invoice) {
			return fault.ErrNotFound.With(string(id))
		}
		sheet, err = q.desk().Sheet(tx, id)
		return err
	})
	var content bytes.Buffer
	if err == nil {
		err = paper.Write(&content, sheet)
	}
	if err != nil {
		q.fileRefused(w, err)
		return
	}
	head := w.Header()
	head.Set("Content-Type", "application/pdf")
	head.Set("Content-Disposition", mime.FormatMediaType("inline", map[string]string{"filename": sending.FileName(sheet.Number)}))
	head.Set("Content-Length", strconv.Itoa(content.Len()))
	head.Set("Cache-Control", "private, no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(content.Bytes())
}
