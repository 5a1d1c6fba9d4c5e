package event_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"traceria/services/event"
)

// release/ tests what RFCs permit for released schemas.
func TestEveryRFCSaysWhoWhyAndUntilWhen(t *testing.T) {
	t.Parallel()
	rfcs, err := event.ReadRFCs(os.DirFS("."))
	if err != nil || len(rfcs) == 0 {
		t.Fatalf("%d RFCs, %v", len(rfcs), err)
	}
	deprecated := map[string]bool{}
	for _, rfc := range rfcs {
		for field, value := range map[string]string{"title": rfc.Title, "event": rfc.Event, "status": rfc.Status, "author": rfc.Author} {
			if value == "" {
				t.Errorf("RFC %s has no %s", rfc.Number, field)
			}
		}
		if _, err := time.Parse(time.DateOnly, rfc.DeprecationDate); err != nil {
			t.Errorf("RFC %s: deprecation-date: %v", rfc.Number, err)
		}
		if rfc.Accepted() && rfc.Deprecates != "" {
			deprecated[rfc.Deprecates] = true
		}
	}
	for _, typ := range event.Catalogue {
		if typ.Deprecated() != (typ.DeprecationDate() != "") {
			t.Errorf("%s: deprecated %t, until %q", typ, typ.Deprecated(), typ.DeprecationDate())
		}
		if typ.Deprecated() != deprecated[typ.String()] {
			t.Errorf("%s: its schema says deprecated %t, the accepted RFCs %t", typ, typ.Deprecated(), deprecated[typ.String()])
		}
	}
}

func TestAnRFCThatCouldHideAnotherIsRefused(t *testing.T) {
	t.Parallel()
	rfc := func(number string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("---\nrfc: " + number + "\nstatus: accepted\n---\n# RFC\n")}
	}
	for want, files := range map[string]fstest.MapFS{
		"there is another RFC 0002":             {"rfc/0002-a.md": rfc("0002"), "rfc/0002-b.md": rfc("0002")},
		"its front matter says rfc: 0003, want": {"rfc/0002-a.md": rfc("0003")},
		"its front matter says rfc: , want":     {"rfc/0002-a.md": {Data: []byte("# RFC\n---\nrfc: 0002\nstatus: accepted\n---\n")}},
	} {
		if _, err := event.ReadRFCs(files); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	read, err := event.ReadRFCs(fstest.MapFS{"rfc/0002-a.md": rfc("0002"), "rfc/0003-b.md": rfc("0003")})
	if err != nil || len(read) != 2 || !read[0].Accepted() {
		t.Errorf("got %v, %v", read, err)
	}
}
