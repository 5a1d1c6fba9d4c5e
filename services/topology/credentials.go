package topology

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"traceria/services/atomicfile"
)

const (
	passwordFile    = "password"
	definitionsFile = "definitions.json"
	// brokerFolder has the file that the broker reads. The other folders have the names of users.
	brokerFolder = "broker"
	// passwordBytes are 256 bits, as many as the SHA-256 of RabbitMQ's password hashes.
	passwordBytes = 32
)

// guest is the default user of RabbitMQ, with a well-known password. A broker keeps its users in its data: guest is locked out
// only if the definitions have it without a password.
const guest = "guest"

// WriteCredentials makes a random password for each service, the [Operator] and the [Console], and a definitions file with the
// hashes:
//
//	dir/{user}/password          0400, in a folder that only its owner may open
//	dir/broker/definitions.json  0644: the broker runs as another user
//
// It keeps existing passwords with their hashes, and the owners and modes of existing folders. With withGuest, guest may log
// in with the password guest, by default on loopback only; otherwise guest is locked out. made are the users with a new
// password.
func (t Topology) WriteCredentials(dir string, withGuest bool) (made []string, err error) {
	passwords := map[string]string{}
	for _, name := range t.Logins() {
		password, isNew, err := keepPassword(filepath.Join(dir, name))
		if err != nil {
			return made, fmt.Errorf("password of %s: %w", name, err)
		}
		if passwords[name] = password; isNew {
			made = append(made, name)
		}
	}
	if withGuest {
		passwords[guest] = guest
	}
	if err := t.writeDefinitions(filepath.Join(dir, brokerFolder), passwords); err != nil {
		return made, fmt.Errorf("definitions of the broker: %w", err)
	}
	return made, nil
}

// keepPassword reads the password in a folder. It makes one if there is none.
func keepPassword(folder string) (password string, isNew bool, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", false, err
	}
	path := filepath.Join(folder, passwordFile)
	content, err := os.ReadFile(path) //nolint:gosec // a name of ours in the user's folder
	switch {
	case errors.Is(err, fs.ErrNotExist):
		password = newPassword()
		return password, true, atomicfile.Write(path, []byte(password+"\n"), 0o400)
	case err != nil:
		return "", false, err
	}
	if password = strings.TrimSpace(string(content)); password == "" {
		return "", false, fmt.Errorf("%s is empty; remove it to get a new password", path)
	}
	return password, false, nil
}

func newPassword() string {
	random := make([]byte, passwordBytes)
	_, _ = rand.Read(random) // it never returns an error
	return base64.RawURLEncoding.EncodeToString(random)
}

// writeDefinitions writes the file if its content changes.
func (t Topology) writeDefinitions(folder string, passwords map[string]string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	path := filepath.Join(folder, definitionsFile)
	before, err := os.ReadFile(path) //nolint:gosec // a name of ours in the user's folder
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var old Definitions
	_ = json.Unmarshal(before, &old) // an unreadable file has no hashes to keep
	text, err := t.definitions(t.accounts(passwords, old.Users)).JSON()
	if err != nil || bytes.Equal(text, before) {
		return err
	}
	return atomicfile.Write(path, text, 0o644)
}

// accounts are the users with these passwords. A user without a password is locked out.
func (t Topology) accounts(passwords map[string]string, old []user) []user {
	var all []user
	for _, name := range append([]string{guest}, t.Logins()...) {
		u := user{Name: name, Algorithm: hashing, Tags: []string{}}
		if password, ok := passwords[name]; ok {
			u.Hash = keepHash(name, password, old)
			switch {
			case name == Console:
				u.Tags = append(u.Tags, monitor)
			case !slices.Contains(t.Users(), name):
				u.Tags = append(u.Tags, administrator)
			}
		}
		all = append(all, u)
	}
	return all
}

// keepHash returns the present hash of the user if it is that of the password, and otherwise a hash with a new salt.
func keepHash(name, password string, old []user) string {
	var salt [saltLength]byte
	for _, u := range old {
		was, err := base64.StdEncoding.DecodeString(u.Hash)
		if u.Name == name && err == nil && len(was) > saltLength && hash([saltLength]byte(was[:saltLength]), password) == u.Hash {
			return u.Hash
		}
	}
	_, _ = rand.Read(salt[:])
	return hash(salt, password)
}
