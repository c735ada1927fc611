"""The health check of a container: `python -m common.probe PORT`."""

import http.client
import sys

connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=5)
connection.request("GET", "/health")
sys.exit(connection.getresponse().status != 200)
