//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package store

import "os"

// flock locks nothing here: run one process for each SQLite database on this system, or use PostgreSQL.
func flock(*os.File) (bool, error) { return true, nil }
