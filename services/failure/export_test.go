package failure

// Members is members, for tests.
var Members = members
