package store

import (
	"fmt"
	"slices"
	"testing"
)

func TestAListOfIDsIsPaddedToAPowerOfTwo(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 130; n++ {
		ids := make([]any, n)
		for i := range ids {
			ids[i] = i
		}
		got := padded(slices.Clone(ids))
		if len(got)&(len(got)-1) != 0 || len(got) >= 2*n || !slices.Equal(got[:n], ids) {
			t.Fatalf("%d ids became %v", n, got)
		}
		for _, id := range got[n:] {
			if fmt.Sprint(id) != fmt.Sprint(n-1) {
				t.Fatalf("%d ids were padded with %v", n, id)
			}
		}
	}
}
