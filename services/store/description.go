package store

import (
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// description is what the spans of all transactions with the same statements have in common.
type description struct {
	name       string
	attributes []attribute.KeyValue
}

// descriptionMost is the most descriptions that are kept. A service has about 30 sequences of statements.
const descriptionMost = 1000

// descriptions has the descriptions by the ids of the statements. Making one takes longer than the rest of the span.
var (
	descriptions     sync.Map
	descriptionCount atomic.Int64
)

func descriptionOf(statements []statement) *description {
	key := make([]byte, 0, 64)
	for _, s := range statements {
		key = binary.AppendUvarint(key, s.id)
	}
	if known, ok := descriptions.Load(string(key)); ok {
		d, _ := known.(*description)
		return d
	}
	d := describe(statements)
	if descriptionCount.Add(1) <= descriptionMost {
		descriptions.Store(string(key), d)
	}
	return d
}

// describe makes a description. A transaction is no batch to the conventions: its statements are not given to the database in one
// call. Operation and collection have a value only if it is the same for all statements.
func describe(statements []statement) *description {
	name := transactionName(statements)
	d := &description{name, []attribute.KeyValue{semconv.DBQuerySummary(name), statementsKey.Int(len(statements))}}
	if len(statements) == 0 {
		return d
	}
	texts, operations := make([]string, len(statements)), make([]string, len(statements))
	for i, s := range statements {
		texts[i], operations[i] = s.query, s.name()
	}
	d.attributes = append(d.attributes, semconv.DBQueryText(strings.Join(texts, "; ")), operationsKey.StringSlice(operations))
	first := statements[0]
	if !slices.ContainsFunc(statements, func(s statement) bool { return s.operation != first.operation }) {
		d.attributes = append(d.attributes, semconv.DBOperationName(first.operation))
	}
	if !slices.ContainsFunc(statements, func(s statement) bool { return s.table != first.table }) && first.table != "" {
		d.attributes = append(d.attributes, semconv.DBCollectionName(first.table))
	}
	return d
}
