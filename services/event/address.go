package event

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/google/uuid"
)

// addressIDVersion marks a UUID whose content is the issuer's own affair (RFC 9562, section 5.8).
const addressIDVersion = 8

// checkedBytes is how much of an address id its last four bytes are computed from.
const checkedBytes = 12

// NewAddressID makes the id of a delivery address: a UUID of version 8 of 90 random bits and, in its last four
// bytes, the CRC-32 (IEEE) of the twelve before them.
//
// The check is what an IBAN has it for: whoever is given such an id can tell that it is wrong without asking who
// issued it. The order service refuses a mistyped or invented one at once, while the customer is still there to
// mend it; no event could tell it later, and nobody could deliver the order. It is no proof against forgery, from
// which nobody gains: the forger's own order would wait for an address, visibly, until it is cancelled.
func NewAddressID() string {
	id := uuid.New()
	id[6] = id[6]&0x0f | addressIDVersion<<4
	binary.BigEndian.PutUint32(id[checkedBytes:], crc32.ChecksumIEEE(id[:checkedBytes]))
	return id.String()
}

// ParseAddressID returns the id in the lower-case form in which it was issued, or an error that says why
// [NewAddressID] cannot have made it.
func ParseAddressID(text string) (string, error) {
	id, err := uuid.Parse(text)
	if err != nil || len(text) != len(id.String()) { // Parse takes the urn:uuid: and {…} forms, too
		return "", fmt.Errorf("%.60q is not a UUID", strings.ToValidUTF8(text, "?"))
	}
	if id.Version() != addressIDVersion || id.Variant() != uuid.RFC4122 ||
		binary.BigEndian.Uint32(id[checkedBytes:]) != crc32.ChecksumIEEE(id[:checkedBytes]) {
		return "", errors.New("was never issued: POST /delivery/addresses of the delivery service issues the ids")
	}
	return id.String(), nil
}
