package event_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"traceria/services/event"
)

// timesOf returns the times that a text gives at the places where events have one: eventDate, time of CloudEvents, and at.
func timesOf(text string) (times []time.Time, errs []error) {
	quoted, _ := json.Marshal(text)
	var date event.Date
	errs = append(errs, json.Unmarshal(quoted, &date))
	var at event.Moment
	errs = append(errs, json.Unmarshal(quoted, &at))
	cloud, err := event.Decode([]byte(strings.Replace(boxedCloud, `"2024-01-30T12:00:00Z"`, string(quoted), 1)))
	errs = append(errs, err)
	return []time.Time{date.Time, at.Time, cloud.Metadata.EventDate.Time}, errs
}

func TestTimesAreReadAsTheStandardAllows(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-01-02t12:00:00z":                         "2026-01-02T12:00:00Z",
		"2026-12-31T23:59:60Z":                         "2027-01-01T00:00:00Z",
		"2026-12-31T23:59:60.25Z":                      "2027-01-01T00:00:00.25Z",
		"2027-01-01T05:29:60+05:30":                    "2027-01-01T00:00:00Z",
		"2026-01-02T12:00:00-00:00":                    "2026-01-02T12:00:00Z",
		"2026-01-02T12:00:00.123456789123456789+23:59": "2026-01-01T12:01:00.123456789Z",
		"2024-02-29T00:00:00.0Z":                       "2024-02-29T00:00:00Z",
	} {
		times, errs := timesOf(text)
		for i, at := range times {
			if got := at.UTC().Format(time.RFC3339Nano); errs[i] != nil || got != want {
				t.Errorf("%s is read as %s, %v; want %s", text, got, errs[i], want)
			}
		}
	}
	for _, text := range []string{
		"2026-01-02 12:00:00Z", "2026-01-02T12:00:00", "2026-01-02T12:00Z", "2026-1-02T12:00:00Z", "2026-01-02T1:00:00Z", "2026-01-02T24:00:00Z",
		"2026-01-02T12:00:00,5Z", "2026-01-02T12:00:00.Z", "2026-01-02T12:00:00+24:00", "2026-01-02T12:00:00+0100", "2026-01-02T12:00:00+01",
		"2026-01-02T12:60:00Z", "2026-01-02T12:00:61Z", "2026-01-02T12:00:60Z", "2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
		"26-01-02T12:00:00Z", "2026-01-02T12:00:00Z ", "", "now",
	} {
		_, errs := timesOf(text)
		for _, err := range errs {
			if text == "" && err == nil {
				continue // CloudEvents: an empty time counts as absent
			}
			if err == nil || !strings.Contains(err.Error(), "2024-01-30T12:00:00Z") && !strings.Contains(err.Error(), "leap second") {
				t.Errorf("%q: got %v, want an error that says what is allowed", text, err)
			}
		}
	}
}

// Times by the grammar of RFC 3339 are read as Go reads the plain ones among them.
func TestGeneratedTimesAreRead(t *testing.T) {
	t.Parallel()
	plain := regexp.MustCompile(`^[^tz]*$`)
	random := rand.New(rand.NewPCG(3339, 1))
	pick := func(texts ...string) string { return texts[random.IntN(len(texts))] }
	for range 20_000 {
		day := time.Date(1970+random.IntN(290), time.January, 1+random.IntN(366), random.IntN(24), random.IntN(60), random.IntN(60), 0, time.UTC)
		text := day.Format("2006-01-02") + pick("T", "t") + day.Format("15:04:05")
		if digits := random.IntN(14); digits > 0 {
			text += "." + fmt.Sprintf("%0*d", digits, random.IntN(10))
		}
		text += pick("Z", "z", fmt.Sprintf("%s%02d:%02d", pick("+", "-"), random.IntN(24), random.IntN(60)))
		want, err := time.Parse(time.RFC3339Nano, strings.ToUpper(text))
		if err != nil {
			t.Fatalf("the generator made %s: %v", text, err)
		}
		times, errs := timesOf(text)
		for i, at := range times {
			if errs[i] != nil || !at.Equal(want) {
				t.Fatalf("%s (plain: %t) is read as %s, %v", text, plain.MatchString(text), at, errs[i])
			}
		}
	}
}

// A whole number may be written in any way that JSON Schema calls an integer.
func TestWholeNumbersAreReadAsTheSchemaAllows(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"7": 7, "7.0": 7, "7.000": 7, "7e0": 7, "70e-1": 7, "0.7e1": 7, "0": 0, "-0": 0, "-0.0": 0, "9007199254740991": 1<<53 - 1} {
		earned, err := event.Data[event.LoyaltyPointsEarned](envelopeOf(t, event.LoyaltyPointsEarnedV1, fmt.Appendf(nil, `{"orderId":"o","customerId":"c","points":%s}`, text)))
		if err != nil || int(earned.Points) != want {
			t.Errorf("%s is read as %d, %v", text, earned.Points, err)
		}
	}
	for _, text := range []string{"7.5", "1e-1", "1e30", "1e1000000000", "9007199254740992", `"7"`, "true", "-1"} {
		_, err := event.Data[event.LoyaltyPointsEarned](envelopeOf(t, event.LoyaltyPointsEarnedV1, fmt.Appendf(nil, `{"orderId":"o","customerId":"c","points":%s}`, text)))
		if err == nil || !strings.Contains(err.Error(), "whole number") && !strings.Contains(err.Error(), "want 0 or more") {
			t.Errorf("%s: got %v, want an error that says what is allowed", text, err)
		}
	}
}
