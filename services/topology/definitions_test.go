package topology_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/services/broker/brokertest"
)

func TestTheDefinitionsFileSaysNoMoreThanItsSubscriptions(t *testing.T) {
	t.Parallel()
	text, all := brokertest.Definitions(t, "definitions.json")
	again, err := all.Definitions().JSON()
	if diff := cmp.Diff(string(text), string(again)); err != nil || diff != "" {
		t.Errorf("%v (-file +made from its subscriptions)\n%s", err, diff)
	}
	for _, forbidden := range []string{`"#"`, `"fanout"`, "alternate-exchange"} {
		if strings.Contains(string(text), forbidden) {
			t.Errorf("the file has %s, which would hide unroutable events", forbidden)
		}
	}
}
