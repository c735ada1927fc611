"""GraphQL and REST, limited for each caller."""

import gunicorn
import itsdangerous
import slowapi
import strawberry
from slowapi.util import get_remote_address

from light.service import LightService
from schemas.orders import Order

service = LightService("api-gateway", "gunicorn itsdangerous slowapi strawberry-graphql")
service.app.state.limiter = slowapi.Limiter(key_func=get_remote_address)
SIGNER = itsdangerous.TimestampSigner("for development alone")
SERVER = f"gunicorn/{gunicorn.__version__}"


@strawberry.type
class Query:
    @strawberry.field
    def upstreams(self) -> list[str]:
        return service.settings.peers()


schema = strawberry.Schema(Query)


@service.app.get("/graph")
def graph(query: str = "{ upstreams }") -> dict:
    return {"data": schema.execute_sync(query).data, "server": SERVER}


@service.app.post("/orders")
def place(order: Order) -> dict:
    return {"symbol": order.symbol, "ticket": SIGNER.sign(order.symbol).decode()}
