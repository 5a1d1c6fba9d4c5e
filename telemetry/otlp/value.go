package otlp

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// attributes returns string, bool, int64, float64 and []any of these. A map becomes JSON text, bytes become base64 text, and the empty
// value becomes "".
func (v values) attributes(m pcommon.Map) map[string]any {
	if m.Len() == 0 {
		return nil
	}
	out := make(map[string]any, min(m.Len(), maxAttributes))
	for key, value := range m.All() {
		if len(out) == maxAttributes {
			break
		}
		out[name(key)] = v.value(value, maxDepth)
	}
	return out
}

func (v values) value(value pcommon.Value, depth int) any {
	switch value.Type() {
	case pcommon.ValueTypeStr:
		return v.text(value.Str())
	case pcommon.ValueTypeBool:
		return value.Bool()
	case pcommon.ValueTypeInt:
		return value.Int()
	case pcommon.ValueTypeDouble:
		return value.Double()
	case pcommon.ValueTypeBytes:
		return base64.StdEncoding.EncodeToString(value.Bytes().AsRaw()[:min(value.Bytes().Len(), maxText*3/4)])
	case pcommon.ValueTypeSlice:
		list := make([]any, 0, min(value.Slice().Len(), maxValues))
		for _, item := range value.Slice().All() {
			if len(list) == maxValues || depth == 0 {
				break
			}
			list = append(list, v.value(item, depth-1))
		}
		return list
	case pcommon.ValueTypeMap:
		return v.mapText(value.Map(), depth)
	default:
		return ""
	}
}

func (v values) mapText(m pcommon.Map, depth int) string {
	encoded, err := json.Marshal(v.members(m, depth))
	if err != nil {
		return ""
	}
	return text(string(encoded), maxText)
}

func (v values) members(m pcommon.Map, depth int) map[string]any {
	members := map[string]any{}
	for key, value := range m.All() {
		if len(members) == maxValues || depth == 0 {
			break
		}
		members[name(key)] = v.member(value, depth-1)
	}
	return members
}

// member is a value for JSON. A map in it stays a map: as a text in a text, its quotes would double with each level.
func (v values) member(value pcommon.Value, depth int) any {
	switch value.Type() {
	case pcommon.ValueTypeMap:
		return v.members(value.Map(), depth)
	case pcommon.ValueTypeSlice:
		list := []any{}
		for _, item := range value.Slice().All() {
			if len(list) == maxValues || depth == 0 {
				break
			}
			list = append(list, v.member(item, depth-1))
		}
		return list
	default:
		return encodable(v.value(value, depth))
	}
}

// encodable replaces NaN and infinities, which JSON lacks.
func encodable(value any) any {
	if f, ok := value.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return value
}

// put writes attributes. Values of other types than those of [tracetree.Span] are left out.
func put(m pcommon.Map, attributes map[string]any) {
	m.EnsureCapacity(len(attributes))
	for key, value := range attributes {
		set(m.PutEmpty(key), value)
	}
}

func set(to pcommon.Value, value any) {
	switch v := value.(type) {
	case string:
		to.SetStr(v)
	case bool:
		to.SetBool(v)
	case int64:
		to.SetInt(v)
	case int:
		to.SetInt(int64(v))
	case float64:
		to.SetDouble(v)
	case []any:
		list := to.SetEmptySlice()
		list.EnsureCapacity(len(v))
		for _, item := range v {
			set(list.AppendEmpty(), item)
		}
	}
}
