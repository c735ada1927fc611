"""People and what they pay."""

import decimal

from pydantic import BaseModel


class Person(BaseModel):
    name: str
    address: str


class Invoice(BaseModel):
    person: Person
    amount: decimal.Decimal
