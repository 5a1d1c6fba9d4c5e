package telemetry

import (
	"io"
	"os"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/trace"
)

// newLogger returns a logger that writes JSON lines, or readable lines to a terminal. It copies each line to provider unless
// that is nil.
func newLogger(cfg Config, service string, provider log.LoggerProvider) zerolog.Logger {
	out := cfg.LogOutput
	if out == nil {
		out = os.Stdout
	}
	writer := readable(out)
	if provider != nil {
		writer = zerolog.MultiLevelWriter(writer, &recordWriter{logger: provider.Logger("traceria/telemetry")})
	}
	return zerolog.New(writer).Level(cfg.LogLevel).Hook(traceHook{}).With().Timestamp().Str("service", service).Logger()
}

func readable(out io.Writer) io.Writer {
	file, ok := out.(*os.File)
	if !ok || !isatty.IsTerminal(file.Fd()) {
		return out
	}
	_, noColour := os.LookupEnv("NO_COLOR")
	return zerolog.ConsoleWriter{Out: out, TimeFormat: "15:04:05.000", NoColor: noColour}
}

// traceHook adds trace id, span id and conversation to a log line. The event needs a context:
//
//	log.Info().Ctx(ctx).Msg("ticket opened")
type traceHook struct{}

func (traceHook) Run(e *zerolog.Event, _ zerolog.Level, _ string) {
	ctx := e.GetCtx()
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		e.Str("trace_id", sc.TraceID().String()).Str("span_id", sc.SpanID().String())
	}
	if id := Conversation(ctx); id != "" {
		e.Str("conversation", id)
	}
}
