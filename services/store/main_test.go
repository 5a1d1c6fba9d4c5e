package store_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"traceria/services/store/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if url := os.Getenv(relayProcess); url != "" {
		if err := relayOnly(url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	if url := os.Getenv(writerProcess); url != "" {
		if err := writeOnly(url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	code := m.Run()
	if err := postgrestest.End(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
