package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"traceria/services/host"
)

// stuckAfter is how long nothing may happen to an unfinished journey before it counts as stuck.
const stuckAfter = 10 * time.Second

// settings are the console's own variables.
type settings struct {
	// memory (CONSOLE_MEMORY) is the limit of the spans that are kept, in bytes.
	memory int64
	// hosts (CONSOLE_HOSTS) are more names that the Host header may have.
	hosts []string
}

const (
	defaultMemory = "64 MB"
	leastMemory   = 1 << 20
	mostMemory    = 1 << 40
)

func readSettings(env *host.Env) settings {
	var s settings
	env.Checked("CONSOLE_MEMORY", defaultMemory, func(text string) error {
		n, err := humanize.ParseBytes(text)
		if err != nil || n < leastMemory || n > mostMemory {
			return fmt.Errorf("want 1 MiB to 1 TiB with a unit, such as 64 MB or 1 GiB")
		}
		s.memory = int64(n) //nolint:gosec // at most mostMemory
		return nil
	})
	env.Checked("CONSOLE_HOSTS", "", func(text string) error {
		for name := range strings.SplitSeq(text, ",") {
			name = strings.TrimSpace(name)
			if name == "" {
				continue
			}
			if !isHostName(name) {
				return fmt.Errorf("want names or addresses with commas between and without ports, such as demo.example,192.0.2.7")
			}
			s.hosts = append(s.hosts, name)
		}
		return nil
	})
	return s
}
