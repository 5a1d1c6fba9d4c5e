package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"traceria/services/order/journey"
	"traceria/telemetry/tracetree"
)

// What is missing is a line each. Text of others cannot move the cursor, and a whole order has no section.
func TestWhatIsMissingIsALineEach(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	printMissing(&out, nil)
	if out.Len() > 0 {
		t.Errorf("a whole order has %q", out.String())
	}
	m := &journey.Missing{
		Gaps: []journey.Gap{
			{Expected: "process kitchen.order-confirmed", Where: "kitchen.order-confirmed has it, no consumer", Place: journey.Ready, After: &journey.Span{Name: "send events:order.order-confirmed.v2", Service: "order"}},
			{Expected: "process loyalty.order-confirmed", Where: "dead letter (\x1b[2Ja\nb)", Place: journey.DeadQueue},
		},
		Unseen: []string{"delivery.order-confirmed"}, Unanswered: []string{"kitchen: does not answer"},
	}
	printMissing(&out, m)
	want := `
missing
  process kitchen.order-confirmed, after send events:order.order-confirmed.v2 of order: kitchen.order-confirmed has it, no consumer
  process loyalty.order-confirmed: dead letter (�[2Ja; b)
  spans of delivery.order-confirmed are missing, although the order is finished: they were not sampled or not exported
  not known: kitchen: does not answer
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestTheTreesDocumentHasWhatIsMissing(t *testing.T) {
	t.Parallel()
	tree := tracetree.Build([]tracetree.Span{{TraceID: "1", SpanID: "2", Name: "POST /order"}})
	for _, test := range []struct {
		missing *journey.Missing
		want    string
	}{
		{nil, `"name":"POST /order"`},
		{&journey.Missing{Gaps: []journey.Gap{{Expected: "send order.order-created.v1", Place: journey.Outbox}}}, `"missing":{"gaps":[{"expected":"send order.order-created.v1","place":"outbox"`},
	} {
		text, err := json.Marshal(treeDocument{tree, test.missing})
		if err != nil || !strings.HasPrefix(string(text), `{"roots":[{`) || !strings.Contains(string(text), test.want) || strings.Contains(string(text), "missing") != (test.missing != nil) {
			t.Errorf("%v: %s", err, text)
		}
	}
}
