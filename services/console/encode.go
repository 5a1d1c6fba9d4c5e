package console

import "math"

// encodable returns attributes that JSON can have: NaN and infinities become texts. It copies them.
func encodable(attributes map[string]any) map[string]any {
	if attributes == nil {
		return map[string]any{}
	}
	clean := make(map[string]any, len(attributes))
	for name, value := range attributes {
		clean[name] = plain(value)
	}
	return clean
}

func plain(value any) any {
	switch v := value.(type) {
	case float64:
		switch {
		case math.IsNaN(v):
			return "NaN"
		case math.IsInf(v, 1):
			return "Infinity"
		case math.IsInf(v, -1):
			return "-Infinity"
		}
	case []any:
		list := make([]any, len(v))
		for n, one := range v {
			list[n] = plain(one)
		}
		return list
	case map[string]any:
		return encodable(v)
	}
	return value
}
