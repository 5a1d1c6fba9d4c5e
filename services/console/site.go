package console

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"traceria/services/console/page"
	"traceria/services/host"
)

// site has the files of the page. A browser asks each time whether a file has changed, and gets 304 if not: the addresses of the
// files do not change with their content.
type site struct {
	shell file
	files map[string]file // by path below /assets/
}

type file struct {
	content     []byte
	contentType string
	tag         string
	zipped      func() []byte // compressed by gzip, at the first request for it; nil if that saves nothing
}

// contentTypes are those of the files that are served. A file with another ending is not.
var contentTypes = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png",
	".json": "application/json", ".woff2": "font/woff2",
}

func newSite(shell []byte, assets fs.FS) (*site, error) {
	s := &site{shell: newFile(shell, "text/html; charset=utf-8"), files: map[string]file{}}
	err := fs.WalkDir(assets, ".", func(name string, entry fs.DirEntry, err error) error {
		contentType := contentTypes[path.Ext(name)]
		if err != nil || entry.IsDir() || contentType == "" {
			return err
		}
		content, err := fs.ReadFile(assets, name)
		s.files[name] = newFile(content, contentType)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the files of the page: %w", err)
	}
	return s, nil
}

// embeddedSite returns the files that are in the binary.
func embeddedSite() (*site, error) { return newSite(page.Shell(), page.Assets()) }

func newFile(content []byte, contentType string) file {
	sum := sha256.Sum256(content)
	return file{content, contentType, hex.EncodeToString(sum[:16]), sync.OnceValue(func() []byte { return zip(content) })}
}

// zip compresses a file as far as gzip can. It returns nil if that saves nothing.
func zip(content []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil
	}
	_, _ = w.Write(content) // a buffer takes all
	if err := w.Close(); err != nil || out.Len() >= len(content) {
		return nil
	}
	return out.Bytes()
}

// acceptsGzip reports whether a request takes an answer that gzip has compressed
// (https://www.rfc-editor.org/rfc/rfc9110#field.accept-encoding).
func acceptsGzip(r *http.Request) bool {
	any := false
	for one := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(one, " ", "")), ";")
		value, err := strconv.ParseFloat(strings.TrimPrefix(weight, "q="), 64)
		wanted := weight == "" || err == nil && value > 0
		switch name {
		case "gzip", "x-gzip":
			return wanted
		case "*":
			any = wanted
		}
	}
	return any
}

// showShell answers each address of the page.
func (s *site) showShell(w http.ResponseWriter, r *http.Request) error {
	s.shell.serve(w, r)
	return nil
}

// showAsset answers GET /assets/{path...}.
func (s *site) showAsset(w http.ResponseWriter, r *http.Request) error {
	found, ok := s.files[r.PathValue("path")]
	if !ok {
		return host.NotFound("the page has no file %.100q", r.PathValue("path"))
	}
	found.serve(w, r)
	return nil
}

// showIcon answers GET /favicon.ico, which browsers ask for where no page names an icon.
func (s *site) showIcon(w http.ResponseWriter, r *http.Request) error {
	found, ok := s.files["icon.svg"]
	if !ok {
		return host.NotFound("the page has no icon")
	}
	found.serve(w, r)
	return nil
}

func (f file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding")
	content, tag := f.content, f.tag
	if zipped := f.zipped(); zipped != nil && acceptsGzip(r) {
		content, tag = zipped, f.tag+"-gzip"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", `"`+tag+`"`)
	r.Header.Del("Range") // a refused range would be answered with plain text
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}
