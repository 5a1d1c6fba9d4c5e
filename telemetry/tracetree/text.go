package tracetree

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// printable makes text safe for one line of a terminal. Names and messages come from the senders of spans: an escape
// sequence in them would run in the reader's terminal.
func printable(text string) string {
	clean := strings.IndexFunc(text, unprintable) < 0 && utf8.ValidString(text)
	if clean {
		return text
	}
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		switch {
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case unprintable(r):
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// width returns the cells of a text in a terminal, with one cell for each rune. Names in the conventions are ASCII.
func width(text string) int { return utf8.RuneCountInString(text) }

// shortDuration formats with at most three digits and a fitting unit. From a minute on it uses Go's form (2m10s).
func shortDuration(d time.Duration) string {
	if d < 0 {
		return "-" + shortDuration(-max(d, -math.MaxInt64)) // the least duration has no positive counterpart
	}
	switch {
	case d < time.Microsecond:
		return strconv.FormatInt(int64(d), 10) + " ns"
	case d < 999500*time.Nanosecond:
		return number(float64(d)/float64(time.Microsecond)) + " µs"
	case d < 999500*time.Microsecond:
		return number(float64(d)/float64(time.Millisecond)) + " ms"
	case d < 59950*time.Millisecond:
		return number(d.Seconds()) + " s"
	default:
		return d.Round(time.Second).String()
	}
}

// number formats with one decimal below a hundred and with none above. It writes 3 for 3.0.
func number(value float64) string {
	decimals := 0
	if value < 99.95 {
		decimals = 1
	}
	return strings.TrimSuffix(strconv.FormatFloat(value, 'f', decimals, 64), ".0")
}

func isHex(text string) bool {
	return text != "" && strings.Trim(text, "0123456789abcdef") == ""
}

// plural returns a number with its thing: "1 span", "2 spans".
func plural(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return strconv.Itoa(n) + " " + thing
}
