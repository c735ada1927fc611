from common.page import page

print(page("worker"))
