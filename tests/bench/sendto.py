"""Each line of standard input as one datagram: sendto.py HOST PORT"""
import socket
import sys

target = (sys.argv[1], int(sys.argv[2]))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
for line in sys.stdin.buffer:
    udp.sendto(line.rstrip(b"\n"), target)
