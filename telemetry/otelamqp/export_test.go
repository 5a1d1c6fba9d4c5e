package otelamqp

// ReuseHeaders makes p treat its channel as *amqp091.Channel, which does not keep header tables.
func ReuseHeaders(p *Publisher) { p.reuseHeaders = true }

// ReusesHeaders reports whether p uses header tables again.
func ReusesHeaders(p *Publisher) bool { return p.reuseHeaders }

// Pending returns how many mandatory messages p waits for.
func Pending(p *Publisher) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.mandatory)
}

// DurationBuckets are the buckets of both duration histograms.
var DurationBuckets = durationBuckets
