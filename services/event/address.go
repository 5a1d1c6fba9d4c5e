package event

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/google/uuid"
)

// addressIDVersion is the UUID version for content that the issuer defines (RFC 9562, section 5.8).
const addressIDVersion = 8

// checkedBytes is the number of bytes of an address id that its checksum covers. The checksum is the last four bytes.
const checkedBytes = 12

// NewAddressID returns the id of a delivery address: a UUID of version 8 with 90 random bits and, in its last four bytes, the
// CRC-32 (IEEE) of the first twelve.
//
// As in an IBAN, the checksum tells a mistyped or invented id without a call to the issuer. So the order service refuses it at
// once. No event could report it later, and the order could not be delivered. The checksum does not prevent forgery: a forged
// id only makes the forger's order wait for an address until it is cancelled.
func NewAddressID() string {
	id := uuid.New()
	id[6] = id[6]&0x0f | addressIDVersion<<4
	binary.BigEndian.PutUint32(id[checkedBytes:], crc32.ChecksumIEEE(id[:checkedBytes]))
	return id.String()
}

// ParseAddressID returns the id in lower case, as it was issued. The error says why [NewAddressID] cannot have made text.
func ParseAddressID(text string) (string, error) {
	id, err := uuid.Parse(text)
	if err != nil || len(text) != len(id.String()) { // Parse also accepts the forms urn:uuid: and {…}
		return "", fmt.Errorf("%.60q is not a UUID", strings.ToValidUTF8(text, "?"))
	}
	if id.Version() != addressIDVersion || id.Variant() != uuid.RFC4122 ||
		binary.BigEndian.Uint32(id[checkedBytes:]) != crc32.ChecksumIEEE(id[:checkedBytes]) {
		return "", errors.New("was never issued: POST /delivery/addresses of the delivery service issues the ids")
	}
	return id.String(), nil
}
