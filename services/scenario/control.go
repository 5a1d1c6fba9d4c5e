package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"traceria/services/host"
	"traceria/services/topology"
	"traceria/telemetry"
)

// Control stops and starts the parts of a running system, and runs commands with the rights of a part.
type Control interface {
	// Name names what runs the system: native, docker or none.
	Name() string
	// Can says why the part cannot be stopped and started, or nil. Parts are the services, rabbitmq and collector.
	Can(ctx context.Context, part string) error
	// Restarts says why a process that ends is not started again, or nil.
	Restarts(ctx context.Context) error
	Stop(ctx context.Context, part string) error
	// Start starts a part. One that runs is no error: make up may have started it since a run that was killed.
	Start(ctx context.Context, part string) error
	// Rights says why Command lacks the rights of the part at the broker, or nil.
	Rights(ctx context.Context, part string) error
	// Command returns a command of traceria that runs with the rights of the part at the broker.
	Command(ctx context.Context, part string, args ...string) *exec.Cmd
}

// watcher is the part that may do everything at the broker. It restores the topology.
const watcher = "topology"

// FindControl finds what runs the system whose order service is at an address: the process-compose of make up in this folder, or
// docker compose. Both may run, at different ports. Without them the parts cannot be stopped, and commands have the rights of the
// user in amqpURL.
func FindControl(ctx context.Context, order, amqpURL string) Control {
	alone := none{user: userOf(amqpURL)}
	at, err := telemetry.ParseURL(order)
	if err != nil {
		return alone
	}
	if d := (docker{}); d.publishes(ctx, at.Port()) {
		return d
	}
	if n := (native{}); at.Port() == strconv.Itoa(host.Ports["order"]) && n.running(ctx) {
		return n
	}
	return alone
}

func (native) Name() string { return "native" }
func (docker) Name() string { return "docker" }
func (none) Name() string   { return "none" }

// native is a system that make up runs in this folder.
type native struct{}

const (
	nativeSocket = ".run/pc.sock"
	nativeBinary = "bin/process-compose"
)

func (native) client(ctx context.Context, args ...string) *exec.Cmd {
	client := append([]string{"-U", "-u", nativeSocket, "-L", ".run/log/process-compose-client.log"}, args...)
	return exec.CommandContext(ctx, "./"+nativeBinary, client...)
}

func (n native) running(ctx context.Context) bool {
	parts, err := n.parts(ctx)
	return err == nil && slices.Contains(parts, "order")
}

// parts returns the names of the processes that run.
func (n native) parts(ctx context.Context) (names []string, err error) {
	if _, err := os.Stat(nativeSocket); err != nil {
		return nil, err
	}
	text, err := output(n.client(ctx, "process", "list", "--output", "json"))
	if err != nil {
		return nil, err
	}
	var processes []struct {
		Name      string `json:"name"`
		IsRunning bool   `json:"is_running"`
	}
	if err := json.Unmarshal(text, &processes); err != nil {
		return nil, fmt.Errorf("process-compose: %w", err)
	}
	for _, p := range processes {
		if p.IsRunning {
			names = append(names, p.Name)
		}
	}
	return names, nil
}

func (n native) Can(ctx context.Context, part string) error {
	parts, err := n.parts(ctx)
	return runs("make up", part, parts, err)
}

func (native) Restarts(context.Context) error { return nil }

func (n native) Stop(ctx context.Context, part string) error {
	_, err := output(n.client(ctx, "process", "stop", part))
	return err
}

func (n native) Start(ctx context.Context, part string) error {
	_, err := output(n.client(ctx, "process", "start", part))
	if err == nil || n.Can(ctx, part) == nil { // it runs already: process-compose refuses to start it again
		return nil
	}
	return err
}

func (native) Rights(context.Context, string) error { return nil }

// Command runs this program. The user guest, which the tools of make up have, may do everything. A service that make up has
// started has a user of its own, and the command gets that of the part instead.
func (native) Command(ctx context.Context, part string, args ...string) *exec.Cmd {
	cmd := itself(ctx, args)
	if part == watcher {
		part = topology.Operator
	}
	if match, _ := filepath.Match(nativePassword("*"), os.Getenv("AMQP_PASSWORD_FILE")); match {
		cmd.Env = append(os.Environ(), "AMQP_URL="+as(os.Getenv("AMQP_URL"), part), "AMQP_PASSWORD_FILE="+nativePassword(part))
	}
	return cmd
}

// nativePassword is the file with the password of a user of the broker of make up.
func nativePassword(user string) string { return ".run/credentials/" + user + "/password" }

// runs returns an error unless the part is among those that run.
func runs(what, part string, parts []string, err error) error {
	if err == nil && !slices.Contains(parts, part) {
		err = fmt.Errorf("%s does not run %s; it runs %s", what, part, strings.Join(parts, ", "))
	}
	return err
}

// itself returns a command that runs this program.
func itself(ctx context.Context, args []string) *exec.Cmd {
	program, err := os.Executable()
	if err != nil {
		program = os.Args[0]
	}
	return exec.CommandContext(ctx, program, args...)
}

// docker is a system that docker compose runs from this folder.
type docker struct{}

func (docker) compose(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "docker", append([]string{"compose"}, args...)...)
}

// publishes reports whether the order service of this folder's project is reached at the port.
func (d docker) publishes(ctx context.Context, port string) bool {
	if _, err := os.Stat("docker-compose.yml"); err != nil {
		return false
	}
	text, err := output(d.compose(ctx, "port", "order", strconv.Itoa(host.Ports["order"])))
	return err == nil && strings.HasSuffix(strings.TrimSpace(string(text)), ":"+port)
}

func (d docker) parts(ctx context.Context) ([]string, error) {
	text, err := output(d.compose(ctx, "ps", "--services", "--status", "running"))
	return strings.Fields(string(text)), err
}

func (d docker) Can(ctx context.Context, part string) error {
	parts, err := d.parts(ctx)
	return runs("docker compose", part, parts, err)
}

func (docker) Restarts(context.Context) error       { return nil }
func (docker) Rights(context.Context, string) error { return nil }

func (d docker) Stop(ctx context.Context, part string) error {
	_, err := output(d.compose(ctx, "stop", part))
	return err
}

func (d docker) Start(ctx context.Context, part string) error {
	_, err := output(d.compose(ctx, "start", part))
	return err
}

// Command runs in the container of the part, where the password of its user is.
func (d docker) Command(ctx context.Context, part string, args ...string) *exec.Cmd {
	return d.compose(ctx, append([]string{"exec", "-T", part, "/traceria"}, args...)...)
}

// output runs a command. The error has what it wrote on standard error.
func output(cmd *exec.Cmd) ([]byte, error) {
	var text, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &wrong
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(wrong.String())
		return text.Bytes(), fmt.Errorf("%s %s: %w: %s", filepath.Base(cmd.Path), strings.Join(cmd.Args[1:], " "), err, said)
	}
	return text.Bytes(), nil
}
