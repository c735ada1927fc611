"""What a set of images holds, read back from the registry they were pushed to."""

import json
import statistics
import urllib.request

# Of an index, an OCI image manifest, and Docker's own forms of both.
ACCEPT = ", ".join([
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
])

Layers = list[tuple[str, int]]


def get(reference: str, tag: str) -> dict:
    registry, _, repository = reference.partition("/")
    request = urllib.request.Request(f"http://{registry}/v2/{repository}/manifests/{tag}", headers={"Accept": ACCEPT})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def layers(reference: str) -> Layers:
    """Digest and compressed bytes of every layer of `localhost:PORT/repository:tag`, lowest first."""
    name, _, tag = reference.rpartition(":")
    found = get(name, tag)
    if "manifests" in found:
        [image] = [entry for entry in found["manifests"] if entry["platform"]["os"] != "unknown"]
        found = get(name, image["digest"])
    return [(layer["digest"], layer["size"]) for layer in found["layers"]]


def distinct(images: list[Layers], base: int = 1) -> dict[str, int]:
    """Every blob once, without the first layers of each image, which are those of its base."""
    return {digest: size for image in images for digest, size in image[base:]}


def stacks(images: list[Layers]) -> dict[tuple[str, ...], int]:
    """What an engine that keeps images unpacks: a layer once for each different stack that it lies on. Its bytes by the digests
    of the stack with it, bottom first."""
    return {
        tuple(digest for digest, _ in layers[: end + 1]): layers[end][1] for layers in images for end in range(len(layers))
    }


def figures(images: list[Layers], ideal: int) -> dict:
    """`ideal` and all sizes: bytes of compressed layers. The base of an image is its first layer, and not counted."""
    stored = sum(distinct(images).values())
    every = sum(size for image in images for _, size in image[1:])
    counts = [len(image) for image in images]
    return {
        "blob_bytes": stored,
        "blobs": len(distinct(images)),
        "ideal_bytes": ideal,
        "overhead": round(stored / ideal, 4),
        "image_bytes": every,
        "layers": {"least": min(counts), "median": statistics.median(counts), "most": max(counts)},
    }
