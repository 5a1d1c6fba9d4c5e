package event_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/services/event"
)

func TestEverySchemaBelongsToTheCatalogueAndItsExampleIsRead(t *testing.T) {
	t.Parallel()
	var files []string
	for _, typ := range event.Catalogue {
		text, err := event.Schema(typ)
		if err != nil {
			t.Error(err)
			continue
		}
		files = append(files, typ.Kebab()+"."+typ.Version+".json")
		var schema struct {
			ID       string `json:"$id"`
			Title    string
			Examples []json.RawMessage
		}
		if err := json.Unmarshal(text, &schema); err != nil {
			t.Fatal(err)
		}
		if schema.Title != typ.String() || schema.ID != "urn:traceria:event:"+typ.Kebab()+":"+typ.Version || len(schema.Examples) == 0 {
			t.Errorf("%s: $id %s, title %q, %d examples", typ, schema.ID, schema.Title, len(schema.Examples))
			continue
		}
		if _, err := event.Read(envelopeOf(t, typ, schema.Examples[0])); err != nil {
			t.Errorf("the example of %s: %v", typ, err)
		}
	}
	kept, err := fs.Glob(os.DirFS("schema"), "*.json")
	if err != nil || len(kept) != len(files) {
		t.Errorf("%d schemas for %d types, %v", len(kept), len(files), err)
	}
}

type unregistered struct{ event.OrderBoxed }

func (unregistered) Type() event.Type { return event.Type{Name: "OrderEaten", Version: "v1"} }

// misspelt is the data of a producer that renamed a field.
type misspelt struct{}

func (misspelt) Type() event.Type { return event.OrderBoxedV1 }
func (misspelt) Validate() error  { return nil }
func (misspelt) MarshalJSON() ([]byte, error) {
	return []byte(`{"order_id":"o-1"}`), nil
}

func TestAProducersMistakeIsRefusedByFieldAndRule(t *testing.T) {
	t.Parallel()
	value := event.Money{Value: event.Pence(1), Currency: "PIZ"}
	whole := event.OrderConfirmed{OrderID: "o", DeliveryAddressID: "a", Items: []event.Item{{ItemName: "m", Quantity: "1"}}}
	for _, c := range []struct {
		form        event.Payload
		field, rule string
	}{
		{unregistered{}, "", event.RuleRegistered},
		{misspelt{}, "orderId", "required"},
		{event.OrderBoxed{}, "orderId", event.RuleMeaning},
		{event.OrderConfirmedMoney{OrderConfirmed: whole, OrderValue: &value}, "orderValue.currency", event.RuleMeaning},
	} {
		_, err := event.New(t.Context(), "tester", "o", c.form)
		var refusal *event.Refusal
		if !errors.As(err, &refusal) || refusal.Field != c.field || refusal.Rule != c.rule {
			t.Errorf("%T: got %v, want field %q and rule %q", c.form, err, c.field, c.rule)
		}
	}
}

// A renamed field is refused. Without the guard it is read as zero.
func TestARenamedFieldIsUnreadableUnlessTheGuardIsOff(t *testing.T) {
	t.Parallel()
	const rest = `"orderId":"o","orderNumber":"n","deliveryAddressId":"a","items":[{"itemName":"m","quantity":1}]`
	for typ, data := range map[event.Type]string{
		event.OrderConfirmedV1:      `{"customerId":"c","value":19.89,` + rest + `}`,
		event.OrderConfirmedV2:      `{"customer":"c","orderValue":{"value":19.89,"currency":"GBP"},` + rest + `}`,
		event.LoyaltyPointsEarnedV1: `{"orderId":"o","customerId":"c","amount":19}`,
	} {
		e := envelopeOf(t, typ, []byte(data))
		if _, err := event.Read(e); !errors.Is(err, event.ErrUnreadable) || !strings.Contains(err.Error(), "missing") {
			t.Errorf("%s: got %v, want what is missing", typ, err)
		}
		e.Unguarded = true
		if _, err := event.Read(e); err != nil {
			t.Errorf("%s without the guard: %v", typ, err)
		}
	}
	e := envelopeOf(t, event.OrderConfirmedV1, []byte(`{"customerId":"c","value":19.89,`+rest+`}`))
	e.Unguarded = true
	got, err := event.ReadConfirmation(e)
	if err != nil || !got.Value.IsZero() {
		t.Errorf("without the guard the value is %s, %v; want zero", got.Value, err)
	}
}

func TestCurrenciesAreThoseOfISO4217(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{
		"GBP": true, "EUR": true, "AED": true, "ZWG": true, "SLE": true, "XCG": true,
		"": false, "gbp": false, "GB": false, "GBPX": false, "PIZ": false, "XXX": false, "XAU": false, "HRK": false, "\xff": false,
	} {
		if err := event.CheckCurrency(code); (err == nil) != want {
			t.Errorf("%q: %v", code, err)
		}
	}
}

func TestTheSparseFormHasIDsOnly(t *testing.T) {
	t.Parallel()
	made, err := event.New(t.Context(), "order", "o", event.OrderConfirmedSparse{OrderID: "o", CustomerID: "c", DeliveryAddressID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := event.ReadConfirmation(made[0])
	want := event.Confirmation{Sparse: true, OrderConfirmed: event.OrderConfirmed{OrderID: "o", CustomerID: "c", DeliveryAddressID: "a"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

// BenchmarkData measures decoding the fat event, with and without the guard.
func BenchmarkData(b *testing.B) {
	data := `{"orderId":"980472","orderNumber":"ORD676","customerId":"c-1","orderValue":{"value":19.89,"currency":"GBP"},` +
		`"deliveryAddress":{"addressLine1":"167 My Street"},"items":[{"itemName":"Margherita","quantity":"all of them","pieces":6}]}`
	for name, unguarded := range map[string]bool{"guarded": false, "unguarded": true} {
		b.Run(name, func(b *testing.B) {
			e := event.Envelope{Metadata: event.Metadata{EventType: "OrderConfirmed", Version: "v2"}, Data: []byte(data), Unguarded: unguarded}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := event.Data[event.OrderConfirmedMoney](e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
