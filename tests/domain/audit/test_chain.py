"""A chain tells of whatever happened to one of its entries."""

import hashlib
from typing import Any

import pytest

from domain.audit.chain import GENESIS, Broken, Head, canonical, link, verify

pytestmark = pytest.mark.feature("T-12")

Entry = dict[str, Any]


def entry(sequence: int, **other: Any) -> Entry:
    """An entry, not yet sealed."""
    return {
        "acted_as_id": None,
        "actor_id": "01a00000-0000-7000-8000-000000000001",
        "actor_kind": "mgr",
        "at": "2027-08-20T09:00:00.000000Z",
        "changes": {"name": [None, "Müller"]},
        "count": 1,
        "distributor_id": "01a00000-0000-7000-8000-000000000002",
        "id": f"01a00000-0000-7000-8000-{sequence:012d}",
        "job_id": None,
        "operation": "createAccount",
        "request_id": "r-1",
        "sequence": sequence,
        "subject": "accounts",
        "subject_id": "01a00000-0000-7000-8000-000000000003",
        "tenant_id": "01a00000-0000-7000-8000-000000000004",
        "verb": "CREATED",
        **other,
    }


def chain(length: int) -> list[Entry]:
    """Sealed entries."""
    hash, found = GENESIS, []
    for sequence in range(1, length + 1):
        new = entry(sequence)
        hash = link(hash, new)
        found.append(new | {"hash": hash.hex()})
    return found


def test_the_canonical_form_is_the_one_that_is_written_down() -> None:
    text = (
        '{"acted_as_id":null,"actor_id":"01a00000-0000-7000-8000-000000000001","actor_kind":"mgr",'
        '"at":"2027-08-20T09:00:00.000000Z","changes":{"name":[null,"Müller"]},"count":1,'
        '"distributor_id":"01a00000-0000-7000-8000-000000000002","id":"01a00000-0000-7000-8000-000000000001",'
        '"job_id":null,"operation":"createAccount","request_id":"r-1","sequence":1,"subject":"accounts",'
        '"subject_id":"01a00000-0000-7000-8000-000000000003","tenant_id":"01a00000-0000-7000-8000-000000000004",'
        '"verb":"CREATED"}'
    )
    assert canonical(entry(1)) == text.encode()
    assert link(GENESIS, entry(1)) == hashlib.sha256(bytes(32) + text.encode()).digest()


def test_a_whole_chain_has_a_head() -> None:
    entries = chain(5)
    assert verify(entries) == Head(5, entries[-1]["hash"])
    assert verify([]) == Head(0, bytes(32).hex())


@pytest.mark.parametrize("field", sorted(set(entry(1)) - {"sequence"}))
def test_an_altered_entry_is_named_whatever_was_altered(field: str) -> None:
    entries = chain(5)
    entries[2] = entries[2] | {field: {"name": [None, "Mueller"]} if field == "changes" else "other"}
    found = verify(entries)
    assert isinstance(found, Broken)
    assert (found.sequence, found.id) == (3, entries[2]["id"])


def test_a_removed_entry_is_named_by_its_place() -> None:
    entries = chain(5)
    assert verify([*entries[:2], *entries[3:]]) == Broken(3, None, "is missing")
    assert verify(entries[1:]) == Broken(1, None, "is missing")


def test_entries_that_changed_places_are_seen() -> None:
    one, two, three = chain(3)
    assert verify([two, one, three]) == Broken(1, None, "is missing")
    swapped = [one, three | {"sequence": 2}, two | {"sequence": 3}]
    found = verify(swapped)
    assert isinstance(found, Broken)
    assert (found.sequence, found.id) == (2, three["id"])


def test_an_entry_put_in_is_seen_though_its_own_hash_is_right() -> None:
    one, two, three = chain(3)
    forged = entry(2, operation="topUp")
    forged["hash"] = link(bytes.fromhex(one["hash"]), forged).hex()
    found = verify([one, forged, three])
    assert isinstance(found, Broken)
    assert (found.sequence, found.id) == (3, three["id"])
    assert isinstance(verify([one, two, two, three]), Broken)


def test_a_kept_head_tells_of_what_was_taken_from_the_end_and_of_a_chain_made_anew() -> None:
    entries = chain(5)
    head = Head(5, entries[-1]["hash"])
    assert isinstance(verify(entries[:3]), Head)
    assert verify(entries[:3], head=head) == Broken(4, None, "is missing, with everything up to the kept head 5")
    anew, hash = [], GENESIS
    for old in entries:
        new = {**old, "operation": "nothing"}
        hash = link(hash, new)
        anew.append(new | {"hash": hash.hex()})
    assert isinstance(verify(anew), Head)
    found = verify(anew, head=head)
    assert isinstance(found, Broken)
    assert (found.sequence, found.id) == (5, entries[4]["id"])
    assert verify(entries, head=Head(3, entries[2]["hash"])) == head
