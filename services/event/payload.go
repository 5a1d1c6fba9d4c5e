package event

import "fmt"

// Payload is the data of an event. Its zero value knows its type.
type Payload interface {
	// Type returns the event and version of this data.
	Type() Type
	// Validate returns an error that names a missing or wrong field as it is called in JSON.
	Validate() error
}

// maxText is the largest length of an id or a reason in bytes. POST /order has the same limit. AMQP allows more.
const maxText = 200

// present takes alternating names and values. The error names the first value that is empty or that [clean] refuses.
func present(namesAndValues ...string) error {
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if namesAndValues[i+1] == "" {
			return fmt.Errorf("%s is missing", namesAndValues[i])
		}
	}
	return clean(namesAndValues...)
}

// clean takes alternating names and values. The error names the first value that is too long or that [CheckText] refuses.
func clean(namesAndValues ...string) error {
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if length := len(namesAndValues[i+1]); length > maxText {
			return fmt.Errorf("%s is %d bytes long, want at most %d", namesAndValues[i], length, maxText)
		}
		if err := CheckText(namesAndValues[i+1]); err != nil {
			return fmt.Errorf("%s %w", namesAndValues[i], err)
		}
	}
	return nil
}
