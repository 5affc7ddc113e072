package jsonv2

import (
	"strconv"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/network"
	"github.com/duebook/duebook/internal/org"
)

// network serves how vendors and customers are connected with organisations of this server (5.9).
func (h *Handler) network() area {
	return area{calls: map[string]call{
		"SendVendorInvite": {trusted: true, needs: db.Of(org.ManageVendors), run: h.sendVendorInvite},
		"SendInvite":       {trusted: true, run: h.sendInvite},
		"CancelInvite":     {run: h.cancelInvite},
		"GetNetworkStatus": {get: true, run: h.networkStatus},
		"SearchNetwork":    {get: true, needs: db.Of(org.ViewVendors), run: h.searchNetwork},
	}}
}

// invite runs one invitation, which is a mail, and answers with its id.
func (q *request) invite(send func(tx *db.Tx) (ids.ID, error)) (map[string]ids.ID, error) {
	var id ids.ID
	err := q.write(func(tx *db.Tx) (err error) {
		if err = q.h.Limits.Mail(tx.Caller().User); err != nil {
			return err
		}
		id, err = send(tx)
		return err
	})
	return map[string]ids.ID{"requestId": id}, err
}

func (h *Handler) sendVendorInvite(q *request, in *args) (any, error) {
	vendor, email := in.ref("vendorId", required), in.text("email", required)
	if err := in.err(); err != nil {
		return nil, err
	}
	return q.invite(func(tx *db.Tx) (ids.ID, error) { return network.InviteVendor(tx, vendor, email) })
}

// sendInvite shows its answer twice (1.3.8).
func (h *Handler) sendInvite(q *request, in *args) (any, error) {
	id, to := in.ref("id", required), in.text("networkId", required)
	if err := in.err(); err != nil {
		return nil, err
	}
	out, err := q.invite(func(tx *db.Tx) (ids.ID, error) { return network.Invite(tx, id, to) })
	if err != nil {
		return nil, err
	}
	q.top = raw(`,"requestId":"` + string(out["requestId"]) + `"`)
	return out, nil
}

func (h *Handler) cancelInvite(q *request, in *args) (any, error) {
	id := in.ref("id", required)
	if err := in.err(); err != nil {
		return nil, err
	}
	return nil, q.write(func(tx *db.Tx) error { return network.Cancel(tx, id) })
}

// standings are the statuses of this generation, as in the vendor's networkStatus; not connected is null.
var standings = map[int64]int{network.Pending: 1, network.Connected: 2, network.ConnectedRPPS: 3}

func (h *Handler) networkStatus(q *request, in *args) (any, error) {
	id := in.ref("id", required)
	if err := in.err(); err != nil {
		return nil, err
	}
	var s network.Standing
	err := q.read(func(tx *db.Tx) (err error) { s, err = network.Status(tx, id); return err })
	if err != nil {
		return nil, err
	}
	out := struct {
		Status    *string `json:"status"`
		RequestID ids.ID  `json:"requestId"`
	}{nil, ids.Null}
	if n, ok := standings[s.Status]; ok {
		text := strconv.Itoa(n)
		out.Status = &text
	}
	if s.RequestID != "" {
		out.RequestID = s.RequestID
	}
	return out, nil
}

func (h *Handler) searchNetwork(q *request, in *args) (any, error) {
	type row struct {
		NetworkID string  `json:"networkId"`
		Name      string  `json:"name"`
		Address1  *string `json:"address1"`
		City      *string `json:"addressCity"`
		State     *string `json:"addressState"`
		Zip       *string `json:"addressZip"`
	}
	name, zip := in.text("name", required), in.text("zip", optional)
	if err := in.err(); err != nil {
		return nil, err
	}
	out := []row{}
	err := q.read(func(tx *db.Tx) error {
		found, err := network.Search(tx, name, zip)
		for _, p := range found {
			out = append(out, row{p.NetworkID, p.Name, orNone(p.Address1), orNone(p.City), orNone(p.Region), orNone(p.Zip)})
		}
		return err
	})
	return out, err
}
