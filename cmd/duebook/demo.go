package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/duebook/duebook/internal/demo"
	"github.com/duebook/duebook/internal/server"
)

type demoCmd struct {
	Exit   bool   `help:"End with code 0 when the story is told, instead of staying up."`
	Listen string `help:"Address to listen on." default:"127.0.0.1:8080" env:"DUEBOOK_LISTEN"`
}

// Run tells the story on a fresh sandbox in a temporary folder and stays up with it.
func (d *demoCmd) Run(c *call) error {
	dir, err := os.MkdirTemp("", "duebook-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	cfg := c.config()
	cfg.Dir, cfg.DB, cfg.Sandbox, cfg.Listen = dir, "", true, d.Listen
	if d.Exit {
		cfg.Listen = "127.0.0.1:0"
	}
	app, err := server.Open(c.ctx, cfg)
	if err != nil {
		return err
	}
	r, err := app.Start(c.ctx)
	if err != nil {
		return errors.Join(err, app.Close())
	}
	fmt.Fprintf(c.out, "Duebook demo: a fresh sandbox in %s, served at %s\n", dir, r.URL())
	err = demo.Run(c.ctx, c.out, app, r.URL())
	if err == nil {
		fmt.Fprintf(c.out, "\nThe main job is done.\n")
	}
	if err == nil && !d.Exit {
		fmt.Fprintf(c.out, "\nLook around: %s\n  sign in as %s with password %s\n  stop with Ctrl-C; the demo's data goes with it.\n",
			r.URL(), demo.Email, demo.Password)
		select {
		case <-c.ctx.Done():
		case err = <-r.Failed():
		}
	}
	return errors.Join(err, r.Stop())
}
