"""Mail, short messages and chat."""

import premailer
import slack_sdk
import twilio.rest

from light.service import LightService
from rendering import render

service = LightService("notifications", "premailer slack-sdk twilio")
CHAT = slack_sdk.WebClient()
PHONE = twilio.rest.Client("AC" + "0" * 32, "none")


@service.app.get("/mail")
def mail(name: str = "you", price: str = "1") -> str:
    return premailer.transform(render("trade.html", name=name, price=price))


@service.app.get("/channels")
def channels() -> list[str]:
    return [CHAT.base_url, PHONE.account_sid]
