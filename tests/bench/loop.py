"""An SSE client as one writes it with requests: loop.py URL [HOST PORT | COUNT]

Prints each event as one JSON line, or sends its data as a datagram.
"""
import json
import socket
import sys

import requests


def events(url):
    response = requests.get(url, stream=True)
    event, event_id, data = "message", "", []
    rest = b""
    # What has arrived, and no wait for more: iter_lines would wait for a full buffer, or read byte by byte.
    while chunk := response.raw.read1(65536):
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        for line in lines:
            if not line:
                if data:
                    yield event, event_id, b"\n".join(data)
                event, data = "message", []
                continue
            name, _, value = line.partition(b":")
            if value.startswith(b" "):
                value = value[1:]
            if name == b"data":
                data.append(value)
            elif name == b"event":
                event = value.decode()
            elif name == b"id":
                event_id = value.decode()


def relay(url, host, port):
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    for _, _, data in events(url):
        udp.sendto(data, (host, port))


def listen(url, count):
    out = sys.stdout
    for number, (event, event_id, data) in enumerate(events(url), 1):
        line = {"event": event, "id": event_id, "data": data.decode()}
        out.write(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n")
        if number == count:
            break
    out.flush()


if len(sys.argv) == 4:
    relay(sys.argv[1], sys.argv[2], int(sys.argv[3]))
else:
    listen(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 0)
