package journey

import "time"

// Observer is told what happens. Its methods are called by one goroutine at a time.
type Observer interface {
	// Fact is called once for each new fact of an order.
	Fact(j *Journey, f Fact)
	// Note is called when a source goes away.
	Note(text string)
	// Progress is called about ten times per second.
	Progress(p Progress)
}

// Progress sums up all orders of a [Watch].
type Progress struct {
	At time.Time
	// Statuses counts the orders by their status.
	Statuses map[string]int
	// Waiting is what the order waits for, if only one is watched and has not ended.
	Waiting *Waiting
}

// tell tells the observer what is new. It returns false when every order has ended.
func (w *Watch) tell() (open bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, note := range w.pending {
		w.observer.Note(note)
	}
	w.pending = nil
	p := Progress{At: time.Now(), Statuses: map[string]int{}}
	for _, t := range w.journeys {
		p.Statuses[t.Order.Status]++
		open = open || !t.Ended
		w.tellOf(t)
	}
	if len(w.journeys) == 1 && open {
		waiting := w.journeys[0].Waiting(p.At, w.surroundings)
		p.Waiting = &waiting
	}
	w.observer.Progress(p)
	return open
}

func (w *Watch) tellOf(t *tracked) {
	if !t.dirty {
		return
	}
	t.dirty = false
	for _, fact := range t.Facts(w.delays) {
		if !t.told[fact.Key] {
			t.told[fact.Key] = true
			w.observer.Fact(&t.Journey, fact)
		}
	}
}

// away notes that a source does not answer, once until it is back.
func (w *Watch) away(source, note string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.notes[source] {
		w.notes[source] = true
		w.pending = append(w.pending, note)
	}
}

func (w *Watch) back(source string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.notes, source)
}
