//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package scenario

import "os/exec"

// detach does nothing where there are no process groups.
func detach(*exec.Cmd) {}

// lock does nothing where there is no flock. Two runs at once change each other's switches there.
func lock(string) (unlock func(), err error) { return func() {}, nil }
