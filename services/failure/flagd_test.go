package failure_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"buf.build/gen/go/open-feature/flagd/connectrpc/go/flagd/evaluation/v1/evaluationv1connect"
	evaluation "buf.build/gen/go/open-feature/flagd/protocolbuffers/go/flagd/evaluation/v1"
	"connectrpc.com/connect"
	"github.com/open-feature/flagd/core/pkg/evaluator"
	"github.com/open-feature/flagd/core/pkg/logger"
	"github.com/open-feature/flagd/core/pkg/service"
	"github.com/open-feature/flagd/core/pkg/store"
	flagdsync "github.com/open-feature/flagd/core/pkg/sync"
	"google.golang.org/protobuf/types/known/structpb"

	"traceria/services/failure"
)

// flagd is a flagd server that serves the flags of a file.
type flagd interface {
	start(t *testing.T, address string, flags failure.File)
	// freeze makes the server accept connections without an answer.
	freeze(t *testing.T, frozen bool)
	stop(t *testing.T)
}

// standIn serves flagd's evaluator through flagd's protocol, because no module offers the server. With
// FLAGD_BIN=…/flagd the tests also use the real server (in a checkout of github.com/open-feature/flagd: cd flagd && go
// build .).
type standIn struct {
	evaluationv1connect.UnimplementedServiceHandler

	eval    *evaluator.JSON
	server  *http.Server
	ended   chan struct{}
	mu      sync.Mutex
	changed map[chan map[string]any]bool
	frozen  sync.RWMutex
	over    context.CancelFunc
}

func (f *standIn) start(t *testing.T, address string, flags failure.File) {
	t.Helper()
	f.eval, f.changed = evaluator.NewJSON(logger.NewLogger(nil, false), store.NewFlags()), map[chan map[string]any]bool{}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(evaluationv1connect.NewServiceHandler(f))
	ctx, cancel := context.WithCancel(context.Background())
	f.over = cancel
	f.server = &http.Server{Handler: mux, BaseContext: func(net.Listener) context.Context { return ctx }}
	var group sync.WaitGroup
	group.Go(func() { _ = f.server.Serve(listener) })
	f.read(flags)
	group.Go(func() { f.follow(ctx, flags) })
	f.ended = make(chan struct{})
	go func() { group.Wait(); close(f.ended) }()
}

func (f *standIn) follow(ctx context.Context, flags failure.File) {
	for look := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case <-look.C:
			f.read(flags)
		case <-ctx.Done():
			look.Stop()
			return
		}
	}
}

// read reads the file and streams the changes.
func (f *standIn) read(flags failure.File) {
	text, err := os.ReadFile(flags.Path)
	if err != nil {
		return
	}
	changes, _, err := f.eval.SetState(flagdsync.DataSync{FlagData: string(text), Source: flags.Path, Type: flagdsync.ALL})
	if err != nil || len(changes) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for stream := range f.changed {
		stream <- changes
	}
}

// EventStream implements flagd's protocol.
func (f *standIn) EventStream(ctx context.Context, _ *connect.Request[evaluation.EventStreamRequest], out *connect.ServerStream[evaluation.EventStreamResponse]) error {
	f.frozen.RLock()
	f.frozen.RUnlock() //nolint:staticcheck // waits while the server is frozen
	changed := make(chan map[string]any, 100)
	f.mu.Lock()
	f.changed[changed] = true
	f.mu.Unlock()
	defer func() { f.mu.Lock(); delete(f.changed, changed); f.mu.Unlock() }()
	if err := out.Send(&evaluation.EventStreamResponse{Type: string(service.ProviderReady)}); err != nil {
		return err
	}
	for {
		select {
		case changes := <-changed:
			data, err := structpb.NewStruct(map[string]any{"flags": changes})
			if err != nil {
				return err
			}
			if err := out.Send(&evaluation.EventStreamResponse{Type: string(service.ConfigurationChange), Data: data}); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// ResolveString implements flagd's protocol.
func (f *standIn) ResolveString(ctx context.Context, req *connect.Request[evaluation.ResolveStringRequest]) (*connect.Response[evaluation.ResolveStringResponse], error) {
	f.frozen.RLock()
	f.frozen.RUnlock() //nolint:staticcheck // waits while the server is frozen
	value, variant, reason, _, err := f.eval.ResolveStringValue(ctx, "", req.Msg.FlagKey, req.Msg.Context.AsMap())
	if err != nil {
		return nil, connect.NewError(connect.CodeNotFound, err)
	}
	return connect.NewResponse(&evaluation.ResolveStringResponse{Value: value, Variant: variant, Reason: reason}), nil
}

func (f *standIn) freeze(_ *testing.T, frozen bool) {
	if frozen {
		f.frozen.Lock()
	} else {
		f.frozen.Unlock()
	}
}

func (f *standIn) stop(*testing.T) {
	f.over()
	_ = f.server.Close()
	<-f.ended
}

// realServer runs the program flagd.
type realServer struct {
	binary  string
	running *exec.Cmd
}

func (f *realServer) start(t *testing.T, address string, flags failure.File) {
	t.Helper()
	_, port, _ := net.SplitHostPort(address)
	f.running = exec.CommandContext(context.Background(), f.binary, "start", "--port", port, "--management-port", freePort(t), "--ofrep-port", freePort(t),
		"--sync-port", freePort(t), "--sources", fmt.Sprintf(`[{"uri":%q,"provider":"fsnotify"}]`, flags.Path)) // the default provider polls once a second
	if err := f.running.Start(); err != nil {
		t.Fatal(err)
	}
}

func (f *realServer) freeze(t *testing.T, frozen bool) {
	signal := "-CONT"
	if frozen {
		signal = "-STOP"
	}
	if err := exec.CommandContext(t.Context(), "kill", signal, strconv.Itoa(f.running.Process.Pid)).Run(); err != nil {
		t.Fatal(err)
	}
}

func (f *realServer) stop(*testing.T) {
	_ = f.running.Process.Kill()
	_ = f.running.Wait()
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

// servers returns the servers to test with.
func servers(t *testing.T) map[string]flagd {
	t.Helper()
	all := map[string]flagd{"stand-in": &standIn{}}
	if binary := os.Getenv("FLAGD_BIN"); binary != "" {
		all["flagd"] = &realServer{binary: binary}
	}
	return all
}

// soon waits up to 15 s, long enough for the switches to find a server again.
func soon(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 15 s: %s", what)
		}
	}
}

// The server is unavailable at the start, starts, changes flags, freezes, stops and starts again.
func TestSwitchesFollowAFlagdServer(t *testing.T) {
	for name, server := range servers(t) {
		t.Run(name, func(t *testing.T) {
			flags, port := newFile(t), freePort(t)
			t.Setenv("FLAGD_RESOLVER", "rpc")
			t.Setenv("FLAGD_HOST", "127.0.0.1")
			t.Setenv("FLAGD_PORT", port)
			nowhere := failure.File{Path: t.TempDir() + "/flags.json"}
			s := open(t, nowhere, false)
			set := func(key failure.Key, setting failure.Setting) {
				t.Helper()
				if _, err := flags.Set(key, setting); err != nil {
					t.Fatal(err)
				}
			}
			set(failure.KitchenSlow, failure.Setting{Variant: "10s"})
			within(t, "the missing server is reported", func() bool { return s.Problem() != nil && strings.Contains(s.Problem().Error(), "flagd server") })
			if !is(s, failure.KitchenSlow, failure.Off)() {
				t.Error("a key is on without a server")
			}

			server.start(t, "127.0.0.1:"+port, flags)
			running := true
			defer func() {
				if running {
					server.stop(t)
				}
			}()
			soon(t, "the switches found the server", is(s, failure.KitchenSlow, "10s"))
			if s.Problem() != nil {
				t.Errorf("problem with a running server: %v", s.Problem())
			}
			for i := range 5 { // the first key is cached, the second is new
				set(failure.KitchenSlow, failure.Setting{Variant: "2s"})
				within(t, fmt.Sprint("changed ", i), is(s, failure.KitchenSlow, "2s"))
				set(failure.KitchenSlow, failure.Setting{Variant: failure.Off})
				within(t, fmt.Sprint("cleared ", i), is(s, failure.KitchenSlow, failure.Off))
			}
			set(failure.KitchenError, failure.Setting{Customer: "anna"})
			anna := failure.WithCustomer(context.Background(), "anna")
			within(t, "the customer", func() bool { _, on := s.On(anna, failure.KitchenError); return on })
			if _, on := s.On(context.Background(), failure.KitchenError); on {
				t.Error("the failure hit another customer")
			}

			server.freeze(t, true)
			began := time.Now()
			for range 1000 { // a frozen server means off, and few evaluations wait for it
				s.On(anna, failure.KitchenError)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("1000 evaluations with a frozen server took %s", took)
			}
			server.freeze(t, false)
			soon(t, "the server answers again", func() bool { _, on := s.On(anna, failure.KitchenError); return on })

			server.stop(t)
			running = false
			// No evaluation until then: the provider turns its cache off without a lock when it gives up.
			soon(t, "the stopped server is noticed", func() bool { return s.Problem() != nil })
			soon(t, "without a server everything is off", func() bool { _, on := s.On(anna, failure.KitchenError); return !on })
			set(failure.KitchenSlow, failure.Setting{Variant: "2s"})
			server.start(t, "127.0.0.1:"+port, flags)
			running = true
			soon(t, "the switches found the server again", func() bool { return is(s, failure.KitchenSlow, "2s")() && s.Problem() == nil })
			if _, err := os.Stat(nowhere.Path); err == nil {
				t.Error("the switches created an unused file")
			}
		})
	}
}
