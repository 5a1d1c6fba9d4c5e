package rabbitmqtest

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// Ctl runs rabbitmqctl with args for this broker and returns what it prints, for what the management API cannot do, such
// as raising an alarm. It needs a broker that the test started (WithPrivate).
func (b *Broker) Ctl(args ...string) (string, error) {
	tool := "/usr/lib/rabbitmq/bin/rabbitmqctl" // Debian's wrapper insists on the user rabbitmq
	if _, err := os.Stat(tool); err != nil && b.cfg.release.usr == "" {
		tool = "rabbitmqctl"
	}
	cmd := b.cfg.release.command(tool, append([]string{"--quiet", "--timeout", "60"}, args...)...)
	cmd.WaitDelay = time.Second
	cmd.Env = append(os.Environ(), "HOME="+b.cfg.dir, fmt.Sprintf("RABBITMQ_NODENAME=traceria-%d@localhost", b.cfg.port),
		fmt.Sprintf("ERL_EPMD_PORT=%d", epmdPort(b.cfg.port)), "ERL_EPMD_ADDRESS=127.0.0.1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("rabbitmqctl %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}
