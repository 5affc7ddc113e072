package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/duebook/duebook/internal/reseal"
	"github.com/duebook/duebook/internal/server"
)

type keysCmd struct {
	Rotate keysRotateCmd `cmd:"" help:"Seal with a new key from now on; a running server brings everything under it and then drops the old one."`
	Status keysStatusCmd `cmd:"" help:"Show the keys and what is sealed with each."`
}

type keysRotateCmd struct{}

// Run rotates.
func (*keysRotateCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		if err := app.Sealed().Rotate(c.ctx); err != nil {
			return err
		}
		return c.done("Key %s seals from now on. The server brings everything under it; `duebook keys status` shows how far it is.", app.Vault.KeyID())
	})
}

type keysStatusCmd struct{}

// Run shows the keys.
func (*keysStatusCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		keys, _, err := app.Vault.Keys()
		if err != nil {
			return err
		}
		uses, err := app.Sealed().Uses(c.ctx)
		if err != nil {
			return err
		}
		slices.SortFunc(uses, func(a, b reseal.Use) int { return strings.Compare(a.What+a.Key, b.What+b.Key) })
		first := app.Vault.KeyID()
		return c.print(map[string]any{"first": first, "keys": keys, "uses": uses}, func(w io.Writer) {
			t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
			fmt.Fprintln(t, "KEY\tSEALS\tWHAT\tNUMBER")
			for _, k := range keys {
				seals := "before"
				if k == first {
					seals = "now"
				}
				of := slices.DeleteFunc(slices.Clone(uses), func(u reseal.Use) bool { return u.Key != k })
				if len(of) == 0 {
					of = []reseal.Use{{Key: k, What: "nothing"}}
				}
				for _, u := range of {
					fmt.Fprintf(t, "%s\t%s\t%s\t%d\n", k, seals, u.What, u.Count)
				}
			}
			_ = t.Flush()
		})
	})
}
