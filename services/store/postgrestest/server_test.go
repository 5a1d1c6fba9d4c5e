package postgrestest_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"traceria/services/store/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

// on runs a statement on a connection of its own.
func on(t *testing.T, url, statement string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

func TestADatabaseIsOneTestsOwn(t *testing.T) {
	s := postgrestest.Shared(t)
	first, second := s.Database(t), s.Database(t)
	if err := on(t, first, `CREATE TABLE orders (id TEXT)`); err != nil {
		t.Fatal(err)
	}
	if err := on(t, second, `SELECT * FROM orders`); err == nil {
		t.Error("a table of one database is seen in the other")
	}
}

func TestAServerKeepsItsDataOverStopAndKill(t *testing.T) {
	s := postgrestest.Start(t)
	url := s.Database(t)
	if err := on(t, url, `CREATE TABLE orders (id TEXT)`); err != nil {
		t.Fatal(err)
	}
	for name, end := range map[string]func() error{"stop": s.Stop, "kill": s.Kill} {
		if err := end(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := on(t, url, `SELECT 1`); err == nil {
			t.Fatalf("after %s the server still answers", name)
		}
		if err := s.Start(); err != nil {
			t.Fatalf("start after %s: %v", name, err)
		}
		if err := on(t, url, `SELECT * FROM orders`); err != nil {
			t.Errorf("after %s the table is gone: %v", name, err)
		}
	}
}

func TestAPausedServerAnswersWhenItGoesOn(t *testing.T) {
	s := postgrestest.Start(t)
	conn, err := pgx.Connect(t.Context(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() { answered <- conn.Ping(context.Background()) }()
	select {
	case err := <-answered:
		t.Fatalf("a paused server answered: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Errorf("after the pause: %v", err)
	}
}

func TestNobodyEntersWithoutThePassword(t *testing.T) {
	s := postgrestest.Shared(t)
	config, err := pgx.ParseConfig(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	config.Password = "wrong"
	if conn, err := pgx.ConnectConfig(t.Context(), config); err == nil {
		conn.Close(t.Context())
		t.Error("a wrong password is let in")
	}
}
