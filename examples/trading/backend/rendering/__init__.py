"""Texts for people, from templates."""

import pathlib
import string

TEMPLATES = pathlib.Path(__file__).parent / "templates"


def render(template: str, **values: str) -> str:
    return string.Template((TEMPLATES / template).read_text()).substitute(values)
