package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/load"
)

// loadProgress prints how far a load is on standard error: one line that moves on a terminal, else a line every few seconds.
type loadProgress struct {
	screen *screen
	last   time.Time
	phase  load.Phase
}

func newLoadProgress(cmd *cobra.Command) *loadProgress {
	return &loadProgress{screen: newScreen(cmd.ErrOrStderr())}
}

func (p *loadProgress) print(now load.Progress) {
	line := progressLine(now)
	switch {
	case p.screen.moves():
		p.screen.move(line)
	case time.Since(p.last) >= sayEvery || now.Phase != p.phase:
		p.last, p.phase = time.Now(), now.Phase
		p.screen.print(plain, line)
	}
}

func (p *loadProgress) end() { p.screen.move("") }

func progressLine(now load.Progress) string {
	parts := []string{fmt.Sprintf("%s %s of %s", now.Phase, now.Elapsed.Round(time.Second), now.Whole)}
	if now.Phase == load.Waiting || now.Phase == load.Reading {
		parts[0] = string(now.Phase)
	}
	for _, count := range []struct {
		n      int
		what   string
		always bool
	}{
		{now.Placed, "placed", true},
		{now.Delivered, "delivered", true},
		{now.UnderWay, "under way", true},
		{now.Refused, "refused", false},
		{now.Unsent, "not sent", false},
	} {
		if count.always || count.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count.n, count.what))
		}
	}
	return strings.Join(parts, ", ")
}
