package pizzeria

import (
	"runtime/debug"
)

// version is set at build time: -ldflags "-X traceria/services/pizzeria.version=…".
var version = "development"

// Version returns the version that the linker set, else that of the module, else "development".
func Version() string {
	if version != "development" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return version
}
