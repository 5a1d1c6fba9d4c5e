package tracetree

import (
	"slices"
	"testing"
)

// A quantile is a value that was there, at the nearest rank.
func TestAQuantileIsThatOfTheNearestRank(t *testing.T) {
	t.Parallel()
	var hundred []int
	for n := range 100 {
		hundred = append(hundred, n+1)
	}
	for _, test := range []struct {
		sorted []int
		q      float64
		want   int
	}{
		{nil, 0.5, 0},
		{[]int{7}, 0, 7},
		{[]int{7}, 1, 7},
		{[]int{1, 2, 3, 4}, 0.5, 2},
		{[]int{1, 2, 3}, 0.5, 2},
		{[]int{1, 2, 3, 4}, 0.25, 1},
		{hundred[:10], 0.95, 10},
		{hundred[:20], 0.95, 19},
		{hundred, 0.95, 95},
		{hundred, 0.99, 99},
		{hundred, 1, 100},
	} {
		if got := Quantile(test.sorted, test.q); got != test.want {
			t.Errorf("the %g-quantile of %v is %d, want %d", test.q, test.sorted, got, test.want)
		}
	}
	if !slices.IsSorted(hundred) {
		t.Error("Quantile changes its argument")
	}
}
