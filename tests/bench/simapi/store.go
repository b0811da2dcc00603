package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type object = map[string]any

// place is where an object is; the resource is its kind as paths have it: "secrets".
type place struct{ resource, namespace, name string }

func (p place) String() string { return p.namespace + "/" + p.name }

// stored never changes: with each change of an object there is a new one.
type stored struct {
	place
	body object
	raw  []byte
}

func (s *stored) metadata() object { return metadataOf(s.body) }

func metadataOf(body object) object {
	metadata, _ := body["metadata"].(object)
	return metadata
}

// cluster is what one API server stores. Whoever calls a method of it holds its lock.
type cluster struct {
	sync.Mutex
	name    string
	objects map[string]map[place]*stored // by resource
	version int                          // one more with each change
	log     []event                      // the last changes, for watches
	changed chan struct{}                // closed by the next change
}

func newCluster(name string) *cluster {
	return &cluster{name: name, objects: map[string]map[place]*stored{}, changed: make(chan struct{})}
}

func (c *cluster) get(at place) *stored { return c.objects[at.resource][at] }

var uids atomic.Int64

// create stores an object that is new; by whom its fields are set is noted as a server does it.
func (c *cluster) create(resource string, body object, manager string) *stored {
	metadata := maps.Clone(metadataOf(body))
	metadata["uid"] = fmt.Sprintf("5d1c5d1c-0000-4000-8000-%012d", uids.Add(1))
	metadata["generation"] = 1.0 // as the decoder has numbers
	metadata["creationTimestamp"] = now()
	metadata["managedFields"] = noted(nil, body, author{manager: manager})
	namespace, _ := metadata["namespace"].(string)
	name, _ := metadata["name"].(string)
	return c.put(place{resource, namespace, name}, with(body, "metadata", metadata), "ADDED")
}

// update stores another body of an object; the last finalizer that goes takes the object with it.
func (c *cluster) update(old *stored, body object) *stored {
	metadata := metadataOf(body)
	finalizers, _ := metadata["finalizers"].([]any)
	if metadata["deletionTimestamp"] != nil && len(finalizers) == 0 {
		return c.drop(old)
	}
	return c.put(old.place, body, "MODIFIED")
}

// remove is what DELETE asks for: with finalizers it is only marked.
func (c *cluster) remove(old *stored) *stored {
	if finalizers, _ := old.metadata()["finalizers"].([]any); len(finalizers) == 0 {
		return c.drop(old)
	}
	marked := with(old.metadata(), "deletionTimestamp", now())
	return c.put(old.place, with(old.body, "metadata", marked), "MODIFIED")
}

// drop takes an object away, and what it owns.
func (c *cluster) drop(old *stored) *stored {
	gone := c.put(old.place, old.body, "DELETED")
	for _, all := range c.objects {
		for _, each := range all {
			if isOwnedBy(each, old.metadata()["uid"]) {
				c.drop(each)
			}
		}
	}
	return gone
}

func isOwnedBy(each *stored, uid any) bool {
	owners, _ := each.metadata()["ownerReferences"].([]any)
	return slices.ContainsFunc(owners, func(owner any) bool { return owner.(object)["uid"] == uid })
}

func (c *cluster) put(at place, body object, change string) *stored {
	c.version++
	body = with(body, "metadata", with(metadataOf(body), "resourceVersion", strconv.Itoa(c.version)))
	raw, err := json.Marshal(body)
	must(err)
	next := &stored{at, body, raw}
	if c.objects[at.resource] == nil {
		c.objects[at.resource] = map[place]*stored{}
	}
	if change == "DELETED" {
		delete(c.objects[at.resource], at)
	} else {
		c.objects[at.resource][at] = next
	}
	c.tell(event{change, next})
	return next
}

// setStatus is what a controller does. What is gone by now needs none.
func (c *cluster) setStatus(at place, status object, manager string) {
	if old := c.get(at); old != nil {
		by := author{manager, "status", old.body["apiVersion"]}
		fields := noted(old.metadata()["managedFields"], object{"status": status}, by)
		metadata := with(old.metadata(), "managedFields", fields)
		c.put(at, with(with(old.body, "status", status), "metadata", metadata), "MODIFIED")
	}
}

// selection is what a list or a watch asks for; what is empty does not matter.
type selection struct {
	place
	labels []string // "key" or "key=value"
}

func selected(at place, request *http.Request) selection {
	query := request.URL.Query()
	at.name = strings.TrimPrefix(query.Get("fieldSelector"), "metadata.name=")
	return selection{at, strings.FieldsFunc(query.Get("labelSelector"), func(c rune) bool { return c == ',' })}
}

func (s selection) has(each *stored) bool {
	if each.resource != s.resource ||
		s.namespace != "" && s.namespace != each.namespace ||
		s.name != "" && s.name != each.name {
		return false
	}
	labels, _ := each.metadata()["labels"].(object)
	for _, term := range s.labels {
		key, value, equals := strings.Cut(term, "=")
		if there, ok := labels[key]; !ok || equals && there != value {
			return false
		}
	}
	return true
}

// list is sorted, as pages need it.
func (c *cluster) list(what selection) []*stored {
	var found []*stored
	for _, each := range c.objects[what.resource] {
		if what.has(each) {
			found = append(found, each)
		}
	}
	slices.SortFunc(found, func(a, b *stored) int { return strings.Compare(a.String(), b.String()) })
	return found
}

// with is a copy with another value; bodies are shared, so that nothing in them may change.
func with(body object, key string, value any) object {
	next := maps.Clone(body)
	next[key] = value
	return next
}

func now() string { return time.Now().UTC().Format(time.RFC3339) }
