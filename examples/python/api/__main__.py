from common.page import page
from flask import Flask

app = Flask("api")


@app.get("/")
def index() -> str:
    return page("api")


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8000)
