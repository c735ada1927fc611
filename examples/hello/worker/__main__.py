"""Asks the API every other second."""

import os
import time
from urllib.request import urlopen

while True:
    try:
        print(urlopen(os.environ["API"], timeout=5).read().decode(), flush=True)
    except OSError as error:
        print(f"api does not answer: {error}", flush=True)
    time.sleep(2)
