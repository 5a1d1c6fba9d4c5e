package pizzeria

// Two files are made from the code alone, for readers who do not run it. Tests fail when a file is stale.
//
//go:generate sh -c "go run .. topology show --defaults > generated && mv generated ../topology/definitions.json"
//go:generate sh -c "go run .. events asyncapi > generated && mv generated ../event/asyncapi.json"
