package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	osexec "os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// writerProcess is the environment variable of a process that only writes. Its value is the URL of the database.
const writerProcess = "STORE_TEST_WRITER"

// writeOnly is the main function of such a process: 16 handlers write orders, each in a transaction of its own, and print the id
// after the commit. It does not end by itself.
func writeOnly(url string) error {
	ctx := context.Background()
	db, err := openAlone(ctx, url)
	if err != nil {
		return err
	}
	var ids atomic.Int64
	var handlers sync.WaitGroup
	for range 16 {
		handlers.Go(func() {
			for {
				id := strconv.FormatInt(ids.Add(1), 10)
				if db.Do(ctx, insert(ctx, id)) == nil {
					_, _ = fmt.Println(id) // one write of the system for each line
				}
			}
		})
	}
	handlers.Wait()
	return nil
}

// A process that is killed in the middle of a group has lost nothing that it acknowledged.
func TestAKillLosesNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	url := sqliteURL(t)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		acknowledged := acknowledgedBeforeAKill(t, program, url)
		b := open(t, url)
		there := map[string]bool{}
		for _, id := range b.ids(t) {
			there[id] = true
		}
		for _, id := range acknowledged {
			if !there[id] {
				t.Errorf("order %s was acknowledged, and is lost", id)
			}
		}
		exec(t, b, `DELETE FROM orders`)
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func acknowledgedBeforeAKill(t *testing.T, program, url string) (ids []string) {
	t.Helper()
	cmd := osexec.Command(program)
	cmd.Env = append(os.Environ(), writerProcess+"="+url)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	const enough = 300
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		ids = append(ids, lines.Text())
		if len(ids) == enough {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait()
	if len(ids) < enough {
		t.Fatalf("the process acknowledged %d orders, and ended", len(ids))
	}
	return ids
}
