"""What every service says of itself."""

from importlib.metadata import distributions

from jinja2 import Template

TEMPLATE = Template("{{ service }}: {{ packages | join(', ') }}{% if result is defined %}; {{ result }}{% endif %}")


def page(service: str, **more: object) -> str:
    packages = sorted(one.name.lower() for one in distributions() if one.read_text("INSTALLER") == "layerset\n")
    return TEMPLATE.render(service=service, packages=packages, **more)
