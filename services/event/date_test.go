package event_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"traceria/services/event"
)

func TestADateKeepsItsNanoseconds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("somewhere", 60*rapid.IntRange(-12*60, 14*60).Draw(t, "minutes"))
		want := event.Date{Time: time.Unix(0, rapid.Int64Range(0, 1<<62).Draw(t, "at")).In(zone)}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got event.Date
		if err := json.Unmarshal(text, &got); err != nil || !got.Equal(want.Time) {
			t.Fatalf("%s written and read is %s, %v", want, got, err)
		}
	})
}

func TestADateWithoutATimeIsMidnightUTC(t *testing.T) {
	t.Parallel()
	var got event.Date
	if err := json.Unmarshal([]byte(`"2024-01-30"`), &got); err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2024, 1, 30, 0, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAnUnreadableDateSaysWhatIsWanted(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"30.1.2024"`: `eventDate "30.1.2024": want RFC 3339 (2024-01-30T12:00:00Z) or a date (2024-01-30)`,
		`""`:          `eventDate "": want RFC 3339 (2024-01-30T12:00:00Z) or a date (2024-01-30)`,
		`17`:          `eventDate: json: cannot unmarshal number into Go value of type string`,
	} {
		var d event.Date
		if err := json.Unmarshal([]byte(text), &d); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

// A date that cannot be stored is refused, not changed.
func TestADateOutsideOfWhatServicesKeepIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2262-04-12", "1677-09-21"} {
		var got event.Date
		if err := json.Unmarshal([]byte(`"`+text+`"`), &got); err == nil {
			t.Errorf("%s is %s", text, got)
		}
	}
	for _, text := range []string{"2262-04-11", "1677-09-22"} {
		var got event.Date
		if err := json.Unmarshal([]byte(`"`+text+`"`), &got); err != nil || !time.Unix(0, got.UnixNano()).Equal(got.Time) {
			t.Errorf("%s is %s, %v", text, got, err)
		}
	}
}
