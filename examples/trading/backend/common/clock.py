"""Times of trading days."""

import datetime

from dateutil import rrule, tz

EXCHANGE = tz.gettz("America/New_York") or tz.UTC


def now() -> datetime.datetime:
    return datetime.datetime.now(tz.UTC)


def trading_days(start: datetime.date, count: int) -> list[datetime.date]:
    """The next so many days from Monday to Friday."""
    days = rrule.rrule(rrule.DAILY, dtstart=start, byweekday=range(5), count=count)
    return [day.date() for day in days]
