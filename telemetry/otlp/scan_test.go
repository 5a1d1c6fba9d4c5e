package otlp

import (
	"maps"
	"reflect"
	"testing"

	"traceria/telemetry/tracetree"
)

func TestAnAttributeIsFoundWithoutDecoding(t *testing.T) {
	t.Parallel()
	body, err := MarshalProto([]tracetree.Span{whole})
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string]any{"host.name": "h", "why": "retry", "n": int64(1)}
	maps.Copy(wanted, whole.Attributes)
	for key, value := range wanted {
		if !AnyAttribute(body, key, func(v any) bool { return reflect.DeepEqual(v, value) }) {
			t.Errorf("%s=%v is not found", key, value)
		}
		if AnyAttribute(body, key, func(any) bool { return false }) {
			t.Errorf("%s is found with another value", key)
		}
	}
	for _, key := range []string{"send events:a", "retry", "tex", "", "scope"} {
		if AnyAttribute(body, key, func(any) bool { return true }) {
			t.Errorf("%q is not the name of an attribute", key)
		}
	}
	for n := range body { // no end of a body is a crash
		AnyAttribute(body[:n], "text", func(any) bool { return false })
	}
}
