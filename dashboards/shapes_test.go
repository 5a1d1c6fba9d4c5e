package dashboards_test

import (
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"math"
	"slices"
	"strings"
)

// across is the place of a time in a picture that is wide.
func (r *run) across(at float64, wide float64) float64 {
	from, to := float64(r.began.UnixMilli())/1000, float64(r.ended.UnixMilli())/1000
	return wide * (at - from) / (to - from)
}

// graph draws the series as lines, with the threshold and the largest value.
func (r *run) graph(p panel, lines []line, high float64) string {
	const wide = 500.0
	top := 0.0
	for _, l := range lines {
		for _, s := range l.Values {
			if usable(s.value) {
				top = max(top, s.value)
			}
		}
	}
	if top == 0 {
		top = 1
	}
	top *= 1.1
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg viewBox="0 0 %g %g">`, wide, high)
	for i, l := range lines {
		path, pen := "", "M"
		for _, s := range l.Values {
			if !usable(s.value) {
				pen = "M"
				continue
			}
			path += fmt.Sprintf("%s%.1f %.1f", pen, r.across(s.at, wide), high-high*s.value/top)
			pen = "L"
		}
		fmt.Fprintf(&svg, `<path d="%s" fill="none" stroke="%s" stroke-width="1.3"/>`, path, colours[i%len(colours)])
	}
	for _, step := range p.FieldConfig.Defaults.Thresholds.Steps {
		if step.Value != nil && *step.Value < top && p.Type == "timeseries" {
			y := high - high**step.Value/top
			fmt.Fprintf(&svg, `<path d="M0 %g H%g" stroke="#f2495c" stroke-dasharray="6 4"/>`, y, wide)
		}
	}
	if p.Type == "timeseries" {
		fmt.Fprintf(&svg, `<text x="2" y="11" fill="#8e8e99" font-size="11">%s</text>`, shown(top, p.FieldConfig.Defaults.Unit))
	}
	return svg.String() + "</svg>"
}

// bars draws a bar for each series, coloured by its value.
func (r *run) bars(steps []threshold, lines []line) string {
	var out strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&out, `%s<svg viewBox="0 0 1000 14" preserveAspectRatio="none" height="14">`, html.EscapeString(l.name))
		for _, s := range l.Values {
			fmt.Fprintf(&out, `<rect x="%.1f" width="8" height="12" fill="%s"/>`, r.across(s.at, 1000), colourOf(steps, s.value))
		}
		out.WriteString("</svg>")
	}
	return out.String()
}

// cells draws a heatmap: a row for each bucket.
func (r *run) cells(lines []line) string {
	buckets := map[float64]map[float64]float64{} // by bound, by time
	for _, l := range lines {
		bound := math.Inf(1)
		if _, err := fmt.Sscan(l.Metric["le"], &bound); err != nil {
			continue
		}
		buckets[bound] = map[float64]float64{}
		for _, s := range l.Values {
			buckets[bound][s.at] = s.value
		}
	}
	bounds := slices.Sorted(maps.Keys(buckets))
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg viewBox="0 0 500 %d">`, 12*len(bounds))
	for i, bound := range bounds {
		for at, value := range buckets[bound] {
			if i > 0 {
				value -= buckets[bounds[i-1]][at]
			}
			if value > 0 {
				fmt.Fprintf(&svg, `<rect x="%.1f" y="%d" width="4" height="11" fill="#ff9830" opacity="%.2f"/>`, r.across(at, 500), 12*(len(bounds)-1-i), min(1, 0.2+value/4))
			}
		}
		fmt.Fprintf(&svg, `<text x="2" y="%d" fill="#8e8e99" font-size="9">%g s</text>`, 12*(len(bounds)-i)-3, bound)
	}
	return svg.String() + "</svg>"
}

// table draws the last values of the queries, a column for each.
func (r *run) table(lines []line, p panel) string {
	titles := map[string]string{} // by query
	units := map[string]string{}
	for i, q := range p.Targets {
		override := p.FieldConfig.Overrides[len(p.FieldConfig.Overrides)-len(p.Targets)+i]
		titles[q.RefID] = override.Matcher.Options
		for _, property := range override.Properties {
			if property.ID == "unit" {
				_ = json.Unmarshal(property.Value, new(string))
				units[q.RefID] = strings.Trim(string(property.Value), `"`)
			}
		}
	}
	rows := map[string]map[string]string{}
	for _, l := range lines {
		name := l.Metric["messaging_destination_subscription_name"]
		if rows[name] == nil {
			rows[name] = map[string]string{}
		}
		if value, found := last(l.Values); found {
			rows[name][l.query] = shown(value, units[l.query])
		}
	}
	out := "<table><tr><th>" + p.Title + "</th>"
	for _, q := range p.Targets {
		out += "<th>" + titles[q.RefID] + "</th>"
	}
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		out += "</tr><tr><td>" + html.EscapeString(name) + "</td>"
		for _, q := range p.Targets {
			out += "<td>" + rows[name][q.RefID] + "</td>"
		}
	}
	return out + "</tr></table>"
}

func usable(value float64) bool { return !math.IsNaN(value) && !math.IsInf(value, 0) }

// last returns the last value that can be shown.
func last(all []sample) (value float64, found bool) {
	for _, s := range slices.Backward(all) {
		if usable(s.value) {
			return s.value, true
		}
	}
	return 0, false
}

func colourOf(steps []threshold, value float64) string {
	colour := "text"
	for _, step := range steps {
		if step.Value == nil || value >= *step.Value {
			colour = step.Color
		}
	}
	return map[string]string{"green": "#73bf69", "yellow": "#f2cc0c", "red": "#f2495c", "text": "#ccccdc"}[colour]
}

// shown writes a value with its unit, about as Grafana does.
func shown(value float64, unit string) string {
	switch {
	case unit == "percentunit":
		return fmt.Sprintf("%.3g%%", 100*value)
	case unit == "bytes" || unit == "Bps":
		return fmt.Sprintf("%.3g MiB", value/(1<<20))
	case unit == "s" && value < 1:
		return fmt.Sprintf("%.3g ms", 1000*value)
	case unit == "short" || unit == "":
		return fmt.Sprintf("%.3g", value)
	}
	return fmt.Sprintf("%.3g %s", value, unit)
}
