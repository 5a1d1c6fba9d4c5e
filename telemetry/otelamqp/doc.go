// Package otelamqp is the OpenTelemetry instrumentation for amqp091-go.
package otelamqp
