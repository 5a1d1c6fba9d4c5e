package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Date is a point in time, written as RFC 3339 with nanoseconds. A date without a time of day is read as
// midnight UTC: it stands on the talk's slide, but no age can be computed from it.
type Date struct{ time.Time }

// earliest and latest are what every service can keep, which store dates as nanoseconds since 1970 in 64 bits.
var earliest, latest = time.Unix(0, math.MinInt64), time.Unix(0, math.MaxInt64)

// check refuses what would be kept as another date.
func (d Date) check() error {
	if d.Before(earliest) || d.After(latest) {
		return fmt.Errorf("want a date from %d to %d", earliest.Year(), latest.Year())
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (d Date) MarshalJSON() ([]byte, error) { return json.Marshal(d.UTC().Format(time.RFC3339Nano)) }

// UnmarshalJSON implements json.Unmarshaler.
func (d *Date) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf("eventDate: %w", err)
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			d.Time = at
			if err := d.check(); err != nil {
				return fmt.Errorf("eventDate %q: %w", text, err)
			}
			return nil
		}
	}
	return fmt.Errorf("eventDate %q: want RFC 3339 (2024-01-30T12:00:00Z) or a date (2024-01-30)", text)
}

// Amount is a decimal number, exact over any number of hops, written as a JSON number with two places.
type Amount struct{ decimal.Decimal }

// Pence makes an amount from the smallest unit of a currency with two places.
func Pence(n int64) Amount { return Amount{decimal.New(n, -2)} }

// MarshalJSON implements json.Marshaler.
func (a Amount) MarshalJSON() ([]byte, error) {
	return []byte(a.StringFixed(max(2, -a.Exponent()))), nil
}

// maxDigits is how many digits an amount may have on each side of the point. The whole part then fits an int64,
// and a few bytes (1e2000000) cannot make a reader calculate with millions of digits.
const maxDigits = 18

// UnmarshalJSON implements json.Unmarshaler.
func (a *Amount) UnmarshalJSON(b []byte) error {
	if len(b) > 64 {
		return errors.New("an amount of more than 64 digits")
	}
	value, err := decimal.NewFromString(strings.Trim(string(b), `"`))
	if err != nil {
		return fmt.Errorf("amount %s: want a decimal number: %w", b, err)
	}
	if places := -int(value.Exponent()); places > maxDigits || value.NumDigits()-places > maxDigits {
		return fmt.Errorf("amount %s: want at most %d digits on each side of the point", b, maxDigits)
	}
	a.Decimal = value
	return nil
}

// Money is an amount and its ISO 4217 currency: what OrderConfirmed v2 says instead of a bare number.
type Money struct {
	Value    Amount `json:"value"`
	Currency string `json:"currency"`
}

// UnmarshalJSON implements json.Unmarshaler. Both fields must be there: a missing value is not nothing to pay.
func (m *Money) UnmarshalJSON(b []byte) error {
	var read struct {
		Value    *Amount `json:"value"`
		Currency string  `json:"currency"`
	}
	if err := json.Unmarshal(b, &read); err != nil {
		return err
	}
	if read.Value == nil || read.Currency == "" {
		return errors.New("money: want value and currency")
	}
	*m = Money{*read.Value, read.Currency}
	return nil
}

// AllOfThem is the quantity on the talk's slide. The menu says how many that is.
const AllOfThem = "all of them"

// Quantity is how many: a positive whole number, or [AllOfThem]. Read from a JSON string or number, written
// as a string, as on the slide. What is read is the number, not its spelling: "+1" and "0001" are "1".
type Quantity string

// UnmarshalJSON implements json.Unmarshaler.
func (q *Quantity) UnmarshalJSON(b []byte) error {
	text := string(b)
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(b, &text); err != nil {
			return fmt.Errorf("quantity: %w", err)
		}
	}
	if err := Quantity(text).Validate(); err != nil {
		return err
	}
	*q = Quantity(text)
	if n, err := strconv.Atoi(text); err == nil {
		*q = Quantity(strconv.Itoa(n))
	}
	return nil
}

// maxPieces is the largest quantity.
const maxPieces = 1_000_000

// Validate says whether q is a quantity.
func (q Quantity) Validate() error {
	if q == AllOfThem {
		return nil
	}
	if n, err := strconv.Atoi(string(q)); err != nil || n < 1 || n > maxPieces {
		return fmt.Errorf("quantity %.40q: want a whole number from 1 to %d, or %q", string(q), maxPieces, AllOfThem)
	}
	return nil
}

// Count is the number, with all standing for [AllOfThem].
func (q Quantity) Count(all int) int {
	if q == AllOfThem {
		return all
	}
	n, _ := strconv.Atoi(string(q))
	return n
}
