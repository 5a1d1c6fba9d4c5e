package journeys

import (
	"container/list"
	"errors"
	"hash/maphash"
	"sync"
	"time"
)

// ErrClosed reports that the store was closed.
var ErrClosed = errors.New("the store of journeys is closed")

// Store keeps the newest spans within a limit of memory, as journeys. All methods may be called at the same time.
//
// Add puts spans into parts of traces. A goroutine then puts parts into journeys, works out rows and compresses what is at rest. So
// Add never waits for more than a change of these structures.
type Store struct {
	options    Options
	seed       maphash.Seed
	routes     routes
	attributes attributeCache

	mu       sync.Mutex // guards all below, and everything in a trace, a part and a journey
	traces   map[string]*trace
	journeys map[string]*journey // by key
	numbers  map[string]*journey // by order number
	changed  map[*part]bool      // parts whose journey may be another one
	split    map[*trace]bool     // traces with several conversations that have new spans
	unplaced map[*part]bool      // parts without a journey
	dirty    map[*journey]bool   // journeys whose row is out of date
	open     map[*journey]bool   // journeys with spans that are not compressed
	moving   map[*journey]bool   // journeys whose state depends on the time
	arrival  *list.List          // of *journey, the oldest last arrival first
	byChange *list.List          // of *journey with a row, the oldest version first
	waiting  waitingLogs
	hits     hits
	bytes    int64 // what all of it takes
	openRaw  int64 // what spans take that are not compressed
	gone     gone

	version uint64
	first   uint64 // versions before it are of another life of the process
	removed []removal
	view    *view
	news    chan struct{} // closed at the next version

	work    sync.Mutex // held by one step of the work at a time
	sealing sync.Mutex // held while one journey is compressed
	closing chan struct{}
	closed  sync.WaitGroup
	once    sync.Once
}

const (
	defaultLimit        = 64 << 20
	leastLimit          = 1 << 20
	defaultJourneyLimit = 4 << 20
	defaultStuckAfter   = 10 * time.Second
	// quiet is how long no span must have arrived before a journey counts as done, and before its spans are compressed. Services
	// export their spans every second, and a Collector passes them on within another.
	quiet = 3 * time.Second
	// pace is the interval at which rows are worked out.
	pace = 200 * time.Millisecond
)

// New returns an empty store and starts its goroutine. Close it.
func New(o Options) *Store {
	if o.Limit == 0 {
		o.Limit = defaultLimit
	}
	o.Limit = max(o.Limit, leastLimit)
	if o.JourneyLimit == 0 {
		o.JourneyLimit = defaultJourneyLimit
	}
	o.JourneyLimit = min(o.JourneyLimit, o.Limit/4)
	if o.StuckAfter == 0 {
		o.StuckAfter = defaultStuckAfter
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	now := o.Now()
	first := uint64(max(now.UnixMicro(), 1)) // it fits into the 53 bits of a number in JavaScript until the year 2255
	s := &Store{
		options: o, seed: maphash.MakeSeed(),
		traces: map[string]*trace{}, numbers: map[string]*journey{}, journeys: map[string]*journey{}, changed: map[*part]bool{}, split: map[*trace]bool{},
		unplaced: map[*part]bool{}, dirty: map[*journey]bool{}, open: map[*journey]bool{}, moving: map[*journey]bool{},
		arrival: list.New(), byChange: list.New(), hits: hits{since: now, keys: map[string]Hit{}},
		version: first, first: first, news: make(chan struct{}), closing: make(chan struct{}),
	}
	s.closed.Go(s.run)
	return s
}

// Close ends the goroutine of the store and every Wait. The rows can still be read.
func (s *Store) Close() {
	s.once.Do(func() { close(s.closing) })
	s.closed.Wait()
}

// run does the work in the background until the store is closed.
func (s *Store) run() {
	tick := time.NewTicker(pace / 2)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.step(false)
		case <-s.closing:
			return
		}
	}
}

// Flush brings the rows up to date with all spans so far.
func (s *Store) Flush() { s.step(true) }

// step does what there is to do: it puts parts into journeys, works out rows, and compresses journeys at rest. Without all, a row is
// worked out at most once in [pace], and less often if it takes long.
func (s *Store) step(all bool) {
	s.work.Lock()
	defer s.work.Unlock()
	s.mu.Lock()
	s.arriveLogs()
	s.place()
	s.mu.Unlock()
	s.relieve()
	s.rows(all)
	s.look()
	s.rest()
}
