package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"

	"github.com/rabbitmq/amqp091-go"
)

// withoutTLS splits an amqps URL into an amqp URL of the same broker and the TLS configuration. amqp091-go would encrypt
// between itself and the [frameGuard], which must see the plain frames. Other URLs are returned unchanged.
func withoutTLS(amqpURL string) (string, *tls.Config, error) {
	uri, err := amqp091.ParseURI(amqpURL)
	if err != nil || uri.Scheme != "amqps" {
		return amqpURL, nil, err
	}
	encryption, err := encryptionOf(uri)
	if err != nil {
		return "", nil, err
	}
	plain, err := url.Parse(amqpURL)
	if err != nil {
		return "", nil, err
	}
	plain.Scheme = "amqp"
	plain.Host = net.JoinHostPort(uri.Host, strconv.Itoa(uri.Port)) // the default port of amqp is another one
	return plain.String(), encryption, nil
}

// encryptionOf reads the parameters cacertfile, certfile, keyfile and server_name_indication as amqp091-go does
// (https://www.rabbitmq.com/docs/uri-query-parameters).
func encryptionOf(uri amqp091.URI) (*tls.Config, error) {
	encryption := &tls.Config{ServerName: uri.ServerName, MinVersion: tls.VersionTLS12}
	if encryption.ServerName == "" {
		encryption.ServerName = uri.Host
	}
	if uri.CACertFile != "" {
		authority, err := os.ReadFile(uri.CACertFile)
		if err != nil {
			return nil, fmt.Errorf("cacertfile: %w", err)
		}
		encryption.RootCAs = x509.NewCertPool()
		if !encryption.RootCAs.AppendCertsFromPEM(authority) {
			return nil, errors.New("cacertfile: " + uri.CACertFile + " has no certificate")
		}
	}
	if uri.CertFile != "" && uri.KeyFile != "" {
		own, err := tls.LoadX509KeyPair(uri.CertFile, uri.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("certfile and keyfile: %w", err)
		}
		encryption.Certificates = []tls.Certificate{own}
	}
	return encryption, nil
}

// encrypted performs the TLS handshake. It closes the connection if the handshake fails.
func encrypted(ctx context.Context, conn net.Conn, encryption *tls.Config) (net.Conn, error) {
	client := tls.Client(conn, encryption)
	if err := client.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return client, nil
}
