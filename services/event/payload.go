package event

import "fmt"

// Payload is the data of an event. Its zero value knows its type.
type Payload interface {
	// Type is the event and version that this is the data of.
	Type() Type
	// Validate says what is missing or wrong, in the wire names.
	Validate() error
}

// present takes names and values in turn and names the first that is empty.
func present(namesAndValues ...string) error {
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if namesAndValues[i+1] == "" {
			return fmt.Errorf("%s is missing", namesAndValues[i])
		}
	}
	return nil
}
