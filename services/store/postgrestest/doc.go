// Package postgrestest starts a private PostgreSQL server on a free loopback port for tests. The first test that needs the
// server starts it. It ends with the tests.
//
// The tests of a package share one server, and each test has a database of its own:
//
//	func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }
//
//	func TestOrders(t *testing.T) {
//		url := postgrestest.Shared(t).Database(t)
//		...
//	}
//
// A test that stops or kills the server starts its own with [Start]. If the tests run as root, which PostgreSQL refuses, the
// server runs as the user postgres or nobody. Without an installed PostgreSQL the tests fail with the package to install.
package postgrestest
