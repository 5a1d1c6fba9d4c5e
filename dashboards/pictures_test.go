package dashboards_test

import (
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pictures is for a look at the dashboards where no Grafana runs. chromium --screenshot makes pictures of the pages.
var pictures = flag.String("pictures", "", "folder into which TestEveryQueryHasData draws its answers, as a page for each dashboard")

const pageStyle = `<meta charset="utf-8"><style>
body{background:#111217;color:#ccccdc;font:13px Inter,"DejaVu Sans",sans-serif;margin:12px;width:1576px}
h1{font-size:20px;margin:4px 8px}h2{font-size:15px;grid-column:1/-1;margin:6px 4px 0}
main{display:grid;grid-template-columns:repeat(24,1fr);gap:8px}
section{background:#181b1f;border:1px solid #2c3235;border-radius:3px;padding:8px;overflow:hidden}
h3{font-size:13px;font-weight:500;margin:0 0 4px}b{font-size:30px;font-weight:500;display:block;text-align:center}
table{border-collapse:collapse;width:100%}td,th{text-align:right;padding:2px 8px;border-bottom:1px solid #2c3235;font-size:12px}
td:first-child,th:first-child{text-align:left}ul{list-style:none;margin:2px 0;padding:0;font-size:11px;columns:2}li{white-space:nowrap;overflow:hidden}
svg{display:block;width:100%}</style>`

var colours = []string{"#73bf69", "#f2cc0c", "#5794f2", "#ff780a", "#f2495c", "#b877d9", "#8ab8ff", "#56a64b", "#ffa6b0", "#fade2a"}

// draw writes a page for each dashboard, if a folder is named.
func (r *run) draw(t *testing.T, answers map[string][]series) {
	t.Helper()
	if *pictures == "" {
		return
	}
	for _, board := range read(t) {
		var page strings.Builder
		fmt.Fprintf(&page, "%s<h1>%s</h1><p>%s</p><main>", pageStyle, board.Title, board.Description)
		for _, p := range board.Panels {
			if p.Type == "row" {
				fmt.Fprintf(&page, "<h2>%s</h2>", p.Title)
				for _, inside := range p.Panels {
					page.WriteString(r.drawn(board, inside, answers))
				}
				continue
			}
			page.WriteString(r.drawn(board, p, answers))
		}
		if err := os.WriteFile(filepath.Join(*pictures, board.UID+".html"), []byte(page.String()+"</main>"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (r *run) drawn(board stored, p panel, answers map[string][]series) string {
	var lines []line
	for _, q := range p.Targets {
		for _, one := range answers[answerKey(board, p, q)] {
			lines = append(lines, line{name: named(q.LegendFormat, one.Metric), series: one, query: q.RefID})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return strings.Compare(a.name, b.name) })
	return fmt.Sprintf(`<section style="grid-column:span %d"><h3>%s</h3>%s</section>`, p.GridPos.W, html.EscapeString(p.Title), r.inside(p, lines))
}

// line is a series with its name in the legend.
type line struct {
	name, query string
	series
}

// named fills in a legend.
func named(legend string, labels map[string]string) string {
	for name, value := range labels {
		legend = strings.ReplaceAll(legend, "{{"+name+"}}", value)
	}
	if strings.Contains(legend, "{{") {
		return fmt.Sprintf("%s, of %v", legend, labels)
	}
	return legend
}

func (r *run) inside(p panel, lines []line) string {
	steps := p.FieldConfig.Defaults.Thresholds.Steps
	switch p.Type {
	case "stat":
		if len(lines) == 0 {
			return "<b>No data</b>"
		}
		value, found := last(lines[0].Values)
		if !found {
			return "<b>NaN</b>"
		}
		return fmt.Sprintf(`<b style="color:%s">%s</b>%s`, colourOf(steps, value), shown(value, p.FieldConfig.Defaults.Unit), r.graph(p, lines, 40))
	case "table":
		return r.table(lines, p)
	case "state-timeline":
		return r.bars(steps, lines)
	case "heatmap":
		return r.cells(lines)
	}
	var legend strings.Builder
	for i, l := range lines {
		if value, found := last(l.Values); found {
			fmt.Fprintf(&legend, `<li><span style="color:%s">&#9644;</span> %s %s</li>`, colours[i%len(colours)], html.EscapeString(l.name), shown(value, p.FieldConfig.Defaults.Unit))
		}
	}
	return r.graph(p, lines, 190) + "<ul>" + legend.String() + "</ul>"
}
