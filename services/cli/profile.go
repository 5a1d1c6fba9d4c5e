package cli

import (
	"fmt"
	"os"
	"runtime/pprof"
)

// profileVariable names the file for a CPU profile of the whole run. It is for measurements (services/system/bench). A file
// needs no port: a door for profiles would be one more door to guard.
const profileVariable = "TRACERIA_CPU_PROFILE"

// profile records a CPU profile into the file until done is called. Without a path it does nothing.
func profile(path string) (done func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("%s: create the file of the CPU profile: %w", profileVariable, err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("%s: start the CPU profile: %w", profileVariable, err)
	}
	return func() {
		pprof.StopCPUProfile()
		_ = file.Close()
	}, nil
}
