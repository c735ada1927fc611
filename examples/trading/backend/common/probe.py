"""The health check of a container: `python -m common.probe PORT`. It runs often, so it imports next to nothing."""

import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5) as connection:
    connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
    sys.exit(b" 200 " not in connection.recv(64))
