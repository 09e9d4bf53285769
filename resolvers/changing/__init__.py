"""How a mutation is answered: one declaration beside its field, one pipeline that all of them pass.

`schema/` says `mutation(resolver, Input, needs=…)`; the resolver calls a domain action and names the rows that the
payload shows; everything else (permission, acting tenant, idempotency, transaction, dry run, refusals, reading the
payload) happens in `pipeline.py`, the same for all. What nobody needs a token for is an `open_mutation`.
"""

from resolvers.changing.change import Before, Change, Secret
from resolvers.changing.declaration import Mutating, mutation, open_mutation

__all__ = ["Before", "Change", "Mutating", "Secret", "mutation", "open_mutation"]
