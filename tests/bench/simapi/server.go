package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
)

// server is the API server of one cluster: as much of it as the plugin asks for.
type server struct {
	*cluster
	world *world
	tally *counters
}

func (s *server) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	at, subresource, ok := parse(request.URL.Path)
	s.tally.request(s.cluster, nameOf(request, at, subresource))
	answer.Header().Set("Content-Type", "application/json")
	if !ok {
		refuse(answer, 404, "NotFound", "the server could not find the requested resource")
		return
	}
	var body object
	if request.Method != "GET" {
		if err := json.NewDecoder(request.Body).Decode(&body); err != nil {
			refuse(answer, 400, "BadRequest", err.Error())
			return
		}
	}
	switch {
	case request.Method == "POST" && strings.HasPrefix(at.resource, "selfsubject"):
		reply(answer, 201, review(body))
	case request.Method == "POST":
		s.post(answer, request, at, body)
	case request.Method == "GET" && request.URL.Query().Get("watch") != "":
		s.watch(answer, request, selected(at, request))
	case request.Method == "GET" && at.name == "":
		s.page(answer, request, at)
	default:
		s.Lock()
		defer s.Unlock()
		old := s.get(at)
		switch {
		case old == nil:
			refuse(answer, 404, "NotFound", fmt.Sprintf("%s %q not found", at.resource, at.name))
		case request.Method == "GET":
			_, _ = answer.Write(old.raw)
		case request.Method == "PATCH":
			s.patch(answer, request, old, body, subresource)
		case request.Method == "DELETE":
			s.delete(answer, old, body)
		}
	}
}

// parse reads /api/v1/namespaces/NAMESPACE/RESOURCE/NAME/SUBRESOURCE, and the like.
func parse(path string) (at place, subresource string, ok bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case parts[0] == "api" && len(parts) > 2:
		parts = parts[2:]
	case parts[0] == "apis" && len(parts) > 3:
		parts = parts[3:]
	default:
		return place{resource: path}, "", false
	}
	if parts[0] == "namespaces" && len(parts) > 2 {
		at.namespace, parts = parts[1], parts[2:]
	}
	parts = append(parts, "", "")
	at.resource, at.name = parts[0], parts[1]
	return at, parts[2], true
}

// nameOf is what a request is counted as.
func nameOf(request *http.Request, at place, subresource string) string {
	query, verb := request.URL.Query(), request.Method
	switch {
	case verb == "GET" && query.Get("watch") != "":
		verb = "WATCH"
	case verb == "GET" && at.name == "":
		verb = "LIST"
	}
	name := verb + " " + at.resource
	if subresource != "" {
		name += "/" + subresource
	}
	if query.Get("dryRun") != "" {
		name += " dry run"
	}
	return name
}

func reply(answer http.ResponseWriter, code int, body object) {
	answer.WriteHeader(code)
	_ = json.NewEncoder(answer).Encode(body)
}

func refuse(answer http.ResponseWriter, code int, reason, message string) {
	reply(answer, code, object{
		"kind": "Status", "apiVersion": "v1", "status": "Failure",
		"code": code, "reason": reason, "message": message,
	})
}

// review allows everything, to whoever asks.
func review(body object) object {
	return merged(body, object{
		"metadata": object{"creationTimestamp": now()},
		"status":   object{"allowed": true, "userInfo": object{"username": "tester"}},
	}).(object)
}

// page is a list, or the next part of it; it continues behind the last place that was shown.
func (s *server) page(answer http.ResponseWriter, request *http.Request, at place) {
	s.Lock()
	found, version := s.list(selected(at, request)), s.version
	s.Unlock()
	query := request.URL.Query()
	last := query.Get("continue")
	for last != "" && len(found) > 0 && found[0].String() <= last {
		found = found[1:]
	}
	metadata := object{"resourceVersion": strconv.Itoa(version)}
	if limit, _ := strconv.Atoi(query.Get("limit")); limit > 0 && len(found) > limit {
		found = found[:limit]
		metadata["continue"] = found[limit-1].String()
	}
	items := make([][]byte, len(found))
	for i, each := range found {
		items[i] = each.raw
	}
	head, _ := json.Marshal(metadata)
	_, _ = fmt.Fprintf(answer, `{"kind":"List","metadata":%s,"items":[%s]}`, head, bytes.Join(items, []byte(",")))
}

func (s *server) post(answer http.ResponseWriter, request *http.Request, at place, body object) {
	s.Lock()
	defer s.Unlock()
	at.name, _ = metadataOf(body)["name"].(string)
	home := place{"namespaces", "", at.namespace}
	query := request.URL.Query()
	switch {
	case at.namespace != "" && s.get(home) == nil:
		refuse(answer, 404, "NotFound", fmt.Sprintf("namespaces %q not found", at.namespace))
	case s.get(at) != nil:
		refuse(answer, 409, "AlreadyExists", fmt.Sprintf("%s %q already exists", at.resource, at.name))
	case query.Get("dryRun") != "":
		reply(answer, 201, body)
	default:
		made := s.create(at.resource, body, query.Get("fieldManager"))
		answer.WriteHeader(201)
		_, _ = answer.Write(made.raw)
		go s.world.takeUp(s.cluster, made)
	}
}

func (s *server) patch(answer http.ResponseWriter, request *http.Request, old *stored, body object, subresource string) {
	if version, ok := metadataOf(body)["resourceVersion"]; ok && version != old.metadata()["resourceVersion"] {
		refuse(answer, 409, "Conflict", "the object has been modified")
		return
	}
	next := merged(old.body, body).(object)
	if reflect.DeepEqual(next, old.body) { // such a patch makes no new version
		_, _ = answer.Write(old.raw)
		return
	}
	metadata := metadataOf(next)
	if generation, ok := metadata["generation"].(float64); ok && !reflect.DeepEqual(next["spec"], old.body["spec"]) {
		metadata = with(metadata, "generation", generation+1)
	}
	query := request.URL.Query()
	if _, ok := metadataOf(body)["managedFields"]; !ok {
		by := author{query.Get("fieldManager"), subresource, old.body["apiVersion"]}
		metadata = with(metadata, "managedFields", noted(metadata["managedFields"], body, by))
	}
	next = with(next, "metadata", metadata)
	if query.Get("dryRun") != "" {
		reply(answer, 200, next)
		return
	}
	_, _ = answer.Write(s.update(old, next).raw)
}

func (s *server) delete(answer http.ResponseWriter, old *stored, options object) {
	only, _ := options["preconditions"].(object)
	for key, value := range only { // uid, resourceVersion
		if old.metadata()[key] != value {
			refuse(answer, 409, "Conflict", "the object is another one by now")
			return
		}
	}
	_, _ = answer.Write(s.remove(old).raw)
}
