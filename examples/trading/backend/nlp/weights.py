"""Weights of models, and what runs them."""

import numpy as np
import onnxruntime
import safetensors.numpy

PROVIDERS = onnxruntime.get_available_providers()


def packed(name: str, values: list[float]) -> bytes:
    return safetensors.numpy.save({name: np.array(values, dtype=np.float32)})


def embedding(path, row: int, width: int = 64) -> np.ndarray:
    """A row of a file of bytes, from -1 to 1."""
    with open(path, "rb") as file:
        file.seek(row * width)
        return np.frombuffer(file.read(width), dtype=np.int8) / np.float32(128)
