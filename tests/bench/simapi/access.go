package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"time"
)

// serve answers on a port of its own; the address is returned.
func serve(handler *server, certificate tls.Certificate) string {
	listener := listen()
	web := http.Server{
		Handler:   handler,
		ConnState: handler.tally.connection,
		// An API server offers HTTP/2, but the Python client speaks HTTP/1.1 only.
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}},
	}
	go func() { log.Fatal(web.ServeTLS(listener, "", "")) }()
	return listener.Addr().String()
}

// newCertificate makes one for all clusters, which signs itself: the handshake costs what it costs.
func newCertificate() (tls.Certificate, []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(err)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, authority
}

// writeKubeconfig has a context for each cluster, named like it. JSON is YAML.
func writeKubeconfig(file string, w *world, addresses map[string]string, authority []byte) error {
	var clusters, contexts []object
	for _, c := range w.clusters() {
		access := object{"server": "https://" + addresses[c.name], "certificate-authority-data": authority}
		clusters = append(clusters, object{"name": c.name, "cluster": access})
		contexts = append(contexts, object{"name": c.name, "context": object{"cluster": c.name, "user": "tester"}})
	}
	text, err := json.Marshal(object{
		"apiVersion": "v1", "kind": "Config", "current-context": w.hub.name,
		"clusters": clusters, "contexts": contexts,
		"users": []object{{"name": "tester", "user": object{"token": "any"}}},
	})
	must(err)
	return os.WriteFile(file, text, 0o600)
}
