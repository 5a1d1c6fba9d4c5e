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

// present takes names and values in turn and names the first that is empty, or too long for an id.
func present(namesAndValues ...string) error {
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if namesAndValues[i+1] == "" {
			return fmt.Errorf("%s is missing", namesAndValues[i])
		}
		if length := len(namesAndValues[i+1]); length > maxText {
			return fmt.Errorf("%s is %d bytes long, want at most %d", namesAndValues[i], length, maxText)
		}
	}
	return nil
}
