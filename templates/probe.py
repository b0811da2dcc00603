"""What a probe Pod runs; of Python's standard library only, so that any Python image will do.

``serve TOKEN PORT SECONDS``: tells each TCP caller which address it was seen with, and answers
each UDP datagram with its size; only who knows TOKEN believes it.

``call TOKEN COUNT MTU PEER ADDRESS...``: connects COUNT times to PEER, such a server, and finds
the largest packet that reaches it whole, beginning at MTU; connects COUNT times to each ADDRESS.
All are HOST:PORT; PEER may be empty. The result is one line of JSON, the termination message.
"""

import json
import os
import select
import signal
import socket
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor

MESSAGE = "/dev/termination-log"
PATIENCE = float(os.environ.get("PROBE_PATIENCE", 10))  # seconds until the first connect succeeds
TIMEOUT = 2  # seconds for one connect; a lost first packet comes again after one
HOPELESS = 5  # failures one after the other
LARGEST = 9200  # bytes of a packet: jumbo frames
HEADERS = 28  # of IPv4 and UDP
STEPS = 24  # sizes tried at once
COPIES = 3  # of each, since one may get lost
SILENCE = 1  # seconds after which no answer comes any more
IP_MTU_DISCOVER, IP_PMTUDISC_PROBE = 10, 3  # do not fragment, believe no path MTU learnt before


def serve(token, port, seconds):
    end = time.monotonic() + float(seconds)
    tcp = socket.create_server(("", int(port)), backlog=128)
    tcp.setblocking(False)  # a caller may be gone again before it is taken
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(tcp.getsockname())
    print(f"serves port {tcp.getsockname()[1]}", flush=True)
    while (left := end - time.monotonic()) > 0:
        ready, _, _ = select.select([tcp, udp], [], [], left)
        for each in ready:
            try:
                answer_call(tcp, token) if each is tcp else answer_datagram(udp, token)
            except OSError:
                pass  # a caller that went away is no matter of ours


def answer_call(tcp, token):
    connection, caller = tcp.accept()
    with connection:
        connection.settimeout(TIMEOUT)
        connection.sendall(f"{token} {caller[0]}\n".encode())


def answer_datagram(udp, token):
    data, caller = udp.recvfrom(65536)
    if data.startswith(token.encode()):
        udp.sendto(f"{token} {len(data)}".encode(), caller)


def call(token, count, mtu, peer, *addresses):
    with ThreadPoolExecutor(16) as pool:
        others = pool.map(lambda each: connects(each, int(count))[0], addresses)
        result = {"peer": meet(token, int(count), int(mtu), peer) if peer else None}
        result["addresses"] = list(others)
    return result


def meet(token, count, mtu, peer):
    """All about the way to a probe server: who it sees, how long it takes, what fits."""
    result, callers = connects(peer, count, token)
    fits = largest(peer, token, mtu) if callers else 0
    return {**result, "callers": sorted(callers)[:4], "mtu": fits}


def connects(to, count, token=""):
    """Connect *count* times; the first may take longer, since a peer may only just begin."""
    end = time.monotonic() + PATIENCE
    times, callers, error, failures, tried = [], set(), "", 0, 0
    while tried < count:
        try:
            milliseconds, caller = connect(to, token)
            times.append(milliseconds)
            callers.add(caller)
            failures = 0
        except (OSError, ValueError) as failure:
            error = (getattr(failure, "strerror", None) or str(failure))[:40]
            failures += 1
            if not times and time.monotonic() < end:
                time.sleep(0.2)
                continue
            if not times or failures == HOPELESS:
                break
        tried += 1
        time.sleep(0.02)
    took = [min(times), statistics.median(times), max(times)] if times else []
    error = error if len(times) < count else ""
    return {"ok": len(times), "error": error, "ms": [round(each, 2) for each in took]}, callers


def connect(to, token):
    """The milliseconds that it took, and who a server with *token* says we are."""
    began = time.perf_counter()
    with socket.create_connection(parts(to), TIMEOUT) as connection:
        milliseconds = (time.perf_counter() - began) * 1000
        if not token:
            return milliseconds, ""
        with connection.makefile("rb") as answer:
            words = answer.readline(200).decode("ascii", "replace").split()
    if len(words) != 2 or words[0] != token:
        raise ValueError("another server answers there")
    return milliseconds, words[1]


def parts(to):
    host, _, port = to.rpartition(":")
    return host.strip("[]"), int(port)


def largest(peer, token, expected):
    """The bytes of the largest packet that arrives unfragmented; 0 if none does."""
    low, high = 0, LARGEST + 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        try:
            udp.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
            udp.connect(parts(peer))
        except OSError:
            return 0  # not on this kernel
        while high - low > 1:
            sizes = {low + (high - low) * step // STEPS for step in range(1, STEPS)}
            sizes |= {expected, expected + 1}
            sizes = sorted(each for each in sizes if max(low, HEADERS + len(token)) < each < high)
            if not sizes:
                break
            arrived = send(udp, token, sizes)
            if not arrived and not low:
                break
            low = max(arrived, default=low)
            high = min((each for each in sizes if each > low), default=high)
    return low


def send(udp, token, sizes):
    """Those of *sizes* that are answered."""
    arrived = set()
    for _ in range(COPIES):
        for size in sizes:
            try:
                udp.send(token.encode().ljust(size - HEADERS, b"."))
            except OSError:
                pass  # larger than the interface, or what a smaller one met
            arrived |= answers(udp, token, 0.002)
    end = time.monotonic() + SILENCE
    while len(arrived & set(sizes)) < len(sizes) and (left := end - time.monotonic()) > 0:
        arrived |= answers(udp, token, left)
    return arrived & set(sizes)


def answers(udp, token, seconds):
    """The sizes of the packets that the next answer, if it comes in time, is about."""
    try:
        if not select.select([udp], [], [], seconds)[0]:
            return set()
        words = udp.recv(200).decode("ascii", "replace").split()
    except OSError:
        return set()
    ours = len(words) == 2 and words[0] == token and words[1].isdecimal()
    return {int(words[1]) + HEADERS} if ours else set()


def tell(result):
    """Where it cannot be written, failing makes kubelet take the log's end for the message."""
    text = json.dumps(result, separators=(",", ":"))
    print(text, flush=True)
    try:
        with open(os.open(MESSAGE, os.O_WRONLY | os.O_TRUNC), "w") as file:
            file.write(text)
    except OSError:
        return 9
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # the first process of a Pod ignores it
    if sys.argv[1] == "serve":
        serve(*sys.argv[2:])
    else:
        sys.exit(tell(call(*sys.argv[2:])))
