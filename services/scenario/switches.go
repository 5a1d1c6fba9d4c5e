package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"time"

	"traceria/services/failure"
	"traceria/services/host"
	"traceria/telemetry"
)

// Switches changes switches through the API of the console, which is the same for each way to run the system.
type Switches struct{ base string }

// callTime limits one call of the console.
const callTime = 10 * time.Second

// NewSwitches returns the switches behind the console at base, such as http://127.0.0.1:8080.
func NewSwitches(base string) *Switches { return &Switches{base} }

// List returns every key with its setting.
func (s *Switches) List(ctx context.Context) (all []failure.Status, err error) {
	err = s.call(ctx, http.MethodGet, "", nil, &all)
	return all, err
}

// restore applies settings, and returns the keys that had another one.
func (s *Switches) restore(ctx context.Context, settings map[failure.Key]*failure.Setting) (changed []failure.Key, err error) {
	if len(settings) == 0 {
		return nil, nil
	}
	statuses, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	var wrong []error
	for _, status := range statuses {
		setting, wanted := settings[status.Key]
		if !wanted || reflect.DeepEqual(status.Active, setting) {
			continue
		}
		changed = append(changed, status.Key)
		if err := s.Set(ctx, status.Key, setting); err != nil {
			wrong = append(wrong, fmt.Errorf("put %s back: %w", status.Key, err))
		}
	}
	return changed, errors.Join(wrong...)
}

// Set applies a setting. A nil setting is the default.
func (s *Switches) Set(ctx context.Context, key failure.Key, setting *failure.Setting) error {
	path := "/" + url.PathEscape(string(key))
	if setting == nil {
		return s.call(ctx, http.MethodDelete, path, nil, nil)
	}
	return s.call(ctx, http.MethodPut, path, setting, nil)
}

func (s *Switches) call(ctx context.Context, method, path string, body, into any) error {
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	got, err := send(ctx, method, s.base+"/api/failures"+path, content)
	if err != nil {
		return fmt.Errorf("the console at %s does not answer; it changes the switches: %w", telemetry.Redacted(s.base), err)
	}
	if got.status >= http.StatusBadRequest {
		var problem host.Problem
		if json.Unmarshal(got.text, &problem) == nil && problem.Title != "" {
			return fmt.Errorf("the console: %w", &problem)
		}
		return fmt.Errorf("the console answers %d", got.status)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(got.text, into); err != nil {
		return fmt.Errorf("the console at %s does not answer as expected: %w", telemetry.Redacted(s.base), err)
	}
	return nil
}
