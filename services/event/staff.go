package event

import (
	"errors"
	"fmt"
	"time"
)

// firstYear and lastYear are the whole years whose nanoseconds since 1970 an int64 holds, from the first on.
const (
	firstYear = 1970
	lastYear  = 2261
)

// StaffMember is the data of both staff events.
type StaffMember struct {
	StaffMemberID string `json:"staffMemberId"`
	// At is when the clock was used. Of two events about one person the later At wins, in whatever order they come.
	At time.Time `json:"at"`
}

// Validate implements [Payload].
func (e StaffMember) Validate() error {
	if e.At.IsZero() {
		return errors.New("at is missing")
	}
	if year := e.At.UTC().Year(); year < firstYear || year > lastYear {
		return fmt.Errorf("at is in the year %d: want %d to %d", year, firstYear, lastYear)
	}
	return present("staffMemberId", e.StaffMemberID)
}

// StaffMemberClockedIn says that a cook started to work.
type StaffMemberClockedIn struct{ StaffMember }

// Type implements [Payload].
func (StaffMemberClockedIn) Type() Type { return StaffMemberClockedInV1 }

// StaffMemberClockedOut says that a cook went home.
type StaffMemberClockedOut struct{ StaffMember }

// Type implements [Payload].
func (StaffMemberClockedOut) Type() Type { return StaffMemberClockedOutV1 }
