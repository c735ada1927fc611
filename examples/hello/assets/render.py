"""Renders a page template with the length of the motto, which is a secret: it stays out of the page."""

import sys
from pathlib import Path
from string import Template

motto = Path("/run/secrets/motto").read_text().strip()
source, target = map(Path, sys.argv[1:])
target.write_text(Template(source.read_text()).substitute(motto=f"a motto of {len(motto)} letters"))
