// delay passes Ethernet frames between two interfaces of its network namespace, each a while later.
//
//	delay A B SECONDS
package main

import (
	"log"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"
)

const (
	everyProtocol  = 0x0300 // ETH_P_ALL in network byte order
	vnetHeader     = 15     // PACKET_VNET_HDR: checksum and segmentation state travel with a frame
	ignoreOutgoing = 23     // PACKET_IGNORE_OUTGOING
	header         = 10     // what PACKET_VNET_HDR puts before each frame
	held           = 1 << 15
	largest        = 1 << 17
	receiveBuffer  = 16 << 20
)

type frame struct {
	due  time.Time
	data []byte
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: delay A B SECONDS")
	}
	seconds, err := strconv.ParseFloat(os.Args[3], 64)
	must(err)
	delay := time.Duration(seconds * float64(time.Second))
	a, b := open(os.Args[1]), open(os.Args[2])
	go pass(a, b, delay)
	pass(b, a, delay)
}

func open(name string) int {
	link, err := net.InterfaceByName(name)
	must(err)
	socket, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW, everyProtocol)
	must(err)
	must(syscall.SetsockoptInt(socket, syscall.SOL_PACKET, vnetHeader, 1))
	must(syscall.SetsockoptInt(socket, syscall.SOL_PACKET, ignoreOutgoing, 1))
	must(syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_RCVBUFFORCE, receiveBuffer))
	must(syscall.Bind(socket, &syscall.SockaddrLinklayer{Protocol: everyProtocol, Ifindex: link.Index}))
	return socket
}

// pass ends with its process only: an interface that goes away is the end of the lab's delay.
func pass(from, to int, delay time.Duration) {
	queue := make(chan frame, held)
	go func() {
		for next := range queue {
			time.Sleep(time.Until(next.due))
			_, _ = syscall.Write(to, next.data) // a frame that cannot go on is a lost frame
		}
	}()
	buffer := make([]byte, largest)
	for {
		size, err := syscall.Read(from, buffer)
		switch {
		case err == syscall.EINTR || err == syscall.ENETDOWN:
			continue
		case err != nil:
			log.Fatal(err)
		case size < header:
			continue
		}
		select {
		case queue <- frame{time.Now().Add(delay), append([]byte(nil), buffer[:size]...)}:
		default: // full: the frame is lost, as in a real queue
		}
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
