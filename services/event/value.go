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

// Date is a point in time, written as RFC 3339 with nanoseconds. A date without a time, as on the talk's slide, is read as
// midnight UTC.
type Date struct{ time.Time }

// earliest and latest are the range that services can store: nanoseconds since 1970 in 64 bits.
var earliest, latest = time.Unix(0, math.MinInt64), time.Unix(0, math.MaxInt64)

// Check refuses a date outside the range that services can store: 64 bits of nanoseconds since 1970.
func (d Date) Check() error {
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
	at, err := parseTime(text)
	if err != nil {
		at, err = time.Parse(time.DateOnly, text)
	}
	if err != nil {
		return fmt.Errorf("eventDate %.40q: want RFC 3339 (2024-01-30T12:00:00Z) or a date (2024-01-30)", text)
	}
	d.Time = at
	if err := d.Check(); err != nil {
		return fmt.Errorf("eventDate %q: %w", text, err)
	}
	return nil
}

// Amount is an exact decimal number, written as a JSON number with at least two decimal places.
type Amount struct{ decimal.Decimal }

// Pence returns the amount of n hundredths.
func Pence(n int64) Amount { return Amount{decimal.New(n, -2)} }

// MarshalJSON implements json.Marshaler.
func (a Amount) MarshalJSON() ([]byte, error) {
	return []byte(a.StringFixed(max(2, -a.Exponent()))), nil
}

// maxDigits is the largest number of digits on each side of the decimal point. The whole part then fits into an int64, and a
// short text (1e2000000) cannot cost millions of digits.
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

// Money is an amount with its ISO 4217 currency.
type Money struct {
	Value    Amount `json:"value"`
	Currency string `json:"currency"`
}

// UnmarshalJSON implements json.Unmarshaler. Both fields are required: a missing value is not zero.
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

// AllOfThem is the quantity on the talk's slide. The menu has its number.
const AllOfThem = "all of them"

// Quantity is a positive whole number or [AllOfThem]. It is read from a JSON string or number and written as a string, as on the
// slide. Reading normalizes a number: "+1" and "0001" become "1".
type Quantity string

// UnmarshalJSON implements json.Unmarshaler.
func (q *Quantity) UnmarshalJSON(b []byte) error {
	text := string(b)
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(b, &text); err != nil {
			return fmt.Errorf("quantity: %w", err)
		}
	}
	if n, err := wholeOf(string(b)); err == nil { // a JSON number: 2, 2.0 or 2e0
		text = strconv.Itoa(n)
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

// Validate returns an error unless q is a quantity.
func (q Quantity) Validate() error {
	if q == AllOfThem {
		return nil
	}
	if n, err := strconv.Atoi(string(q)); err != nil || n < 1 || n > maxPieces {
		return fmt.Errorf("quantity %.40q: want a whole number from 1 to %d, or %q", string(q), maxPieces, AllOfThem)
	}
	return nil
}

// Count returns the number, or all for [AllOfThem].
func (q Quantity) Count(all int) int {
	if q == AllOfThem {
		return all
	}
	n, _ := strconv.Atoi(string(q))
	return n
}
