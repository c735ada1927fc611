"""What would do (I): one image of the base and one layer more, which has every needed thing once.

Independent of the tools: uv installs all wheels with compiled modules into the base's own Python, and the needed files
of the context are copied beside them, in one step; the same engine compresses the layer.
"""

import pathlib
import shutil
import tempfile

import engines
import images
import side
import tools
import wheels

DOCKERFILE = """\
FROM {base}
WORKDIR /app
RUN --mount=from=ghcr.io/astral-sh/uv:latest,source=/uv,target=/bin/uv --mount=type=bind,target=/context \\
    uv pip install --system --break-system-packages --no-deps --no-cache --compile-bytecode --require-hashes \\
    --default-index {address} -r /context/all.txt && cp -a /context/needed/. /app/
"""


def measure(place: side.Place, shelf: wheels.Shelf, needed: dict[str, pathlib.Path]) -> dict:
    """`needed`: files by their paths below the images' working directory."""
    environment = engines.start(place.engine, "tradingideal", place.frontend)
    try:
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            address = f"http://{engines.HOST}:{place.served.port}/simple/"
            (root / "Dockerfile").write_text(DOCKERFILE.format(base=tools.PYTHON_IMAGE, address=address))
            (root / "all.txt").write_text(shelf.hashed(shelf.union, {}))
            for path, source in needed.items():
                (root / "needed" / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, root / "needed" / path)
            reference = f"{environment['LAYERSET_REGISTRY']}/trading-ideal:bench"
            command = ["docker", "buildx", "build", "--output", f"type=image,name={reference},push=true,store=false"]
            engines.run([*command, "--no-cache", "."], environment, root)
        layers = images.layers(reference)
    finally:
        engines.stop(place.engine, "tradingideal")
    return {
        "bytes": sum(size for _, size in layers),
        "base_bytes": sum(size for _, size in layers[:-1]),
        "layers": len(layers),
        "wheels": shelf.count,
        "wheel_bytes": shelf.bytes,
        "needed_files": len(needed),
        "needed_bytes": sum(source.stat().st_size for source in needed.values()),
    }
