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

// KeptDestinations returns how many destinations p keeps.
func KeptDestinations(p *Publisher) int {
	p.cfg.destinations.mu.RLock()
	defer p.cfg.destinations.mu.RUnlock()
	return len(p.cfg.destinations.all)
}

// Sendable runs the check that Publish runs for every message.
func Sendable(p *Publisher, m *Message) error {
	_, err := p.sendable(m, &m.Publishing)
	return err
}
