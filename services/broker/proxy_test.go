package broker_test

import (
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy forwards connections to the broker, and can break them.
type proxy struct {
	url      string
	target   string
	listener net.Listener
	running  sync.WaitGroup

	mu       sync.Mutex
	open     []net.Conn
	accepted int
	frozen   atomic.Bool
}

// newProxy returns a proxy to the broker at an AMQP URL. Its field url leads through the proxy.
func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{target: u.Host, listener: listener}
	u.Host = listener.Addr().String()
	p.url = u.String()
	p.running.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		p.cut()
		p.running.Wait()
	})
	return p
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.accepted++
		p.mu.Unlock()
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.open = append(p.open, client, server)
		p.mu.Unlock()
		p.running.Go(func() { _, _ = io.Copy(client, p.through(server)); _ = client.Close() })
		p.running.Go(func() { _, _ = io.Copy(server, p.through(client)); _ = server.Close() })
	}
}

// freeze stops forwarding without closing a connection, as a broker that hangs.
func (p *proxy) freeze() { p.frozen.Store(true) }

func (p *proxy) through(r io.Reader) io.Reader { return thawed{r, &p.frozen} }

// thawed reads until it is frozen, and then discards all bytes.
type thawed struct {
	io.Reader
	frozen *atomic.Bool
}

func (t thawed) Read(b []byte) (int, error) {
	for {
		n, err := t.Reader.Read(b)
		if err != nil || !t.frozen.Load() {
			return n, err
		}
	}
}

// cut closes all open connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.open {
		_ = conn.Close()
	}
	p.open = nil
}

func (p *proxy) connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepted
}
