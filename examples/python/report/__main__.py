import numpy
from common.page import page

print(page("report", result=f"2 + 2 = {numpy.full(2, 2).sum()}"))
