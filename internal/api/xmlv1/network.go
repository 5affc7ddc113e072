package xmlv1

import (
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/network"
	"github.com/duebook/duebook/internal/xmldoc"
)

// networkOperations serve links between vendors and organisations (5.9). Each answers with the vendor's id.
func (h *Handler) networkOperations() map[string]operation {
	op := func(prepare func(q *request, n *xmldoc.Node, r *result) (work, error), fields ...string) operation {
		return operation{shape: h.shapes["vendor"], fields: fields, prepare: prepare}
	}
	return map[string]operation{
		"link_vendor":        op(h.linkVendor, "vendorId", "linkTo"),
		"delink_vendor":      op(delinkVendor, "vendorId"),
		"send_vendor_invite": op(h.sendVendorInvite, "vendorId", "email"),
	}
}

// onVendor is the work of an operation on a vendor.
func onVendor(id ids.ID, r *result, do func(tx *db.Tx) error) work {
	return work{run: func(tx *db.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		r.id = id
		return nil
	}}
}

func (h *Handler) linkVendor(_ *request, n *xmldoc.Node, r *result) (work, error) {
	if err := missing(n, "vendorId", "linkTo"); err != nil {
		return work{}, err
	}
	id, err := idOf(n, "vendorId")
	if err != nil {
		return work{}, err
	}
	to, err := idOf(n, "linkTo")
	if err != nil {
		return work{}, err
	}
	return onVendor(id, r, func(tx *db.Tx) error {
		if err := h.limits.Mail(tx.Caller().User); err != nil { // the other end is asked
			return err
		}
		return network.Link(tx, id, to)
	}), nil
}

func delinkVendor(_ *request, n *xmldoc.Node, r *result) (work, error) {
	id, err := idOf(n, "vendorId")
	if err != nil {
		return work{}, err
	}
	return onVendor(id, r, func(tx *db.Tx) error { return network.Unlink(tx, id) }), nil
}

func (h *Handler) sendVendorInvite(_ *request, n *xmldoc.Node, r *result) (work, error) {
	if err := missing(n, "vendorId", "email"); err != nil {
		return work{}, err
	}
	id, err := idOf(n, "vendorId")
	if err != nil {
		return work{}, err
	}
	email := text(n, "email")
	return onVendor(id, r, func(tx *db.Tx) error {
		if err := h.limits.Mail(tx.Caller().User); err != nil {
			return err
		}
		_, err := network.InviteVendorAgain(tx, id, email)
		return err
	}), nil
}
