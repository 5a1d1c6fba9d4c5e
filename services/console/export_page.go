package console

import (
	"crypto/sha256"
	_ "embed" // the template and the style of the page
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"traceria/services/host"
	"traceria/telemetry/tracetree"
)

// exportData is what an exported page shows.
type exportData struct {
	Journey journeyAnswer
	Spans   []tracetree.Span
	// OTLP has the spans as OTLP JSON. POST /api/files reads them from the page.
	OTLP []byte
	At   time.Time
}

var (
	//go:embed export_page.html
	exportHTML string
	//go:embed export_page.css
	exportCSS string

	exportTemplate = template.Must(template.New("export").Funcs(template.FuncMap{
		"ms": milliseconds, "time": stamp, "plural": host.Plural, "join": func(texts []string) string { return strings.Join(texts, ", ") },
	}).Parse(exportHTML))

	// exportPolicy allows the page's own style, and nothing else: no script, no request.
	exportPolicy = func() string {
		sum := sha256.Sum256([]byte(exportCSS))
		return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}()
)

// exportView is what the template reads.
type exportView struct {
	journeyAnswer
	Policy string
	CSS    template.CSS
	At     string
	Length float64
	Lines  []exportLine
	Gaps   []exportGap
	Spans  json.RawMessage
}

// exportLine is a span.
type exportLine struct {
	tracetree.Row
	Indent, Said, Wait, BackOff string
	Bars                        []exportBar
	Attributes                  []exportAttribute
}

// exportBar is a part of a span's time, in thousandths of the whole.
type exportBar struct {
	Class    string
	X, Width float64
}

type exportAttribute struct{ Name, Value string }

// exportGap is what has not happened yet.
type exportGap struct{ Expected, Where string }

// exportPage writes a journey as a page that needs no other file, no script and no server.
func exportPage(w io.Writer, d exportData) error {
	drawn := d.Journey.Waterfall
	v := exportView{
		journeyAnswer: d.Journey, Policy: exportPolicy, CSS: template.CSS(exportCSS), At: stamp(d.At), //nolint:gosec // our own file
		Length: milli(drawn.End.Sub(drawn.Start)), Gaps: gaps(d.Journey.Missing), Spans: d.OTLP,
	}
	attributes := map[[2]string]map[string]any{}
	for _, s := range d.Spans {
		attributes[[2]string{s.TraceID, s.SpanID}] = s.Attributes
	}
	for _, row := range drawn.Rows {
		line := exportLine{
			Row: row, Indent: strings.Repeat("\u00a0\u00a0", min(row.Depth, deepest)), Bars: bars(row, v.Length),
			Said: fmt.Sprintf("starts at %s and takes %s", milliseconds(row.StartMS), milliseconds(row.DurationMS)),
		}
		if row.Wait != nil {
			line.Wait = milliseconds(row.Wait.MS)
			if !row.Wait.Told {
				line.Wait = "~" + line.Wait
			}
			line.Said += ", after a wait of " + line.Wait
		}
		if row.BackOff != nil {
			line.BackOff = milliseconds(row.BackOff.MS)
			line.Said += ", after a back-off of " + line.BackOff
		}
		of := attributes[[2]string{row.TraceID, row.SpanID}]
		for _, name := range slices.Sorted(maps.Keys(of)) {
			line.Attributes = append(line.Attributes, exportAttribute{name, fmt.Sprint(of[name])})
		}
		v.Lines = append(v.Lines, line)
	}
	return exportTemplate.Execute(w, v)
}

// deepest is the depth at which the indent stops to grow.
const deepest = 24

// bars are the back-off, the wait and the work of a span.
func bars(row tracetree.Row, length float64) []exportBar {
	if length <= 0 {
		length = 1
	}
	bar := func(class string, from, to float64) exportBar {
		from, to = max(from, 0), min(to, length)
		return exportBar{class, 1000 * from / length, max(1000*(to-from)/length, 1)}
	}
	var all []exportBar
	begin := row.StartMS
	if row.Wait != nil {
		all = append(all, bar("b-wait", begin-row.Wait.MS, begin))
		begin -= row.Wait.MS
	}
	if row.BackOff != nil {
		all = append(all, bar("b-backoff", begin-row.BackOff.MS, begin))
	}
	class := "b-work"
	switch {
	case row.Failed:
		class = "b-failed"
	case row.Database:
		class = "b-db"
	}
	return append(all, bar(class, row.StartMS, row.StartMS+row.DurationMS))
}

// gaps reads what is missing from its JSON: the console does not know the type.
func gaps(missing any) []exportGap {
	text, err := json.Marshal(missing)
	if err != nil {
		return nil
	}
	var found struct{ Gaps []exportGap }
	if json.Unmarshal(text, &found) != nil {
		return nil
	}
	return found.Gaps
}

// milliseconds is a time for people.
func milliseconds(ms float64) string {
	switch {
	case ms == 0:
		return "0 ms"
	case ms >= 60_000:
		return fmt.Sprintf("%.1f min", ms/60_000)
	case ms >= 1000:
		return fmt.Sprintf("%.2f s", ms/1000)
	case ms >= 10:
		return fmt.Sprintf("%.0f ms", ms)
	case ms >= 1:
		return fmt.Sprintf("%.1f ms", ms)
	default:
		return fmt.Sprintf("%.0f µs", ms*1000)
	}
}

func milli(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05.000 UTC") }
