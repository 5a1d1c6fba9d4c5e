package up

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// An interrupted download leaves no process and no file, and the next one begins anew.
func TestAnInterruptedDownloadLeavesNothing(t *testing.T) {
	t.Parallel()
	r := newRelease(t)
	asked, left := make(chan struct{}), make(chan struct{})
	r.answer(".tar.gz", func(w http.ResponseWriter, request *http.Request) {
		close(asked)
		hang(w, request)
		close(left)
	})
	h := newHouse(t).with("TRACERIA_JAEGER_RELEASE_URL=" + r.URL)
	cmd := exec.CommandContext(t.Context(), filepath.Join(h.dir, script))
	cmd.Dir, cmd.Env = h.dir, h.env
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, asked, "request")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the interrupted script reports success")
	}
	await(t, left, "end of the request")
	if exists(filepath.Join(h.dir, "bin/.jaeger-download")) {
		t.Error("the unfinished download is still in bin")
	}
	r.answer(".tar.gz", nil)
	h.run(t, 0, script)
	h.says(t, releaseSays)
}

func await(t *testing.T, event <-chan struct{}, name string) {
	t.Helper()
	select {
	case <-event:
	case <-time.After(5 * time.Second):
		t.Fatalf("no %s within 5 s", name)
	}
}

func TestTwoAtOnceDownloadOnce(t *testing.T) {
	t.Parallel()
	needs(t, "flock")
	r := newRelease(t)
	h := newHouse(t).with("TRACERIA_JAEGER_RELEASE_URL=" + r.URL)
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			if out, err := h.try(t.Context(), script); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	group.Wait()
	h.says(t, releaseSays)
	if asked := r.asked(); len(asked) != 2 {
		t.Errorf("requests: %v, want the checksums and the archive once", asked)
	}
}
