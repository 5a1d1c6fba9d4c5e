package host

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
)

// longestPassword is far more than any password, and little enough for a file that is none.
const longestPassword = 4096

// withPassword puts the content of AMQP_PASSWORD_FILE, if that is set, into the broker's URL: a file can be kept from
// other users, while an environment is copied to every child process and shown by many tools.
func withPassword(env *Env, amqpURL string) string {
	path := env.String("AMQP_PASSWORD_FILE", "")
	if path == "" {
		return amqpURL
	}
	u, err := url.Parse(amqpURL)
	if err != nil {
		return amqpURL // which the check of AMQP_URL has said
	}
	_, given := u.User.Password()
	switch {
	case env.String("AMQP_URL", "") == "" || u.User.Username() == "":
		env.Also(errors.New("AMQP_PASSWORD_FILE: want AMQP_URL, too, with the user whose password it is: amqp://user@host:port/"))
	case given:
		env.Also(errors.New("AMQP_PASSWORD_FILE: AMQP_URL has a password already; want the one or the other"))
	default:
		password, err := readPassword(path)
		if err != nil {
			env.Also(fmt.Errorf("AMQP_PASSWORD_FILE: %w", err))
			return amqpURL
		}
		u.User = url.UserPassword(u.User.Username(), password)
		return u.String()
	}
	return amqpURL
}

// readPassword returns what the file holds, without the white space around it. An error names the file and never shows
// what is in it.
func readPassword(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, longestPassword+1))
	if err != nil {
		return "", err
	}
	password := strings.TrimSpace(string(content))
	switch {
	case password == "":
		return "", fmt.Errorf("%s is empty; want a password in it", path)
	case len(content) > longestPassword || strings.ContainsAny(password, "\r\n\x00"):
		return "", fmt.Errorf("%s holds something else than one line with a password", path)
	}
	return password, nil
}
