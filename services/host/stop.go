package host

import (
	"context"
	"sync"

	"traceria/services/store"
	"traceria/services/wait"
	"traceria/telemetry"
)

// await waits for the group. It returns false when ctx ends first, and then leaves the group running.
func await(ctx context.Context, group *sync.WaitGroup) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		group.Wait()
	}()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// closeDatabase closes the database, but does not wait for a disk or a server that hangs: every commit is durable
// already.
func closeDatabase(ctx context.Context, db *store.DB, tel *telemetry.Telemetry) error {
	ctx, cancel := wait.Longer(ctx, closeTime) // a last moment, when ctx has ended already
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- db.Close() }()
	select {
	case err := <-closed:
		return err
	case <-ctx.Done():
		tel.Log.Warn().Msg("the database did not close in time")
		return nil
	}
}

// flush exports the remaining telemetry with a fresh deadline, because ctx has ended.
func flush(ctx context.Context, tel *telemetry.Telemetry) {
	fresh, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	if err := tel.Shutdown(fresh); err != nil {
		tel.Log.Warn().Err(err).Msg("some telemetry was not exported before the stop")
	}
}
