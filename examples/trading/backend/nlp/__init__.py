"""Reads text with models."""

USES = "numpy onnxruntime safetensors tokenizers transformers"
