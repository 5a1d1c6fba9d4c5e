package event

import "fmt"

// Payload is the data of an event. Its zero value knows its type.
type Payload interface {
	// Type is the event and version that this is the data of.
	Type() Type
	// Validate says what is missing or wrong, in the wire names.
	Validate() error
}

// maxText is how long an id or a reason may be, in bytes: what POST /order allows, and less than AMQP does.
const maxText = 200

// present takes names and values in turn and names the first that is empty, or that [clean] refuses.
func present(namesAndValues ...string) error {
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if namesAndValues[i+1] == "" {
			return fmt.Errorf("%s is missing", namesAndValues[i])
		}
	}
	return clean(namesAndValues...)
}

// clean takes names and values in turn and names the first that is too long for an id, or that no database would
// keep as it is.
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
