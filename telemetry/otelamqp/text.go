package otelamqp

import "strings"

// validText returns text with each run of bytes that are not UTF-8 replaced by U+FFFD. AMQP texts may have any bytes. An OTLP
// exporter refuses the whole batch for one that is not UTF-8, and a metric with it would come with every export.
func validText(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }
