//go:build !race

package journeys

const raced = false
