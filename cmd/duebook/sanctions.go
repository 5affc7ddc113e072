package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/duebook/duebook/internal/civil"
	"github.com/duebook/duebook/internal/db"
	"github.com/duebook/duebook/internal/fault"
	"github.com/duebook/duebook/internal/sanction"
	"github.com/duebook/duebook/internal/server"
)

type sanctionsCmd struct {
	Import sanctionsImportCmd `cmd:"" help:"Put a published list in the place of the one of that name."`
	List   sanctionsListCmd   `cmd:"" help:"List what is imported, and how old it is."`
	Remove sanctionsRemoveCmd `cmd:"" help:"Forget a list."`
}

type sanctionsImportCmd struct {
	List      string `help:"Name of the list, one word." required:""`
	File      string `help:"The list: OFAC's SDN.CSV or SDN.XML, or a comma-separated file with a header that has a column 'name'." type:"existingfile" required:""`
	Alt       string `help:"OFAC's ALT.CSV, with other names." type:"existingfile" placeholder:"FILE"`
	Addresses string `help:"OFAC's ADD.CSV, with addresses." type:"existingfile" placeholder:"FILE"`
	Published string `help:"Day on which it was published, YYYY-MM-DD; needed where the list does not say it." placeholder:"DAY"`
}

// maxList is the largest file of a list, in bytes.
const maxList = 500 << 20

// Run reads the list whole before anything changes.
func (s *sanctionsImportCmd) Run(c *call) error {
	var files [3][]byte
	for i, path := range []string{s.File, s.Alt, s.Addresses} {
		if path == "" {
			continue
		}
		info, err := os.Stat(path)
		if err == nil && info.Size() > maxList {
			err = fmt.Errorf("%s is larger than 500 MB", path)
		}
		if err == nil {
			files[i], err = os.ReadFile(path)
		}
		if err != nil {
			return err
		}
	}
	published, names, err := sanction.Read(files[0], files[1], files[2])
	if err != nil {
		return fmt.Errorf("%s: %w", s.File, err)
	}
	if len(names) == 0 {
		return fmt.Errorf("%s holds no names", s.File)
	}
	if s.Published != "" {
		if published, err = civil.Parse(s.Published); err != nil {
			return fmt.Errorf("--published: %q is not a day such as 2026-11-20", s.Published)
		}
	}
	if published.IsZero() {
		return errors.New("the list does not say when it was published: add --published YYYY-MM-DD")
	}
	l := sanction.List{Name: s.List, Published: published, SHA256: sanction.Digest(files[0], files[1], files[2])}
	return c.existing(func(app *server.App) error {
		if err := app.DB.Write(c.ctx, command(""), func(tx *db.Tx) error { return sanction.Import(tx, l, names) }); err != nil {
			return err
		}
		return c.print(map[string]any{"list": l.Name, "published": l.Published, "names": len(names)}, func(w io.Writer) {
			fmt.Fprintf(w, "List %s of %s: %d names. Everybody is screened against it within a minute.\n", l.Name, l.Published, len(names))
		})
	})
}

type sanctionsListCmd struct{}

// Run lists the lists.
func (*sanctionsListCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		type row struct {
			Name      string     `json:"name"`
			Published civil.Date `json:"published"`
			Age       int        `json:"ageDays"`
			Names     int64      `json:"names"`
			SHA256    string     `json:"sha256"`
		}
		rows := []row{}
		err := app.DB.Read(c.ctx, command(""), func(tx *db.Tx) error {
			all, err := sanction.Lists(tx)
			for _, l := range all {
				rows = append(rows, row{l.Name, l.Published, l.Age(civil.Of(tx.Now(), civil.Pacific)), l.Names, l.SHA256})
			}
			return err
		})
		if err != nil {
			return err
		}
		return c.print(rows, func(w io.Writer) {
			t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
			fmt.Fprintln(t, "LIST\tPUBLISHED\tNAMES\t")
			for _, r := range rows {
				note := ""
				switch {
				case r.Age > sanction.BlockDays:
					note = fmt.Sprintf("%d days old: no wire leaves", r.Age)
				case r.Age > sanction.WarnDays:
					note = fmt.Sprintf("%d days old", r.Age)
				}
				fmt.Fprintf(t, "%s\t%s\t%d\t%s\n", r.Name, r.Published, r.Names, note)
			}
			_ = t.Flush()
		})
	})
}

type sanctionsRemoveCmd struct {
	Name string `arg:"" help:"Name of the list."`
}

// Run forgets a list.
func (s *sanctionsRemoveCmd) Run(c *call) error {
	return c.existing(func(app *server.App) error {
		err := app.DB.Write(c.ctx, command(""), func(tx *db.Tx) error { return sanction.Remove(tx, s.Name) })
		if errors.Is(err, fault.ErrNotFound) {
			return fmt.Errorf("there is no list %q", s.Name)
		}
		if err != nil {
			return err
		}
		return c.print(map[string]bool{"removed": true}, func(w io.Writer) { fmt.Fprintf(w, "List %s is forgotten.\n", s.Name) })
	})
}
