package event

import (
	"errors"
	"fmt"
)

// firstYear and lastYear are the range of years whose nanoseconds since 1970 fit into an int64 and are not negative.
const (
	firstYear = 1970
	lastYear  = 2261
)

// StaffMember is the data of both staff events.
type StaffMember struct {
	StaffMemberID string `json:"staffMemberId"`
	// At is the time of clocking in or out. Of two events about one person the later At wins, in any order of arrival.
	At Moment `json:"at"`
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

// StaffMemberClockedIn is published when a cook started to work.
type StaffMemberClockedIn struct{ StaffMember }

// Type implements [Payload].
func (StaffMemberClockedIn) Type() Type { return StaffMemberClockedInV1 }

// StaffMemberClockedOut is published when a cook stopped working.
type StaffMemberClockedOut struct{ StaffMember }

// Type implements [Payload].
func (StaffMemberClockedOut) Type() Type { return StaffMemberClockedOutV1 }
