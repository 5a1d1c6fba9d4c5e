package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// view is what a service knows about an order.
type view struct {
	service, path string
	// begin and end are in the answer, one after the other, when the service knows the end of the order.
	begin, end string
}

// agree asks every view until all know that the order is delivered. It shows when each did: consistency is eventual.
func (t *run) agree(ctx context.Context, s Step) error {
	group, err := t.group(s.Agree)
	if err != nil {
		return err
	}
	one := group[0]
	views := []view{
		{"order", "/order/" + one.order.OrderID, `"status":`, `"delivered"`},
		{"kitchen", "/tickets", `"orderId":"` + one.order.OrderID, `"status":"boxed"`},
		{"delivery", "/delivery/" + one.order.OrderID, `"status":`, `"delivered"`},
		{"loyalty", "/loyalty/" + url.PathEscape(t.customer), one.order.OrderID, ""},
	}
	return t.await(ctx, s.within(), func() error {
		var open []error
		left := views[:0]
		for _, v := range views {
			if err := t.knows(ctx, v); err != nil {
				open, left = append(open, err), append(left, v)
				continue
			}
			t.Show.Detail(fmt.Sprintf("%-8s  knows it after %s", v.service, time.Since(one.at).Round(10*time.Millisecond)))
		}
		views = left
		return errors.Join(open...)
	})
}

// knows returns an error while the view does not know the end of the order.
func (t *run) knows(ctx context.Context, v view) error {
	text, err := get(ctx, t.System.Services[v.service]+v.path)
	var compact []byte
	if err == nil {
		var value any
		if err = json.Unmarshal(text, &value); err == nil {
			compact, err = json.Marshal(value)
		}
	}
	_, after, begins := strings.Cut(string(compact), v.begin)
	entry, _, _ := strings.Cut(after, "}")
	if err != nil || !begins || !strings.Contains(entry, v.end) {
		return fmt.Errorf("%s does not know it yet", v.service)
	}
	return nil
}
