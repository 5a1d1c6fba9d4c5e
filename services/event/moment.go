package event

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Moment is a point in time, written as RFC 3339 with nanoseconds. It reads everything that RFC 3339 allows.
type Moment struct{ time.Time }

// MarshalJSON implements json.Marshaler.
func (m Moment) MarshalJSON() ([]byte, error) { return json.Marshal(m.UTC().Format(time.RFC3339Nano)) }

// UnmarshalJSON implements json.Unmarshaler. The year may be outside the range that services can store.
func (m *Moment) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf("got %.40s, want a time in RFC 3339 (2024-01-30T12:00:00Z)", b)
	}
	at, err := parseTime(text)
	m.Time = at
	return err
}

// timeForm is date-time of RFC 3339, section 5.6. The T and the Z may be lower case, a fraction may have any number of digits,
// and the second may be 60.
var timeForm = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})[Tt]([01]\d|2[0-3])(:[0-5]\d:)([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// parseTime reads date-time of RFC 3339. A leap second, which Go's clock lacks, is read as the second after it. The offset
// -00:00 means that the local offset is unknown.
func parseTime(text string) (time.Time, error) {
	wrong := fmt.Errorf("time %.40q: want RFC 3339 (2024-01-30T12:00:00Z)", text)
	parts := timeForm.FindStringSubmatch(text)
	if parts == nil {
		return time.Time{}, wrong
	}
	seconds, offset := parts[4], strings.ToUpper(parts[6])
	leap := seconds == "60"
	if leap {
		seconds = "59"
	}
	fraction := parts[5]
	if len(fraction) > 10 {
		fraction = fraction[:10] // a clock has nanoseconds
	}
	at, err := time.Parse(time.RFC3339Nano, parts[1]+"T"+parts[2]+parts[3]+seconds+fraction+offset)
	if err != nil { // the month has no such day
		return time.Time{}, wrong
	}
	if !leap {
		return at, nil
	}
	utc := at.UTC()
	if utc.Hour() != 23 || utc.Minute() != 59 {
		return time.Time{}, fmt.Errorf("time %.40q: a leap second is the last one of a day in UTC", text)
	}
	return at.Add(time.Second), nil
}

// Whole is a whole number. It reads what JSON Schema calls an integer: a number whose fraction is zero, such as 3, 3.0 or 3e1
// (https://json-schema.org/draft/2020-12/json-schema-core#section-4.2.3).
type Whole int

// maxWhole is the largest number that every JSON reader can represent exactly (RFC 8259, section 6).
const maxWhole = 1<<53 - 1

// UnmarshalJSON implements json.Unmarshaler.
func (w *Whole) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	n, err := wholeOf(string(b))
	*w = Whole(n)
	return err
}

// wholeOf reads a JSON number without a fraction.
func wholeOf(text string) (int, error) {
	if n, err := strconv.Atoi(text); err == nil && n >= -maxWhole && n <= maxWhole {
		return n, nil
	}
	var a Amount
	if strings.HasPrefix(text, `"`) || a.UnmarshalJSON([]byte(text)) != nil || !a.IsInteger() || a.Abs().GreaterThan(Pence(100*maxWhole).Decimal) {
		return 0, fmt.Errorf("got %.40s, want a whole number from -%d to %d", text, maxWhole, maxWhole)
	}
	return int(a.IntPart()), nil
}
