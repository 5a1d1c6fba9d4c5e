// Package rabbitmqtest gives tests a real RabbitMQ: a private broker on free loopback ports, started when the first test
// needs it and gone when the tests end.
//
// One broker for all tests of a package, a virtual host for each test:
//
//	func TestMain(m *testing.M) { os.Exit(rabbitmqtest.Main(m)) }
//
//	func TestSomething(t *testing.T) {
//		conn, err := amqp091.Dial(rabbitmqtest.Shared(t).VHost(t))
//		…
//	}
//
// A broker of its own for a test that stops or kills it: see [Start].
//
// The environment variable RABBITMQ chooses the version: installed (the default), 4.0 or 4.3. The latter two come from a
// release of Debian, which debian.sh makes once and keeps in the user's cache. That needs root, debootstrap and a minute or
// more; to run them needs root or a kernel that lets users make namespaces. The broker then sees the /usr of that release,
// in a mount namespace that ends with it, and everything else as it is.
//
// When AMQP_URL is set, that broker is used by Shared, and by Start unless the test asks for a private one. When the
// RabbitMQ is missing and cannot be made, tests fail and say what they need.
package rabbitmqtest
