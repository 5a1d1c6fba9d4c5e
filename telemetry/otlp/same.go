package otlp

import "reflect"

// sameMap reports whether two maps are one, or have the same members.
func sameMap(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	if reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer() {
		return true
	}
	for key, value := range a {
		other, ok := b[key]
		if !ok || !reflect.DeepEqual(value, other) {
			return false
		}
	}
	return true
}
