package compose

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// recipes are the folders below testdata/standin by the name of the image.
var recipes = map[string]string{
	"rabbitmq": "rabbitmq", "golang": "golang", "jaegertracing/jaeger": "jaeger", "otel/opentelemetry-collector-contrib": "jaeger",
	"prom/prometheus": "prometheus",
}

// makeStandIns makes the images that cannot be pulled, under their names. What has not changed takes no time.
func makeStandIns(t *testing.T, sh shell, folder string, images []string) {
	t.Helper()
	ingredients(t, sh, folder, images)
	for _, image := range images {
		name, _, _ := strings.Cut(image, ":")
		if recipes[name] == "" {
			t.Fatalf("%s cannot be pulled, and testdata/standin has nothing that stands in for it", image)
		}
		sh.run(t, fmt.Sprintf("docker buildx build --quiet --tag %s services/system/compose/testdata/standin/%s", image, recipes[name]))
	}
}

// ingredients makes the images standin/NAME, from which the stand-ins are built: parts of this machine, and a Debian with
// the RabbitMQ of the image's version.
func ingredients(t *testing.T, sh shell, folder string, images []string) {
	t.Helper()
	ingredient(t, sh, "debian", debian(t, sh, images), ".")
	ingredient(t, sh, "go", goRoot(t, sh), ".")
	ingredient(t, sh, "modules", modules(t, sh, folder), ".")
	jaeger := jaegerBinary(t, sh)
	ingredient(t, sh, "jaeger", filepath.Dir(jaeger), filepath.Base(jaeger))
	prometheus, err := exec.LookPath("prometheus")
	if err != nil {
		t.Fatalf("there is no Prometheus: on Debian or Ubuntu run 'apt-get install -y prometheus': %v", err)
	}
	ingredient(t, sh, "prometheus", filepath.Dir(prometheus), filepath.Base(prometheus))
}

// ingredient makes the image standin/NAME of a whole folder, or of one file that gets that name. It keeps one that is new
// enough.
func ingredient(t *testing.T, sh shell, name, folder, file string) {
	t.Helper()
	info, err := os.Stat(filepath.Join(folder, file))
	if err != nil {
		t.Fatal(err)
	}
	key := fmt.Sprintf("%s/%s@%d", folder, file, info.ModTime().UnixNano())
	image := "standin/" + name
	found, err := sh.try(t.Context(), `docker image inspect --format '{{.Comment}}' `+image)
	if err == nil && strings.TrimSpace(found) == key {
		return
	}
	if file != "." {
		file += " --transform 's|.*|" + name + "|'"
	}
	sh.run(t, fmt.Sprintf("tar --directory %s --create %s | docker import --message %s - %s", folder, file, key, image))
}

// debian returns the folder of the Debian that has the RabbitMQ of the image.
func debian(t *testing.T, sh shell, images []string) string {
	t.Helper()
	for _, image := range images {
		if version, ok := strings.CutPrefix(image, "rabbitmq:"); ok {
			series := strings.Join(strings.Split(version, ".")[:2], ".")
			return strings.TrimSpace(sh.run(t, "bash telemetry/otelamqp/rabbitmqtest/debian.sh "+series))
		}
	}
	t.Fatalf("no RabbitMQ in %v", images)
	return ""
}

func goRoot(t *testing.T, sh shell) string {
	t.Helper()
	return strings.TrimSpace(sh.run(t, "go env GOROOT"))
}

// modules returns a folder that serves as GOPROXY: the modules of go.sum as it is now.
func modules(t *testing.T, sh shell, folder string) string {
	t.Helper()
	sum, err := os.ReadFile("../../../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	cache := filepath.Join(folder, "modules", fmt.Sprintf("%x", sha256.Sum256(sum))[:16])
	proxy := filepath.Join(cache, "cache", "download")
	if _, err := os.Stat(filepath.Join(cache, "complete")); err == nil {
		return proxy
	}
	// This machine's modules first. The engine's network has no way out.
	local := strings.TrimSpace(sh.run(t, "go env GOMODCACHE")) + "/cache/download"
	sh.enter = nil
	sh.run(t, fmt.Sprintf("GOMODCACHE=%s GOFLAGS=-modcacherw GOPROXY=file://%s,$(go env GOPROXY) go mod download", cache, local))
	if err := os.WriteFile(filepath.Join(cache, "complete"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return proxy
}

// jaegerBinary returns the binary that serves as Collector and as Jaeger: that of JAEGER_BIN, or the one that was built.
func jaegerBinary(t *testing.T, sh shell) string {
	t.Helper()
	path := os.Getenv("JAEGER_BIN")
	if path == "" {
		path = strings.TrimSpace(sh.run(t, "collector/jaeger.sh --path"))
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(sh.folder, path)
	}
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatalf("there is no Jaeger: run make build-jaeger, or set JAEGER_BIN: %v", err)
	}
	return path
}
