package tracetree

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// realJaeger is the Jaeger of all tests of the package. The first test that needs it starts it.
type realJaeger struct {
	query, otlp string // addresses
}

var theJaeger = sync.OnceValues(startJaeger)

func TestMain(m *testing.M) {
	code := m.Run()
	if stopJaeger != nil {
		stopJaeger()
	}
	os.Exit(code)
}

// stopJaeger ends the Jaeger if a test started it.
var stopJaeger func()

func jaeger(t *testing.T) *realJaeger {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a Jaeger, which -short leaves out")
	}
	j, err := theJaeger()
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func jaegerBinary() (string, error) {
	if path := os.Getenv("JAEGER_BIN"); path != "" {
		return path, nil
	}
	if path, err := exec.LookPath("jaeger"); err == nil {
		return path, nil
	}
	built, err := filepath.Abs("../../bin/jaeger")
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(built); err != nil {
		return "", fmt.Errorf("no Jaeger in JAEGER_BIN, on PATH or at %s: run make build-jaeger", built)
	}
	return built, nil
}

func startJaeger() (*realJaeger, error) {
	binary, err := jaegerBinary()
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	log, err := os.CreateTemp("", "tracetree-jaeger-*.log")
	if err != nil {
		return nil, err
	}
	// Not exec.CommandContext: this Jaeger belongs to the package's tests, not to the test that started it.
	command := exec.Command(binary, "--config", "testdata/jaeger.yaml")
	command.Env = append(os.Environ(), "QUERY_PORT="+ports[0], "QUERY_GRPC_PORT="+ports[1], "OTLP_PORT="+ports[2])
	command.Stdout, command.Stderr = log, log
	dieWithParent(command)
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s (JAEGER_BIN, jaeger on PATH, or what make build-jaeger builds): %w", binary, err)
	}
	exited := make(chan struct{})
	go func() {
		_ = command.Wait() // command.ProcessState has the result
		close(exited)
	}()
	j := &realJaeger{query: "http://127.0.0.1:" + ports[0], otlp: "127.0.0.1:" + ports[2]}
	stopJaeger = func() {
		_ = command.Process.Kill() // it keeps everything in memory and need not shut down
		<-exited
		_ = os.Remove(log.Name())
	}
	if err := j.waitReady(exited); err != nil {
		text, _ := os.ReadFile(log.Name())
		return nil, fmt.Errorf("%w\n%s", err, text)
	}
	return j, nil
}

func (j *realJaeger) waitReady(exited <-chan struct{}) error {
	deadline, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		_, err := NewJaeger(j.query, nil).Services(deadline)
		if err == nil {
			if err = answers(deadline, "http://"+j.otlp); err == nil {
				return nil
			}
		}
		select {
		case <-exited:
			return errors.New("Jaeger ended at once")
		case <-deadline.Done():
			return fmt.Errorf("Jaeger is not ready: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func answers(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// freePorts returns different ports: it keeps each listener open until it has all ports.
func freePorts(n int) ([]string, error) {
	var ports []string
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		ports = append(ports, strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	}
	return ports, nil
}
