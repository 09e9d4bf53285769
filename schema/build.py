"""The finished schema."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from resolvers.reading import Names
from schema.descriptions import describe
from schema.mutation import Mutation
from schema.payload import GenericError, InsufficientBalance
from schema.people import ServiceToken
from schema.query import Query
from schema.scalars import SCALARS
from schema.tenants import Distributor, Reseller

__all__ = ["build", "schema", "sdl"]


def build() -> strawberry.Schema:
    """Put the schema together, with every element's description."""
    built = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        types=[Distributor, Reseller, GenericError, InsufficientBalance, ServiceToken],
        config=StrawberryConfig(scalar_map=SCALARS, name_converter=Names()),
    )
    describe(built)
    return built


schema = build()


def sdl() -> str:
    """The schema in the schema definition language, as kept in `schema.graphql`."""
    return schema.as_str() + "\n"
