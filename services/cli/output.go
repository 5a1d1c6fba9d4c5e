package cli

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/mattn/go-isatty"
)

// output writes to standard output and keeps the first error: a command whose result was not written has failed.
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

// terminal returns the terminal that w writes to, or nil if w is none.
func terminal(w io.Writer) *os.File {
	if out, ok := w.(*output); ok {
		w = out.to
	}
	if file, ok := w.(*os.File); ok && isatty.IsTerminal(file.Fd()) {
		return file
	}
	return nil
}

// coloured reports whether w may get colours: it is a terminal, and NO_COLOR is not set (https://no-color.org).
func coloured(w io.Writer) bool {
	return terminal(w) != nil && os.Getenv("NO_COLOR") == ""
}

// printable replaces control characters: a terminal would obey those in a message of an unknown author.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && !strconv.IsPrint(r) {
			return '�'
		}
		return r
	}, text)
}

// oneLine is the printable text in one line. Joined errors have several lines.
func oneLine(text string) string {
	return strings.ReplaceAll(printable(strings.TrimSpace(text)), "\n", "; ")
}
