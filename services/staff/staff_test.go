package staff

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/host/hosttest"
)

func (c *clock) press(t *testing.T, id string, in bool) (answer map[string]any, err error) {
	t.Helper()
	req := httptest.NewRequest(http.MethodPost, "/staff/x/clock", nil)
	req.SetPathValue("id", id)
	recorder := httptest.NewRecorder()
	if err := c.use(in)(recorder, req); err != nil {
		return nil, err
	}
	if recorder.Code != http.StatusAccepted {
		t.Errorf("the clock answers %d", recorder.Code)
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	return answer, nil
}

func TestTheClockSaysWhoCameAndWent(t *testing.T) {
	t.Parallel()
	c := &clock{hosttest.New(t, Service(), nil)}
	before := time.Now()
	for _, in := range []bool{true, false} {
		answer, err := c.press(t, "ada", in)
		if err != nil {
			t.Fatal(err)
		}
		if answer["staffMemberId"] != "ada" || answer["onDuty"] != in {
			t.Errorf("the clock answers %v", answer)
		}
	}
	sent := hosttest.PublishedIn(t, c.DB, "staff-ada")
	if len(sent) != 2 {
		t.Fatalf("%d events, want two", len(sent))
	}
	came, err1 := event.Data[event.StaffMemberClockedIn](sent[0])
	went, err2 := event.Data[event.StaffMemberClockedOut](sent[1])
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if came.StaffMemberID != "ada" || went.StaffMemberID != "ada" || came.At.Before(before) || !went.At.After(came.At.Time) {
		t.Errorf("came %+v, went %+v", came, went)
	}
}

func TestTheClockKnowsNobodysEvents(t *testing.T) {
	t.Parallel()
	if got := (&clock{}).Subscriptions(); len(got) != 0 {
		t.Errorf("staff listens to %v", got)
	}
}

func TestAStrangeNameIsRefusedAndSaysNothing(t *testing.T) {
	t.Parallel()
	c := &clock{hosttest.New(t, Service(), nil)}
	for _, id := range []string{"", " ", "-ada", "ada lovelace", "../ada", "ada\x00", strings.Repeat("a", 65)} {
		_, err := c.press(t, id, true)
		var problem *host.Problem
		if !errors.As(err, &problem) || problem.Field != "id" || problem.Status != http.StatusUnprocessableEntity {
			t.Errorf("%q: got %v, want a problem that names id", id, err)
		}
	}
	var n int
	if err := c.DB.QueryRowContext(t.Context(), `SELECT (SELECT COUNT(*) FROM staff) + (SELECT COUNT(*) FROM outbox)`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestTheClocksStateAndEventAreOne(t *testing.T) {
	t.Parallel()
	c := &clock{hosttest.New(t, Service(), nil)}
	if _, err := c.press(t, "grace", true); err != nil {
		t.Fatal(err)
	}
	var onDuty bool
	var events int
	err := c.DB.QueryRowContext(t.Context(), `SELECT on_duty, (SELECT COUNT(*) FROM outbox) FROM staff WHERE id = 'grace'`).Scan(&onDuty, &events)
	if err != nil || !onDuty || events != 1 {
		t.Errorf("on duty %t, %d events, %v", onDuty, events, err)
	}
}
