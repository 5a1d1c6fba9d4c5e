package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/mattn/go-isatty"
)

// output is standard output, and remembers that something could not be written: a command whose result went nowhere has
// not done its work.
type output struct {
	to     io.Writer
	failed error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.to.Write(p)
	if err != nil && o.failed == nil {
		o.failed = fmt.Errorf("write the result: %w", err)
	}
	return n, err
}

// terminal is the terminal to which w writes, or nil when that is something else.
func terminal(w io.Writer) *os.File {
	if out, ok := w.(*output); ok {
		w = out.to
	}
	if file, ok := w.(*os.File); ok && isatty.IsTerminal(file.Fd()) {
		return file
	}
	return nil
}

// coloured says whether what is written to w may have colours: on a terminal, unless NO_COLOR is set (https://no-color.org).
func coloured(w io.Writer) bool {
	return terminal(w) != nil && os.Getenv("NO_COLOR") == ""
}
