"""A page for people."""

import jinja2

PAGE = jinja2.Template("<h1>{{ name }}</h1><dl>{% for k, v in facts|items %}<dt>{{ k }}<dd>{{ v }}{% endfor %}</dl>")


def render(name: str, facts: dict) -> str:
    return PAGE.render(name=name, facts=facts)
