package up

import (
	"bytes"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Whatever is wrong with the release, its program is not executed and no part of it stays. Jaeger is then built.
func TestAReleaseThatCannotBeTrustedIsRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, file string
		instead    http.HandlerFunc
		want       string
	}{
		{"wrong checksum", ".sha256sum.txt", func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write(checksums(baseName(r), []byte("another program")))
		}, "REFUSED: the downloaded program has the SHA-256 checksum"},
		{"no checksum", ".sha256sum.txt", func(http.ResponseWriter, *http.Request) {}, "the release publishes none"},
		{"checksums missing", ".sha256sum.txt", http.NotFound, "404"},
		{"archive missing", ".tar.gz", http.NotFound, "404"},
		{"transfer cut off", ".tar.gz", cutOff, "the release cannot be downloaded"},
		{"archive cut off", ".tar.gz", func(w http.ResponseWriter, r *http.Request) {
			var whole bytes.Buffer
			if err := writeArchive(&whole, baseName(r), newProgram); err != nil {
				panic(err)
			}
			_, _ = w.Write(whole.Bytes()[:whole.Len()/2])
		}, "the downloaded archive is damaged"},
		{"not an archive", ".tar.gz", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<html>please log in</html>")
		}, "the downloaded archive is damaged"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRelease(t)
			r.answer(test.file, test.instead)
			h := newHouse(t).with("TRACERIA_JAEGER_RELEASE_URL=" + r.URL)
			contains(t, h.run(t, 1, script, "--download"), test.want)
			contains(t, h.run(t, 0, script), test.want, "building it from source", "has no web pages")
			h.says(t, builtSays)
			r.neverRan(t)
			if h.holds(t, r.program) {
				t.Error("the refused program is still in bin")
			}
		})
	}
}

var newProgram = []byte(strings.Repeat("a program of the release\n", 1000))

func baseName(r *http.Request) string { return file.FindStringSubmatch(filepath.Base(r.URL.Path))[1] }

// cutOff announces more than it sends.
func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "40000000")
	_, _ = io.WriteString(w, "the first bytes")
}

// hang sends the first bytes and then nothing until the client leaves.
func hang(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", "40000000")
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func TestAServerThatHangsIsGivenUpWithinSeconds(t *testing.T) {
	t.Parallel()
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for name, server := range map[string]struct {
		behaviour http.HandlerFunc
		progress  string
	}{"without an answer": {silent, "jaeger: 0 MB\n"}, "amid the file": {hang, "jaeger: 0 of 40 MB\n"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRelease(t)
			r.answer(".tar.gz", server.behaviour)
			h := newHouse(t).with("TRACERIA_JAEGER_RELEASE_URL=" + r.URL)
			start := time.Now()
			contains(t, h.run(t, 1, script, "--download"), server.progress, "the release cannot be downloaded")
			if took := time.Since(start); took > 15*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestWithoutANetworkJaegerIsBuiltAtOnce(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"https://release.invalid", "http://127.0.0.1:1"} {
		h := newHouse(t).with("TRACERIA_JAEGER_RELEASE_URL=" + address)
		start := time.Now()
		h.run(t, 1, script, "--download")
		if took := time.Since(start); took > 6*time.Second {
			t.Errorf("%s: it took %s to give up", address, took)
		}
		contains(t, h.run(t, 0, script), "curl: ", "the release cannot be downloaded", "building it from source")
		h.says(t, builtSays)
	}
}

func TestWithoutCurlJaegerIsBuilt(t *testing.T) {
	t.Parallel()
	r := newRelease(t)
	h := newHouse(t).with("TRACERIA_JAEGER_RELEASE_URL="+r.URL, "PATH="+pathWithout(t, "jaeger", "curl"))
	contains(t, h.run(t, 0, script), "curl is not installed", "building it from source")
	h.says(t, builtSays)
}
