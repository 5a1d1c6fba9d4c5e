package store_test

import "testing"

// Durability and the cost of commits depend on these settings of each connection.
func TestTheConnectionHasItsSettings(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "busy_timeout": "5000", "foreign_keys": "1", "wal_autocheckpoint": "4000", "temp_store": "2",
	} {
		var got string
		if err := b.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, want %s: %v", pragma, got, want, err)
		}
	}
}
