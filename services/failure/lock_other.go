//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package failure

// lock does nothing on systems without flock. There only one process may write at a time.
func lock(string) (unlock func(), err error) { return func() {}, nil }
