//go:build !unix

package tracetree

import "time"

var began = time.Now()

// cpuTime is the time that has passed: this system does not tell what the process has used of its processors.
func cpuTime() time.Duration { return time.Since(began) }
