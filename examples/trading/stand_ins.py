"""Small wheels in the place of large packages, for `generate.py --stand-ins`.

A stand-in has the name of a package and a version above all others, or the one that is pinned. Whatever is asked of its
modules is there and does nothing: services start with it, answer /health, and compute nothing.
"""

import base64
import hashlib
import pathlib
import re
import zipfile

# Packages, and their modules where those have another name.
PACKAGES = {
    "ccxt": "ccxt",
    "duckdb": "duckdb",
    "imageio": "imageio",
    "joblib": "joblib",
    "kubernetes": "kubernetes",
    "matplotlib": "matplotlib",
    "networkx": "networkx",
    "nltk": "nltk",
    "numba": "numba",
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "opencv-python-headless": "cv2",
    "optuna": "optuna",
    "pandas": "pandas",
    "pillow": "PIL",
    "plotly": "plotly",
    "polars": "polars",
    "pyarrow": "pyarrow",
    "reportlab": "reportlab",
    "safetensors": "safetensors",
    "scikit-learn": "sklearn",
    "scipy": "scipy",
    "statsmodels": "statsmodels",
    "stripe": "stripe",
    "tokenizers": "tokenizers",
    "transformers": "transformers",
    "twilio": "twilio",
    "xlsxwriter": "xlsxwriter",
    "zstandard": "zstandard",
}
HIGHEST = "9999"
MODULE = '''\
"""Stands in for {package}: whatever is asked of it is there, and does nothing."""

import importlib.abc
import importlib.machinery
import sys
import types


class Anything:
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()

    def __call__(self, *_, **__):
        return Anything()

    def __len__(self):
        return 0

    def __iter__(self):
        return iter(())


class Module(types.ModuleType):
    __getattr__ = Anything.__getattr__


class Modules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """All modules below this one."""

    def find_spec(self, name, path, target=None):
        if name.startswith(__name__ + "."):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return Module(spec.name)

    def exec_module(self, module):
        pass


def __getattr__(name):
    return Anything().__getattr__(name)


sys.meta_path.append(Modules())
'''


def write(backend: pathlib.Path) -> int:
    """Makes the wheels, and has the manifest of a copy find them. Gives their number."""
    directory = backend / "stand-ins"
    directory.mkdir()
    lines = [line for file in (backend / "requirements").glob("*.txt") for line in file.read_text().splitlines()]
    pins = dict(match.groups() for line in lines if (match := re.fullmatch(r"([\w-]+)==([\w.]+)", line)))
    for package, module in PACKAGES.items():
        version = f"{pins[package]}+stand.in" if package in pins else HIGHEST
        wheel(directory, package, version, module)
    manifest = backend / "layerset.yaml"
    text, number = re.subn(r"^python: \{", "python: {wheels: stand-ins, ", manifest.read_text(), flags=re.M)
    if number != 1:
        raise ValueError(f"found {number} lines of python: in {manifest}, expected one")
    manifest.write_text(text)
    return len(PACKAGES)


def wheel(directory: pathlib.Path, package: str, version: str, module: str) -> None:
    """With the same bytes every time."""
    name = package.replace("-", "_")
    info = f"{name}-{version}.dist-info"
    files = {
        f"{module}/__init__.py": MODULE.format(package=package),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: stand-ins\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{path},sha256={digest(text)},{len(text.encode())}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    with zipfile.ZipFile(directory / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path), text)


def digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
