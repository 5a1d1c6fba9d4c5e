package console

import "context"

// places bounds how many requests do something at the same time. The others wait.
type places chan struct{}

const (
	// heavyRequests is how many requests may fold many spans at the same time.
	heavyRequests = 4
	// openStories is how many requests may hold the spans of a journey.
	openStories = 16
	// openFiles is how many files may arrive at the same time. A slow sender keeps its place for a minute.
	openFiles = 4
)

// enter waits for a place. The caller must call leave.
func (p places) enter(ctx context.Context) (leave func(), err error) {
	select {
	case p <- struct{}{}:
		return func() { <-p }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
