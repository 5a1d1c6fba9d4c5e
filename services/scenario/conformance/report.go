package conformance

import (
	"fmt"
	"io"
	"strings"

	rules "traceria/telemetry/conformance"
)

// Report is the result of a run.
type Report struct {
	// Services are the services whose spans were found.
	Services []string  `json:"services"`
	Exchange string    `json:"exchange"`
	Queue    string    `json:"queue"`
	Messages []Message `json:"messages"`
	// Verdicts has one verdict for each rule: the heaviest of all messages.
	Verdicts []rules.Verdict `json:"verdicts"`
	// Holds is true if no rule is wrong. Current is true if no rule holds under an old name only, either.
	Holds   bool `json:"holds"`
	Current bool `json:"current"`
}

// Message is one OrderBoxed of a run.
type Message struct {
	OrderID string `json:"orderId"`
	TraceID string `json:"traceId"`
	// Jaeger is the address of the trace for a browser. In link mode the spans of the service are in other traces.
	Jaeger string `json:"jaeger"`
	// Published counts what the service published for it.
	Published int `json:"published"`
}

// Print writes the messages, a line for each verdict, and a sentence.
func (r Report) Print(w io.Writer) error {
	var out strings.Builder
	for _, m := range r.Messages {
		fmt.Fprintf(&out, "order %s  published %d  %s\n", m.OrderID, m.Published, m.Jaeger)
	}
	out.WriteString("\n")
	if err := rules.Print(&out, r.Verdicts); err != nil {
		return err
	}
	fmt.Fprintf(&out, "\n%s\n", r.conclusion())
	_, err := io.WriteString(w, out.String())
	return err
}

func (r Report) conclusion() string {
	services := strings.Join(r.Services, ", ")
	if services == "" {
		services = "The service"
	}
	wrong, old := 0, 0
	for _, v := range r.Verdicts {
		switch v.Result {
		case rules.Wrong:
			wrong++
		case rules.Old:
			old++
		}
	}
	switch {
	case wrong > 0:
		return fmt.Sprintf("%s breaks %d of %d rules.", services, wrong, len(r.Verdicts))
	case old > 0:
		return fmt.Sprintf("%s keeps the context, with %d names from before semantic conventions 1.17.", services, old)
	default:
		return services + " keeps the context."
	}
}
