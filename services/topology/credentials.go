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

	"github.com/google/renameio/v2"
)

const (
	passwordFile    = "password"
	definitionsFile = "definitions.json"
	// brokerFolder is the folder of what the broker reads; the others have the names of users.
	brokerFolder = "broker"
	// passwordBytes are as many random bits as SHA-256 keeps apart, with which RabbitMQ hashes.
	passwordBytes = 32
)

// formerUsers could log in to an earlier release with a password that everybody knows. A broker keeps the users in its
// data: they stay locked out only by being in the file.
var formerUsers = []string{"guest", "traceria"}

// WriteCredentials makes a random password for each service and for the [Operator], and a definitions file in which the
// broker finds their hashes:
//
//	dir/{user}/password          0400, in a folder that only its owner may open
//	dir/broker/definitions.json  0644: the broker runs as a user of its own
//
// A password that is there is kept, and so is its hash: doing it again changes nothing. Folders that are there keep
// their owners and modes. With guest, the broker has the user guest with the password guest, whom RabbitMQ lets in from
// its own host only unless it is told otherwise; without, guest is locked out. It returns the users whose passwords
// are new.
func (t Topology) WriteCredentials(dir string, guest bool) (made []string, err error) {
	passwords := map[string]string{}
	for _, name := range append(t.Users(), Operator) {
		password, isNew, err := keepPassword(filepath.Join(dir, name))
		if err != nil {
			return made, fmt.Errorf("password of %s: %w", name, err)
		}
		if passwords[name] = password; isNew {
			made = append(made, name)
		}
	}
	if guest {
		passwords["guest"] = "guest"
	}
	if err := t.writeDefinitions(filepath.Join(dir, brokerFolder), passwords); err != nil {
		return made, fmt.Errorf("definitions of the broker: %w", err)
	}
	return made, nil
}

// keepPassword reads the password in a folder, or makes one.
func keepPassword(folder string) (password string, isNew bool, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", false, err
	}
	path := filepath.Join(folder, passwordFile)
	content, err := os.ReadFile(path) //nolint:gosec // a name of ours in the user's folder
	switch {
	case errors.Is(err, fs.ErrNotExist):
		password = newPassword()
		return password, true, renameio.WriteFile(path, []byte(password+"\n"), 0o400, renameio.IgnoreUmask())
	case err != nil:
		return "", false, err
	}
	if password = strings.TrimSpace(string(content)); password == "" {
		return "", false, fmt.Errorf("%s is empty; remove it, and another is made", path)
	}
	return password, false, nil
}

func newPassword() string {
	random := make([]byte, passwordBytes)
	_, _ = rand.Read(random) // never fails: it ends the program where there is no randomness
	return base64.RawURLEncoding.EncodeToString(random)
}

// writeDefinitions writes the file unless it says the same already.
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
	_ = json.Unmarshal(before, &old) // what cannot be read has no hash that could be kept
	text, err := t.definitions(t.accounts(passwords, old.Users)).JSON()
	if err != nil || bytes.Equal(text, before) {
		return err
	}
	return renameio.WriteFile(path, text, 0o644, renameio.IgnoreUmask())
}

// accounts are the users with these passwords. Who has none is locked out.
func (t Topology) accounts(passwords map[string]string, old []user) []user {
	var all []user
	for _, name := range slices.Concat(formerUsers, []string{Operator}, t.Users()) {
		u := user{Name: name, Algorithm: hashing, Tags: []string{}}
		if password, ok := passwords[name]; ok {
			u.Hash = keepHash(name, password, old)
			if !slices.Contains(t.Users(), name) {
				u.Tags = append(u.Tags, administrator)
			}
		}
		all = append(all, u)
	}
	return all
}

// keepHash is the hash that the user had, when it is of this password, or one with a new salt.
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
