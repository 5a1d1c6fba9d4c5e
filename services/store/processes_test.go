package store_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"traceria/services/event"
	"traceria/services/store"
	"traceria/telemetry"
)

// relayProcess is the environment variable of a process that only relays. Its value is the URL of the database.
const relayProcess = "STORE_TEST_RELAY"

// openAlone opens the database in a process of its own, which has no test.
func openAlone(ctx context.Context, url string) (*store.DB, error) {
	tel, err := telemetry.Start(ctx, telemetry.Config{Service: "order", Memory: &telemetry.Memory{}, LogOutput: io.Discard})
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, url, "order", schema, tel)
}

// relayOnly is the main function of such a process. It prints "begin ID" and "end ID" for each event, and takes a moment in
// between. It ends when its input ends.
func relayOnly(url string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	db, err := openAlone(ctx, url)
	if err != nil {
		return err
	}
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); cancel() }()
	fmt.Println("ready")
	db.Relay(ctx, batchFunc(func(batch []event.Outgoing) []error {
		for _, o := range batch {
			fmt.Println("begin", o.Envelope.Metadata.EventID)
		}
		time.Sleep(20 * time.Millisecond) // the message is on its way
		for _, o := range batch {
			fmt.Println("end", o.Envelope.Metadata.EventID)
		}
		return make([]error, len(batch))
	}), zerolog.Nop())
	return db.Close()
}

// saying is a line that a relaying process wrote.
type saying struct {
	process    int
	verb, fact string
}

// relayer starts the test's program again as a process that relays.
func relayer(t *testing.T, url string, number int, said chan<- saying) *osexec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := osexec.Command(program)
	cmd.Env = append(os.Environ(), relayProcess+"="+url)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Fatalf("process %d says %q, %v", number, lines.Text(), lines.Err())
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		for lines.Scan() {
			verb, fact, _ := strings.Cut(lines.Text(), " ")
			said <- saying{number, verb, fact}
		}
	})
	t.Cleanup(func() { _ = in.Close(); reading.Wait(); _ = cmd.Wait() })
	return cmd
}

func TestOneProcessRelaysAndAnotherTakesOverWhenItIsKilled(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		said := make(chan saying, 10_000)
		relayers := map[int]*osexec.Cmd{}
		for number := range 3 {
			relayers[number] = relayer(t, url, number, said)
		}
		const rounds, events = 3, 20
		var dead []int
		for range rounds {
			for i := range events {
				b.say(t, fmt.Sprint("c", i%5), i)
			}
			leader := oneRelays(t, said, events)
			// A row that is still there after the kill is rightly sent again: the next test covers that.
			eventually(t, "the outbox is empty", func() bool { got, err := b.Unsent(t.Context()); return err == nil && got.Total() == 0 })
			for _, number := range dead {
				if number == leader {
					t.Errorf("the killed process %d relays", number)
				}
			}
			if len(dead) == rounds-1 {
				break
			}
			dead = append(dead, leader)
			if err := relayers[leader].Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// oneRelays waits until the facts are sent. It checks that one process sent all of them, each once.
func oneRelays(t *testing.T, said <-chan saying, facts int) (leader int) {
	t.Helper()
	leader = -1
	begun := map[string]bool{}
	for ended := 0; ended < facts; {
		s := receive(t, said)
		if leader < 0 {
			leader = s.process
		}
		if s.process != leader {
			t.Errorf("process %d relays beside process %d", s.process, leader)
		}
		switch {
		case s.verb == "end":
			ended++
		case begun[s.fact]:
			t.Errorf("%s is published twice", s.fact)
		default:
			begun[s.fact] = true
		}
	}
	return leader
}

// A process that is killed while an event is on its way leaves its row in the outbox. The next process sends the event.
func TestWhatAKilledProcessHadOnItsWayIsSentAgain(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		said := make(chan saying, 100)
		first := relayer(t, url, 1, said)
		b.say(t, "a", 1)
		begun := receive(t, said)
		if err := first.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		relayer(t, url, 2, said)
		for {
			if s := receive(t, said); s.process == 2 && s.verb == "end" {
				if s.fact != begun.fact {
					t.Errorf("sent %s, want %s", s.fact, begun.fact)
				}
				return
			}
		}
	})
}

// The relaying process sends the events of the others. In PostgreSQL their commits wake it.
func TestACommitInAnotherProcessIsSentAtOnce(t *testing.T) {
	t.Parallel()
	b := open(t, postgresURL(t))
	sent := make(chan string, 1)
	b.relay(t, publisherFunc(func(o event.Outgoing) error { sent <- orderOf(t, o); return nil }))
	eventually(t, "it relays", b.Relaying)
	other := open(t, b.url)
	const commits, poll = 10, time.Second
	began := time.Now()
	for i := range commits {
		id := fmt.Sprint("o-", i)
		if err := other.place(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, sent); got != id {
			t.Fatalf("sent %s, want %s", got, id)
		}
	}
	if took := time.Since(began); took > commits*poll/2 {
		t.Errorf("%d events took %s: the relay was not told, it looked by itself", commits, took)
	}
}
