package wire

import (
	"testing"
	"time"
)

func TestPausesGrowToACeilingAndBeginAnew(t *testing.T) {
	t.Parallel()
	p := Pauses{Most: time.Second}
	for _, want := range []time.Duration{100, 200, 400, 800, 1000, 1000} {
		want *= time.Millisecond
		if got := p.Next(); got < want/2 || got >= want/2+want {
			t.Errorf("a pause of %s, want %s to %s", got, want/2, want/2+want)
		}
	}
	if p.After(time.Now()); p.last != time.Second {
		t.Error("it begins anew although nothing has worked")
	}
	if p.After(time.Now().Add(-2 * time.Second)); p.Next() >= 150*time.Millisecond {
		t.Error("it does not begin anew")
	}
}
