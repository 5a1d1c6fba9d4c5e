package host_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"traceria/services/host"
)

func TestAnOpenRouteMakesNoSpan(t *testing.T) {
	t.Parallel()
	ok := func(w http.ResponseWriter, _ *http.Request) error { return host.WriteJSON(w, http.StatusOK, "ok") }
	service := run(t, func(r *host.Routes) {
		r.Open("GET /page/{name}", ok)
		r.Open("POST /intake", ok)
		r.Query("GET /query", ok)
	})
	for _, request := range []string{"GET /page/a", "HEAD /page/a", "POST /intake", "GET /query"} {
		method, path, _ := strings.Cut(request, " ")
		if a := service.call(t, method, path, ""); a.status != http.StatusOK || (a.header.Get("traceresponse") != "") != (path == "/query") {
			t.Errorf("%s: %d %v", request, a.status, a.header)
		}
	}
	if spans := service.memory.Spans(); len(spans) != 1 || spans[0].Name != "GET /query" {
		t.Errorf("got %d spans, want that of the query only: %+v", len(spans), spans)
	}
}

func TestAnOpenRouteRefusesOtherOrigins(t *testing.T) {
	t.Parallel()
	taken := 0
	service := run(t, func(r *host.Routes) {
		r.Open("POST /intake", func(w http.ResponseWriter, _ *http.Request) error {
			taken++
			return host.WriteJSON(w, http.StatusOK, "ok")
		})
	})
	req, err := http.NewRequest(http.MethodPost, service.base+"/intake", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://evil.example")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden || taken != 0 {
		t.Errorf("got %d, taken %d times", resp.StatusCode, taken)
	}
}

func TestARouteHasATimeOfItsOwn(t *testing.T) {
	t.Parallel()
	left := make(chan time.Duration, 2)
	note := func(w http.ResponseWriter, r *http.Request) error {
		end, _ := r.Context().Deadline()
		left <- time.Until(end)
		return host.WriteJSON(w, http.StatusOK, "ok")
	}
	service := run(t, func(r *host.Routes) {
		r.Command("POST /usual", note)
		r.Command("POST /long", note, host.Within(time.Minute))
		r.Open("POST /short", func(w http.ResponseWriter, r *http.Request) error {
			_, err := io.ReadAll(r.Body)
			return err
		}, host.Within(100*time.Millisecond))
	})
	for path, want := range map[string]time.Duration{"/usual": 10 * time.Second, "/long": time.Minute} {
		service.call(t, http.MethodPost, path, "")
		if got := <-left; got > want || got < want-5*time.Second {
			t.Errorf("%s has %s, want %s", path, got, want)
		}
	}
	conn := service.dial(t)
	send(t, conn, "POST /short HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
	if a := readAnswer(t, conn); a.status < 400 {
		t.Errorf("a body that does not arrive gets %d", a.status)
	}
}

// A stream has no time limit, and ends as soon as the service stops.
func TestAStreamEndsWithTheService(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	service := run(t, func(r *host.Routes) {
		r.Stream("GET /stream", func(w http.ResponseWriter, r *http.Request) error {
			if _, limited := r.Context().Deadline(); limited {
				t.Error("the stream has a deadline")
			}
			_, _ = io.WriteString(w, "begun\n")
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			<-r.Context().Done()
			ended <- r.Context().Err()
			return nil
		})
	})
	conn := service.dial(t)
	send(t, conn, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
	if err := conn.SetReadDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if line, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil || line != "begun\n" {
		t.Fatalf("%q %v", line, err)
	}
	began := time.Now()
	if err := service.stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the stop took %s", took)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the stream ended with %v", err)
	}
}

func TestTheGuardSeesAllButHealth(t *testing.T) {
	t.Parallel()
	service := run(t, func(r *host.Routes) {
		menu(r)
		r.Guard(func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("X-Guarded", "yes")
			return &host.Problem{Status: http.StatusMisdirectedRequest, Title: "Misdirected request", Detail: "no"}
		})
	})
	for path, want := range map[string]int{"/healthz": 200, "/menu": 421, "/pasta": 421, "//menu": 421} {
		if a := service.call(t, http.MethodGet, path, ""); a.status != want || (a.header.Get("X-Guarded") == "yes") != (want == 421) {
			t.Errorf("%s: %d %v, want %d", path, a.status, a.header, want)
		}
	}
}

// worker is an app with work of its own.
type worker struct {
	app
	work func(context.Context)
}

func (w worker) Work(ctx context.Context) { w.work(ctx) }

func TestTheStopWaitsForTheWorkOfAnApp(t *testing.T) {
	t.Parallel()
	began, finished := make(chan struct{}), false
	service := runApp(t, worker{app{func(*host.Routes) {}}, func(ctx context.Context) {
		close(began)
		<-ctx.Done()
		time.Sleep(100 * time.Millisecond)
		finished = true
	}})
	<-began
	if err := service.stop(); err != nil || !finished {
		t.Errorf("stopped with %v, finished %v", err, finished)
	}
}
