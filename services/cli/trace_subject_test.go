package cli

import (
	"errors"
	"strings"
	"testing"
)

func TestTraceTakesWhatAPersonHasAtHand(t *testing.T) {
	t.Parallel()
	const order, trace = "01993c5e-7a4f-7c1e-9b57-6f1b2f6b7a10", "4bf92f3577b34da6a3ce929d0e0e4736"
	for text, want := range map[string]subject{
		order:                                  {conversation: order},
		strings.ToUpper(order):                 {conversation: order},
		" " + order + "\n":                     {conversation: order},
		`"` + order + `",`:                     {conversation: order},
		"staff-ada":                            {conversation: "staff-ada"},
		"ORD17":                                {orderNumber: "ORD17"},
		"ord17\n":                              {orderNumber: "ORD17"},
		trace:                                  {traceID: trace},
		"\t" + strings.ToUpper(trace):          {traceID: trace},
		"00-" + trace + "-00f067aa0ba902b7-01": {traceID: trace},
		"cc-" + trace + "-00f067aa0ba902b7-01-what-the-future-will-be":  {traceID: trace},
		"traceparent: 00-" + trace + "-00f067aa0ba902b7-00":             {traceID: trace},
		"TRACEPARENT=00-" + trace + "-00f067aa0ba902b7-00":              {traceID: trace},
		"traceresponse: 00-" + trace + "-00f067aa0ba902b7-01":           {traceID: trace},
		"http://127.0.0.1:16686/trace/" + trace:                         {traceID: trace},
		"http://127.0.0.1:16686/trace/" + trace + "?uiFind=kitchen#top": {traceID: trace},
		"https://example.com/jaeger/trace/" + trace + "/":               {traceID: trace},
		"http://127.0.0.1:16686/trace/f3577b34da6a3ce929d0e0e4736":      {traceID: "00000f3577b34da6a3ce929d0e0e4736"},
		"localhost:16686/trace/" + trace:                                {traceID: trace},
		"http://127.0.0.1:16686/api/traces/" + trace:                    {traceID: trace},
		"/order/" + order:                                  {conversation: order},
		"http://127.0.0.1:8081/order/" + order:             {conversation: order},
		"http://127.0.0.1:8081/order/" + order + "/cancel": {conversation: order},
	} {
		if got, err := parseSubject(text); err != nil || got != want {
			t.Errorf("%q: got %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func TestTraceSaysWhatItTakes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "ORD", "ORD0", "17", "margherita", "4bf92f3577b34da6a3ce929d0e0e473", "00f067aa0ba902b7", "00-4bf92f35-00f067aa0ba902b7-01",
		"4bf92f3577b34da6a3ce929d0e0e4736 4bf92f3577b34da6a3ce929d0e0e4736", "http://127.0.0.1:16686/trace/", "http://127.0.0.1:16686/search?service=order",
		"http://127.0.0.1:16686/trace/margherita", "http://127.0.0.1:8081/order/ORD17x", "http://127.0.0.1:8080/api/journeys/01993c5e-7a4f-7c1e-9b57-6f1b2f6b7a10", "staff-", "::/trace/%",
	} {
		_, err := parseSubject(text)
		if !errors.As(err, new(usageError)) || !strings.Contains(err.Error(), "ORD17") || !strings.Contains(err.Error(), "traceparent") {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
