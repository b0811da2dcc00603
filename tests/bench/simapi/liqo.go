package main

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

const gatewayManager = "liqo-gateway"

// takeUp is what Liqo's controllers make of a new object; on the hub nothing is made.
func (w *world) takeUp(c *cluster, made *stored) {
	if c == w.hub {
		return
	}
	switch made.resource {
	case "configurations":
		c.Lock()
		defer c.Unlock()
		c.setStatus(made.place, answered(made.body["spec"].(object), made.metadata()["generation"]), controller)
	case "gatewayservers", "gatewayclients":
		w.startGateway(c, made)
		w.connect(c, made.place)
	case "publickeies":
		w.connect(c, made.place)
	}
}

// answered is a Configuration's status: nothing is remapped.
func answered(spec object, generation any) object {
	return object{"remote": spec["remote"], "conditions": []any{object{
		"type": "NetworkCIDRsConfigured", "status": "True", "reason": "Configured", "message": "configured",
		"observedGeneration": generation, "lastTransitionTime": now(),
	}}}
}

func (w *world) startGateway(c *cluster, gateway *stored) {
	c.Lock()
	defer c.Unlock()
	if c.get(gateway.place) == nil { // it was taken back at once
		return
	}
	name, kind := gateway.name, gateway.body["kind"].(string)
	c.create("wg"+gateway.resource, owned(networking, "Wg"+kind, name, gateway), controller)
	key := base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf("%-32.32s", c.name+"/"+name)))
	secret := owned("v1", "Secret", "gw-"+name, gateway)
	c.create("secrets", with(secret, "data", object{"publicKey": key, "privateKey": key}), controller)
	pod := labelled(owned("v1", "Pod", "gw-"+name+"-1", gateway))
	pod["spec"] = object{"nodeName": "node-1"}
	pod["status"] = object{"phase": "Running", "conditions": []any{object{"type": "Ready", "status": "True"}}}
	c.create("pods", pod, "kube-controller-manager")
	made := object{"apiVersion": networking, "kind": "Wg" + kind, "name": name, "namespace": gateway.namespace}
	status := object{"clientRef": made}
	if gateway.resource == "gatewayservers" {
		c.create("services", labelled(owned("v1", "Service", "gw-"+name, gateway)), controller)
		port := gateway.body["spec"].(object)["endpoint"].(object)["port"]
		number := slices.Index(w.leaves, c) + 1
		status = object{"endpoint": object{"addresses": []any{address(number)}, "port": port, "protocol": "UDP"}}
	}
	c.setStatus(gateway.place, status, controller)
}

// connect makes a Connection where a gateway and its peer's key are, and says Connected once both
// ends have theirs. One cluster is locked at a time: both ends may be at it, and do the same.
func (w *world) connect(c *cluster, at place) {
	name := place{"connections", at.namespace, "gw-" + at.name}
	c.Lock()
	gateway := c.get(place{"gatewayservers", at.namespace, at.name})
	if gateway == nil {
		gateway = c.get(place{"gatewayclients", at.namespace, at.name})
	}
	if gateway == nil || c.get(place{"publickeies", at.namespace, at.name}) == nil || c.get(name) != nil {
		c.Unlock()
		return
	}
	made := owned(networking, "Connection", name.name, gateway)
	made["spec"] = object{
		"type":       strings.TrimPrefix(gateway.body["kind"].(string), "Gateway"),
		"gatewayRef": object{"name": gateway.name, "namespace": gateway.namespace},
	}
	made["status"] = object{"value": "Connecting"}
	c.create("connections", made, gatewayManager)
	c.Unlock()

	peer, there := w.byID[at.name], place{"connections", tenantNamespace(c.name), "gw-" + c.name}
	if peer == nil {
		return
	}
	peer.Lock()
	up := peer.get(there) != nil
	peer.setStatus(there, connected(), gatewayManager)
	peer.Unlock()
	if up {
		c.Lock()
		c.setStatus(name, connected(), gatewayManager)
		c.Unlock()
	}
}

var pings atomic.Int64

// connected is what a gateway says after a ping, which never takes as long as the one before.
func connected() object {
	value := fmt.Sprintf("%.3fms", 2+float64(pings.Add(1)%1000)/1000)
	return object{"value": "Connected", "latency": object{"value": value, "timestamp": now()}}
}

// refreshConnections says every ten seconds that each tunnel is still up, as its gateway does; not
// all at once, since no two gateways began together.
func (w *world) refreshConnections() {
	const seconds = 10
	for turn := 0; ; turn = (turn + 1) % seconds {
		time.Sleep(time.Second)
		for _, c := range w.clusters() {
			c.Lock()
			for number, each := range c.list(selection{place: place{resource: "connections"}}) {
				if number%seconds == turn && each.body["status"].(object)["value"] == "Connected" {
					c.setStatus(each.place, connected(), gatewayManager)
				}
			}
			c.Unlock()
		}
	}
}

// owned is an object that Liqo makes for a gateway, and that goes with it.
func owned(apiVersion, kind, name string, gateway *stored) object {
	made := newObject(apiVersion, kind, gateway.namespace, name, object{remoteID: gateway.name})
	metadataOf(made)["ownerReferences"] = []any{object{
		"apiVersion": gateway.body["apiVersion"], "kind": gateway.body["kind"], "name": gateway.name,
		"uid": gateway.metadata()["uid"], "controller": true, "blockOwnerDeletion": true,
	}}
	return made
}

// labelled as the gateway templates label what runs a gateway.
func labelled(made object) object {
	metadata := metadataOf(made)
	labels := metadata["labels"].(object)
	metadata["labels"] = object{
		"networking.liqo.io/component":    "gateway",
		"networking.liqo.io/gateway-name": labels[remoteID],
	}
	return made
}
