"""An operation becomes one SQL statement, and its row the response.

A schema file says beside each field where its value is (`fields`, kept as `declarations`). For a query, `documents`
finds the parsed document and `plans` the statement compiled for it earlier; else the `compiler` (with `lookups` for
ids, `pages`, `lists` and `conditions` for connections) makes one from the selection set, looking at variables only
through `inputs`, so that the plan is good for every request that gives the same answers. `binding` turns a request's
values into parameters. `execute` sends it all in one pipeline behind the viewer's scope and hands on the bytes; what
they leave to do for hidden and Python fields is in `marks`, what an operation may cost in `cost`. `payloads` reads what
a mutation answers with, inside its transaction. What the compiler declines, and an operation whose answer has a hole
where none may be, is answered by the `reference`: graphql-core, `evaluating` the same declarations one by one.
"""

from resolvers.reading.connections import (
    Connection,
    Count,
    Edge,
    Names,
    Node,
    PageInfo,
    Scope,
    filters,
    having,
    in_groups,
    sorts,
    where_told,
)
from resolvers.reading.declarations import reads, tenant_public_id
from resolvers.reading.directives import Cost, ListSize, Requires
from resolvers.reading.documents import RequestErrors
from resolvers.reading.execute import Engine, NotProven, Pool, Proof, Response, confirm, reading_pool, refused_request
from resolvers.reading.fields import (
    by_id,
    column,
    constant,
    document,
    identifier,
    inline,
    listing,
    money,
    node_by_id,
    node_id,
    nodes_by_ids,
    part,
    period,
    price,
    python,
    related,
    sql,
    subject,
)
from resolvers.reading.statement import public_id
from resolvers.reading.viewer import VIEWER, Viewer

__all__ = [
    "VIEWER",
    "Connection",
    "Cost",
    "Count",
    "Edge",
    "Engine",
    "ListSize",
    "Names",
    "Node",
    "NotProven",
    "PageInfo",
    "Pool",
    "Proof",
    "RequestErrors",
    "Requires",
    "Response",
    "Scope",
    "Viewer",
    "by_id",
    "column",
    "confirm",
    "constant",
    "document",
    "filters",
    "having",
    "identifier",
    "in_groups",
    "inline",
    "listing",
    "money",
    "node_by_id",
    "node_id",
    "nodes_by_ids",
    "part",
    "period",
    "price",
    "public_id",
    "python",
    "reading_pool",
    "reads",
    "refused_request",
    "related",
    "sorts",
    "sql",
    "subject",
    "tenant_public_id",
    "where_told",
]
