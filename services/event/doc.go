// Package event holds the contracts of the pizzeria: the envelope, the payload of every event and version, and the catalogue.
// Services do not import each other. They share this package.
//
// An event is a fact: its name is in the past tense, and it never changes. A correction is a new event (OrderCancelled,
// LoyaltyPointsReversed).
//
// README.md says how to add an event.
package event
