package console

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"time"

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
	return file{content, contentType, `"` + hex.EncodeToString(sum[:16]) + `"`}
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
	h.Set("ETag", f.tag)
	h.Set("Cache-Control", "no-cache")
	r.Header.Del("Range") // a refused range would be answered with plain text
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.content))
}
