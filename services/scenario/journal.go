package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"traceria/services/atomicfile"
	"traceria/services/failure"
)

// journal says what a run changes, before it changes it. A run that crashes leaves it for the next run.
type journal struct {
	Scenario string    `json:"scenario"`
	Started  time.Time `json:"started"`
	// Switches has the settings before the run; null is the default.
	Switches map[failure.Key]*failure.Setting `json:"switches"`
	// Stopped are the parts that the run has stopped.
	Stopped []string `json:"stopped"`
	path    string
}

// ErrBusy is returned while another run has not ended: two would change each other's switches.
var ErrBusy = errors.New("another run of scenarios has not ended")

// readJournal returns the journal of a run that did not end, or nil. The caller has the lock, so that run does not go on.
func readJournal(path string) (*journal, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // there is no journal and no error
	}
	if err != nil {
		return nil, fmt.Errorf("read the journal of the last run: %w", err)
	}
	left := &journal{path: path}
	if err := json.Unmarshal(text, left); err != nil {
		return nil, fmt.Errorf("the journal of the last run, %s, cannot be read: %w; look at traceria failure list, and remove the file", path, err)
	}
	return left, nil
}

// write saves the journal.
func (j *journal) write() error {
	if err := writeState(j.path, j); err != nil {
		return fmt.Errorf("write the journal of the run: %w", err)
	}
	return nil
}

// writeState replaces a file by a value in JSON. It makes the folder.
func writeState(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, text, 0o600)
}

// remove removes the journal, if a change has written it.
func (j *journal) remove() error {
	if err := os.Remove(j.path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// empty reports whether there is nothing to put back.
func (j *journal) empty() bool { return len(j.Switches) == 0 && len(j.Stopped) == 0 }
