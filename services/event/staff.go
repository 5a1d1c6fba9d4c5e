package event

import (
	"errors"
	"time"
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
