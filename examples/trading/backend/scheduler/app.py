"""Jobs by the clock, here and in the cluster."""

import croniter
import kubernetes
from apscheduler.schedulers.background import BackgroundScheduler

from common import clock
from light.service import LightService

service = LightService("scheduler", "apscheduler croniter kubernetes")
SCHEDULER = BackgroundScheduler()
SCHEDULER.add_job(lambda: service.log.info("tick"), "interval", hours=1)
SCHEDULER.start()


@service.app.get("/next")
def upcoming(expression: str = "0 6 * * 1-5") -> str:
    return croniter.croniter(expression, clock.now()).get_next(clock.datetime.datetime).isoformat()


@service.app.get("/job")
def job(name: str = "report") -> dict:
    made = kubernetes.client.V1Job(metadata=kubernetes.client.V1ObjectMeta(name=name))
    return kubernetes.client.ApiClient(kubernetes.client.Configuration()).sanitize_for_serialization(made)


@service.app.get("/days")
def days(count: int = 5) -> list[str]:
    return [day.isoformat() for day in clock.trading_days(clock.now().date(), count)]
