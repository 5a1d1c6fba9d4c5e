package rabbitmqtest

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

//go:embed rabbitmq.sh
var script []byte

// stopTime is how long an orderly end may take.
const stopTime = 60 * time.Second

// process is one run of the broker.
type process struct {
	cmd    *exec.Cmd
	log    string
	exited chan struct{} // closed when the script has ended
}

// installed returns an error that says what to do when there is no RabbitMQ.
func installed() error {
	if _, err := os.Stat("/usr/lib/rabbitmq/bin/rabbitmq-server"); err == nil {
		return nil
	}
	if _, err := exec.LookPath("rabbitmq-server"); err != nil {
		return errors.New("rabbitmq-server is not installed: on Debian or Ubuntu run " +
			"'apt-get install -y --no-install-recommends rabbitmq-server', or set AMQP_URL to a running broker")
	}
	return nil
}

func launch(s settings) (*process, error) {
	path := filepath.Join(s.dir, "rabbitmq.sh")
	if err := os.WriteFile(path, script, 0o600); err != nil {
		return nil, fmt.Errorf("write the start script: %w", err)
	}
	p := &process{log: filepath.Join(s.dir, "output.log"), exited: make(chan struct{})}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the broker's log: %w", err)
	}
	defer out.Close() //nolint:errcheck // the child has its own descriptor
	copied, err := s.copyDefinitions()
	if err != nil {
		return nil, err
	}
	args := []string{path, s.dir, strconv.Itoa(s.port), strconv.Itoa(s.mgmt), copied}
	if s.metrics {
		args = append(args, strconv.Itoa(s.port+metricsAbove))
	}
	p.cmd = s.release.command("sh", args...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = ownGroup()
	started := make(chan error)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start the broker: %w", err)
	}
	return p, nil
}

// copyDefinitions copies the definitions to the broker's folder: the broker sees another /usr, where they may lie.
// It returns "" if there are none.
func (s settings) copyDefinitions() (string, error) {
	if s.definitions == "" {
		return "", nil
	}
	text, err := os.ReadFile(s.definitions)
	if err != nil {
		return "", fmt.Errorf("read the broker's definitions: %w", err)
	}
	path := filepath.Join(s.dir, "definitions.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return "", fmt.Errorf("copy the broker's definitions: %w", err)
	}
	return path, nil
}

// stop asks the script to end the broker.
func (p *process) stop() error {
	select {
	case <-p.exited:
		return nil
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the broker: %w", err)
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(stopTime):
		return errors.Join(fmt.Errorf("the broker did not stop within %s: %s", stopTime, p.tail()), p.kill())
	}
}

// signal sends s to the script and the broker: they are one process group.
func (p *process) signal(s syscall.Signal) error {
	if err := syscall.Kill(-p.cmd.Process.Pid, s); err != nil {
		return fmt.Errorf("send %s to the broker: %w", s, err)
	}
	return nil
}

// kill ends the script and the broker without notice: they are one process group.
func (p *process) kill() error {
	if err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill the broker: %w", err)
	}
	<-p.exited
	return nil
}

// tail returns the end of the broker's output, for error messages.
func (p *process) tail() string {
	out, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(out[max(0, len(out)-2000):])
}
