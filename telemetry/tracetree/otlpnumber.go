package tracetree

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

var (
	kinds    = []string{KindInternal, KindInternal, KindServer, KindClient, KindProducer, KindConsumer}
	statuses = []string{"", StatusOK, StatusError}
)

// otlpEnum is the value of an enumeration. OTLP sends numbers. Protobuf's own JSON sends names.
type otlpEnum string

func (e *otlpEnum) UnmarshalJSON(data []byte) error {
	*e = otlpEnum(strings.Trim(string(data), `"`))
	return nil
}

// name returns the name of the value. An unknown value gets the first name.
func (e otlpEnum) name(names []string, prefix string) string {
	if i, err := strconv.Atoi(string(e)); err == nil && i >= 0 && i < len(names) {
		return names[i]
	}
	short := strings.ToLower(strings.TrimPrefix(string(e), prefix))
	for _, name := range names {
		if name == short {
			return name
		}
	}
	return names[0]
}

// otlpInt is a 64-bit integer: a decimal string by the rule, and a number from some senders. A time after the year 2262,
// where int64 ends, becomes the largest int64.
type otlpInt int64

func (i *otlpInt) UnmarshalJSON(data []byte) error {
	text := strings.Trim(string(data), `"`)
	if text == "null" || text == "" {
		return nil
	}
	if value, err := strconv.ParseInt(text, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		*i = otlpInt(value)
		return nil
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(value) || math.Abs(value) >= 1<<63 {
		return fmt.Errorf("%s is not a 64-bit integer", data)
	}
	*i = otlpInt(value)
	return nil
}
