package up

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
)

// release is a server that stands in for the host of Jaeger's releases. Its files have the names and the form of the
// published ones: one checksum for each file inside the archive.
type release struct {
	*httptest.Server
	ran string

	mu       sync.Mutex
	program  []byte // leaves the file ran when it is executed
	requests []string
	instead  map[string]http.HandlerFunc
}

const releaseSays = "the release"

func newRelease(t *testing.T) *release {
	t.Helper()
	needs(t, "curl")
	r := &release{ran: filepath.Join(t.TempDir(), "ran"), instead: map[string]http.HandlerFunc{}}
	r.program = fmt.Appendf(nil, "#!/bin/sh\ntouch '%s'\necho %s\n", r.ran, releaseSays)
	r.Server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.Close)
	return r
}

var file = regexp.MustCompile(`^(jaeger-\d+\.\d+\.\d+-(?:linux|darwin)-(?:amd64|arm64))(\.tar\.gz|\.sha256sum\.txt)$`)

func (r *release) serve(w http.ResponseWriter, request *http.Request) {
	name := path.Base(request.URL.Path)
	parts := file.FindStringSubmatch(name)
	if parts == nil {
		http.NotFound(w, request)
		return
	}
	r.mu.Lock()
	r.requests = append(r.requests, name)
	instead, program := r.instead[parts[2]], r.program
	r.mu.Unlock()
	if instead != nil {
		instead(w, request)
		return
	}
	if parts[2] == ".tar.gz" {
		_ = writeArchive(w, parts[1], program) // fails when the client goes away
		return
	}
	_, _ = w.Write(checksums(parts[1], program))
}

// publish replaces the program in the archive.
func (r *release) publish(program []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.program = program
}

// answer sets what answers the requests for the files that end like this; nil stands for the files themselves.
func (r *release) answer(suffix string, handler http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.instead[suffix] = handler
}

func checksums(name string, program []byte) []byte {
	return fmt.Appendf(nil, "%x *%s/example-hotrod\n%x *%s/jaeger\n", sha256.Sum256(hotrod), name, sha256.Sum256(program), name)
}

var hotrod = []byte("another program of the archive")

// writeArchive writes the archive while it makes it. It does not compress: Jaeger has more than 100 MB, and the download
// gives up after 8 s of silence.
func writeArchive(w io.Writer, name string, program []byte) error {
	zipped, err := gzip.NewWriterLevel(w, gzip.NoCompression)
	if err != nil {
		return err
	}
	files := tar.NewWriter(zipped)
	for _, entry := range []struct {
		name    string
		content []byte
	}{{"example-hotrod", hotrod}, {"jaeger", program}} {
		header := &tar.Header{Name: name + "/" + entry.name, Mode: 0o755, Size: int64(len(entry.content))}
		if err := files.WriteHeader(header); err != nil {
			return err
		}
		if _, err := files.Write(entry.content); err != nil {
			return err
		}
	}
	return errors.Join(files.Close(), zipped.Close())
}

// asked returns the names of the files that were requested.
func (r *release) asked() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.requests...)
}

// neverRan fails the test when the release's program was executed.
func (r *release) neverRan(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(r.ran); err == nil {
		t.Error("the program of the release was executed")
	}
}
