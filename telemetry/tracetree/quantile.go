package tracetree

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Quantile returns the q-quantile of sorted values by the nearest rank: the smallest value that a share of q of them does not
// exceed. It returns the zero value if there is none. q is from 0 to 1.
func Quantile[T cmp.Ordered](sorted []T, q float64) (value T) {
	if len(sorted) == 0 {
		return value
	}
	rank := int(math.Ceil(q*float64(len(sorted)) - 1e-9)) // 0.95 of 20 is 19, although the product is a little more
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// quantiles returns nil if there is no time.
func quantiles(times []time.Duration) *Quantiles {
	if len(times) == 0 {
		return nil
	}
	slices.Sort(times)
	return &Quantiles{P50: Quantile(times, 0.5), P95: Quantile(times, 0.95)}
}
