// simapi is a hub and its leaves for the scale benchmark: small API servers over HTTPS on loopback,
// all in one process, with a Liqo that takes up a link at once.
//
//	simapi -leaves 50 -kubeconfig FILE
//
// It writes the kubeconfig, prints the address of its counters, and ends when its standard input
// does: so it never outlives who started it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

func main() {
	leaves := flag.Int("leaves", 2, "how many, at most 99")
	kubeconfig := flag.String("kubeconfig", "", "the file to write")
	flag.Parse()

	tally := newCounters()
	world := newWorld(*leaves)
	certificate, authority := newCertificate()
	addresses := map[string]string{}
	for _, c := range world.clusters() {
		addresses[c.name] = serve(&server{c, world, tally}, certificate)
	}
	must(writeKubeconfig(*kubeconfig, world, addresses, authority))
	go world.refreshConnections()

	listener := listen()
	http.HandleFunc("POST /counters", func(answer http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(answer).Encode(tally.take())
	})
	go func() { log.Fatal(http.Serve(listener, nil)) }()
	fmt.Printf("http://%s/counters\n", listener.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func listen() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	return listener
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
