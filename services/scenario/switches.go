package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"time"

	"traceria/services/failure"
	"traceria/services/host"
	"traceria/telemetry"
)

// Switches changes switches through the API of the console, which is the same for each way to run the system.
type Switches struct {
	base   string
	client *http.Client
}

// NewSwitches returns the switches behind the console at base, such as http://127.0.0.1:8080.
func NewSwitches(base string) *Switches {
	return &Switches{base: base, client: &http.Client{Timeout: 10 * time.Second}}
}

// List returns every key with its setting.
func (s *Switches) List(ctx context.Context) (all []failure.Status, err error) {
	err = s.call(ctx, http.MethodGet, "", nil, &all)
	return all, err
}

// Apply is Set if the key has another setting. It reports whether it had.
func (s *Switches) Apply(ctx context.Context, key failure.Key, setting *failure.Setting) (changed bool, err error) {
	statuses, err := s.List(ctx)
	if err != nil {
		return false, err
	}
	for _, status := range statuses {
		if status.Key == key && reflect.DeepEqual(status.Active, setting) {
			return false, nil
		}
	}
	return true, s.Set(ctx, key, setting)
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
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, s.base+"/api/failures"+path, reader)
	if err != nil {
		return fmt.Errorf("the console: %w", telemetry.WithoutURL(err))
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return fmt.Errorf("the console at %s does not answer; it changes the switches: %w", telemetry.Redacted(s.base), telemetry.WithoutURL(err))
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("the console: %w", telemetry.WithoutURL(err))
	}
	if response.StatusCode >= http.StatusBadRequest {
		var problem host.Problem
		if json.Unmarshal(text, &problem) == nil && problem.Title != "" {
			return fmt.Errorf("the console: %w", &problem)
		}
		return fmt.Errorf("the console answers %s", response.Status)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("the console at %s does not answer as expected: %w", telemetry.Redacted(s.base), err)
	}
	return nil
}
