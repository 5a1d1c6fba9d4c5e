// Package event holds the contracts of the pizzeria: the envelope that every event travels in, the payload of
// every event and version, and the catalogue of them. Services never import each other; they meet here.
//
// An event is a fact that has happened: its name is in the past tense and it is never changed. A correction is
// a new event (OrderCancelled, LoyaltyPointsReversed).
//
// To add an event, write its schema, its payload type in the file of the service that publishes it, and its line in type.go:
// README.md.
package event
