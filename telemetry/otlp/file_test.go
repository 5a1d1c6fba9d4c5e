package otlp

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"traceria/telemetry/tracetree"
)

func TestFilesOfEachFormAreRead(t *testing.T) {
	t.Parallel()
	one, err := MarshalJSON([]tracetree.Span{whole})
	if err != nil {
		t.Fatal(err)
	}
	recorded, err := os.ReadFile("../conformance/testdata/amqplib-links.json")
	if err != nil {
		t.Fatal(err)
	}
	request := string(one)
	page := func(text string) string {
		return "<!doctype html>\n<html><head><script id=other>var x = '<p>'</script></head><body><p>&amp;</p>" +
			"<script type=\"application/json\" id=\"traceria-spans\">" + text + "</script></body></html>"
	}
	for name, test := range map[string]struct {
		text  string
		spans int
	}{
		"a request":              {request, 1},
		"an array of requests":   {string(recorded), 22},
		"a document a line":      {request + "\n" + request + "\r\n\n" + request, 3},
		"Jaeger's answer":        {`{"result":` + request + `}`, 1},
		"several such answers":   {`{"result":` + request + "}\n" + `{"result":` + request + `}`, 2},
		"an exported page":       {page(request), 1},
		"a page with a mark":     {"\xEF\xBB\xBF" + page(`[`+request+`]`), 1},
		"an array in an array":   {`[[` + request + `],` + request + `]`, 2},
		"an escaped end of text": {page(strings.Replace(request, "send events:a", `\u003c/script>`, 1)), 1},
	} {
		spans, err := ReadFile(strings.NewReader(test.text), 1<<20)
		if err != nil || len(spans) != test.spans {
			t.Errorf("%s: %d spans instead of %d: %v", name, len(spans), test.spans, err)
		}
	}
}

func TestOtherFilesAreRefusedWithAReason(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want string
		is   error
	}{
		"nothing":             {"", "no spans", ErrUnreadable},
		"a text":              {"hello", "neither OTLP JSON nor an exported page", ErrUnreadable},
		"half a document":     {`{"resourceSpans":[`, "neither OTLP JSON", ErrUnreadable},
		"a number":            {`7`, "must be an OTLP request", ErrUnreadable},
		"another page":        {"<html><script id=x>1</script></html>", "was not exported from the console", ErrUnreadable},
		"an empty element":    {`<script id="traceria-spans"></script>`, "is empty", ErrUnreadable},
		"an error of Jaeger":  {`{"error":{"message":"no\u0007 such trace"}}`, "such trace", ErrUnreadable},
		"a file without ends": {strings.Repeat(" ", 2000), "more than 1000 bytes", ErrTooLarge},
	} {
		_, err := ReadFile(bytes.NewReader([]byte(test.text)), 1000)
		if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v instead of %q", name, err, test.want)
		}
	}
}
