"""What all of them can do: a page for people, tokens, events, work for later."""

import fastapi

import telemetry
from cloud import buckets, many
from common.service import Service
from db import migrations, session
from messaging import tasks
from security import people, tokens
from telemetry import page, traces

USES = (tasks.USES, people.USES, many.USES, telemetry.USES)


class LightService(Service):
    def __init__(self, name: str, *uses: str, needs: tuple[str, ...] = ()) -> None:
        super().__init__(name, *USES, *uses, needs=needs)
        self.tracer = traces.tracer(name)
        self.tasks = tasks.queue
        self.tell = many.call_all
        self.app.get("/")(self.page)
        self.app.post("/tokens")(self.token)

    def page(self) -> fastapi.responses.HTMLResponse:
        facts = {"database": session.DRIVER, "forms": people.FORMS, "bucket": buckets.BUCKET}
        return fastapi.responses.HTMLResponse(page.render(self.name, {**facts, "changes": migrations.DRIVER}))

    def token(self, subject: str) -> str:
        with self.tracer.start_as_current_span("token"):
            return tokens.issue(people.address(subject))
