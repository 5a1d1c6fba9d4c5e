package store

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
)

// relayLock makes one process at a time the one that sends what is in an outbox. Its holder need not give it back: it
// is free as soon as the process is dead.
type relayLock interface {
	// try takes the lock and returns true, or false while another process has it.
	try(ctx context.Context) (bool, error)
	// watch, called once while the lock is held, returns a channel that is closed when it is lost, and calls wake when
	// another process has put something into the outbox.
	watch(wake func()) <-chan struct{}
	// release gives the lock back, if it is held, and frees what it took.
	release()
}

// fileLock is an flock beside the database. Nobody who knows it removes the file; when somebody else has, another process
// may lock the one that is made anew, and this lock is worth nothing.
type fileLock struct {
	path string
	file *os.File
	stop chan struct{} // of the watch
}

// stillThere is how often the holder looks whether the file is still the one that it has locked.
const stillThere = 100 * time.Millisecond

// relayLock implements backend.
func (s *sqliteFile) relayLock(context.Context) (relayLock, error) {
	path, err := filepath.EvalSymlinks(s.path) // one file, one lock
	if err != nil {
		return nil, fmt.Errorf("find the relay's lock: %w", err)
	}
	return &fileLock{path: path + ".relay"}, nil
}

func (l *fileLock) try(context.Context) (held bool, err error) {
	if l.file == nil {
		if l.file, err = os.OpenFile(l.path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
			l.file = nil
			return false, fmt.Errorf("open the relay's lock: %w", err)
		}
	}
	if held, err = flock(l.file); err != nil {
		return false, err
	}
	if l.there() {
		return held, nil
	}
	err = l.file.Close() // it was removed meanwhile; the next try makes it anew
	l.file = nil
	return false, err
}

// there tells whether the path leads to the file that is open.
func (l *fileLock) there() bool {
	open, err := l.file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(l.path)
	return err == nil && os.SameFile(open, named)
}

// watch looks whether the file is there: the kernel takes no lock away.
func (l *fileLock) watch(func()) <-chan struct{} {
	lost, stop := make(chan struct{}), make(chan struct{})
	l.stop = stop
	go func() {
		look := time.NewTicker(stillThere)
		defer look.Stop()
		for l.there() {
			select {
			case <-look.C:
			case <-stop:
				return
			}
		}
		close(lost)
	}()
	return lost
}

func (l *fileLock) release() {
	if l.stop != nil {
		close(l.stop)
	}
	if l.file != nil {
		_ = l.file.Close()
	}
}

// sessionLock is an advisory lock of a session of its own: it is free when the server sees that the session is gone.
type sessionLock struct {
	conn   *pgx.Conn
	schema string
	stop   context.CancelFunc
	done   chan struct{}
}

const releaseTime = 500 * time.Millisecond

// relayLock implements backend. Both ends find out within a minute that the other machine is gone without a word.
func (p *postgresServer) relayLock(ctx context.Context) (relayLock, error) {
	config := p.config.Copy()
	config.RuntimeParams["application_name"] += " relay"
	config.RuntimeParams["tcp_keepalives_idle"] = "15"
	config.RuntimeParams["tcp_keepalives_interval"] = "5"
	config.RuntimeParams["tcp_keepalives_count"] = "3"
	alive := net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 5 * time.Second, Count: 3}
	config.DialFunc = (&net.Dialer{KeepAliveConfig: alive}).DialContext
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect for the relay's lock: %w", err)
	}
	return &sessionLock{conn: conn}, nil
}

// try asks and does not wait: a statement that waits keeps its snapshot, and VACUUM could remove nothing meanwhile.
func (l *sessionLock) try(ctx context.Context) (held bool, err error) {
	const ask = `SELECT current_schema(), pg_try_advisory_lock(hashtextextended('traceria relay ' || current_schema(), 0))`
	if err := l.conn.QueryRow(ctx, ask).Scan(&l.schema, &held); err != nil {
		return false, fmt.Errorf("take the relay's lock: %w", err)
	}
	if held {
		if _, err := l.conn.Exec(ctx, "LISTEN "+outboxChannel); err != nil {
			return false, fmt.Errorf("listen for the outbox: %w", err)
		}
	}
	return held, nil
}

func (l *sessionLock) watch(wake func()) <-chan struct{} {
	ctx, stop := context.WithCancel(context.Background())
	l.stop, l.done = stop, make(chan struct{})
	go func() {
		defer close(l.done)
		for {
			heard, err := l.conn.WaitForNotification(ctx)
			if err != nil {
				return // the session, and the lock with it, is gone
			}
			if heard.Payload == l.schema {
				wake()
			}
		}
	}()
	return l.done
}

func (l *sessionLock) release() {
	if l.stop != nil {
		l.stop()
		<-l.done
	}
	ctx, cancel := context.WithTimeout(context.Background(), releaseTime)
	defer cancel()
	_ = l.conn.Close(ctx)
}
