package cli

import (
	"cmp"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// style is the escape sequence of a colour, or "".
type style string

const (
	plain  style = ""
	red    style = "\x1b[31m"
	green  style = "\x1b[32m"
	yellow style = "\x1b[33m"
	bold   style = "\x1b[1;33m"
)

const (
	resetStyle   = "\x1b[0m"
	eraseLine    = "\r\x1b[K"
	defaultWidth = 80
)

// screen prints lines. On a terminal it can have a last line that moves, and colours.
type screen struct {
	w       io.Writer
	file    *os.File // the terminal, or nil
	colours bool
	moving  bool // the last line is one that moves
}

func newScreen(w io.Writer) *screen { return &screen{w: w, file: terminal(w), colours: coloured(w)} }

// moves reports whether the screen can have a line that moves.
func (s *screen) moves() bool { return s.file != nil }

// print writes a line that stays. A failed write shows in [output].
func (s *screen) print(style style, line string) {
	if s.moving {
		_, _ = io.WriteString(s.w, eraseLine)
		s.moving = false
	}
	if s.colours && style != plain {
		line = string(style) + line + resetStyle
	}
	_, _ = fmt.Fprintln(s.w, line)
}

// move replaces the line that moves. An empty line removes it.
func (s *screen) move(line string) {
	if !s.moves() || line == "" && !s.moving {
		return
	}
	_, _ = io.WriteString(s.w, eraseLine+cut(line, cmp.Or(s.width(), defaultWidth)))
	s.moving = line != ""
}

// width is the number of columns of the terminal, or 0 if that is not known.
func (s *screen) width() int {
	width, _, err := term.GetSize(int(s.file.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// cut shortens a line to a number of characters, so that it stays one line.
func cut(line string, width int) string {
	runes := []rune(line)
	if len(runes) < width {
		return line
	}
	return string(runes[:max(0, width-2)]) + "…"
}
