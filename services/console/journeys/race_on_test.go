//go:build race

package journeys

// raced reports that the race detector is on. It changes what a heap holds.
const raced = true
