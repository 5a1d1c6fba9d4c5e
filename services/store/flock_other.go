//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package store

import "os"

// flock locks nothing on this system: run one process for each SQLite database, or use PostgreSQL.
func flock(*os.File) (bool, error) { return true, nil }
