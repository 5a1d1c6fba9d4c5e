package event_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"traceria/services/event"
)

// pullRequestOpened is the data of the talk's CloudEvent. No service here consumes it.
type pullRequestOpened struct {
	Wow string `json:"wow"`
}

func (pullRequestOpened) Type() event.Type { return event.Type{Name: "com.github.pull_request.opened"} }
func (pullRequestOpened) Validate() error  { return nil }

// The talk's own event: attributes, extensions, and XML data as a typed event.
func TestTheSlidesCloudEventIsReadWithItsXML(t *testing.T) {
	t.Parallel()
	e, err := event.DecodeAs("application/cloudevents+json; charset=UTF-8", golden(t, "cloudevents-slide.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := event.Envelope{
		Metadata: event.Metadata{
			EventType: "com.github.pull_request.opened", EventID: "A234-1234-1234", Source: "https://github.com/cloudevents/spec/pull",
			EventDate: event.Date{Time: time.Date(2018, 4, 5, 17, 31, 0, 0, time.UTC)},
		},
		Data: json.RawMessage(`{"wow":"xml"}`),
		Cloud: &event.CloudEvent{
			SpecVersion: "1.0", Type: "com.github.pull_request.opened", Source: "https://github.com/cloudevents/spec/pull",
			Subject: "123", ID: "A234-1234-1234", DataContentType: "text/xml",
			Extensions: map[string]any{"comexampleextension1": "value", "comexampleothervalue": json.Number("5")},
		},
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if e.Metadata.MessageID() != "A234-1234-1234" {
		t.Errorf("its message id is %s", e.Metadata.MessageID())
	}
	e.Unguarded = true // an event from outside has no schema
	if got, err := event.Data[pullRequestOpened](e); err != nil || got.Wow != "xml" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := event.Data[event.OrderBoxed](e); !errors.Is(err, event.ErrUnreadable) {
		t.Errorf("as OrderBoxed it is %v", err)
	}
}

// The SDK reads a written event as a CloudEvent.
func TestTheSDKReadsWhatWeWrite(t *testing.T) {
	t.Parallel()
	made, err := event.New(t.Context(), "order", "o-1", event.OrderConfirmedSparse{OrderID: "o-1", CustomerID: "c-1", DeliveryAddressID: "a-1"})
	if err != nil {
		t.Fatal(err)
	}
	e := made[0]
	e.Metadata.CausationID = "cause"
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	e.Metadata.Set("traceparent", parent)
	e.Metadata.Set("tracestate", "vendor=1")
	e.Metadata.Set("baggage", "failure=kitchen.slow")
	contentType, body, err := event.Encode(e, event.CloudEventsFormat)
	if err != nil || contentType != "application/cloudevents+json" {
		t.Fatalf("%s, %v", contentType, err)
	}
	var got cloudevents.Event
	if err := errors.Join(json.Unmarshal(body, &got), got.Validate()); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	want := map[string]string{
		"id": e.Metadata.EventID + ".v3", "type": "traceria.order.order-confirmed.v3", "source": "urn:traceria:service:order", "subject": "o-1",
		"datacontenttype": "application/json", "dataschema": "urn:traceria:event:order-confirmed:v3", "traceparent": parent,
		"tracestate": "vendor=1", "baggage": "failure=kitchen.slow", "correlationid": "o-1", "causationid": "cause",
		"time": e.Metadata.EventDate.Format(time.RFC3339Nano), "data": `{"orderId":"o-1","customerId":"c-1","deliveryAddressId":"a-1"}`,
	}
	read := map[string]string{
		"id": got.ID(), "type": got.Type(), "source": got.Source(), "subject": got.Subject(), "datacontenttype": got.DataContentType(),
		"dataschema": got.DataSchema(), "time": got.Time().Format(time.RFC3339Nano), "data": string(got.Data()),
	}
	for name, value := range got.Extensions() {
		read[name], _ = value.(string)
	}
	if diff := cmp.Diff(want, read); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

const boxedCloud = `{"specversion":"1.0","id":"e-1.v1","source":"urn:traceria:service:kitchen","type":"traceria.kitchen.order-boxed.v1",` +
	`"time":"2024-01-30T12:00:00Z","datacontenttype":"application/json","correlationid":"o-1","data":{"orderId":"o-1"}}`

func TestBothFormsOfOneFactAreOneFact(t *testing.T) {
	t.Parallel()
	cloud, err := event.Decode([]byte(boxedCloud))
	metadata, err2 := event.Decode([]byte(`{"metadata":{"eventType":"OrderBoxed","version":"v1","eventId":"e-1","eventDate":"2024-01-30T12:00:00Z",` +
		`"source":"kitchen","conversationId":"o-1"},"data":{"orderId":"o-1"}}`))
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(metadata.Metadata, cloud.Metadata); diff != "" {
		t.Errorf("(-metadata +cloudevents)\n%s", diff)
	}
}

func TestACloudEventThatIsNoneIsNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ remove, with, want string }{
		{`"specversion":"1.0"`, `"specversion":"0.3"`, `specversion is "0.3", want "1.0"`},
		{`"specversion":"1.0"`, `"specversion":1.0`, "specversion is not text"},
		{`"specversion":"1.0",`, ``, "specversion is missing"},
		{`"id":"e-1.v1",`, ``, "id is missing"},
		{`"id":"e-1.v1"`, `"id":null`, "id is missing"},
		{`"id":"e-1.v1"`, `"id":" "`, "id is missing"},
		{`"id":"e-1.v1"`, `"id":7`, "id is not text"},
		{`"id":"e-1.v1"`, `"id":"` + strings.Repeat("x", 121) + `"`, "id is 121 bytes long"},
		{`"id":"e-1.v1"`, `"id":"e\u0000.v1"`, "control character U+0000"},
		{`"source":"urn:traceria:service:kitchen",`, ``, "source is missing"},
		{`urn:traceria:service:kitchen`, `:`, "source"},
		{`"type":"traceria.kitchen.order-boxed.v1",`, ``, "type is missing"},
		{`2024-01-30T12:00:00Z`, `2024-01-30`, `time "2024-01-30": want RFC 3339`},
		{`2024-01-30T12:00:00Z`, `9999-12-31T12:00:00Z`, "want a date from 1677 to 2262"},
		{`application/json`, `text/plain`, `datacontenttype is "text/plain", want JSON or XML`},
		{`application/json`, `/`, "datacontenttype"},
		{`"correlationid":"o-1"`, `"correlationid":["o-1"]`, `"correlationid": want text`},
		{`"correlationid":"o-1"`, `"trace_parent":"x"`, "trace_parent"},
		{`,"data":{"orderId":"o-1"}`, ``, "data is missing"},
		{`"data":{"orderId":"o-1"}`, `"data":null`, "data is missing"},
		{`"data":{"orderId":"o-1"}`, `"data_base64":5`, "data_base64 is not text"},
		{`"data":{"orderId":"o-1"}`, `"data_base64":"%"`, "data_base64: illegal base64"},
		{`"data":{"orderId":"o-1"}`, `"data_base64":"e30=","data":{}`, "both data and data_base64"},
		{`"data":{"orderId":"o-1"}`, `"data_base64":"ew=="`, "data is not JSON"},
		{boxedCloud, `[` + boxedCloud + `]`, "array"},
		{boxedCloud, `{`, "unexpected end"},
	} {
		body := strings.Replace(boxedCloud, c.remove, c.with, 1)
		if body == boxedCloud {
			t.Errorf("%s changes nothing", c.with)
		}
		_, err := event.DecodeAs(event.CloudEventsContentType, []byte(body))
		if !errors.Is(err, event.ErrUnreadable) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s\n got %v\nwant ErrUnreadable with %q", body, err, c.want)
		}
	}
	if _, err := event.DecodeAs("application/cloudevents-batch+json", []byte(`[]`)); !errors.Is(err, event.ErrUnreadable) || !strings.Contains(err.Error(), "cloudevents-batch") {
		t.Errorf("a batch: %v", err)
	}
	if _, err := event.DecodeAs("application/json", []byte(boxedCloud)); err != nil {
		t.Errorf("without its content type: %v", err)
	}
}

// A source is any URI reference of RFC 3986, and stays as it is written.
func TestEverySourceThatIsLegalIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		source := rapid.OneOf(
			rapid.StringMatching(`([a-z][a-z0-9+.-]{0,4}:)?//([a-z0-9@._~-]|%[0-9A-Fa-f]{2}){1,8}(:[0-9]{1,4})?(/([a-zA-Z0-9:@!$&'()*+,;=._~-]|%[0-9A-F]{2}){0,6}){0,3}(\?[a-z0-9/?:@&=-]{0,5})?(#[a-z0-9/?]{0,4})?`),
			rapid.StringMatching(`(urn|tag|mailto|cid):([a-zA-Z0-9:@._~/+-]|%[0-9A-F]{2}){1,12}`),
			rapid.StringMatching(`/?([a-zA-Z0-9@._~-]|%[0-9A-F]{2}){1,6}(/[a-zA-Z0-9:@._~-]{0,6}){0,3}`),
			rapid.SampledFrom([]string{"//[2001:db8::7]/a", "http://[v1.fe80::a+en1]/", "//host:/", "?a", "#a", "."}),
		).Draw(t, "source")
		e, err := event.Decode([]byte(strings.Replace(boxedCloud, "urn:traceria:service:kitchen", source, 1)))
		if err != nil || e.Cloud.Source != source || e.Identity().Source != source {
			t.Fatalf("%q is read as %+v, %v", source, e.Cloud, err)
		}
	})
	for _, source := range []string{":", "1a:b", "a%zz", "//a%2", "http://a b/%"} {
		_, err := event.Decode([]byte(strings.Replace(boxedCloud, "urn:traceria:service:kitchen", source, 1)))
		if !errors.Is(err, event.ErrUnreadable) || !strings.Contains(err.Error(), "is not a URI reference") {
			t.Errorf("%q: got %v", source, err)
		}
	}
}

// Data and type of a CloudEvent are checked as in the other form.
func TestACloudEventOfAnotherTypeOrContentIsNotTaken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ remove, with, want string }{
		{"traceria.kitchen.order-boxed.v1", "traceria.order.order-boxed.v1", "got traceria.order.order-boxed v1, want OrderBoxed v1"},
		{"traceria.kitchen.order-boxed.v1", "traceria.kitchen.order-boxed.v9", "got traceria.kitchen.order-boxed v9, want OrderBoxed v1"},
		{"traceria.kitchen.order-boxed.v1", "OrderBoxed", "got OrderBoxed , want OrderBoxed v1"},
		{`{"orderId":"o-1"}`, `{"order_id":"o-1"}`, "orderId is missing"},
		{`{"orderId":"o-1"}`, `"<orderId/>"`, "OrderBoxed v1"},
	} {
		e, err := event.Decode([]byte(strings.Replace(boxedCloud, c.remove, c.with, 1)))
		if err != nil {
			t.Errorf("%s: %v", c.with, err)
			continue
		}
		if _, err = event.Data[event.OrderBoxed](e); !errors.Is(err, event.ErrUnreadable) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v\nwant ErrUnreadable with %q", err, c.want)
		}
	}
}

func TestAnEventWithoutASourceIsNoCloudEvent(t *testing.T) {
	t.Parallel()
	for _, m := range []event.Metadata{{EventType: "OrderBoxed", Version: "v1", EventID: "e"}, {EventType: "OrderEaten", Version: "v1", EventID: "e", Source: "s"}} {
		if _, _, err := event.Encode(event.Envelope{Metadata: m, Data: json.RawMessage(`{}`)}, event.CloudEventsFormat); err == nil {
			t.Errorf("%+v is written", m)
		}
	}
}

const confirmedXML = `<?xml version="1.0"?><OrderConfirmed xmlns="urn:x" orderId="980472"><customerId>c-1</customerId><orderNumber>ORD676</orderNumber>` +
	`<orderValue><value> 123456789012345.10 </value><currency>GBP</currency></orderValue>` +
	`<deliveryAddress><addressLine1>167 My Street &amp; Co</addressLine1></deliveryAddress>` +
	`<items itemName="Margherita"><quantity>all of them</quantity><pieces>6</pieces></items></OrderConfirmed>`

func cloudXML(t *testing.T, member, text string) (event.OrderConfirmedMoney, error) {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"specversion": "1.0", "id": "e.v2", "source": "s", "type": "traceria.order.order-confirmed.v2",
		"datacontenttype": "application/xml; charset=utf-8", member: text,
	})
	if err != nil {
		t.Fatal(err)
	}
	e, err := event.Decode(body)
	if err != nil {
		return event.OrderConfirmedMoney{}, err
	}
	return event.Data[event.OrderConfirmedMoney](e)
}

// XML data becomes the typed event. Amounts stay exact.
func TestXMLDataIsReadAsTheTypedEvent(t *testing.T) {
	t.Parallel()
	for member, text := range map[string]string{"data": confirmedXML, "data_base64": base64.StdEncoding.EncodeToString([]byte(confirmedXML))} {
		got, err := cloudXML(t, member, text)
		if err != nil {
			t.Errorf("%s: %v", member, err)
			continue
		}
		want := event.OrderConfirmed{
			OrderID: "980472", OrderNumber: "ORD676", CustomerID: "c-1", DeliveryAddress: &event.Address{AddressLine1: "167 My Street & Co"},
			Items: []event.Item{{ItemName: "Margherita", Quantity: event.AllOfThem, Pieces: 6}},
		}
		if diff := cmp.Diff(want, got.OrderConfirmed); diff != "" || !got.OrderValue.Value.Equal(event.Pence(12345678901234510).Decimal) {
			t.Errorf("%s: %s (-want +got)\n%s", member, got.OrderValue.Value, diff)
		}
	}
}

func TestXMLThatIsNotTheEventIsNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ remove, with, want string }{
		{` 123456789012345.10 `, `a lot`, "amount"},
		{` 123456789012345.10 `, ``, "amount"},
		{`<orderNumber>ORD676</orderNumber>`, `<orderNumber>1</orderNumber><orderNumber>2</orderNumber>`, "<orderNumber> is there twice"},
		{`orderId="980472"`, ``, "orderId is missing"},
		{`<quantity>all of them</quantity>`, `<quantity>some</quantity>`, "quantity"},
		{`</OrderConfirmed>`, ``, "data is not XML"},
		{`</OrderConfirmed>`, `</OrderConfirmed><again/>`, "want one root element"},
		{`&amp;`, `&lol;`, "data is not XML"},
		{`<items `, `beside<items `, "text beside its elements"},
		{`167 My Street`, strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40), "deeper than 32"},
		{`<?xml version="1.0"?>`, `<?xml version="1.0" encoding="ISO-8859-1"?>`, "data is not XML"},
	} {
		_, err := cloudXML(t, "data", strings.Replace(confirmedXML, c.remove, c.with, 1))
		if !errors.Is(err, event.ErrUnreadable) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n got %v\nwant ErrUnreadable with %q", c.with, err, c.want)
		}
	}
}
