package pizzeria

// What is checked in for those who read it without running anything: it depends on nothing but the code. A test says when
// it is stale.
//
//go:generate sh -c "go run .. topology show --defaults > generated && mv generated ../topology/definitions.json"
//go:generate sh -c "go run .. events asyncapi > generated && mv generated ../event/asyncapi.json"
