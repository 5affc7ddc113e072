package secret_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/duebook/duebook/internal/secret"
)

// SEC-1: a handler that panics with a number in its words leaves none in the log, neither by net/http nor by ours.
func TestSEC1_Panics(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return out.Write(p)
	}), &slog.HandlerOptions{ReplaceAttr: secret.MaskAttr}))
	const words = "no such account: 73109982011, of 73-1094401"
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(words) }))
	s.Config.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelWarn)
	s.Start()
	if resp, err := http.Get(s.URL); err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	s.Close()
	func() {
		defer func() { log.Error("panic in a transaction", "panic", recover()) }()
		panic(io.ErrUnexpectedEOF.Error() + words)
	}()
	got := out.String()
	if strings.Count(got, "no such account: ****, of ****") != 2 || strings.Contains(got, "73109982011") || strings.Contains(got, "1094401") ||
		!strings.Contains(got, "panic_test.go") {
		t.Errorf("the log: %s", got)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
