package main

import (
	"strings"
	"testing"
)

func TestABreakingChangeIsFoundAndAnHonestOneIsNot(t *testing.T) {
	t.Parallel()
	const released = `{"$schema":"https://json-schema.org/draft/2020-12/schema","x-style":"fat","type":"object","properties":{"orderId":{"type":"string","maxLength":200},"size":{"enum":["s","m"]},"n":{"type":"number","minimum":0},
		"any":{},"list":{"type":"array","items":{}},"address":{"$ref":"#/$defs/address"}},"required":["orderId"],"$defs":{"address":{"type":"object","properties":{"line":{"type":"string"}}}}}`
	for change, want := range map[[2]string]string{
		{`"orderId":{`, `"id":{`}:                                                       "orderId is gone",
		{`"required":["orderId"]`, `"required":["orderId","n"]`}:                        "n is required now",
		{`"required":["orderId"]`, `"required":[]`}:                                     "orderId is no longer required",
		{`"type":"number"`, `"type":"object"`}:                                          "n: type",
		{`"type":"number"`, `"type":"integer"`}:                                         "n: type",
		{`["s","m"]`, `["s"]`}:                                                          "size: enum",
		{`"maxLength":200`, `"maxLength":100`}:                                          "orderId: maxLength",
		{`"minimum":0`, `"minimum":1`}:                                                  "n: minimum",
		{`"line":{"type":"string"}`, `"street":{"type":"string"}`}:                      "line is gone",
		{`"maxLength":200`, `"maxLength":200,"pattern":"^o"`}:                           "orderId: pattern",
		{`2020-12`, `2019-09`}:                                                          "$schema",
		{`"$schema":"https://json-schema.org/draft/2020-12/schema",`, ``}:               "$schema",
		{`"fat"`, `"sparse"`}:                                                           "x-style",
		{`"minimum":0`, `"minimum":0.0000000000000000000000001`}:                        "n: minimum",
		{`"any":{}`, `"any":false`}:                                                     "any: was map[] and is false",
		{`"items":{}`, `"items":false`}:                                                 "list[]: was map[] and is false",
		{`"items":{}`, `"items":{"description":"of what","not":{}}`}:                    "list[]: not",
		{`"properties":{"orderId"`, `"properties":{"more":false,"orderId"`}:             "more is new and forbidden",
		{`"properties":{"orderId"`, `"properties":{"more":{"not":{}},"orderId"`}:        "more is new and forbidden",
		{`"properties":{"orderId"`, `"properties":{"more":{"enum":[]},"orderId"`}:       "more is new and forbidden",
		{`"properties":{"orderId"`, `"properties":{"more":{"allOf":[false]},"orderId"`}: "more is new and forbidden",
		{`"properties":{"line"`, `"properties":{"more":{"items":false},"line"`}:         "more is new and forbidden",
		{`"properties":{"orderId"`, `"properties":{"more":{"enum":[false]},"orderId"`}:  "",
		{`"properties":{"orderId"`, `"properties":{"more":true,"orderId"`}:              "",
		{`"properties":{"orderId"`, `"properties":{"more":{"const":false},"orderId"`}:   "",
		{`"properties":{"orderId"`, `"properties":{"more":{"type":"string"},"orderId"`}: "",
		{`"properties":{"orderId"`, `"properties":{"more":{},"orderId"`}:                "",
		{`{"type":"string"}}}}`, `{"type":"string"}}},"city":{"type":"string"}}`}:       "",
		{`"type":"number"`, `"type":"number","description":"of pieces"`}:                "",
		{`"required":["orderId"]`, `"required":["orderId"],"deprecated":true`}:          "",
	} {
		changed := strings.Replace(released, change[0], change[1], 1)
		found, err := breaks([]byte(released), []byte(changed))
		got := strings.Join(found, "; ")
		if err != nil || changed == released || (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s to %s: got %q, %v, want %q", change[0], change[1], got, err, want)
		}
	}
}
