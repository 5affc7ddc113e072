package server

import (
	"context"
	"net/url"
	"strings"

	"github.com/duebook/duebook/internal/bank"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/dimension"
	"github.com/duebook/duebook/internal/ids"
	"github.com/duebook/duebook/internal/mail/outbox"
	"github.com/duebook/duebook/internal/org"
	"github.com/duebook/duebook/internal/secret"
	"github.com/duebook/duebook/internal/web/view"
)

// The funding account that a sandbox gives every organisation (domain section 15).
const (
	sandboxRouting = "990000013"
	sandboxAccount = "1000007777"
)

// CreateOrg makes an organisation with its administrator and chart; in a sandbox with the verified funding account
// Operating.
func (a *App) CreateOrg(ctx context.Context, name, email, password string, apiAccess bool) (orgID, userID ids.ID, err error) {
	hash, err := secret.HashPassword(ctx, password)
	if err != nil {
		return "", "", err
	}
	orgID, userID, err = org.Create(ctx, a.DB, "command", org.NewOrganisation{Name: name, AdminEmail: email, PasswordHash: hash,
		APIAccess: apiAccess, SetUp: func(tx *db.Tx) error { dimension.SetUp(tx); return nil }})
	if err == nil && a.DB.Sandbox() {
		_, err = a.AddBank(ctx, orgID, "Operating", sandboxRouting, sandboxAccount, true)
	}
	return orgID, userID, err
}

// AddBank adds a funding account; its number is sealed before the transaction.
func (a *App) AddBank(ctx context.Context, orgID ids.ID, name, routing, number string, verified bool) (ids.ID, error) {
	n, err := bank.Seal(a.Vault, orgID, number)
	if err != nil {
		return "", err
	}
	n.Name, n.BankName, n.Routing, n.Verified = name, name, routing, verified
	var id ids.ID
	err = a.DB.Write(ctx, db.Caller{Org: orgID, Perms: org.All, Channel: "command"}, func(tx *db.Tx) (err error) {
		if _, err = org.Load(tx); err != nil {
			return err
		}
		id, err = bank.Add(tx, n)
		return err
	})
	return id, err
}

// sendCode mails a code of the second factor (api-v2 2.5.4); a sandbox catches it.
func sendCode(tx *db.Tx, u org.User, code string) error {
	outbox.QueueSecret(tx, "secondFactor", u.Email, "Your code: "+code, "Your code to confirm that it is you: "+code+`

It is good once, for ten minutes. A program that works for you has asked for it; if none should have, change your password.
`)
	return nil
}

// invite mails a new user (api-v2 3.18).
func (a *App) invite(tx *db.Tx, u org.User, token string) error {
	o, err := org.Load(tx)
	if err != nil {
		return err
	}
	base := strings.TrimSuffix(a.PublicURL, "/")
	text := "You are now a user of " + o.Name + " at Duebook. Sign in with the password that you have:\n" + base + view.SignInURL + "\n"
	if token != "" {
		text = "You are now a user of " + o.Name + " at Duebook. Set your password within a week:\n" + base + view.ResetPasswordURL +
			"?token=" + url.QueryEscape(token) + "\n"
	}
	outbox.QueueSecret(tx, "invitation", u.Email, "Your access to "+o.Name, text)
	return nil
}
