package host_test

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"traceria/services/host"
	"traceria/services/store/postgrestest"
	"traceria/telemetry"
)

func TestServiceWithoutBrokerIsHealthyButNotReady(t *testing.T) {
	t.Parallel()
	service := run(t, menu)
	if a := service.call(t, http.MethodGet, "/healthz", ""); a.status != http.StatusOK || a.body != `{"service":"test","status":"ok"}`+"\n" {
		t.Errorf("healthz answers %d %s", a.status, a.body)
	}
	a := service.call(t, http.MethodGet, "/readyz", "")
	if p := a.problem(t); p.Status != http.StatusServiceUnavailable || p.Title != "Not ready" || !strings.Contains(p.Detail, "RabbitMQ") {
		t.Errorf("readyz answers %+v", p)
	}
}

func TestHealthChecksMakeNoSpans(t *testing.T) {
	t.Parallel()
	service := run(t, menu)
	service.call(t, http.MethodGet, "/healthz", "")
	service.call(t, http.MethodGet, "/readyz", "")
	service.call(t, http.MethodGet, "/menu", "")
	if err := service.stop(); err != nil {
		t.Fatal(err)
	}
	for _, span := range service.memory.Spans() {
		if span.Name != "GET /menu" {
			t.Errorf("unexpected span %s", span.Name)
		}
	}
}

func TestStopFinishesRequestsInProgress(t *testing.T) {
	t.Parallel()
	begun, finish := make(chan struct{}), make(chan struct{})
	service := run(t, func(r *host.Routes) {
		r.Query("GET /slow", func(w http.ResponseWriter, _ *http.Request) error {
			close(begun)
			<-finish
			return host.WriteJSON(w, http.StatusOK, "done")
		})
	})
	answered := make(chan answer, 1)
	go func() { answered <- service.call(t, http.MethodGet, "/slow", "") }()
	<-begun
	stopped := make(chan error, 1)
	go func() { stopped <- service.stop() }()
	eventually(t, "no new connection is taken", func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(service.base, "http://"))
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	close(finish)
	if a := <-answered; a.status != http.StatusOK {
		t.Errorf("the request in progress got %d", a.status)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// The test lasts httpDrain, four seconds.
func TestStopCancelsAnEndlessRequest(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan struct{}), make(chan struct{})
	service := run(t, func(r *host.Routes) {
		r.Query("GET /endless", func(_ http.ResponseWriter, r *http.Request) error {
			close(begun)
			<-r.Context().Done()
			time.Sleep(200 * time.Millisecond) // the handler still uses the database
			close(ended)
			return r.Context().Err()
		})
	})
	conn := service.dial(t)
	send(t, conn, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
	<-begun
	if err := service.stop(); err != nil {
		t.Errorf("the stop ended with %v", err)
	}
	select {
	case <-ended:
	default:
		t.Error("the service closed its database before the handler returned")
	}
	if !strings.Contains(service.log.String(), "some requests took too long") {
		t.Errorf("the log does not report the cut:\n%s", service.log)
	}
}

// The test lasts stopWork, about seven seconds.
func TestStopLeavesAStuckHandlerBehind(t *testing.T) {
	t.Parallel()
	begun, finish := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(finish) })
	service := run(t, func(r *host.Routes) {
		r.Query("GET /stuck", func(http.ResponseWriter, *http.Request) error { close(begun); <-finish; return nil })
	})
	send(t, service.dial(t), "GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n")
	<-begun
	if err := service.stop(); err != nil {
		t.Error(err)
	}
}

// Such a broker accepts connections and never answers, as after SIGSTOP.
func TestStopDoesNotWaitForAHangingBroker(t *testing.T) {
	t.Parallel()
	broker, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	service := runWith(t, environment{"AMQP_URL": "amqp://guest:guest@" + broker.Addr().String() + "/"}, menu)
	conn, err := broker.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := service.stop(); err != nil {
		t.Error(err)
	}
}

func TestAddressInUseIsAnError(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	err = start(t, environment{"HTTP_ADDR": taken.Addr().String()}, nil)
	if err == nil || !strings.Contains(err.Error(), "HTTP_ADDR") {
		t.Errorf("got %v, want an error with HTTP_ADDR", err)
	}
}

func TestErrorOfNewEndsTheService(t *testing.T) {
	t.Parallel()
	noFlour := errors.New("no flour")
	if err := start(t, environment{}, noFlour); !errors.Is(err, noFlour) || !strings.HasPrefix(err.Error(), "test: ") {
		t.Errorf("got %v", err)
	}
}

func TestRefusedDatabaseSettingIsAConfigurationError(t *testing.T) {
	t.Parallel()
	address := postgrestest.Shared(t).Database(t) + "?kitchen=open"
	err := start(t, environment{"DATABASE_URL": address}, nil)
	if !errors.Is(err, host.ErrConfiguration) || !strings.Contains(err.Error(), `DATABASE_URL: the database URL has a setting`) ||
		!strings.Contains(err.Error(), `"kitchen"`) {
		t.Errorf("got %v", err)
	}
}

// start runs a service that must not start, and returns its error.
func start(t *testing.T, set environment, broken error) error {
	t.Helper()
	set["AMQP_URL"] = "amqp://guest:guest@127.0.0.1:1/"
	set["DATABASE_URL"] = cmp.Or(set["DATABASE_URL"], "sqlite:"+filepath.Join(t.TempDir(), "{service}.db"))
	config := host.Load(host.NewEnv(set.lookup))
	config.Flags.Path = filepath.Join(t.TempDir(), "flags.json") // not the user's file
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	return host.Run(ctx, host.Service{
		Name: "test", New: func(*host.Host) (host.App, error) { return app{menu}, broken },
	}, host.Options{Config: config, Telemetry: telemetry.Config{Memory: &telemetry.Memory{}, LogOutput: &lockedBuffer{}}})
}

func TestWorkEndsWithItsContext(t *testing.T) {
	t.Parallel()
	if err := host.Work(t.Context(), host.Span{}); err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := host.Work(ended, host.Span{Least: deadline, Most: deadline}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
