package compose

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"traceria/services/pizzeria"
	"traceria/services/topology"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// mounts are the volumes of a container below /credentials, as "target" or "target:ro", by name.
func mounts(service types.ServiceConfig) map[string]string {
	found := map[string]string{}
	for _, mount := range service.Volumes {
		if !strings.HasPrefix(mount.Target, "/credentials") {
			continue
		}
		found[mount.Source] = mount.Target
		if mount.ReadOnly {
			found[mount.Source] += ":ro"
		}
	}
	return found
}

// Each container has only its own password, and may not write it; the broker has its hashes, and beside
// them the operator's password, for people.
func TestComposeGivesEachItsOwnPasswordAndNoOther(t *testing.T) {
	t.Parallel()
	project := loadCompose(t)
	want := map[string]map[string]string{
		"topology": {"operator-credentials": "/credentials/operator:ro"},
		"rabbitmq": {"operator-credentials": "/credentials/operator:ro", "broker-credentials": "/credentials/broker:ro"},
		// What the command writes is what the volumes take.
		"credentials": {},
	}
	for _, folder := range credentialFolders(t) {
		want["credentials"][folder+"-credentials"] = "/credentials/" + folder
	}
	users := map[string]string{"topology": topology.Operator}
	for _, service := range pizzeria.All() {
		want[service.Name] = map[string]string{service.Name + "-credentials": "/credentials/" + service.Name + ":ro"}
		users[service.Name] = service.Name
	}
	got, logins, wantLogins := map[string]map[string]string{}, map[string]string{}, map[string]string{}
	for name, service := range project.Services {
		if found := mounts(service); len(found) > 0 {
			got[name] = found
		}
		if login := variable(service, "AMQP_URL") + " " + variable(service, "AMQP_PASSWORD_FILE"); login != " " {
			logins[name] = login
		}
		for _, secret := range service.Volumes {
			if volume, ok := project.Volumes[secret.Source]; ok && bool(volume.External) {
				t.Errorf("%s: the volume %s must be there before docker compose up", name, secret.Source)
			}
		}
	}
	for name, user := range users {
		wantLogins[name] = "amqp://" + user + "@rabbitmq:5672/ /credentials/" + user + "/password"
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("volumes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantLogins, logins); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
}

// credentialFolders are those that traceria topology credentials makes: one for each user that it defines, and the broker's.
func credentialFolders(t *testing.T) []string {
	t.Helper()
	folder := t.TempDir()
	if _, err := pizzeria.Known().WriteCredentials(folder, false); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(folder, "broker", "definitions.json"))
	if err != nil {
		t.Fatal(err)
	}
	var definitions topology.Definitions
	if err := json.Unmarshal(content, &definitions); err != nil {
		t.Fatal(err)
	}
	want := []string{"broker"}
	for _, user := range definitions.Users {
		if user.Hash != "" {
			want = append(want, user.Name)
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, found); diff != "" {
		t.Fatalf("only users with a password can log in (-users +folders):\n%s", diff)
	}
	return found
}

func TestComposeBrokerWaitsForItsUsers(t *testing.T) {
	t.Parallel()
	rabbitmq := loadCompose(t).Services["rabbitmq"]
	if got := rabbitmq.DependsOn["credentials"].Condition; got != types.ServiceConditionCompletedSuccessfully {
		t.Errorf("rabbitmq starts when the credentials are %q", got)
	}
	if content := loadCompose(t).Configs["rabbitmq"].Content; !strings.Contains(content, "load_definitions = /credentials/broker/definitions.json\n") {
		t.Errorf("rabbitmq is configured with\n%s", content)
	}
}

// Neither a file that is in the repository nor an environment holds a password.
func TestComposeHasNoPassword(t *testing.T) {
	t.Parallel()
	project := loadCompose(t)
	password := regexp.MustCompile(`://[^/@\s]*:[^/@\s]*@`)
	for name, service := range project.Services {
		for key := range service.Environment {
			value := variable(service, key)
			if password.MatchString(value) || strings.Contains(value, "guest") ||
				regexp.MustCompile(`(?i)pass|secret|token`).MatchString(key) && key != "AMQP_PASSWORD_FILE" {
				t.Errorf("%s: %s=%s", name, key, value)
			}
		}
		if text := strings.Join(append(slices.Clone(service.Command), service.Entrypoint...), " "); strings.Contains(text, "guest") || password.MatchString(text) {
			t.Errorf("%s runs %q", name, text)
		}
	}
	for name, config := range project.Configs {
		if strings.Contains(config.Content, "pass") || strings.Contains(config.Content, "guest") {
			t.Errorf("%s is configured with\n%s", name, config.Content)
		}
	}
}

// A named volume takes over the owner of the folder in the image: without it, root would own it, and our user could not write.
func TestImageHasTheMountPoints(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	dockerfile := strings.ReplaceAll(string(content), "\\\n", " ")
	made, ours := map[string]string{}, map[string]bool{}
	for line := range strings.SplitSeq(dockerfile, "\n") {
		fields := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "RUN mkdir"):
			makeFolders(made, strings.TrimPrefix(line, "RUN "))
		case len(fields) == 5 && fields[0] == "COPY" && fields[2] == "--chown=65532:65532":
			ours[fields[4]] = fields[3] == "/out"+fields[4]
		case len(fields) > 0 && (fields[0] == "ENV" || fields[0] == "ARG") && regexp.MustCompile(`(?i)pass|secret|amqp`).MatchString(line):
			t.Errorf("the image holds what is secret: %s", line)
		}
	}
	for name, service := range loadCompose(t).Services {
		for _, mount := range service.Volumes {
			if service.Image != "traceria:local" || mount.Type != types.VolumeTypeVolume {
				continue
			}
			top := "/" + strings.Split(mount.Target, "/")[1]
			if !ours[top] {
				t.Errorf("%s: the image does not give %s to its user", name, top)
			}
			want := "700"
			if top == "/data" || top == "/flags" || path.Base(mount.Target) == "broker" {
				want = "755"
			}
			if made["/out"+mount.Target] != want {
				t.Errorf("%s: the image has %s with mode %q, want %s", name, mount.Target, made["/out"+mount.Target], want)
			}
		}
	}
	ignored, err := os.ReadFile("../../Dockerfile.dockerignore")
	if err != nil {
		if ignored, err = os.ReadFile("../../../.dockerignore"); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains("\n"+string(ignored), "\n*\n") || strings.Contains(string(ignored), "!.run") {
		t.Error("the image is built from more than it needs: .run, with its passwords, must be left out")
	}
}

// makeFolders notes what these shell commands make, with their modes.
func makeFolders(made map[string]string, commands string) {
	folder := "/src"
	for command := range strings.SplitSeq(commands, "&&") {
		fields := strings.Fields(command)
		if fields[0] == "cd" {
			folder = fields[1]
			continue
		}
		mode := "755"
		for i := 1; i < len(fields); i++ {
			switch {
			case fields[i] == "-m":
				i++
				mode = fields[i]
			case fields[i] == "-p":
			case strings.HasPrefix(fields[i], "/"):
				made[fields[i]] = mode
			default:
				made[path.Join(folder, fields[i])] = mode
			}
		}
	}
}

// Without Docker it is the same: our own broker loads what up.sh has made, and each process is a user of its own.
func TestProcessComposeGivesEachItsOwnUser(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../../process-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var project struct {
		Processes map[string]struct{ Command string }
	}
	if err := yaml.Unmarshal(content, &project); err != nil {
		t.Fatal(err)
	}
	users := map[string]string{"topology": topology.Operator}
	for _, service := range pizzeria.All() {
		users[service.Name] = service.Name
	}
	login := regexp.MustCompile(`^AMQP_URL="\$\$\{AMQP_URL:-amqp://(\w+)@127\.0\.0\.1:5672/\}" AMQP_PASSWORD_FILE="\$\$\{AMQP_PASSWORD_FILE-\.run/credentials/(\w+)/password\}" exec `)
	got := map[string]string{}
	for name, process := range project.Processes {
		if found := login.FindStringSubmatch(process.Command); found != nil && found[1] == found[2] {
			got[name] = found[1]
		}
	}
	if diff := cmp.Diff(users, got); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	up, err := os.ReadFile("../../../up.sh")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(project.Processes["rabbitmq"].Command, " .run/credentials/broker/definitions.json ") ||
		!strings.Contains(string(up), "traceria topology credentials .run/credentials --guest ") {
		t.Errorf("rabbitmq does not load what up.sh makes: %s", project.Processes["rabbitmq"].Command)
	}
}
