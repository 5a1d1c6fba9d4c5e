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
// When AMQP_URL is set, that broker is used by Shared, and by Start unless the test asks for a private one. When
// rabbitmq-server is missing, tests fail and say how to install it: a broker test that silently skips tests nothing.
package rabbitmqtest
