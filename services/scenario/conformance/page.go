package conformance

import _ "embed"

//go:embed page.md
var page string

// Page returns the page of the scenario, in Markdown.
func Page() string { return page }
