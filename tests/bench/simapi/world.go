package main

import (
	"fmt"
	"strings"
)

const (
	hubName    = "hub" // as its context is called
	hubID      = "torino"
	networking = "networking.liqo.io/v1beta1"
	remoteID   = "liqo.io/remote-cluster-id"
	controller = "liqo-controller-manager"
)

// world is a hub that has been peered with its leaves, by Liqo 1.2.
type world struct {
	hub    *cluster
	leaves []*cluster
	byID   map[string]*cluster // leaves
}

func newWorld(leaves int) *world {
	w := &world{hub: newCluster(hubName), byID: map[string]*cluster{}}
	install(w.hub, hubID)
	for number := 1; number <= leaves; number++ {
		leaf := newCluster(fmt.Sprintf("leaf%02d", number))
		w.leaves, w.byID[leaf.name] = append(w.leaves, leaf), leaf
		install(leaf, leaf.name)
		giveTemplates(leaf)
		w.peer(leaf, number)
	}
	return w
}

func (w *world) clusters() []*cluster { return append([]*cluster{w.hub}, w.leaves...) }

func install(c *cluster, id string) {
	for _, name := range []string{"default", "kube-system", "liqo"} {
		c.create("namespaces", newObject("v1", "Namespace", "", name, nil), "kubectl")
	}
	identity := newObject("v1", "ConfigMap", "liqo", "liqo-clusterid-configmap", nil)
	c.create("configmaps", with(identity, "data", object{"CLUSTER_ID": id}), "helm")
	container := object{"name": "controller-manager", "image": "ghcr.io/liqotech/liqo-controller-manager:v1.2.0"}
	pods := object{"template": object{"spec": object{"containers": []any{container}}}}
	c.create("deployments", with(newObject("apps/v1", "Deployment", "liqo", controller, nil), "spec", pods), "helm")
}

// giveTemplates makes those that a gateway is made from; they heed all that its spec says.
func giveTemplates(leaf *cluster) {
	for _, side := range []string{"Server", "Client"} {
		kind := "WgGateway" + side
		template := newObject(networking, kind+"Template", "liqo", "wireguard-"+strings.ToLower(side), nil)
		template["spec"] = object{
			"objectKind": object{"apiVersion": networking, "kind": kind},
			"template": object{
				"metadata": object{"name": "{{ .Name }}", "namespace": "{{ .Namespace }}"},
				"spec":     object{"args": []any{"--mtu={{ .Spec.MTU }}"}, "service": "{{ .Spec.Endpoint }}"},
			},
		}
		leaf.create(strings.ToLower(kind)+"templates", template, "helm")
	}
}

// peer makes what a leaf and the hub have of each other: the leaf serves.
func (w *world) peer(leaf *cluster, number int) {
	pods, external := fmt.Sprintf("10.%d.0.0/16", number), fmt.Sprintf("10.%d.0.0/16", 100+number)
	for name, cidr := range map[string]string{"pod-cidr": pods, "external-cidr": external} {
		network := newObject("ipam.liqo.io/v1alpha1", "Network", "liqo", name, object{"ipam.liqo.io/network-type": name})
		network["spec"], network["status"] = object{"cidr": cidr}, object{"cidr": cidr}
		leaf.create("networks", network, controller)
	}
	endpoint := object{"addresses": []any{address(number)}, "port": 51840, "protocol": "UDP"}
	server := newObject(networking, "GatewayServer", tenantNamespace(hubID), hubID, object{remoteID: hubID})
	server["spec"], server["status"] = object{"mtu": 1340}, object{"endpoint": endpoint}
	makeEnd(leaf, hubID, cidrs("10.250.0.0/16", "10.251.0.0/16"), server)
	client := newObject(networking, "GatewayClient", tenantNamespace(leaf.name), leaf.name, object{remoteID: leaf.name})
	client["spec"] = object{"mtu": 1340, "endpoint": endpoint}
	client["status"] = object{"clientRef": object{"name": leaf.name}}
	makeEnd(w.hub, leaf.name, cidrs(pods, external), client)
}

func makeEnd(c *cluster, peer string, remote, gateway object) {
	namespace, labels := tenantNamespace(peer), object{remoteID: peer}
	tenant := newObject("v1", "Namespace", "", namespace, object{remoteID: peer, "liqo.io/tenant-namespace": "true"})
	c.create("namespaces", tenant, controller)
	configuration := newObject(networking, "Configuration", namespace, peer, labels)
	configuration["spec"], configuration["status"] = remote, answered(remote, 1.0)
	c.create("configurations", configuration, controller)
	c.create(strings.ToLower(gateway["kind"].(string))+"s", gateway, controller)
	connection := newObject(networking, "Connection", namespace, "gw-"+peer, labels)
	connection["spec"], connection["status"] = object{}, connected()
	c.create("connections", connection, gatewayManager)
}

func newObject(apiVersion, kind, namespace, name string, labels object) object {
	metadata := object{"name": name}
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	if labels != nil {
		metadata["labels"] = labels
	}
	return object{"apiVersion": apiVersion, "kind": kind, "metadata": metadata}
}

func tenantNamespace(peer string) string { return "liqo-tenant-" + peer }

func address(number int) string { return fmt.Sprintf("203.0.113.%d", number) }

func cidrs(pods, external string) object {
	return object{"remote": object{"cidr": object{"pod": []any{pods}, "external": []any{external}}}}
}
