package postgrestest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// User is the server's superuser, and the owner of each database.
	User = "traceria"
	// startTime is the time limit for a start. One second is usual; a busy machine takes longer.
	startTime = time.Minute
	stopTime  = 30 * time.Second
	// startAgain is the pause before another start.
	startAgain = 100 * time.Millisecond
	// callTime is the time limit of the package's own statements.
	callTime = 30 * time.Second
)

// Server is a running PostgreSQL server. Its methods are safe for concurrent use.
type Server struct {
	// URL is the address of the database postgres, with the superuser's password.
	URL string
	// Password is the superuser's password.
	Password string
	// Port is the TCP port on 127.0.0.1.
	Port int

	bin  string
	dir  string
	data string
	mu   sync.Mutex
	run  *process // nil when it is stopped
}

// Start starts a server. When the test ends, it ends the server and removes its data. It fails the test on an error.
func Start(tb testing.TB) *Server {
	tb.Helper()
	skipShort(tb)
	s, err := start()
	if err != nil {
		tb.Fatalf("postgrestest: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.close(); err != nil {
			tb.Errorf("postgrestest: %v", err)
		}
	})
	return s
}

func start() (*Server, error) {
	bin, err := installed()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "postgrestest-")
	if err != nil {
		return nil, fmt.Errorf("make the server's folder: %w", err)
	}
	s := &Server{Password: rand.Text(), bin: bin, dir: dir, data: dir + "/data"}
	if err := s.initialize(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	// Another process can take the port before the server listens. The server then fails, and another port may work.
	var failures error
	for range 3 {
		if s.Port, err = freePort(); err != nil {
			break
		}
		s.URL = s.address("postgres")
		if err = s.Start(); err == nil {
			return s, nil
		}
		failures = errors.Join(failures, err)
	}
	return nil, errors.Join(failures, err, os.RemoveAll(dir))
}

func (s *Server) address(database string) string {
	return (&url.URL{
		Scheme: "postgres", User: url.UserPassword(User, s.Password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)), Path: "/" + database,
	}).String()
}

// Database creates an empty database and returns its URL. It is removed when the test ends.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	if err := s.exec("CREATE DATABASE " + name); err != nil {
		tb.Fatalf("postgrestest: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil && s.runs() {
			tb.Errorf("postgrestest: %v", err)
		}
	})
	return s.address(name)
}

// exec runs a statement as the superuser.
func (s *Server) exec(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// Start starts the server again after Stop or Kill, with the same port and data. It returns when the server accepts
// connections.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run != nil {
		return errors.New("start the server: it is running already")
	}
	for deadline := time.Now().Add(startTime); ; {
		run, err := s.launch()
		if err != nil {
			return err
		}
		if err = s.ready(run); err == nil {
			s.run = run
			return nil
		}
		err = errors.Join(err, run.kill())
		// The backends of a killed server take a moment to end and keep its shared memory until then.
		if !strings.Contains(run.tail(), "pre-existing shared memory block") || time.Now().After(deadline) {
			return err
		}
		<-time.After(startAgain)
	}
}

// ready waits until the server accepts connections.
func (s *Server) ready(run *process) error {
	deadline := time.After(startTime)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.exec("SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-run.exited:
			return fmt.Errorf("the server ended at its start: %s", run.tail())
		case <-deadline:
			return fmt.Errorf("the server was not ready within %s: %w: %s", startTime, err, run.tail())
		case <-tick.C:
		}
	}
}

// Stop ends the server with a fast shutdown: the server ends all sessions and writes its data. It returns after the end.
func (s *Server) Stop() error { return s.end((*process).stop) }

// Kill ends the server at once (SIGKILL), as a crash of the machine does.
func (s *Server) Kill() error { return s.end((*process).kill) }

// Pause stops the server's processes (SIGSTOP). The server keeps its connections and answers nothing.
func (s *Server) Pause() error { return s.signalAll(true) }

// Resume continues a paused server (SIGCONT).
func (s *Server) Resume() error { return s.signalAll(false) }

func (s *Server) signalAll(pause bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return errors.New("signal the server: it is not running")
	}
	return s.run.freeze(pause)
}

func (s *Server) end(how func(*process) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return nil
	}
	run := s.run
	s.run = nil
	return how(run)
}

func (s *Server) runs() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run != nil
}

func (s *Server) close() error { return errors.Join(s.Stop(), os.RemoveAll(s.dir)) }

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it does not block
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(port)
	return n, errors.Join(err, l.Close())
}
