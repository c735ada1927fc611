"""What a set of images is: sizes of compressed layers, those of the base among them, and what is in them."""

import pathlib
import shutil
import statistics
import tempfile

import contents
import images
import side as sides
import wheels

# As heavy as a package that Layerset gives a layer to itself.
HEAVY_BYTES = 20_000_000
SYNTAX = "bench/dockerfile:1"


def of_sizes(side: sides.Side, held: dict[str, images.Layers]) -> dict:
    every = [sum(size for _, size in layers) for layers in held.values()]
    distinct = images.distinct(list(held.values()), 0)
    counts = [len(layers) for layers in held.values()]
    stored, total = sum(distinct.values()), sum(every)
    return {
        "images": len(held),
        "stored_bytes": stored,
        "image_bytes": total,
        "reuse": round(1 - stored / total, 4),
        "median_image_bytes": statistics.median(every),
        "largest_image_bytes": max(every),
        "blobs": len(distinct),
        "layers": {"least": min(counts), "median": statistics.median(counts), "most": max(counts)},
    }


def of_images(side: sides.Side, held: dict[str, images.Layers], known: contents.Shelf, shelf: wheels.Shelf) -> dict:
    """And whether an image has packages that its requirement files do not ask for, or lacks some that they do."""
    extra, missing, heavy = {}, {}, {}
    for service in side.project.services():
        asked = {wheels.key(line) for name in side.project.requires(service) for line in shelf.closures[name]}
        found = known.packages(held[side.reference(service)], side.base_layers)
        lines = {wheels.key(line): line for line in found}
        if more := sorted(lines[one] for one in lines if one not in asked):
            extra[service] = more
            weight = [line for line in more if wheels.key(line) in shelf.wheels and shelf.size(line) >= HEAVY_BYTES]
            if weight:
                heavy[service] = weight
        if less := sorted(asked - set(lines)):
            missing[service] = less
    told = {"heavy_images": len(heavy), "heavy": heavy, "not_required": extra}
    told |= {"lacking_images": len(missing), "missing": missing}
    return {**of_sizes(side, held), "prefix_tree_bytes": known.prefix_tree(list(held.values())), **told}


def needed(held: list[dict[str, int]], backend: pathlib.Path) -> dict[str, pathlib.Path]:
    """The files of the context that any image has, by their paths in the images."""
    paths = {path for files in held for path in files}
    return {path: backend / path for path in sorted(paths) if (backend / path).is_file()}


def external_frontend(side: sides.Side, binary: pathlib.Path) -> str:
    """An image of Docker's own Dockerfile frontend, in the engine of a side."""
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        shutil.copy(binary, root / "dockerfile-frontend")
        # As moby/buildkit's own, frontend/dockerfile/cmd/dockerfile-frontend/Dockerfile.
        names = ("inputs", "subrequests", "contexts", "gitquerystring")
        caps = ",".join(f"moby.buildkit.frontend.{name}" for name in names)
        (root / "Dockerfile").write_text(
            "FROM scratch\n"
            'LABEL moby.buildkit.frontend.network.none="true"\n'
            f'LABEL moby.buildkit.frontend.caps="{caps}"\n'
            "COPY dockerfile-frontend /bin/dockerfile-frontend\n"
            'ENTRYPOINT ["/bin/dockerfile-frontend"]\n'
        )
        side.docker("build", "--quiet", "--tag", SYNTAX, directory)
    return SYNTAX
