package journeys

import (
	"time"

	"traceria/telemetry/tracetree"
)

// The sources of spans.
const (
	SourceOTLP = "otlp"
	SourceFile = "file"
)

// Options configure a [Store]. The zero value is allowed.
type Options struct {
	// Limit is the memory for spans, logs and rows in bytes. The default is 64 MiB. The least is 1 MiB.
	Limit int64
	// JourneyLimit is the memory for the spans of one journey in bytes. The default is 4 MiB.
	JourneyLimit int64
	// StuckAfter is how long nothing may happen to an unfinished journey before it counts as stuck. The default is 10 s.
	StuckAfter time.Duration
	// Routing says where messages go. Nil means that only spans say so.
	Routing func() tracetree.Routing
	// Command reports whether the spans of a row are those of a command to the console alone. Nil means that none is.
	Command func(*Row) bool
	// Now is the clock. The default is time.Now.
	Now func() time.Time
}

// Sort is the order of a list of rows.
type Sort string

// The orders of a list.
const (
	Attention Sort = "attention" // the gravest state first, then the longest in its state; done ones by newest start
	Newest    Sort = "newest"
	Oldest    Sort = "oldest"
	Slowest   Sort = "slowest"
)

// Page is a part of a list of rows. The rows are copies of their own, but share their slices with the store: do not change them.
type Page struct {
	Rows []Row
	// Matching is the number of rows that the filter lets through, and Total that of all rows that its Commands lets through.
	Matching int
	Total    int
	// Counts has the rows of Total by state. Each state has an entry.
	Counts map[State]int
	// Version is the newest version in the page. Changes after it are not in the page.
	Version uint64
}

// Changes are the rows that changed after a version.
type Changes struct {
	// Reset reports that the reader must forget all rows: its version is too old, or is of another life of the process. Rows then
	// has the newest 5,000 rows that match.
	Reset bool
	// Rows has each changed row that matches once, by version. Removed has the ids that are gone and those that no longer match.
	Rows    []Row
	Removed []string
	// Version is what the reader asks with next.
	Version  uint64
	Matching int
	Total    int
	Counts   map[State]int
}

// Memory says what the store holds.
type Memory struct {
	Bytes           int64      `json:"bytes"`
	LimitBytes      int64      `json:"limitBytes"`
	Spans           int        `json:"spans"`
	Journeys        int        `json:"journeys"`
	DroppedJourneys int        `json:"droppedJourneys"`
	DroppedSpans    int        `json:"droppedSpans"`
	Oldest          *time.Time `json:"oldest"` // the start of the oldest journey, or null
}

// Hit says how many journeys an injected failure has hit.
type Hit struct {
	Journeys int       `json:"orders"`
	Since    time.Time `json:"since"`
}
