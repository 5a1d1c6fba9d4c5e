package console

import (
	"context"
	"errors"
	"net/http"
	"time"

	"traceria/services/broker"
	"traceria/services/host"
)

// queuesAnswer is the answer of GET /api/queues.
type queuesAnswer struct {
	Broker brokerAnswer `json:"broker"`
	Queues []Queue      `json:"queues"`
}

// brokerAnswer says whether RabbitMQ answers. Detail says why not, or what is not known although it does.
type brokerAnswer struct {
	Reachable bool   `json:"reachable"`
	Detail    string `json:"detail"`
}

// listQueues answers GET /api/queues.
func (c *console) listQueues(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	return host.WriteJSON(w, http.StatusOK, c.queues(r.Context()))
}

// brokerTime limits one look at the broker.
const brokerTime = 5 * time.Second

func (c *console) queues(ctx context.Context) queuesAnswer {
	ctx, cancel := context.WithTimeout(ctx, brokerTime)
	defer cancel()
	list, remark, err := c.system.Queues.List(ctx)
	if err != nil {
		return queuesAnswer{Broker: brokerAnswer{Detail: err.Error()}, Queues: []Queue{}}
	}
	oldest := c.store.OldestWaiting()
	for n := range list {
		if age, waits := oldest[list[n].Queue]; waits && list[n].Ready+list[n].Unacked > 0 {
			ms := float64(age) / float64(time.Millisecond)
			list[n].OldestMS = &ms
		}
		list[n].DrainMS = list[n].drain()
	}
	return queuesAnswer{Broker: brokerAnswer{Reachable: true, Detail: remark}, Queues: some(list)}
}

// drain is the time until the queue is empty at the present rates, or nil when it does not get shorter.
func (q Queue) drain() *float64 {
	waiting := float64(q.Ready + q.Unacked)
	if waiting == 0 {
		return new(float64)
	}
	faster := q.OutPerSecond - q.InPerSecond
	if faster <= 0 {
		return nil
	}
	ms := waiting / faster * 1000
	return &ms
}

const (
	defaultLetters = 20
	mostLetters    = 200
)

// listLetters answers GET /api/dead/{queue}.
func (c *console) listLetters(w http.ResponseWriter, r *http.Request) error {
	values, err := parameters(r, "limit")
	if err != nil {
		return err
	}
	limit, err := number(values, "limit", defaultLetters, 1, mostLetters)
	if err != nil {
		return err
	}
	letters, err := c.system.Queues.Letters(r.Context(), r.PathValue("queue"), limit)
	if err != nil {
		return ofBroker(err)
	}
	return host.WriteJSON(w, http.StatusOK, some(letters))
}

// redriveBody is the body of POST /api/dead/{queue}/redrive. Without an id it means all letters.
type redriveBody struct {
	MessageID *string `json:"messageId"`
}

// redrive answers POST /api/dead/{queue}/redrive.
func (c *console) redrive(w http.ResponseWriter, r *http.Request) error {
	var body redriveBody
	if r.ContentLength != 0 {
		var err error
		if body, err = host.ReadJSON[redriveBody](w, r); err != nil {
			return err
		}
	}
	id := ""
	if body.MessageID != nil {
		if id = *body.MessageID; id == "" {
			return host.Invalid("messageId", "is empty; leave it out to redrive all letters")
		}
	}
	redriven, err := c.system.Queues.Redrive(r.Context(), r.PathValue("queue"), id)
	c.Log.Info().Ctx(r.Context()).Str("queue", r.PathValue("queue")).Int("letters", len(redriven)).Msg("redriven")
	if err != nil && len(redriven) == 0 {
		return ofBroker(err)
	}
	if err != nil { // some are on their way, so a problem would be wrong
		c.Log.Warn().Ctx(r.Context()).Err(err).Msg("some letters were not redriven")
	}
	return host.WriteJSON(w, http.StatusOK, some[broker.Redriven](redriven))
}

// ofBroker is the answer for an error of [Queues].
func ofBroker(err error) error {
	problem := (*host.Problem)(nil)
	switch {
	case errors.As(err, &problem):
		return err
	case errors.Is(err, ErrNoQueue), errors.Is(err, ErrNoLetter):
		return host.NotFound("%v", err)
	default:
		return &host.Problem{
			Status: http.StatusServiceUnavailable, Title: "RabbitMQ cannot be used", Detail: err.Error(), ErrorType: "broker",
		}
	}
}
