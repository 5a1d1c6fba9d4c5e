package pizzeria

import (
	"fmt"
	"strings"

	"traceria/services/host"
)

// Configuration reads the environment, with the variables that only the given services read. The error wraps
// host.ErrConfiguration and lists every wrong value.
func Configuration(with ...host.Service) (host.Config, error) {
	env := host.NewEnv(nil)
	config := host.Load(env)
	if unknown := config.BackOff.Unknown(Known().Subscriptions); len(unknown) > 0 {
		env.Also(fmt.Errorf("TRACERIA_RETRY_BACKOFF: there is no subscription %s; traceria dead list --json lists all", strings.Join(unknown, ", ")))
	}
	for _, service := range with {
		if service.Check != nil {
			service.Check(env)
		}
	}
	return config, env.Err()
}
