package compose

import (
	"os"
	"path"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/services/pizzeria"
)

// Who asks the switches, and who sets them, has the one file in the one volume, and may write there: docker compose exec
// console traceria failure set. The root of the container is read-only, and the user is the same in all.
func TestComposeGivesAllOneFlagFile(t *testing.T) {
	t.Parallel()
	project := loadCompose(t)
	want := map[string]string{"topology": "flags:/flags"}
	for _, service := range pizzeria.All() {
		want[service.Name] = "flags:/flags"
	}
	got := map[string]string{}
	for name, service := range project.Services {
		for _, mount := range service.Volumes {
			if mount.Source != "flags" {
				continue
			}
			got[name] = mount.Source + ":" + mount.Target
			if mount.ReadOnly {
				t.Errorf("%s may not write into the volume", name)
			}
			if file := variable(service, "TRACERIA_FLAGS"); path.Dir(file) != mount.Target {
				t.Errorf("%s follows %q", name, file)
			}
			if !service.ReadOnly || service.User != "" || service.Image != "traceria:local" {
				t.Errorf("%s: another user, another image, or a root that can be written", name)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	content, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^ENV PATH=/$`).Match(content) {
		t.Error("docker compose exec does not find traceria: it lies in the top folder of the image")
	}
}
