package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// event is one change; the object is as it was last where it is gone.
type event struct {
	change string
	*stored
}

// kept is how many changes of a cluster a watch can still begin at; older ones have expired.
const kept = 20_000

const expired = `{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired",` +
	`"message":"too old resource version"}}`

func (c *cluster) tell(news event) {
	c.log = append(c.log, news)
	if len(c.log) > 2*kept { // not with each: to move them costs time
		c.log = slices.Clone(c.log[len(c.log)-kept:])
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

// since is what happened after a version; false if that is not known any more.
func (c *cluster) since(version int) ([]event, bool) {
	first := c.version - len(c.log)
	if version < first {
		return nil, false
	}
	return c.log[min(version-first, len(c.log)):], true
}

// watch sends what is selected as it changes, until either side ends it.
func (c *cluster) watch(answer http.ResponseWriter, request *http.Request, what selection) {
	query := request.URL.Query()
	version, _ := strconv.Atoi(query.Get("resourceVersion"))
	seconds, err := strconv.Atoi(query.Get("timeoutSeconds"))
	if err != nil {
		seconds = 300
	}
	end := time.After(time.Duration(seconds) * time.Second)
	flusher := answer.(http.Flusher)
	flusher.Flush() // the client waits for the headers
	for {
		c.Lock()
		news, known := c.since(version)
		version = c.version
		changed := c.changed
		c.Unlock()
		if !known {
			_, _ = fmt.Fprintln(answer, expired)
			return
		}
		for _, each := range news {
			if what.has(each.stored) {
				_, _ = fmt.Fprintf(answer, `{"type":%q,"object":%s}`+"\n", each.change, each.raw)
			}
		}
		flusher.Flush()
		select {
		case <-changed:
		case <-end:
			return
		case <-request.Context().Done():
			return
		}
	}
}
