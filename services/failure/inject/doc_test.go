package inject_test

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"traceria/services/broker"
	"traceria/services/store"
)

func TestPackageCommentListsEverySeam(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(string(text))
	for _, seams := range []reflect.Type{reflect.TypeFor[broker.Seams](), reflect.TypeFor[store.Seams]()} {
		for i := range seams.NumField() {
			if name := seams.Field(i).Name; !slices.Contains(words, name) {
				t.Errorf("doc.go does not mention %s of %s", name, seams)
			}
		}
	}
}
