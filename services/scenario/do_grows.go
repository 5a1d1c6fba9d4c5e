package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"traceria/services/order/orderclient"
)

// grows exchanges until a number in the answer is larger than in the first one. It leaves no spans: questions would bury the story.
func (t *run) grows(ctx context.Context, s Step, exchange func(context.Context) ([]byte, error)) error {
	asked, first := false, 0.0
	return t.await(ctx, s.within(), func() error {
		answer, err := exchange(orderclient.Unrecorded(ctx))
		if err != nil {
			return err
		}
		now, err := number(answer, s.Grows)
		if err != nil {
			return err
		}
		if !asked {
			asked, first = true, now
		}
		if now <= first {
			return fmt.Errorf("%s is still %v", s.Grows, now)
		}
		t.Show.Detail(fmt.Sprintf("%s grew from %v to %v", s.Grows, first, now))
		return nil
	})
}

// number returns the number at a path, such as telemetry.lostSpans, in a JSON object. One that is left out is 0.
func number(text []byte, path string) (float64, error) {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return 0, fmt.Errorf("the answer is no JSON: %w", err)
	}
	for name := range strings.SplitSeq(path, ".") {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	found, ok := value.(float64)
	if !ok && value != nil {
		return 0, fmt.Errorf("%s is no number in the answer: %.300s", path, text)
	}
	return found, nil
}
