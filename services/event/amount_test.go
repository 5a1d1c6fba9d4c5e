package event_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"traceria/services/event"
)

func TestAnAmountIsExactOverAnyNumberOfHops(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := event.Pence(rapid.Int64Range(-1e15, 1e15).Draw(t, "pence"))
		got := want
		for range rapid.IntRange(1, 5).Draw(t, "hops") {
			text, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			got = event.Amount{}
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
		if !got.Equal(want.Decimal) {
			t.Fatalf("%s became %s", want, got)
		}
	})
}

func TestAmountsAddUpWithoutRounding(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pence := rapid.SliceOf(rapid.Int64Range(0, 1e12)).Draw(t, "pence")
		sum, want := decimal.Zero, int64(0)
		for _, p := range pence {
			sum, want = sum.Add(event.Pence(p).Decimal), want+p
		}
		if !sum.Equal(event.Pence(want).Decimal) {
			t.Fatalf("%v add up to %s, want %d pence", pence, sum, want)
		}
	})
}

func TestAnAmountIsAJSONNumberWithTwoPlaces(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		`19.89`: `19.89`, `19.9`: `19.90`, `20`: `20.00`, `0`: `0.00`, `"19.89"`: `19.89`, `1e3`: `1000.00`, `0.125`: `0.125`,
	} {
		var a event.Amount
		if err := json.Unmarshal([]byte(written), &a); err != nil {
			t.Errorf("%s: %v", written, err)
			continue
		}
		if text, err := json.Marshal(a); err != nil || string(text) != want {
			t.Errorf("%s is written as %s, %v; want %s", written, text, err, want)
		}
	}
}

func TestAnAmountThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for _, written := range []string{`"a lot"`, `""`, `true`, `{}`, `[]`, `null`, strings.Repeat("9", 65)} {
		var a event.Amount
		if err := json.Unmarshal([]byte(written), &a); err == nil && written != "null" {
			t.Errorf("%s is read as %s, want an error", written, a)
		}
	}
}

// A short text must not cost millions of digits.
func TestAnAmountWithAHugeExponentIsRefused(t *testing.T) {
	t.Parallel()
	for _, written := range []string{`1e2000000000`, `1e-2000000000`, `1e100`, `1e-100`} {
		var a event.Amount
		if err := json.Unmarshal([]byte(written), &a); err == nil {
			t.Errorf("%s is read, want an error", written)
		}
	}
}

// Loyalty counts whole pounds in an int.
func TestEveryAmountThatIsReadHasAWholePartThatFits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`-?[1-9][0-9]{0,30}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?`).Draw(t, "amount")
		var a event.Amount
		if err := json.Unmarshal([]byte(digits), &a); err != nil {
			return
		}
		if whole := a.Truncate(0); whole.GreaterThan(decimal.NewFromInt(math.MaxInt64)) || whole.LessThan(decimal.NewFromInt(math.MinInt64)) {
			t.Fatalf("%s is read as %s", digits, a)
		}
	})
}
