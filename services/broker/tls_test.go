package broker_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/broker/wire"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// authority writes a certificate authority, and a certificate for 127.0.0.1 signed by it, to files in a folder.
func authority(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	write := func(name, kind string, bytes []byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	newKey := func() *ecdsa.PrivateKey {
		t.Helper()
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	from, until := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "the test"}, NotBefore: from, NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "the broker"}, NotBefore: from, NotAfter: until,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	rootKey, serverKey := newKey(), newKey()
	signed, err := x509.CreateCertificate(rand.Reader, root, root, rootKey.Public(), rootKey)
	write("ca.pem", "CERTIFICATE", signed, err)
	signed, err = x509.CreateCertificate(rand.Reader, server, root, serverKey.Public(), rootKey)
	write("server.pem", "CERTIFICATE", signed, err)
	key, err := x509.MarshalPKCS8PrivateKey(serverKey)
	write("server.key", "PRIVATE KEY", key, err)
	return folder
}

// encryptedBroker starts a private broker that also listens for TLS. It returns the amqps URL without parameters.
func encryptedBroker(t *testing.T, folder string) string {
	t.Helper()
	server := rabbitmqtest.Start(t, rabbitmqtest.WithPrivate())
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	_ = free.Close()
	in := func(name string) string { return filepath.Join(folder, name) }
	if out, err := server.Ctl("eval", fmt.Sprintf(`rabbit_networking:ensure_ssl(), rabbit_networking:start_ssl_listener({"127.0.0.1", %s, inet},
		[{cacertfile, %q}, {certfile, %q}, {keyfile, %q}], 2).`, port, in("ca.pem"), in("server.pem"), in("server.key"))); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.Scheme, u.Host = "amqps", "127.0.0.1:"+port
	return u.String()
}

// The frame guard works for a connection with TLS, too, and the certificate of the broker is checked.
func TestAnEncryptedConnectionIsGuardedAndChecked(t *testing.T) {
	t.Parallel()
	folder := authority(t)
	plain := encryptedBroker(t, folder)
	trusted := plain + "?cacertfile=" + url.QueryEscape(filepath.Join(folder, "ca.pem"))
	for _, wrong := range []struct{ url, says string }{
		{plain, "unknown authority"},
		{trusted + "&server_name_indication=elsewhere", "match elsewhere"},
		{plain + "?cacertfile=/nowhere", "cacertfile"},
		{plain + "?cacertfile=" + url.QueryEscape(filepath.Join(folder, "server.key")), "has no certificate"},
	} {
		if conn, err := wire.Dial(t.Context(), wrong.url, "the test"); err == nil || !strings.Contains(err.Error(), wrong.says) {
			t.Errorf("%s: %v, %v", wrong.url, conn, err)
		}
	}
	b := brokertest.At(t, trusted)
	s := deadByRabbitMQ(b, t)
	letters, err := broker.ShowDead(t.Context(), b.Conn(t), s.Subscription, 10)
	if err != nil || len(letters) != 1 || letters[0].HeadersCut != "big" {
		t.Errorf("%+v, %v", letters, err)
	}
}
