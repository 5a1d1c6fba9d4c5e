package journey

// Way returns the queues that an order cannot do without.
func Way() []string {
	queues := make([]string, len(way))
	for i, s := range way {
		queues[i] = s.queue
	}
	return queues
}
