package ach

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestOracle lets a foreign reader, the npm package @ach/ach, find every field of a file where it expects it. That
// reader knows columns only: it proves neither hashes nor sums, which the other tests recompute.
func TestOracle(t *testing.T) {
	t.Parallel()
	tools := filepath.Join("..", "..", "..", "tools", "npm")
	if _, err := os.Stat(filepath.Join(tools, "node_modules", "@ach", "ach")); err != nil {
		t.Skip("the npm package @ach/ach is not installed: run npm ci in tools/npm")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	var file strings.Builder
	totals, err := Write(&file, twoBatches())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "-e", `
		const parse = require('@ach/ach/lib/transforms/line-parsers'), ach = {};
		for (const l of require('fs').readFileSync(0, 'latin1').split('\n')) if (l && !l.startsWith('99')) parse[l[0]](l, ach);
		process.stdout.write(JSON.stringify(ach));`)
	cmd.Dir, cmd.Stdin = tools, strings.NewReader(file.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, errorOutput(err))
	}
	type control struct {
		BatchCount, BlockCount, EntryAndAddendaCount int
		EntryHash                                    uint64
		TotalDebit, TotalCredit                      int64
	}
	var got struct {
		File struct {
			Destination, DestinationName, Origin, OriginName, ReferenceCode, IDModifier string
			CreationDate, CreationTime                                                  string
			Footer                                                                      control
		}
		Batches []struct {
			ServiceClassCode                                          int
			CompanyName, DiscretionaryData, CompanyID, EntryClassCode string
			Description, Date, EffectiveDate                          string
			OriginatingDFIIdentification                              string
			Entries                                                   []struct {
				TransactionCode, DFIAccount, IdentificationNumber, ReceivingCompanyName string
				ReceivingDFIIdentification, Amount, TraceNumber                         int64
				CheckDigit                                                              int
				Addenda                                                                 struct{ Info string }
			}
		}
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	f := twoBatches()
	equal := func(what string, got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	equal("destination", strings.TrimSpace(got.File.Destination), f.Destination)
	equal("destination name", got.File.DestinationName, f.DestinationName)
	equal("origin", strings.TrimSpace(got.File.Origin), f.Origin)
	equal("origin name", got.File.OriginName, f.OriginName)
	equal("reference", got.File.ReferenceCode, f.Reference)
	equal("modifier", got.File.IDModifier, string(f.Modifier))
	equal("created", got.File.CreationDate+got.File.CreationTime, f.Created.Format("0601021504"))
	equal("totals", got.File.Footer, control{totals.Batches, totals.Blocks, totals.Records, totals.Hash, totals.Debits, totals.Credits})
	if len(got.Batches) != len(f.Batches) {
		t.Fatalf("%d batches in %s", len(got.Batches), out)
	}
	for i, b := range f.Batches {
		g := got.Batches[i]
		equal("company name", g.CompanyName, b.CompanyName)
		equal("company id", g.CompanyID, b.CompanyID)
		equal("discretionary", g.DiscretionaryData, b.Discretionary)
		equal("SEC", g.EntryClassCode, string(b.SEC))
		equal("description", g.Description, b.Description)
		equal("descriptive date", g.Date, b.DescriptiveDate)
		equal("effective date", g.EffectiveDate, "261127")
		equal("ODFI", g.OriginatingDFIIdentification, b.ODFI)
		equal("class", g.ServiceClassCode, []int{200, 220}[i])
		n := 0
		for e, err := range b.Entries {
			if err != nil {
				t.Fatal(err)
			}
			ge := g.Entries[n]
			equal("account", ge.DFIAccount, e.Account)
			equal("id", ge.IdentificationNumber, e.ID)
			equal("name", ge.ReceivingCompanyName, strings.TrimSpace(e.Name))
			equal("amount", ge.Amount, e.Amount)
			equal("RDFI", ge.ReceivingDFIIdentification, int64(number(e.Routing[:8])))
			equal("check digit", ge.CheckDigit, int(e.Routing[8]-'0'))
			equal("trace", ge.TraceNumber, int64(number(b.ODFI)*1e7+e.Trace))
			equal("addenda", ge.Addenda.Info, strings.Join(e.Addenda, ""))
			n++
		}
		if b.Offset != nil {
			equal("offset", g.Entries[n].DFIAccount+g.Entries[n].TransactionCode, b.Offset.Account+"27")
			n++
		}
		equal("entries", len(g.Entries), n)
	}
}

func errorOutput(err error) []byte {
	if e, ok := err.(*exec.ExitError); ok {
		return e.Stderr
	}
	return nil
}
