// Package compose tests docker-compose.yml: the file against what it refers to, and the running system.
//
// TestDockerComposeUp runs docker compose up on a real engine and does what the README says. It uses the machine's
// engine when the images can be pulled. Otherwise root gets an engine of the test's own, in a network of its own, with
// images that stand in for those of docker-compose.yml. Debian's packages make them; later runs find them in
// $XDG_CACHE_HOME/traceria/docker (by default ~/.cache). With -v the test prints each command and its output.
package compose
