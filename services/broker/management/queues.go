package management

import (
	"context"
	"errors"
	"fmt"

	"traceria/services/broker/wire"
)

// Queue is what the management API says about a queue. RabbitMQ measures it every few seconds.
type Queue struct {
	Name      string `json:"name"`
	Ready     int    `json:"messages_ready"`
	Unacked   int    `json:"messages_unacknowledged"`
	Consumers int    `json:"consumers"`
	// Stats has no values before the first message.
	Stats struct {
		Published Rate `json:"publish_details"`
		Acked     Rate `json:"ack_details"`
	} `json:"message_stats"`
}

// Rate is a number of messages per second.
type Rate struct {
	PerSecond float64 `json:"rate"`
}

// Queues returns the queues of the virtual host by name, in one request.
func (c *Client) Queues(ctx context.Context) (map[string]Queue, error) {
	var all []Queue
	err := c.Get(ctx, "queues/"+c.vhost+"?columns=name,messages_ready,messages_unacknowledged,consumers,"+
		"message_stats.publish_details.rate,message_stats.ack_details.rate", &all)
	if err != nil {
		return nil, fmt.Errorf("list the queues: %w", err)
	}
	queues := make(map[string]Queue, len(all))
	for _, q := range all {
		queues[q.Name] = q
	}
	return queues, nil
}

// ErrOther says that the management API is that of another broker.
var ErrOther = errors.New("the management API (RABBITMQ_MANAGEMENT_URL) is that of another broker than AMQP_URL")

// Serves compares the names of the two clusters: the one behind the management API, and the one of the connection. It returns
// [ErrOther] if they differ.
func (c *Client) Serves(ctx context.Context, conn *wire.Connection) error {
	var overview struct {
		Cluster string `json:"cluster_name"`
	}
	if err := c.Get(ctx, "overview?columns=cluster_name", &overview); err != nil {
		return err
	}
	if own := wire.Text(conn.Properties["cluster_name"]); own != "" && overview.Cluster != "" && own != overview.Cluster {
		return ErrOther
	}
	return nil
}
