package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/network"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/server"
)

type networkCmd struct {
	List    networkListCmd    `cmd:"" help:"Show an organisation's network id and the invitations that wait for its answer."`
	Accept  networkAcceptCmd  `cmd:"" help:"Accept an invitation, by the code of its mail or by its id."`
	Decline networkDeclineCmd `cmd:"" help:"Decline an invitation, by the code of its mail or by its id."`
}

type networkListCmd struct {
	Org string `help:"Organisation id." required:""`
}

// Run shows how others find the organisation, and who asks.
func (n *networkListCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		type row struct {
			ID        ids.ID `json:"id"`
			NetworkID string `json:"networkId"`
			Name      string `json:"name"`
			AsPayee   bool   `json:"asPayee"`
		}
		out := struct {
			NetworkID   string `json:"networkId"`
			Invitations []row  `json:"invitations"`
		}{network.ID(ids.ID(n.Org)), []row{}}
		err := app.DB.Read(c.ctx, command(ids.ID(n.Org)), func(tx *db.Tx) error {
			if _, err := org.Load(tx); err != nil {
				return err
			}
			in, err := network.Incoming(tx)
			for _, i := range in {
				out.Invitations = append(out.Invitations, row{i.ID, i.From.NetworkID, i.From.Name, i.AsPayee})
			}
			return err
		})
		if err != nil {
			return err
		}
		return c.print(out, func(w io.Writer) {
			fmt.Fprintf(w, "Network id %s\n", out.NetworkID)
			for _, i := range out.Invitations {
				wish := "sends you invoices"
				if i.AsPayee {
					wish = "pays you"
				}
				fmt.Fprintf(w, "%s  %s (%s) %s\n", i.ID, i.Name, i.NetworkID, wish)
			}
		})
	})
}

type networkAcceptCmd struct {
	Code    string `arg:"" help:"Code of the mail, or id of the invitation."`
	Org     string `help:"Organisation that accepts." required:""`
	Record  string `help:"What stands for the sender here: the customer it is, if it pays you; the vendor it is, if it sends you invoices."`
	Account string `help:"Id of your bank account that the sender is to pay into (without it the default one)."`
}

// Run connects the two organisations.
func (n *networkAcceptCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		err := network.Accept(c.ctx, app.DB, command(ids.ID(n.Org)), network.Answer{Code: n.Code, RecordID: ids.ID(n.Record), Account: ids.ID(n.Account)})
		if err != nil {
			return err
		}
		return c.done("Connected.")
	})
}

type networkDeclineCmd struct {
	Code string `arg:"" help:"Code of the mail, or id of the invitation."`
	Org  string `help:"Organisation that declines." required:""`
}

// Run answers with no.
func (n *networkDeclineCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		if err := network.Decline(c.ctx, app.DB, command(ids.ID(n.Org)), n.Code); err != nil {
			return err
		}
		return c.done("Declined.")
	})
}

type billerCmd struct {
	Add  billerAddCmd  `cmd:"" help:"Put a large biller into the directory that vendors can be linked to."`
	List billerListCmd `cmd:"" help:"List the directory."`
}

type billerAddCmd struct {
	Name        string `help:"Name that payments are made out to." required:""`
	Address1    string `help:"Where payments go: first line of the address."`
	City        string `help:"City of the address."`
	State       string `help:"State of the address."`
	Zip         string `help:"ZIP code of the address."`
	Phone       string `help:"Telephone number."`
	AccountMask string `help:"Form of its account numbers: # a digit, @ a letter, ? either, anything else itself."`
	Routing     string `help:"Routing number of the account that it is paid to by ACH; without one it is paid by check." and:"account"`
	Account     string `help:"Account number, better given in the environment." env:"DUEBOOK_BILLER_ACCOUNT" and:"account"`
}

// Run adds the biller.
func (b *billerAddCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		var id ids.ID
		l := network.Listed{Name: b.Name, Address1: b.Address1, City: b.City, Region: b.State, Zip: b.Zip, Phone: b.Phone, AccountMask: b.AccountMask}
		var err error
		if b.Routing != "" {
			l, err = l.WithAccount(app.Vault, b.Routing, b.Account)
		}
		if err == nil {
			err = app.DB.Write(c.ctx, command(""), func(tx *db.Tx) (err error) {
				id, err = network.AddListed(tx, l)
				return err
			})
		}
		if err != nil {
			return err
		}
		return c.print(map[string]ids.ID{"id": id}, func(w io.Writer) { fmt.Fprintf(w, "Biller %s (%s).\n", b.Name, id) })
	})
}

type billerListCmd struct{}

// Run lists the directory.
func (*billerListCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		var all []network.Listed
		err := app.DB.Read(c.ctx, command(""), func(tx *db.Tx) (err error) {
			all, err = network.ListedVendors(tx)
			return err
		})
		if err != nil {
			return err
		}
		type row struct {
			ID   ids.ID `json:"id"`
			Name string `json:"name"`
			Mask string `json:"accountMask"`
			ACH  bool   `json:"ach"`
		}
		rows := make([]row, len(all))
		for i, l := range all {
			rows[i] = row{l.ID, l.Name, l.AccountMask, l.BankAccount != ""}
		}
		return c.print(rows, func(w io.Writer) {
			t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
			fmt.Fprintln(t, "ID\tNAME\tACCOUNT NUMBERS\tPAID BY")
			for _, r := range rows {
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", r.ID, r.Name, r.Mask, map[bool]string{true: "ACH", false: "check"}[r.ACH])
			}
			_ = t.Flush()
		})
	})
}
