package event_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traceria/services/event"
)

// boxedHeaders are the attributes of boxedCloud with a prefix.
func boxedHeaders(prefix string) map[string]any {
	return map[string]any{
		prefix + "specversion": "1.0", prefix + "id": "e-1.v1", prefix + "source": "urn:traceria:service:kitchen",
		prefix + "type": "traceria.kitchen.order-boxed.v1", prefix + "time": "2024-01-30T12:00:00Z", prefix + "correlationid": "o-1",
	}
}

// Binary mode gives the same event as the structured form, with each of the prefixes.
func TestACloudEventInBinaryModeIsRead(t *testing.T) {
	t.Parallel()
	want, err := event.Decode([]byte(boxedCloud))
	if err != nil {
		t.Fatal(err)
	}
	for _, prefix := range []string{"cloudEvents:", "cloudEvents_", "ce-"} {
		headers := boxedHeaders(prefix)
		headers["x-death"], headers["traceparent"] = []any{"of RabbitMQ"}, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
		got, err := event.DecodeMessage("application/json", headers, []byte(`{"orderId":"o-1"}`))
		if err != nil {
			t.Errorf("%s: %v", prefix, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-structured +binary)\n%s", prefix, diff)
		}
	}
	typed := boxedHeaders("ce-")
	typed["ce-id"], typed["ce-time"] = []byte("e-1.v1"), time.Date(2024, 1, 30, 12, 0, 0, 0, time.UTC)
	typed["cloudEvents:id"] = "e-1.v1" // twice, and the same
	if got, err := event.DecodeMessage("", typed, []byte(`{"orderId":"o-1"}`)); err != nil || got.Identity() != want.Identity() || !got.Metadata.EventDate.Equal(want.Metadata.EventDate.Time) {
		t.Errorf("%+v, %v", got, err)
	}
	inXML, err := event.DecodeMessage("application/xml", boxedHeaders("ce-"), []byte(`<data><orderId>o-1</orderId></data>`))
	if err != nil || string(inXML.Data) != `{"orderId":"o-1"}` {
		t.Errorf("XML: %s, %v", inXML.Data, err)
	}
	for contentType, body := range map[string]string{"application/json; charset=\"UTF-8\"": `{"orderId":"o-1"}`, "text/xml": `<data><orderId>o-1</orderId></data>`} {
		marked, err := event.DecodeMessage(contentType, boxedHeaders("ce-"), []byte("\ufeff"+body))
		if err != nil || string(marked.Data) != `{"orderId":"o-1"}` {
			t.Errorf("%s with a byte order mark: %s, %v", contentType, marked.Data, err)
		}
	}
}

func TestABinaryCloudEventThatIsNoneIsNamed(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(h map[string]any){
		"specversion is missing":  func(h map[string]any) { delete(h, "ce-specversion") },
		"id is missing":           func(h map[string]any) { delete(h, "ce-id") },
		"specversion is not text": func(h map[string]any) { h["ce-specversion"] = 1.0 },
		`headers "ce-id" and "cloudEvents:id" have different values`:                   func(h map[string]any) { h["cloudEvents:id"] = "e-2.v1" },
		`header "ce-extra": want text`:                                                 func(h map[string]any) { h["ce-extra"] = map[string]any{} },
		`content-type is "application/json" and the header datacontenttype "text/xml"`: func(h map[string]any) { h["ce-datacontenttype"] = "text/xml" },
		`source "a%zz" is not a URI reference`:                                         func(h map[string]any) { h["ce-source"] = "a%zz" },
		"time ":                                                                        func(h map[string]any) { h["ce-time"] = "yesterday" },
	} {
		headers := boxedHeaders("ce-")
		change(headers)
		if _, err := event.DecodeMessage("application/json", headers, []byte(`{"orderId":"o-1"}`)); !errors.Is(err, event.ErrUnreadable) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want ErrUnreadable with %q", err, want)
		}
	}
	for want, body := range map[string]string{"data is missing": "", "data is not JSON": "{"} {
		if _, err := event.DecodeMessage("application/json", boxedHeaders("ce-"), []byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// The content types of the property and of the header may differ as long as they name the same kind of data.
func TestABinaryCloudEventMayNameItsDataTwice(t *testing.T) {
	t.Parallel()
	for _, inHeader := range []any{"application/json", "application/vnd.pizza+json; v=1", "", nil} {
		headers := boxedHeaders("ce-")
		headers["ce-datacontenttype"] = inHeader
		if e, err := event.DecodeMessage("application/json", headers, []byte(`{"orderId":"o-1"}`)); err != nil || e.Cloud.DataContentType != "application/json" {
			t.Errorf("%v: %+v, %v", inHeader, e.Cloud, err)
		}
	}
}

// A message that does not say which envelope it has becomes a dead letter that says what was tried.
func TestAMessageWithoutEnvelopeSaysWhatWasTried(t *testing.T) {
	t.Parallel()
	for body, why := range map[string]string{
		`{"orderId":"o-1"}`: `the body has no member "metadata"`, "hello": "the body is not JSON: invalid character 'h'",
		"": "the body is not JSON: unexpected end", `[1]`: "the body is a JSON array, want an object", `"x"`: "the body is a JSON string", `7`: "the body is a JSON number", `true`: "the body is a JSON boolean",
	} {
		_, err := event.DecodeMessage("application/json", map[string]any{"x-first-death-queue": "q"}, []byte(body))
		if !errors.Is(err, event.ErrUnreadable) {
			t.Fatalf("%s: %v", body, err)
		}
		for _, part := range []string{"metadata (" + why, "CloudEvents structured", "application/cloudevents+json", "CloudEvents binary", "cloudEvents:, cloudEvents_, ce-"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q is not in %v", body, part, err)
			}
		}
	}
}

// FuzzMessage: any headers and body are an event or ErrUnreadable, and the form of an event is chosen by its headers alone.
func FuzzMessage(f *testing.F) {
	f.Add("application/json", "ce-", "id", "e-1.v1", []byte(`{"orderId":"o-1"}`))
	f.Add("application/cloudevents+json", "cloudEvents:", "time", "2026-12-31t23:59:60z", []byte(boxedCloud))
	f.Add("text/xml", "cloudEvents_", "datacontenttype", "text/xml", []byte(`<data/>`))
	f.Fuzz(func(t *testing.T, contentType, prefix, name, value string, body []byte) {
		for _, base := range []map[string]any{{}, boxedHeaders("ce-"), boxedHeaders("cloudEvents:")} {
			headers := maps.Clone(base)
			headers[prefix+name] = value
			e, err := event.DecodeMessage(contentType, headers, body)
			if err != nil {
				if !errors.Is(err, event.ErrUnreadable) {
					t.Fatalf("%v is not ErrUnreadable", err)
				}
				continue
			}
			if e.Identity().ID == "" || event.CheckText(e.Metadata.EventID) != nil || e.Cloud == nil && e.Metadata.EventType == "" {
				t.Fatalf("%+v", e)
			}
			if _, err := event.Read(e); err != nil && !errors.Is(err, event.ErrUnreadable) {
				t.Fatalf("%v is not ErrUnreadable", err)
			}
		}
	})
}
