//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package atomicfile

import (
	"io/fs"
	"os"
)

// keepOwner does nothing on systems without owners of this kind.
func keepOwner(*os.File, fs.FileInfo) {}
