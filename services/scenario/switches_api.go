package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"traceria/services/failure"
	"traceria/services/host"
	"traceria/telemetry"
)

// NewSwitches returns the switches behind the console at base, such as http://127.0.0.1:8080. Its API is the same for each way to
// run the system.
func NewSwitches(base string) Switches { return behindConsole{base} }

type behindConsole struct{ base string }

// callTime limits one call of the console.
const callTime = 10 * time.Second

// List implements [Switches].
func (s behindConsole) List(ctx context.Context) (all []failure.Status, err error) {
	err = s.call(ctx, http.MethodGet, "", nil, &all)
	return all, err
}

// Set implements [Switches].
func (s behindConsole) Set(ctx context.Context, key failure.Key, setting *failure.Setting) error {
	path := "/" + url.PathEscape(string(key))
	if setting == nil {
		return s.call(ctx, http.MethodDelete, path, nil, nil)
	}
	return s.call(ctx, http.MethodPut, path, setting, nil)
}

func (s behindConsole) call(ctx context.Context, method, path string, body, into any) error {
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
