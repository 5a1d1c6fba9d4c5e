package failure

// Key names a failure or an experiment of the catalogue.
type Key string

// The keys of the catalogue. `traceria failure show KEY` prints the text of a key.
const (
	KitchenSlow              Key = "kitchen.slow"
	KitchenError             Key = "kitchen.error"
	KitchenPoison            Key = "kitchen.poison"
	KitchenCrash             Key = "kitchen.crash"
	KitchenHang              Key = "kitchen.hang"
	DeliveryAckEarly         Key = "delivery.ack-early"
	LoyaltyDown              Key = "loyalty.down"
	RetryStorm               Key = "retry.storm"
	OrderDuplicate           Key = "order.duplicate"
	OrderReorder             Key = "order.reorder"
	OrderUnroutable          Key = "order.unroutable"
	OrderDualWrite           Key = "order.dual-write"
	OutboxStall              Key = "outbox.stall"
	BrokerDisconnect         Key = "broker.disconnect"
	BrokerNack               Key = "broker.nack"
	MessageExpire            Key = "message.expire"
	QueueOverflow            Key = "queue.overflow"
	EventUnreadable          Key = "event.unreadable"
	EventBreaking            Key = "event.breaking"
	EventRenamedField        Key = "event.renamed-field"
	TraceDropHeaders         Key = "trace.drop-headers"
	TraceDropContext         Key = "trace.drop-context"
	TraceMalformed           Key = "trace.malformed"
	TraceStaleParent         Key = "trace.stale-parent"
	TraceLostSampling        Key = "trace.lost-sampling"
	TraceClockSkew           Key = "trace.clock-skew"
	TraceUninstrumentedError Key = "trace.uninstrumented-error"
	OrderAPIDown             Key = "order-api.down"
	OrderAPISlow             Key = "order-api.slow"
	KitchenReject            Key = "kitchen.reject"

	TraceMode     Key = "trace.mode"
	TraceDatabase Key = "trace.database"
	EventFormat   Key = "event.format"
	EventVersions Key = "event.versions"
	EventStyle    Key = "event.style"
	Integration   Key = "integration"
)
