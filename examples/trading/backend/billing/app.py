"""Invoices, as pages and as PDF."""

import io

import fastapi
import stripe
from reportlab.pdfgen.canvas import Canvas

from light.service import LightService
from rendering import render
from schemas.people import Invoice

service = LightService("billing", "reportlab stripe")
stripe.api_key = "none"


@service.app.post("/invoices")
def invoice(invoice: Invoice) -> str:
    return render("invoice.html", name=invoice.person.name, amount=str(invoice.amount))


@service.app.get("/pdf")
def pdf(text: str = "invoice") -> fastapi.Response:
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    canvas.drawString(100, 700, text)
    canvas.save()
    return fastapi.Response(buffer.getvalue(), media_type="application/pdf")
