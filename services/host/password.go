package host

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
)

// longestPassword is the size limit of a password file, in bytes. A larger file holds something else.
const longestPassword = 4096

// withPassword puts the content of AMQP_PASSWORD_FILE into the broker's URL. A file can be protected from other users;
// child processes inherit the environment, and many tools show it.
func withPassword(env *Env, amqpURL string) string {
	path := env.String("AMQP_PASSWORD_FILE", "")
	if path == "" {
		return amqpURL
	}
	u, err := url.Parse(amqpURL)
	if err != nil {
		return amqpURL // the check of AMQP_URL reports it
	}
	_, given := u.User.Password()
	switch {
	case env.String("AMQP_URL", "") == "" || u.User.Username() == "":
		env.Also(errors.New("AMQP_PASSWORD_FILE: AMQP_URL is missing or names no user; want amqp://user@host:port/"))
	case given:
		env.Also(errors.New("AMQP_PASSWORD_FILE: AMQP_URL has a password already; want only one of the two"))
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

// readPassword returns the content of the file without surrounding white space. Its errors name the file and never show
// the content.
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
		return "", fmt.Errorf("%s is empty; want one line with a password", path)
	case len(content) > longestPassword || strings.ContainsAny(password, "\r\n\x00"):
		return "", fmt.Errorf("%s: want one line with a password", path)
	}
	return password, nil
}
