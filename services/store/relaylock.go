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

// relayLock is held by the one process that relays an outbox. It is free as soon as that process is dead.
type relayLock interface {
	// try takes the lock. It returns false if another process has it.
	try(ctx context.Context) (bool, error)
	// watch is called once while the lock is held. It returns a channel that is closed when the lock is lost, and calls wake
	// when another process has filled the outbox.
	watch(wake func()) <-chan struct{}
	// release frees the lock, if it is held, and its resources.
	release()
}

// fileLock is an flock on a file beside the database. Traceria never removes the file. If the file is removed from outside,
// another process can lock a new one, and this lock is lost.
type fileLock struct {
	path string
	file *os.File
	stop chan struct{} // of the watch
}

// stillThere is the interval at which the holder checks that the path still leads to the locked file.
const stillThere = 100 * time.Millisecond

// relayLock implements backend.
func (s *sqliteFile) relayLock(context.Context) (relayLock, error) {
	path, err := filepath.EvalSymlinks(s.path) // all links to a database share one lock
	if err != nil {
		return nil, fmt.Errorf("resolve the path of the relay's lock: %w", err)
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
	err = l.file.Close() // it was removed meanwhile; the next try creates it anew
	l.file = nil
	return false, err
}

// there tells whether the path leads to the open file.
func (l *fileLock) there() bool {
	open, err := l.file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(l.path)
	return err == nil && os.SameFile(open, named)
}

// watch checks the file. The kernel never takes the lock away.
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

// sessionLock is an advisory lock of a PostgreSQL session of its own. It is free when the server ends the session.
type sessionLock struct {
	conn   *pgx.Conn
	schema string
	stop   context.CancelFunc
	done   chan struct{}
}

const releaseTime = 500 * time.Millisecond

// relayLock implements backend. Keep-alives tell both ends within a minute that the other machine has vanished.
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

// try does not wait inside the server: a waiting statement keeps its snapshot, and VACUUM could remove nothing meanwhile.
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
				return // the session has ended, and with it the lock
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
