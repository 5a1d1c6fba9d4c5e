// Traceria is a pizzeria in which every order leaves a trace: an event-driven system to look at and to break.
// This binary has a command for each service and each tool.
package main

import (
	"os"

	"traceria/services/cli"
)

func main() { os.Exit(cli.Main()) }
