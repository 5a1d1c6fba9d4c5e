package otlp

import (
	"bytes"
	"os"
	"testing"
	"unicode/utf8"

	"traceria/telemetry/tracetree"
)

func FuzzReadTraces(f *testing.F) {
	for _, encoding := range []Encoding{Protobuf, JSON} {
		marshal := MarshalProto
		if encoding == JSON {
			marshal = MarshalJSON
		}
		body, err := marshal([]tracetree.Span{whole})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, int(encoding))
		f.Add([]byte(nil), int(encoding))
	}
	f.Fuzz(func(t *testing.T, body []byte, encoding int) {
		spans, _, err := ReadTraces(body, Encoding(encoding&1))
		if err != nil {
			return
		}
		for _, s := range spans {
			if len(s.TraceID) != 32 || len(s.SpanID) != 16 || s.Duration < 0 || !utf8.ValidString(s.Name) || len(s.Attributes) > maxAttributes {
				t.Errorf("%+v", s)
			}
		}
		if _, err := MarshalJSON(spans); err != nil {
			t.Error(err)
		}
	})
}

func FuzzReadLogs(f *testing.F) {
	f.Add([]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]}`), 1)
	f.Fuzz(func(t *testing.T, body []byte, encoding int) {
		logs, err := ReadLogs(body, Encoding(encoding&1))
		for _, l := range logs {
			if err != nil || !utf8.ValidString(l.Body) || len(l.Body) > maxText {
				t.Errorf("%v %+v", err, l)
			}
		}
	})
}

func FuzzReadFile(f *testing.F) {
	recorded, err := os.ReadFile("../conformance/testdata/amqplib-links.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(recorded)
	f.Add([]byte(`<html><script type="application/json" id="traceria-spans">{"resourceSpans":[]}</script>`))
	f.Add([]byte(`{"result":{"resourceSpans":[]}} [[]]`))
	f.Fuzz(func(_ *testing.T, body []byte) {
		_, _ = ReadFile(bytes.NewReader(body), 1<<20)
	})
}
