package dashboards_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"traceria/services/system/systemtest"
)

var waits = regexp.MustCompile(`\bfor: \d+s`)

// shorter shortens windows to a sixth.
var shorter = strings.NewReplacer("[1m]", "[10s]", "offset 1m", "offset 10s", "[2m]", "[20s]", "offset 2m", "offset 20s")

// hurried shortens the times of the configuration and the rules, so that a test sees an alert begin and end. The conditions
// stay.
func hurried(name, text string) string {
	if name == rulesFile {
		text = waits.ReplaceAllString(shorter.Replace(text), "for: 1s")
	}
	return strings.NewReplacer("interval: 5s", "interval: 1s", "timeout: 4s", "timeout: 1s").Replace(text)
}

// TestHurriedRulesAreTheRules finds a time that hurried does not shorten.
func TestHurriedRulesAreTheRules(t *testing.T) {
	for _, a := range readAlerts(t) {
		if regexp.MustCompile(`\d+m`).MatchString(hurried(rulesFile, a.Expr)) || a.For != "" && hurried(rulesFile, "for: "+a.For) != "for: 1s" {
			t.Errorf("%s: the test cannot shorten its times: for %s, %s", a.Alert, a.For, a.Expr)
		}
	}
}

// startHouse starts the parts of the system with a Prometheus whose times are shortened.
func startHouse(t *testing.T) (*systemtest.World, prom) {
	t.Helper()
	w := systemtest.StartWorldWithPrometheus(t, hurried)
	p := prom{"http://" + w.Metrics.Prometheus}
	systemtest.Eventually(t, 30*time.Second, "Prometheus answers", func() bool {
		_, err := p.now(t.Context(), "up")
		return err == nil
	})
	return w, p
}
