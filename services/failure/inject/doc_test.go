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
		for field := range seams.Fields() {
			if !slices.Contains(words, field.Name) {
				t.Errorf("doc.go does not mention %s of %s", field.Name, seams)
			}
		}
	}
}
