package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/payment"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/server"
)

// command is the caller of a command-line act in an organisation: whoever can run it on the store may do all.
func command(o ids.ID) db.Caller {
	return db.Caller{Org: o, Perms: org.All, Channel: "command"}
}

type orgCmd struct {
	Create orgCreateCmd `cmd:"" help:"Create an organisation with its first administrator."`
	List   orgListCmd   `cmd:"" help:"List the organisations of this server."`
	Set    orgSetCmd    `cmd:"" help:"Change state, overdue, apiAccess and preferences."`
}

type orgCreateCmd struct {
	Name          string `help:"Legal name." required:""`
	AdminEmail    string `help:"E-mail of the administrator; an existing user keeps the password." required:""`
	AdminPassword string `help:"Password of the administrator, 12 characters or more." required:"" env:"DUEBOOK_ADMIN_PASSWORD"`
	APIAccess     bool   `help:"Allow API access from the start." name:"api-access"`
}

// Run creates the organisation; in a sandbox with a verified funding account.
func (o *orgCreateCmd) Run(c *call) error {
	if err := secret.CheckPolicy(o.AdminPassword, o.AdminEmail, o.Name); err != nil {
		return err
	}
	return c.with(func(app *server.App) error {
		orgID, userID, err := app.CreateOrg(c.ctx, o.Name, o.AdminEmail, o.AdminPassword, o.APIAccess)
		if err != nil {
			return err
		}
		return c.print(map[string]ids.ID{"orgId": orgID, "userId": userID}, func(w io.Writer) {
			fmt.Fprintf(w, "Organisation %s (%s) with administrator %s (%s).\n", o.Name, orgID, o.AdminEmail, userID)
		})
	})
}

// orgRow is an organisation as scripts read it: what `org set` can change, by the same names.
type orgRow struct {
	ID        ids.ID    `json:"orgId"`
	Name      string    `json:"name"`
	State     org.State `json:"state"`
	APIAccess bool      `json:"apiAccess"`
	Zone      string    `json:"zone"`
	ACHID     string    `json:"achId"`
	org.Preferences
}

func showOrg(o org.Organisation) orgRow {
	return orgRow{o.ID, o.Name, o.State, o.APIAccess, o.Zone, o.ACHID, o.Preferences}
}

type orgListCmd struct{}

// Run lists the organisations.
func (*orgListCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		rows := []orgRow{}
		err := app.DB.Read(c.ctx, command(""), func(tx *db.Tx) error {
			all, err := org.List(tx)
			for _, o := range all {
				rows = append(rows, showOrg(o))
			}
			return err
		})
		if err != nil {
			return err
		}
		return c.print(rows, func(w io.Writer) {
			t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
			fmt.Fprintln(t, "ID\tNAME\tSTATE\tAPI ACCESS")
			for _, o := range rows {
				fmt.Fprintf(t, "%s\t%s\t%s\t%t\n", o.ID, o.Name, o.State, o.APIAccess)
			}
			_ = t.Flush()
		})
	})
}

type orgSetCmd struct {
	ID     string   `arg:"" help:"Organisation id."`
	Values []string `arg:"" help:"key=value: state, overdue, apiAccess, internationalPayments, internationalOn, allowPayUnapproved, name, zone, achId, employerId, expireCheckDays, checkPrinting, staleChecks, combinePayments, departmentPattern, achPrenoteMode, prenoteWait, sodMode, billEditAfterApproval, approvalEscalationDays, networkPublic, defaultBillApprover."`
}

// Run changes the organisation; it takes effect at once, also in a running server.
func (s *orgSetCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		var o org.Organisation
		err := app.DB.Write(c.ctx, command(ids.ID(s.ID)), func(tx *db.Tx) (err error) {
			if o, err = org.Load(tx); err != nil {
				return err
			}
			for _, kv := range s.Values {
				k, v, ok := strings.Cut(kv, "=")
				if !ok {
					return fmt.Errorf("%q is not key=value", kv)
				}
				if err := o.Set(k, v); err != nil {
					return err
				}
			}
			return org.Save(tx, o)
		})
		if err != nil {
			return err
		}
		return c.print(showOrg(o), func(w io.Writer) {
			fmt.Fprintf(w, "Organisation %s (%s): %s.\n", o.Name, o.ID, strings.Join(s.Values, ", "))
		})
	})
}

type userCmd struct {
	Add    userAddCmd    `cmd:"" help:"Add a user to an organisation, or change the role there."`
	Unlock userUnlockCmd `cmd:"" help:"Unlock a login after too many wrong passwords."`

	ResetFactor userResetFactorCmd `cmd:"" help:"Remove the second factor and remembered devices of a user who lost them."`
}

type userAddCmd struct {
	Org      string `help:"Organisation id." required:""`
	Email    string `help:"E-mail, the user name." required:""`
	Role     string `help:"administrator, accountant, approver, payer, clerk, auditor, or a custom role." required:""`
	Password string `help:"Password, 12 characters or more." required:"" env:"DUEBOOK_USER_PASSWORD"`
}

// Run adds the user.
func (u *userAddCmd) Run(c *call) error {
	if err := secret.CheckPolicy(u.Password, u.Email); err != nil {
		return err
	}
	hash, err := secret.HashPassword(c.ctx, u.Password)
	if err != nil {
		return err
	}
	return c.existing(func(app *server.App) error {
		var id ids.ID
		err := app.DB.Write(c.ctx, command(ids.ID(u.Org)), func(tx *db.Tx) error {
			if _, err := org.Load(tx); err != nil {
				return err
			}
			var err error
			if id, err = org.AddUser(tx, u.Email, u.Email, hash); err != nil {
				return err
			}
			return org.SetMembership(tx, id, u.Role, true)
		})
		if err != nil {
			return err
		}
		return c.print(map[string]ids.ID{"userId": id}, func(w io.Writer) { fmt.Fprintf(w, "User %s (%s) is %s.\n", u.Email, id, u.Role) })
	})
}

type userUnlockCmd struct {
	Email string `arg:"" help:"E-mail of the user."`
}

// Run unlocks the login.
func (u *userUnlockCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		err := app.DB.Write(c.ctx, command(""), func(tx *db.Tx) error {
			user, err := org.UserByEmail(tx, u.Email)
			if err != nil {
				return err
			}
			org.Unlock(tx, user.ID)
			return nil
		})
		if err != nil {
			return err
		}
		return c.done("%s may sign in again.", u.Email)
	})
}

type userResetFactorCmd struct {
	Email string `arg:"" help:"E-mail of the user."`
}

// Run removes the second factor.
func (u *userResetFactorCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		err := app.DB.Write(c.ctx, command(""), func(tx *db.Tx) error {
			user, err := org.UserByEmail(tx, u.Email)
			if err != nil {
				return err
			}
			org.RemoveFactor(tx, user.ID)
			return nil
		})
		if err != nil {
			return err
		}
		return c.done("%s has no authenticator any more; codes are mailed.", u.Email)
	})
}

type operatorCmd struct {
	Add operatorAddCmd `cmd:"" help:"Add an operator."`
}

type operatorAddCmd struct {
	Email    string `help:"E-mail, the user name." required:""`
	Password string `help:"Password, 12 characters or more." required:"" env:"DUEBOOK_USER_PASSWORD"`
}

// Run adds the operator.
func (o *operatorAddCmd) Run(c *call) error {
	if err := secret.CheckPolicy(o.Password, o.Email); err != nil {
		return err
	}
	hash, err := secret.HashPassword(c.ctx, o.Password)
	if err != nil {
		return err
	}
	return c.with(func(app *server.App) error {
		var id ids.ID
		err := app.DB.Write(c.ctx, command(""), func(tx *db.Tx) (err error) {
			if id, err = org.AddUser(tx, o.Email, o.Email, hash); err != nil {
				return err
			}
			org.SetOperator(tx, id, true)
			return nil
		})
		if err != nil {
			return err
		}
		return c.print(map[string]ids.ID{"userId": id}, func(w io.Writer) { fmt.Fprintf(w, "Operator %s (%s).\n", o.Email, id) })
	})
}

type bankCmd struct {
	Add        bankAddCmd        `cmd:"" help:"Add a funding account."`
	List       bankListCmd       `cmd:"" help:"List the funding accounts of an organisation."`
	Verify     bankVerifyCmd     `cmd:"" help:"Let payments draw on an account, on evidence that it is the organisation's."`
	Deactivate bankDeactivateCmd `cmd:"" help:"Stop paying from an account."`
	Delivery   bankDeliveryCmd   `cmd:"" help:"Say whether the bank has a file of which nobody knows; without a file, list those."`
}

type bankDeliveryCmd struct {
	File    string `arg:"" optional:"" help:"Id of the file."`
	Org     string `help:"Organisation id." required:""`
	There   bool   `help:"The bank has it: nothing is sent again." xor:"word"`
	Missing bool   `help:"The bank does not have it: it leaves again under a new name." xor:"word"`
}

// Run says the operator's word, which is one of the two that are needed, or lists what is in doubt.
func (b *bankDeliveryCmd) Run(c *call) error {
	if (b.File == "") == (b.There || b.Missing) {
		return errors.New("name a file and say --there or --missing; or neither, for a list")
	}
	return c.existing(func(app *server.App) error {
		if b.File == "" {
			return b.list(c, app)
		}
		word := payment.FileThere
		if b.Missing {
			word = payment.FileMissing
		}
		var counts bool
		err := app.DB.Write(c.ctx, command(ids.ID(b.Org)), func(tx *db.Tx) (err error) {
			counts, err = payment.ResolveDelivery(tx, ids.ID(b.File), word)
			return err
		})
		if err != nil {
			return err
		}
		return c.print(map[string]bool{"counts": counts}, func(w io.Writer) {
			if counts {
				fmt.Fprintf(w, "It counts: the file is %s.\n", word)
			} else {
				fmt.Fprintln(w, "Noted. Another person has to say the same, on the web under Answers of the bank.")
			}
		})
	})
}

func (b *bankDeliveryCmd) list(c *call, app *server.App) error {
	type row struct {
		File ids.ID `json:"file"`
		Said string `json:"said"`
		Text string `json:"text"`
	}
	rows := []row{}
	err := app.DB.Read(c.ctx, command(ids.ID(b.Org)), func(tx *db.Tx) error {
		all, err := payment.Tasks(tx, "")
		for _, t := range all {
			if slices.Contains(t.Acts, payment.ActDeliver) {
				rows = append(rows, row{t.Subject, t.Said, t.Text})
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.print(rows, func(w io.Writer) {
		for _, r := range rows {
			fmt.Fprintf(w, "%s  %s  %s\n", r.File, r.Said, r.Text)
		}
		if len(rows) == 0 {
			fmt.Fprintln(w, "No file is in doubt.")
		}
	})
}

type bankAddCmd struct {
	Org      string `help:"Organisation id." required:""`
	Name     string `help:"What the organisation calls it." required:""`
	Routing  string `help:"Routing number, nine digits (a sandbox takes those that begin with 99)." required:""`
	Account  string `help:"Account number." required:""`
	Verified bool   `help:"The operator has seen evidence that the account is the organisation's."`
}

// Run adds the account.
func (b *bankAddCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		id, err := app.AddBank(c.ctx, ids.ID(b.Org), b.Name, b.Routing, b.Account, b.Verified)
		if err != nil {
			return err
		}
		return c.print(map[string]ids.ID{"bankAccountId": id}, func(w io.Writer) { fmt.Fprintf(w, "Bank account %s (%s).\n", b.Name, id) })
	})
}

type bankListCmd struct {
	Org string `help:"Organisation id." required:""`
}

// Run lists the accounts, numbers masked.
func (b *bankListCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		type row struct {
			ID      ids.ID `json:"id"`
			Name    string `json:"name"`
			Routing string `json:"routing"`
			Account string `json:"account"`
			Active  bool   `json:"active"`
			Status  int64  `json:"status"`
		}
		rows := []row{}
		err := app.DB.Read(c.ctx, command(ids.ID(b.Org)), func(tx *db.Tx) error {
			all, err := bank.List(tx)
			for _, a := range all {
				rows = append(rows, row{a.ID, a.Name, a.Routing, "****" + a.AccountTail, a.Active == 1, a.Status})
			}
			return err
		})
		if err != nil {
			return err
		}
		return c.print(rows, func(w io.Writer) {
			t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
			fmt.Fprintln(t, "ID\tNAME\tROUTING\tACCOUNT\tACTIVE\tVERIFIED")
			for _, r := range rows {
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%t\t%t\n", r.ID, r.Name, r.Routing, r.Account, r.Active, r.Status == bank.Verified)
			}
			_ = t.Flush()
		})
	})
}

type bankVerifyCmd struct {
	ID string `arg:"" help:"Bank account id."`
}

// Run verifies the account, whichever organisation it belongs to (FND-6).
func (b *bankVerifyCmd) Run(c *call) error {
	if err := c.changeBank(b.ID, bank.Verify); err != nil {
		return err
	}
	return c.done("Payments can draw on %s now.", b.ID)
}

type bankDeactivateCmd struct {
	ID string `arg:"" help:"Bank account id."`
}

// Run deactivates the account, whichever organisation it belongs to.
func (b *bankDeactivateCmd) Run(c *call) error {
	if err := c.changeBank(b.ID, bank.Deactivate); err != nil {
		return err
	}
	return c.done("Nothing is paid from %s any more.", b.ID)
}

// changeBank changes a funding account in the organisation that it belongs to.
func (c *call) changeBank(id string, change func(*db.Tx, ids.ID) error) error {
	return c.existing(func(app *server.App) error {
		var owner string
		err := app.DB.Read(c.ctx, command(""), func(tx *db.Tx) error {
			if tx.Row(`SELECT org_id FROM bank_accounts WHERE id = $1`, id).Scan(&owner) != nil {
				return fault.ErrNotFound.With(id)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return app.DB.Write(c.ctx, command(ids.ID(owner)), func(tx *db.Tx) error { return change(tx, ids.ID(id)) })
	})
}

type appkeyCmd struct {
	Issue      appkeyIssueCmd      `cmd:"" help:"Issue a key to an application; it is shown once."`
	List       appkeyListCmd       `cmd:"" help:"List the keys."`
	Deactivate appkeyDeactivateCmd `cmd:"" help:"Stop a key at once."`
	Reactivate appkeyReactivateCmd `cmd:"" help:"Let a deactivated key work again."`
}

type appkeyIssueCmd struct {
	App   string `help:"Name of the application." required:""`
	Email string `help:"E-mail of its developer." required:""`
	MFA   string `help:"required: an administrator confirms the application before its first payment, and generation 2 asks for the second factor; exempt: not. Default: exempt in a sandbox, required live." name:"mfa" enum:"required,exempt,auto" default:"auto"`
	Apart bool   `help:"A session of generation 1 opened with the key is not good in the later generations." name:"generations-apart"`
}

// Run issues the key.
func (k *appkeyIssueCmd) Run(c *call) error {
	return c.with(func(app *server.App) error {
		mfa := k.MFA
		if mfa == "auto" {
			if mfa = "required"; app.DB.Sandbox() {
				mfa = "exempt"
			}
		}
		var key string
		err := app.DB.Write(c.ctx, command(""), func(tx *db.Tx) (err error) {
			var id ids.ID
			if key, id, err = org.IssueKey(tx, k.App, k.Email, mfa); err == nil && k.Apart {
				org.LimitKey(tx, id, false)
			}
			return err
		})
		if err != nil {
			return err
		}
		return c.print(map[string]string{"appKey": key}, func(w io.Writer) { fmt.Fprintf(w, "Application key of %s: %s\n", k.App, key) })
	})
}

type appkeyListCmd struct{}

// Run lists the keys by their last characters.
func (*appkeyListCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		type row struct {
			ID     ids.ID `json:"id"`
			Tail   string `json:"tail"` // the key's last characters
			App    string `json:"app"`
			Email  string `json:"email"`
			State  string `json:"state"`
			MFA    string `json:"mfa"`
			Reason string `json:"reason"`
		}
		keys := []row{}
		err := app.DB.Read(c.ctx, command(""), func(tx *db.Tx) error {
			all, err := org.Keys(tx)
			for _, k := range all {
				keys = append(keys, row{k.ID, k.Tail, k.App, k.Email, k.State, k.MFA, k.Reason})
			}
			return err
		})
		if err != nil {
			return err
		}
		return c.print(keys, func(w io.Writer) {
			t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
			fmt.Fprintln(t, "ID\tKEY\tAPPLICATION\tE-MAIL\tSTATE\tMFA\tREASON")
			for _, k := range keys {
				fmt.Fprintf(t, "%s\t...%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Tail, k.App, k.Email, k.State, k.MFA, strconv.Quote(k.Reason))
			}
			_ = t.Flush()
		})
	})
}

type appkeyDeactivateCmd struct {
	Key    string `arg:"" help:"The key, or its id."`
	Reason string `help:"Why; the owner is told." required:""`
}

// Run deactivates the key.
func (k *appkeyDeactivateCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		err := app.DB.Write(c.ctx, command(""), func(tx *db.Tx) error { return org.DeactivateKey(tx, k.Key, k.Reason) })
		if err != nil {
			return err
		}
		return c.done("The key is deactivated, its sessions have ended.")
	})
}

type appkeyReactivateCmd struct {
	Key string `arg:"" help:"The key, or its id."`
}

// Run lets the key work again.
func (k *appkeyReactivateCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		err := app.DB.Write(c.ctx, command(""), func(tx *db.Tx) error { return org.ReactivateKey(tx, k.Key) })
		if err != nil {
			return err
		}
		return c.done("The key works again.")
	})
}
