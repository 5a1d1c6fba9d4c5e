// Package postgrestest gives tests a real PostgreSQL: a private server on a free loopback port, started when the first
// test needs it and gone when the tests end.
//
// One server for all tests of a package, a database for each test:
//
//	func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }
//
//	func TestOrders(t *testing.T) {
//		url := postgrestest.Shared(t).Database(t)
//		...
//	}
//
// A test that stops or kills the server starts its own with [Start]. PostgreSQL refuses to run as root: then it runs as
// the user postgres, or nobody. Without an installed PostgreSQL a test fails and says what to install.
package postgrestest
