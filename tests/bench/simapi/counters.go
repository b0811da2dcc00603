package main

import (
	"net"
	"net/http"
	"sync"
)

// counters hold what was asked of the hub and of all leaves together since they were last taken.
type counters struct {
	lock  sync.Mutex
	tally tally
	open  map[net.Conn]bool // of those that were made since
}

// tally is what the harness reads. Requests are called "VERB RESOURCE", such as "WATCH secrets".
type tally struct {
	Hub         map[string]int `json:"hub"`
	Leaves      map[string]int `json:"leaves"`
	Connections struct {
		Made int `json:"made"`
		Peak int `json:"peak"`
	} `json:"connections"`
}

func newCounters() *counters {
	c := &counters{}
	c.take()
	return c
}

func (c *counters) request(at *cluster, what string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if at.name == hubName {
		c.tally.Hub[what]++
	} else {
		c.tally.Leaves[what]++
	}
}

func (c *counters) connection(of net.Conn, state http.ConnState) {
	c.lock.Lock()
	defer c.lock.Unlock()
	switch state {
	case http.StateNew:
		c.open[of] = true
		c.tally.Connections.Made++
		c.tally.Connections.Peak = max(c.tally.Connections.Peak, len(c.open))
	case http.StateClosed:
		delete(c.open, of)
	}
}

// take returns what was counted, and begins anew.
func (c *counters) take() tally {
	c.lock.Lock()
	defer c.lock.Unlock()
	taken := c.tally
	c.tally = tally{Hub: map[string]int{}, Leaves: map[string]int{}}
	c.open = map[net.Conn]bool{}
	return taken
}
