"""Health check: ends with 0 if the server on the given port answers."""

import sys
from urllib.request import urlopen

urlopen(f"http://127.0.0.1:{sys.argv[1]}/healthz", timeout=2).read()
