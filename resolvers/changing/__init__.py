"""How a mutation is answered: one declaration beside its field, one pipeline that all of them pass.

`schema/` says `mutation(resolver, Input, needs=…)`; the resolver calls a domain action and names the rows that the
payload shows; everything else (permission, acting tenant, idempotency, transaction, dry run, refusals, reading the
payload) happens in `pipeline.py`, the same for all.
"""

from resolvers.changing.change import Change, Secret
from resolvers.changing.declaration import Mutating, mutation

__all__ = ["Change", "Mutating", "Secret", "mutation"]
