package dashboards_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// prom asks a real Prometheus.
type prom struct{ url string }

// series is an answer of Prometheus: its labels, and its values by time.
type series struct {
	Metric map[string]string
	Values []sample
	Value  sample // of an instant query
}

// sample is a pair of a time and a value, as Prometheus encodes it.
type sample struct {
	at    float64
	value float64
}

func (s *sample) UnmarshalJSON(text []byte) error {
	var pair [2]any
	if err := json.Unmarshal(text, &pair); err != nil {
		return err
	}
	at, isNumber := pair[0].(float64)
	value, isText := pair[1].(string)
	if !isNumber || !isText {
		return fmt.Errorf("a sample %s, want [seconds, \"value\"]", text)
	}
	var err error
	s.at = at
	s.value, err = strconv.ParseFloat(value, 64)
	return err
}

// exemplar is a measurement with its trace.
type exemplar struct {
	Labels map[string]string
	Value  string
}

// over asks for the values between from and to.
func (p prom) over(ctx context.Context, expr string, from, to time.Time) ([]series, error) {
	var answer struct{ Result []series }
	err := p.get(ctx, "/api/v1/query_range", url.Values{
		"query": {expr}, "start": {seconds(from)}, "end": {seconds(to)}, "step": {"1s"},
	}, &answer)
	return answer.Result, err
}

// now asks for the present value.
func (p prom) now(ctx context.Context, expr string) ([]series, error) {
	var answer struct{ Result []series }
	err := p.get(ctx, "/api/v1/query", url.Values{"query": {expr}}, &answer)
	return answer.Result, err
}

// labelValues asks for the values of a label of a metric, as a variable of a dashboard does.
func (p prom) labelValues(ctx context.Context, metric, label string) (values []string, err error) {
	err = p.get(ctx, "/api/v1/label/"+label+"/values", url.Values{"match[]": {metric}}, &values)
	return values, err
}

func (p prom) exemplars(ctx context.Context, expr string, from, to time.Time) ([]exemplar, error) {
	var found []struct{ Exemplars []exemplar }
	err := p.get(ctx, "/api/v1/query_exemplars", url.Values{"query": {expr}, "start": {seconds(from)}, "end": {seconds(to)}}, &found)
	var all []exemplar
	for _, one := range found {
		all = append(all, one.Exemplars...)
	}
	return all, err
}

func (p prom) get(ctx context.Context, path string, values url.Values, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path+"?"+values.Encode(), nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var body struct {
		Status, Error string
		Data          json.RawMessage
	}
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		return err
	}
	if body.Status != "success" {
		return fmt.Errorf("%s: %s", values, body.Error)
	}
	return json.Unmarshal(body.Data, answer)
}

func seconds(at time.Time) string {
	return strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64)
}

// values counts the finite values of an answer, and those that are not 0.
func values(all []series) (finite, moved int) {
	for _, one := range all {
		for _, s := range append(one.Values, one.Value) {
			if s.at == 0 || math.IsNaN(s.value) || math.IsInf(s.value, 0) {
				continue
			}
			finite++
			if s.value != 0 {
				moved++
			}
		}
	}
	return finite, moved
}
