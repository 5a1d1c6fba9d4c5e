package host_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"traceria/services/failure"
	"traceria/services/host"
	"traceria/telemetry"
)

// A broken flag file keeps no service from starting, and /readyz reports it.
func TestStatelessServiceReportsABrokenFlagFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "flags.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := host.Load(host.NewEnv(environment{"HTTP_ADDR": "127.0.0.1:0", "DATABASE_URL": "sqlite:" + folder + "/no/{service}.db"}.lookup))
	config.Flags = failure.File{Path: file}
	ctx, cancel := context.WithCancel(context.Background())
	listening, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- host.Run(ctx, host.Service{
			Name: "alone", Stateless: true, New: func(h *host.Host) (host.App, error) {
				if h.DB != nil {
					t.Error("the Host has a database")
				}
				return app{func(*host.Routes) {}}, nil
			},
		}, host.Options{
			Config: config, Listening: func(_, address string) { listening <- address },
			Telemetry: telemetry.Config{Memory: &telemetry.Memory{}, LogOutput: &lockedBuffer{}},
		})
	}()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if found, _ := filepath.Glob(filepath.Join(folder, "no", "*")); len(found) > 0 {
			t.Errorf("the stateless service created %s", found)
		}
	}()
	service := &running{base: "http://" + <-listening}
	eventually(t, "/readyz reports the broken file", func() bool {
		a := service.call(t, http.MethodGet, "/readyz", "")
		return a.status == http.StatusOK && strings.Contains(a.body, `"flags":"the flag file cannot be used`)
	})
}
