package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"traceria/telemetry"
)

// The states of an alert, as Prometheus names them. A pending alert becomes firing when its condition has held for long enough.
const (
	firing   = "firing"
	inactive = "inactive"
)

// rule is an alert rule of Prometheus.
type rule struct {
	Name string `json:"name"`
	// Health is ok, unknown before the first evaluation, or err, with LastError.
	Health    string   `json:"health"`
	LastError string   `json:"lastError"`
	Alerts    []active `json:"alerts"`
}

// active is a pending or firing alert. A rule has one for each set of labels.
type active struct {
	State       string            `json:"state"`
	Labels      map[string]string `json:"labels"`
	Annotations struct {
		Summary string `json:"summary"`
		Action  string `json:"action"`
		// Console is the address of the page to look at.
		Console string `json:"console"`
	} `json:"annotations"`
}

// has reports whether the alert has all the labels.
func (a active) has(labels map[string]string) bool {
	for name, value := range labels {
		if a.Labels[name] != value {
			return false
		}
	}
	return true
}

// among returns the alert of the rule with the labels, a firing one first, or an inactive one.
func (r rule) among(labels map[string]string) active {
	found := active{State: inactive}
	for _, a := range r.Alerts {
		if a.has(labels) && found.State != firing {
			found = a
		}
	}
	return found
}

// alertTime limits one question to Prometheus.
const alertTime = 5 * time.Second

// rules returns all alert rules of Prometheus with their alerts.
func (s System) rules(ctx context.Context) ([]rule, error) {
	ctx, cancel := context.WithTimeout(ctx, alertTime)
	defer cancel()
	text, err := get(ctx, s.PrometheusURL+"/api/v1/rules?type=alert")
	if err != nil {
		return nil, fmt.Errorf("Prometheus at %s: %w; make up and docker compose up start it, and PROMETHEUS_URL names another one", //nolint:staticcheck // a name
			telemetry.Redacted(s.PrometheusURL), err)
	}
	var answer struct {
		Data *struct {
			Groups []struct {
				Rules []rule `json:"rules"`
			} `json:"groups"`
		} `json:"data"`
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.Data == nil {
		return nil, fmt.Errorf("what is at %s does not answer as Prometheus does; PROMETHEUS_URL must name one", telemetry.Redacted(s.PrometheusURL))
	}
	var all []rule
	for _, group := range answer.Data.Groups {
		all = append(all, group.Rules...)
	}
	return all, nil
}

// alertRule returns the rule of an alert.
func (s System) alertRule(all []rule, name string) (rule, error) {
	i := slices.IndexFunc(all, func(r rule) bool { return r.Name == name })
	if i < 0 {
		return rule{}, fmt.Errorf("Prometheus at %s has no alert %s; dashboards/prometheus.yml loads it from dashboards/rules", //nolint:staticcheck // a name
			telemetry.Redacted(s.PrometheusURL), name)
	}
	return all[i], nil
}

// evaluated says why the state of the alert is not known, or nil.
func (r rule) evaluated() error {
	switch r.Health {
	case "err":
		return fmt.Errorf("Prometheus cannot evaluate the alert %s: %s", r.Name, r.LastError) //nolint:staticcheck // a name
	case "unknown":
		return fmt.Errorf("Prometheus has not evaluated the alert %s yet", r.Name) //nolint:staticcheck // a name
	}
	return nil
}

// watched says why the alerts of a scenario cannot be watched, or nil.
func (s System) watched(ctx context.Context, alerts []string) error {
	if len(alerts) == 0 {
		return nil
	}
	all, err := s.rules(ctx)
	if err != nil {
		return err
	}
	var wrong []error
	for _, name := range alerts {
		_, err := s.alertRule(all, name)
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// alert waits until an alert has the state of the step, and shows how long that took since the alert step before.
func (t *run) alert(ctx context.Context, s Step) error {
	asked := false
	err := t.await(ctx, s.within(), func() error {
		all, err := t.System.rules(ctx)
		if err != nil {
			return err
		}
		one, err := t.System.alertRule(all, s.Alert)
		if err == nil {
			err = one.evaluated()
		}
		if err != nil {
			return err
		}
		now := one.among(s.Labels)
		if now.State == s.state() {
			t.Show.Detail(t.reached(s, now))
			return nil
		}
		if !asked && s.state() == inactive {
			t.Show.Detail("it is " + now.State + ": " + now.Annotations.Summary)
		}
		asked = true
		return s.other(now, all)
	})
	t.alerted = time.Now()
	return err
}

// reached says that the alert has the state of the step.
func (t *run) reached(s Step, now active) string {
	since := ""
	if !t.alerted.IsZero() {
		since = " after " + time.Since(t.alerted).Round(time.Second).String()
	}
	if now.State == firing {
		return strings.TrimSpace(s.Alert + " fires" + since + ": " + now.Annotations.Summary + "\n" + now.Annotations.Console)
	}
	return s.Alert + " is inactive" + since
}

// other says that the alert has another state than the step wants. What else fires may be the reason.
func (s Step) other(now active, all []rule) error {
	if s.state() == inactive {
		return fmt.Errorf("%s is still %s: %s. %s", s.Alert, now.State, now.Annotations.Summary, now.Annotations.Action)
	}
	var others []string
	for _, r := range all {
		for _, a := range r.Alerts {
			if a.State == firing {
				others = append(others, r.Name+" ("+a.Annotations.Summary+")")
			}
		}
	}
	if len(others) == 0 {
		others = []string{"no alert"}
	}
	return fmt.Errorf("%s is %s, want firing; what fires: %s", s.Alert, now.State, strings.Join(others, ", "))
}
