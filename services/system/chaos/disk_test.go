package chaos

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	// diskSize holds the kitchen's tickets and is filled fast.
	diskSize = 48 << 20
	// fullFor is how long the disk stays full after the kitchen has failed to write.
	fullFor = 5 * time.Second
	// lockedFor is longer than the busy_timeout of SQLite, 5 s.
	lockedFor = 12 * time.Second
)

// The kitchen's file system is full. The kitchen pauses its subscriptions and dead-letters no message.
func diskFull() fault {
	return fault{
		name: "disk-full", begins: 0.3, longer: 4 * time.Second,
		prepare: func(t *testing.T, p *trial) {
			folder := mountSmallDisk(t, diskSize)
			p.More["kitchen"] = append(p.More["kitchen"], "TRACERIA_DATA="+folder)
		},
		inject: func(t *testing.T, p *trial) {
			ballast := filepath.Join(p.DataOf("kitchen"), "ballast")
			fill(t, ballast)
			p.awaitPause(t)
			time.Sleep(fullFor)
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
		},
	}
}

// fill writes to the file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	block := make([]byte, 4096)
	for {
		if _, err := file.Write(block); errors.Is(err, syscall.ENOSPC) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// awaitPause waits until the kitchen logs that it holds its messages. Otherwise the fault had no effect.
func (p *trial) awaitPause(t *testing.T) {
	t.Helper()
	p.Await(t, 30*time.Second, "the kitchen pauses a subscription", func() bool {
		return strings.Contains(p.Services["kitchen"].Output(), "the subscription waits")
	})
}

// Another process locks the kitchen's database for longer than SQLite waits.
func fileLocked() fault {
	return fault{
		name: "file-locked", begins: 0.3, longer: 8 * time.Second,
		inject: func(t *testing.T, p *trial) {
			unlock := lock(t, filepath.Join(p.DataOf("kitchen"), "kitchen.db"))
			time.Sleep(lockedFor)
			p.awaitPause(t)
			unlock()
		},
	}
}

// asLock is the environment variable with the database that the test binary locks until its standard input ends.
const asLock = "TRACERIA_TEST_AS_LOCK"

func init() {
	if path := os.Getenv(asLock); path != "" {
		if err := holdLock(path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

func holdLock(path string) error {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(20000)")
	if err != nil {
		return err
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(context.Background(), "BEGIN EXCLUSIVE"); err != nil {
		return err
	}
	fmt.Println("locked")
	_, _ = bufio.NewReader(os.Stdin).ReadByte() // returns when the test closes it or ends
	_, err = conn.ExecContext(context.Background(), "ROLLBACK")
	return err
}

// lock starts a process that locks the database. It returns when the lock is held.
func lock(t *testing.T, path string) (unlock func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asLock+"="+path)
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
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatalf("the database was not locked: %q %v", line, err)
	}
	return func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("unlock: %v", err)
		}
	}
}
