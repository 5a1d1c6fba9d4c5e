package store

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"modernc.org/sqlite"
)

// liteConnector opens connections to a SQLite database. It implements driver.Connector.
type liteConnector struct {
	source    string
	instances driver.Driver // with spans
}

// newLiteConnector prepares connections whose statements make spans by otelsql where [statementSpan] wants them.
func newLiteConnector(source string, meter metric.Meter, attributes []attribute.KeyValue, options ...otelsql.Option) (*liteConnector, error) {
	durations, err := newDurations(meter, attributes)
	if err != nil {
		return nil, err
	}
	options = append(options, otelsql.WithMeterProvider(metricnoop.NewMeterProvider())) // durations has the metric
	return &liteConnector{source, otelsql.WrapDriver(preparingDriver{durations}, options...)}, nil
}

// Connect implements driver.Connector.
func (c *liteConnector) Connect(context.Context) (driver.Conn, error) {
	traced, err := c.instances.Open(c.source)
	if err != nil {
		return nil, err
	}
	raw, ok := traced.(interface{ Raw() driver.Conn })
	if !ok {
		return nil, fmt.Errorf("the traced connection is a %T without the driver's connection", traced)
	}
	plain, ok := raw.Raw().(*preparedConn)
	if !ok {
		return nil, fmt.Errorf("the driver's connection is a %T", raw.Raw())
	}
	with, ok := traced.(liteDriver)
	if !ok {
		return nil, fmt.Errorf("the traced connection is a %T without contexts", traced)
	}
	return &liteConn{preparedConn: plain, traced: with}, nil
}

// Driver implements driver.Connector.
func (c *liteConnector) Driver() driver.Driver { return c.instances }

// preparingDriver opens connections that keep their statements prepared.
type preparingDriver struct{ durations *durations }

// Open implements driver.Driver.
func (d preparingDriver) Open(source string) (driver.Conn, error) {
	connector, err := sqlite.NewConnector(source)
	if err != nil {
		return nil, err
	}
	conn, err := connector.Connect(context.Background())
	if err != nil {
		return nil, err
	}
	lite, ok := conn.(liteDriver)
	if !ok {
		return nil, fmt.Errorf("the SQLite driver's connection is a %T without contexts", conn)
	}
	return &preparedConn{liteDriver: lite, statements: map[string]*prepared{}, durations: d.durations}, nil
}

// liteConn is a connection whose calls go through otelsql only if they make a span: the way through it costs much even if it makes
// none.
type liteConn struct {
	*preparedConn
	traced liteDriver
}

// ExecContext implements driver.ExecerContext.
func (c *liteConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if statementSpan(ctx) {
		return c.traced.ExecContext(ctx, query, args)
	}
	return c.preparedConn.ExecContext(ctx, query, args)
}

// QueryContext implements driver.QueryerContext.
func (c *liteConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if statementSpan(ctx) {
		return c.traced.QueryContext(ctx, query, args)
	}
	return c.preparedConn.QueryContext(ctx, query, args)
}
