package main

import "maps"

// merged is old with a JSON merge patch (RFC 7396); neither is changed.
func merged(old, patch any) any {
	changes, ok := patch.(object)
	if !ok {
		return patch
	}
	next := object{}
	if before, ok := old.(object); ok {
		next = maps.Clone(before)
	}
	for key, value := range changes {
		if value == nil {
			delete(next, key)
		} else {
			next[key] = merged(next[key], value)
		}
	}
	return next
}

// author is who sets fields; a server keeps one entry of managedFields for each.
type author struct {
	manager, subresource string
	apiVersion           any // of an object that is there; that of the body sent if it is new
}

// noted is managedFields after somebody sent these fields: whose they are, and since when.
func noted(before any, sent object, by author) []any {
	if by.apiVersion == nil {
		by.apiVersion = sent["apiVersion"]
	}
	entry := object{
		"manager": by.manager, "operation": "Update", "apiVersion": by.apiVersion,
		"time": now(), "fieldsType": "FieldsV1",
	}
	if by.subresource != "" {
		entry["subresource"] = by.subresource
	}
	fields := fieldsOf(sent)
	var entries []any
	there, _ := before.([]any)
	for _, each := range there {
		other := each.(object)
		if other["manager"] == entry["manager"] && other["subresource"] == entry["subresource"] {
			fields = merged(other["fieldsV1"], fields).(object)
		} else {
			entries = append(entries, each)
		}
	}
	return append(entries, with(entry, "fieldsV1", fields))
}

// fieldsOf is the tree of fields that were sent, but for those that only say which object is meant.
func fieldsOf(sent object) object {
	sent = maps.Clone(sent)
	maps.DeleteFunc(sent, isIdentity)
	if metadata, ok := sent["metadata"].(object); ok {
		metadata = maps.Clone(metadata)
		maps.DeleteFunc(metadata, isIdentity)
		sent["metadata"] = metadata
	}
	return tree(sent)
}

func isIdentity(key string, _ any) bool {
	switch key {
	case "apiVersion", "kind", "name", "namespace", "resourceVersion", "managedFields":
		return true
	}
	return false
}

func tree(sent object) object {
	fields := object{}
	for key, value := range sent {
		inner, _ := value.(object)
		fields["f:"+key] = tree(inner)
	}
	return fields
}
