"""Reports as pages, sheets, pictures and PDF."""

import io

import lxml.html
import matplotlib
import openpyxl
import xlsxwriter
from matplotlib.figure import Figure
from reportlab.pdfgen.canvas import Canvas

import frames
from common.service import Service
from frames import columns
from rendering import render

matplotlib.use("agg")
service = Service(
    "reporting",
    frames.USES,
    "lxml matplotlib openpyxl reportlab xlsxwriter",
    needs=("data/reference",),
)


@service.app.get("/page")
def page() -> str:
    table = columns.prices(["A", "B"], 3).to_html()
    return lxml.html.fromstring(render("report.html", title="Today", table=table)).text_content()


@service.app.get("/sizes")
def sizes() -> dict[str, int]:
    picture, sheet, pdf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    figure = Figure()
    figure.subplots().plot([1, 3, 2])
    figure.savefig(picture, format="png")
    with xlsxwriter.Workbook(sheet) as book:
        book.add_worksheet().write_row(0, 0, [1, 2, 3])
    canvas = Canvas(pdf)
    canvas.drawString(100, 700, "Today")
    canvas.save()
    rows = openpyxl.load_workbook(io.BytesIO(sheet.getvalue())).active.max_row
    return {"picture": len(picture.getvalue()), "pdf": len(pdf.getvalue()), "rows": rows}
