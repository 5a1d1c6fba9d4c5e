package store

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// statement is a statement that a transaction ran.
type statement struct {
	query, operation, table string
	id                      uint64 // of the text
	took                    time.Duration
}

func (s statement) name() string { return strings.TrimSpace(s.operation + " " + s.table) }

// summaries has the statements by their texts, which are few: see [padded]. summaryCount is the number of texts so far.
var (
	summaries    sync.Map
	summaryCount atomic.Uint64
)

// summarized returns the statement with a text. It parses each text once.
func summarized(query string) statement {
	if known, ok := summaries.Load(query); ok {
		s, _ := known.(statement)
		return s
	}
	operation, table := parseSummary(query)
	known, _ := summaries.LoadOrStore(query, statement{query: query, operation: operation, table: table, id: summaryCount.Add(1)})
	s, _ := known.(statement)
	return s
}

// summary returns the operation of a statement and its table.
func summary(query string) (operation, table string) {
	s := summarized(query)
	return s.operation, s.table
}

// parseSummary returns the operation of a statement and the first table that it names outside parentheses, else inside, or "".
// It reads the forms that this repository writes.
func parseSummary(query string) (operation, table string) {
	first, rest := word(query)
	operation = strings.ToUpper(first)
	for last, depth := first, 0; rest != ""; {
		var next string
		next, rest = word(rest)
		if namesTable(last) {
			name, _, _ := strings.Cut(next, "(")
			name = strings.TrimRight(name, ")")
			if depth == 0 {
				return operation, name
			}
			table = cmp.Or(table, name)
		}
		depth += strings.Count(next, "(") - strings.Count(next, ")")
		last = next
	}
	return operation, table
}

// namesTable tells whether the name of a table follows the word.
func namesTable(word string) bool {
	return strings.EqualFold(word, "FROM") || strings.EqualFold(word, "INTO") || strings.EqualFold(word, "UPDATE")
}

// word returns the first word of text and what follows it.
func word(text string) (first, rest string) {
	text = strings.TrimLeft(text, " \t\r\n")
	if end := strings.IndexAny(text, " \t\r\n"); end >= 0 {
		return text[:end], text[end:]
	}
	return text, ""
}

// transactionName names a transaction by what it writes, else by what it reads: the operation on the first table and then
// the other tables, in the order of their first statements, as in "INSERT orders + outbox". The outbox is last. The inbox
// is only named alone: every handler writes it.
func transactionName(statements []statement) string {
	named := slices.DeleteFunc(slices.Clone(statements), func(s statement) bool { return s.operation == "SELECT" })
	if len(named) == 0 {
		named = statements
	}
	if others := slices.DeleteFunc(slices.Clone(named), func(s statement) bool { return s.table == "inbox" }); len(others) > 0 {
		named = others
	}
	if len(named) == 0 {
		return "BEGIN"
	}
	first := named[0]
	var tables []string
	for _, s := range named {
		if s.table == first.table && first.operation == "INSERT" {
			first.operation = s.operation // the insert only made sure that there is a row to update
		}
		if s.table != "" && !slices.Contains(tables, s.table) {
			tables = append(tables, s.table)
		}
	}
	if at := slices.Index(tables, "outbox"); at > 0 {
		tables = append(slices.Delete(tables, at, at+1), "outbox")
	}
	return strings.TrimSpace(first.operation + " " + strings.Join(tables, " + "))
}
