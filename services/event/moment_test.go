package event_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

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

// timeParts are the parts of date-time in RFC 3339, section 5.6.
type timeParts struct{ date, t, hour, minute, second, fraction, offset string }

func (p timeParts) String() string {
	return p.date + p.t + p.hour + ":" + p.minute + ":" + p.second + p.fraction + p.offset
}

// drawTime draws a time by the grammar, and returns the time that Go reads. Go knows no leap second, so it reads the second before.
func drawTime(t *rapid.T) (parts timeParts, want time.Time) {
	day := time.Unix(rapid.Int64Range(-9e9, 9e9).Draw(t, "second"), 0).UTC()
	offset := rapid.IntRange(-23*60-59, 23*60+59).Draw(t, "offset")
	leap := rapid.IntRange(0, 4).Draw(t, "leap") == 0
	if leap {
		day = time.Date(day.Year(), day.Month(), day.Day(), 23, 59, 59, 0, time.UTC)
	}
	sign, minutes := "+", offset
	if offset < 0 || offset == 0 && rapid.Bool().Draw(t, "unknown offset") {
		sign, minutes = "-", -offset
	}
	local := day.Add(time.Duration(offset) * time.Minute)
	parts = timeParts{
		local.Format(time.DateOnly), rapid.SampledFrom([]string{"T", "t"}).Draw(t, "t"), local.Format("15"), local.Format("04"), local.Format("05"),
		rapid.StringMatching(`(\.[0-9]{1,30})?`).Draw(t, "fraction"), fmt.Sprintf("%s%02d:%02d", sign, minutes/60, minutes%60),
	}
	if offset == 0 && rapid.Bool().Draw(t, "zulu") {
		parts.offset = rapid.SampledFrom([]string{"Z", "z"}).Draw(t, "z")
	}
	want, err := time.Parse(time.RFC3339Nano, strings.ToUpper(parts.String()))
	if err != nil {
		t.Fatalf("the generator made %s: %v", parts, err)
	}
	if leap {
		parts.second = "60"
		want = want.Add(time.Second)
	}
	return parts, want
}

// Times by the grammar of RFC 3339 are read as Go reads them where it can.
func TestGeneratedTimesAreRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		for range 200 {
			parts, want := drawTime(t)
			times, errs := timesOf(parts.String())
			for i, at := range times {
				if errs[i] != nil || !at.Equal(want) {
					t.Fatalf("%s is read as %s, %v; want %s", parts, at, errs[i], want)
				}
			}
		}
	})
}

// nearMisses change one part of a time so that RFC 3339 no longer allows it.
var nearMisses = []func(p *timeParts){
	func(p *timeParts) { p.offset = "" },
	func(p *timeParts) { p.offset = "+24:00" },
	func(p *timeParts) { p.offset = "-00:60" },
	func(p *timeParts) { p.offset = "+0100" },
	func(p *timeParts) { p.offset = "+1:00" },
	func(p *timeParts) { p.offset = "UTC" },
	func(p *timeParts) { p.offset += "Z" },
	func(p *timeParts) { p.offset += " " },
	func(p *timeParts) { p.fraction = "." },
	func(p *timeParts) { p.fraction = ",5" },
	func(p *timeParts) { p.fraction = ".5.5" },
	func(p *timeParts) { p.fraction = ".\u0665" }, // an Arabic digit
	func(p *timeParts) { p.second = "61" },
	func(p *timeParts) { p.second = "5" },
	func(p *timeParts) { p.minute, p.second, p.offset = "58", "60", "Z" }, // a leap second is the last one of a day in UTC
	func(p *timeParts) { p.hour, p.minute, p.second, p.offset = "12", "59", "60", "Z" },
	func(p *timeParts) { p.minute = "60" },
	func(p *timeParts) { p.minute = "7" },
	func(p *timeParts) { p.hour = "24" },
	func(p *timeParts) { p.hour = "7" },
	func(p *timeParts) { p.t = " " },
	func(p *timeParts) { p.t = "" },
	func(p *timeParts) { p.t = "TT" },
	func(p *timeParts) { p.date = " " + p.date },
	func(p *timeParts) { p.date = "+" + p.date },
	func(p *timeParts) { p.date = "0" + p.date },
	func(p *timeParts) { p.date = p.date[2:] },
	func(p *timeParts) { p.date = p.date[:5] + "13" + p.date[7:] },
	func(p *timeParts) { p.date = p.date[:5] + "00" + p.date[7:] },
	func(p *timeParts) { p.date = p.date[:8] + "00" },
	func(p *timeParts) { p.date = p.date[:8] + "32" },
	func(p *timeParts) { p.date = p.date[:5] + "02-30" },
	func(p *timeParts) { p.date = strings.ReplaceAll(p.date, "-", "/") },
	func(p *timeParts) { p.date = strings.ReplaceAll(p.date, "-", "") },
}

func TestGeneratedNearMissesOfTimesAreRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		for miss, change := range nearMisses {
			parts, _ := drawTime(t)
			change(&parts)
			times, errs := timesOf(parts.String())
			for i, err := range errs {
				if err == nil {
					t.Fatalf("near miss %d: %q is read as %s", miss, parts, times[i])
				}
			}
		}
	})
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
