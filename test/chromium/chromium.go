// Package chromium starts a real browser for tests that look at pages as people do.
package chromium

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Open is a tab of a browser of its own, in a window of 1280 by 900, until the test ends. It skips the test where no Chromium
// is installed.
func Open(t *testing.T, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed; scripts/deps.sh names what the tests need")
	}
	alloc, end := chromedp.NewExecAllocator(context.Background(), append(more, chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 900), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))...)
	t.Cleanup(end)
	tab, end := chromedp.NewContext(alloc)
	t.Cleanup(end)
	if err := chromedp.Do(tab, chromedp.EmulateViewport(1280, 900)); err != nil { // starts the browser: no deadline on this context
		t.Fatalf("start the browser: %v", err)
	}
	return tab
}

// Do runs steps in a tab, which together have thirty seconds.
func Do(t *testing.T, tab context.Context, what string, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(tab, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		body, _ := chromedp.Run(tab, chromedp.Text("body"))
		t.Fatalf("%s: %v\nthe page says:\n%s", what, err, body)
	}
}
