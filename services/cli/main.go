// Package cli has the commands of traceria, one file each. A command reads its flags into an options struct and passes it to
// a run function. addJSON and printJSON handle --json.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"traceria/services/host"
)

// Main runs the command line and returns the exit code: 0 for success, 1 for a failure, 2 for a wrong command line or
// configuration.
func Main() int {
	// Containers and process-compose send SIGTERM, Ctrl-C sends SIGINT. A second signal ends the process at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	profiled, err := profile(os.Getenv(profileVariable))
	if err != nil {
		fmt.Fprintf(os.Stderr, "traceria: %v\n", err)
		return 2
	}
	defer profiled()
	root, out := newRoot(), &output{to: os.Stdout}
	root.SetOut(out) // cobra would print results to standard error
	err = root.ExecuteContext(ctx)
	if err == nil {
		err = out.failed
	}
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "traceria: %v\n", err)
	var wrong usageError
	if errors.As(err, &wrong) || errors.Is(err, host.ErrConfiguration) {
		return 2
	}
	return 1
}
