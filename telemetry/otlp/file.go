package otlp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/html"

	"traceria/telemetry/tracetree"
)

// PageID is the id of the script element that holds the spans in an exported HTML page.
const PageID = "traceria-spans"

const maxDocuments = 100_000

// ReadFile reads spans from a file: OTLP JSON as one request, as an array of requests, or one document after the other; an answer of
// Jaeger's query API; or an HTML page that has one of these in <script type="application/json" id="traceria-spans">. limit is in bytes.
// The errors wrap [ErrUnreadable] or [ErrTooLarge].
func ReadFile(r io.Reader, limit int64) ([]tracetree.Span, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("%w: the file has more than %d bytes", ErrTooLarge, limit)
	}
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")))
	if bytes.HasPrefix(body, []byte("<")) {
		if body, err = script(body); err != nil {
			return nil, err
		}
	}
	if _, err := inspectJSON(body); err != nil {
		return nil, err
	}
	spans, err := documents(body)
	if err != nil {
		return nil, err
	}
	if len(spans) == 0 {
		return nil, fmt.Errorf("%w: the file has no spans: it must have OTLP JSON with resourceSpans", ErrUnreadable)
	}
	return spans, nil
}

// documents reads one JSON document after the other. A document is a request, an array of documents, or {"result": document}.
func documents(body []byte) ([]tracetree.Span, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	var spans []tracetree.Span
	for range maxDocuments {
		var raw json.RawMessage
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return spans, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: the file is neither OTLP JSON nor an exported page: %s", ErrUnreadable, text(err.Error(), 300))
		}
		more, err := document(raw)
		if err != nil {
			return nil, err
		}
		spans = append(spans, more...)
	}
	return nil, fmt.Errorf("%w: the file has more than %d documents", ErrTooLarge, maxDocuments)
}

func document(raw json.RawMessage) ([]tracetree.Span, error) {
	if bytes.HasPrefix(raw, []byte("[")) {
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, fmt.Errorf("%w: %s", ErrUnreadable, text(err.Error(), 300))
		}
		var spans []tracetree.Span
		for _, item := range list {
			more, err := document(item)
			if err != nil {
				return nil, err
			}
			spans = append(spans, more...)
		}
		return spans, nil
	}
	var jaeger struct {
		Result json.RawMessage `json:"result"`
		Error  *struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(raw, &jaeger); err != nil {
		return nil, fmt.Errorf("%w: a document must be an OTLP request or an array of them: %s", ErrUnreadable, text(err.Error(), 300))
	}
	switch {
	case jaeger.Error != nil:
		return nil, fmt.Errorf("%w: the file holds an error of Jaeger instead of spans: %s", ErrUnreadable, text(jaeger.Error.Message, 300))
	case len(jaeger.Result) > 0:
		raw = jaeger.Result
	}
	spans, _, err := ReadTraces(raw, JSON)
	return spans, err
}

// script returns the text of the element with the spans in a page.
func script(page []byte) ([]byte, error) {
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return nil, fmt.Errorf("%w: the page has no <script type=\"application/json\" id=%q>: it was not exported from the console", ErrUnreadable, PageID)
		case html.StartTagToken:
			token := z.Token()
			if token.Data != "script" || !hasAttribute(token, "id", PageID) {
				continue
			}
			if z.Next() != html.TextToken {
				return nil, fmt.Errorf("%w: the script element %q of the page is empty", ErrUnreadable, PageID)
			}
			return bytes.Clone(z.Raw()), nil
		default:
		}
	}
}

func hasAttribute(token html.Token, name, value string) bool {
	for _, a := range token.Attr {
		if a.Key == name && strings.TrimSpace(a.Val) == value {
			return true
		}
	}
	return false
}
