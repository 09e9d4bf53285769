"""What is taken for a password, and what is kept of it."""

import pytest
from argon2 import PasswordHasher

from tenancy.errors import InvalidInput
from tenancy.signing_in import passwords

pytestmark = pytest.mark.feature("T-05")


def test_what_is_kept_is_argon2id_with_its_parameters_and_another_each_time() -> None:
    one, two = passwords.hashed("a brook runs downhill"), passwords.hashed("a brook runs downhill")
    assert one.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert one != two
    assert passwords.fits(one, "a brook runs downhill")
    assert not passwords.fits(one, "a brook runs uphill")


def test_nobodys_password_never_fits() -> None:
    assert not passwords.fits(None, "")
    assert not passwords.fits("nonsense", "nonsense")


def test_a_password_may_be_written_in_two_ways() -> None:
    assert passwords.fits(passwords.hashed("caf\u00e9 au lait \u2460"), "cafe\u0301 au lait 1")


def test_weaker_parameters_are_outdated() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("a brook runs downhill")
    assert passwords.fits(weak, "a brook runs downhill")
    assert passwords.is_outdated(weak)
    assert not passwords.is_outdated(passwords.hashed("a brook runs downhill"))


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("x" * 11, "12 to 200 characters, not 11"),
        ("x" * 201, "12 to 200 characters, not 201"),
        ("x" * 12 + "\x00", "zero character"),
        ("Admin@brook.example", "the e-mail address"),
    ],
)
def test_what_is_no_password(password: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        passwords.clean_password(password, "new_password", unlike="admin@brook.example")
