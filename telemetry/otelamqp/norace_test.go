//go:build !race

package otelamqp_test

const raceEnabled = false
