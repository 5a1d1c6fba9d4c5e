// Package scenario has the guided runs. A scenario sets switches, does something, reads the traces back from Jaeger, compares
// them with golden trees and puts the switches back.
//
// Each scenario is a folder: page.md tells the idea and what to look at, steps.yaml says what to do, and the .tree files are the
// expected trees (tracetree/GOLDEN.md). README.md says how to write one.
//
// [All] returns the scenarios, and [Runner] runs them. A [System] is the running pizzeria, and a [Control] can stop its parts.
package scenario
