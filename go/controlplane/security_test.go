package controlplane_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sergo-rs/sergo/go/controlplane"
)

// identity is a certificate and its key in files, and the root that has signed it.
type identity struct {
	certificate, key, root string
	roots                  *x509.CertPool
}

func newIdentity(t *testing.T, name string) identity {
	t.Helper()
	folder := t.TempDir()
	write := func(name, kind string, bytes []byte, err error) string {
		path := filepath.Join(folder, name)
		if err == nil {
			err = os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	newKey := func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	valid := x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	root, leaf := valid, valid
	root.Subject.CommonName, root.IsCA, root.BasicConstraintsValid = "root of "+name, true, true
	leaf.DNSNames, leaf.ExtKeyUsage = []string{name}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	rootKey, leafKey := newKey(), newKey()

	var own identity
	signed, err := x509.CreateCertificate(rand.Reader, &root, &root, &rootKey.PublicKey, rootKey)
	own.root = write("root.pem", "CERTIFICATE", signed, err)
	own.roots = x509.NewCertPool()
	if parsed, err := x509.ParseCertificate(signed); err == nil {
		own.roots.AddCert(parsed)
	}
	signed, err = x509.CreateCertificate(rand.Reader, &leaf, &root, &leafKey.PublicKey, rootKey)
	own.certificate = write("cert.pem", "CERTIFICATE", signed, err)
	secret, err := x509.MarshalPKCS8PrivateKey(leafKey)
	own.key = write("key.pem", "PRIVATE KEY", secret, err)
	return own
}

func TestTLSIsForTheRightNameAlone(t *testing.T) {
	t.Parallel()
	server := newIdentity(t, "opensergo.example")
	roots, strangers := server.roots, newIdentity(t, "opensergo.example").roots
	plane := serve(t, folder(t, limit(0)), "--tls-cert", server.certificate, "--tls-key", server.key)

	engine := newEngine(t)
	subscribe(t, engine, plane.address, patient, controlplane.TLS(&tls.Config{RootCAs: roots, ServerName: "opensergo.example"}))
	if !blocked(t, engine, "GET:/foo") {
		t.Error("the rules are not in force")
	}
	for name, test := range map[string]struct {
		options []controlplane.Option
		reason  string
	}{
		"another name":  {[]controlplane.Option{controlplane.TLS(&tls.Config{RootCAs: roots, ServerName: "other"})}, "other"},
		"another root":  {[]controlplane.Option{controlplane.TLS(&tls.Config{RootCAs: strangers, ServerName: "opensergo.example"})}, "certificate"},
		"in clear text": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			engine := newEngine(t)
			subscription := subscribe(t, engine, plane.address, append(test.options, controlplane.FirstRules(0))...)
			err := subscription.Wait(t.Context(), func(state controlplane.State) bool {
				return state.LastError != "" && strings.Contains(state.LastError, test.reason)
			})
			if err != nil || blocked(t, engine, "GET:/foo") {
				t.Errorf("got rules (%v)", err)
			}
		})
	}
}

func TestAClientShowsACertificateOfTheRightRoot(t *testing.T) {
	t.Parallel()
	server, client, stranger := newIdentity(t, "opensergo.example"), newIdentity(t, "client"), newIdentity(t, "client")
	plane := serve(t, folder(t, limit(0)), "--tls-cert", server.certificate, "--tls-key", server.key, "--tls-client-ca", client.root)
	showing := func(identities ...identity) controlplane.Option {
		config := &tls.Config{RootCAs: server.roots, ServerName: "opensergo.example"}
		for _, identity := range identities {
			own, err := tls.LoadX509KeyPair(identity.certificate, identity.key)
			if err != nil {
				t.Fatal(err)
			}
			// Whatever roots the server names: this is what is shown.
			config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own, nil }
		}
		return controlplane.TLS(config)
	}
	engine := newEngine(t)
	subscribe(t, engine, plane.address, patient, showing(client))
	if !blocked(t, engine, "GET:/foo") {
		t.Error("the rules are not in force")
	}
	for name, option := range map[string]controlplane.Option{"none": showing(), "of another root": showing(stranger)} {
		t.Run(name, func(t *testing.T) {
			engine := newEngine(t)
			subscription := subscribe(t, engine, plane.address, option, controlplane.FirstRules(0))
			err := subscription.Wait(t.Context(), func(state controlplane.State) bool { return state.LastError != "" })
			if err != nil || blocked(t, engine, "GET:/foo") {
				t.Errorf("got rules (%v)", err)
			}
		})
	}
}

func TestATokenLetsIn(t *testing.T) {
	t.Parallel()
	tokens := filepath.Join(t.TempDir(), "tokens.yaml")
	if err := os.WriteFile(tokens, []byte("tokens: [{name: test, token: open-sesame-open-sesame, namespaces: [default]}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	plane := serve(t, folder(t, limit(0)), "--tokens", tokens)
	engine := newEngine(t)
	subscribe(t, engine, plane.address, patient, controlplane.Metadata(map[string]string{"x-a": "b"}), controlplane.Token("open-sesame-open-sesame"))
	if !blocked(t, engine, "GET:/foo") {
		t.Error("the rules are not in force")
	}
	for name, test := range map[string]struct {
		option controlplane.Option
		reason string
	}{
		"a wrong one": {controlplane.Token("open-barley"), "Unauthenticated"},
		"none": {controlplane.TokenFrom(func(context.Context) (string, error) {
			return "", errors.New("the safe is shut")
		}), "the safe is shut"},
	} {
		t.Run(name, func(t *testing.T) {
			engine := newEngine(t)
			subscription := subscribe(t, engine, plane.address, test.option, controlplane.FirstRules(0))
			err := subscription.Wait(t.Context(), func(state controlplane.State) bool {
				return strings.Contains(state.LastError, test.reason)
			})
			if err != nil || blocked(t, engine, "GET:/foo") {
				t.Errorf("got rules (%v)", err)
			}
		})
	}
}
