"""What mails say: Liquid templates, in English."""

from collections.abc import Mapping
from dataclasses import dataclass

from liquid import Environment, StrictUndefined

__all__ = ["BILLING_DAY_COMING", "INVITATION", "PASSWORD_RESET", "SECRET", "SUBSCRIPTIONS_STOPPED", "rendered"]

BILLING_DAY_COMING = "billing_day.coming"
INVITATION = "member.invited"
PASSWORD_RESET = "password.reset"  # noqa: S105 - a kind of mail
SUBSCRIPTIONS_STOPPED = "subscriptions.stopped"

SECRET = frozenset({INVITATION, PASSWORD_RESET})
"""Kinds whose texts are kept no longer than it takes to send them."""


@dataclass(frozen=True, slots=True)
class Template:
    """Subject and body; what they may use stands beside each."""

    subject: str
    body: str


TEMPLATES = {
    # account.name, seller, billing_day, postpaid, lines (name, number, amount),
    # funds (needed, available, missing or nil)
    BILLING_DAY_COMING: Template(
        subject=(
            "{% if funds.missing %}{{ funds.missing }} are missing for {{ billing_day }}"
            "{% else %}Your billing day is {{ billing_day }}{% endif %}"
        ),
        body="""\
Hello {{ account.name }},

on {{ billing_day }} the next period of these services begins:
{% for line in lines %}
- {{ line.name }} ({{ line.number }}): {{ line.amount }}
{%- endfor %}

Required funds:  {{ funds.needed }}
Available funds: {{ funds.available }}
{%- if funds.missing %}
Missing funds:   {{ funds.missing }}

Please top up your balance before that day. Services that it does not cover stop.
{%- elsif postpaid %}

Nothing is to be paid in advance: you will get an invoice.
{%- else %}

Your balance covers it; there is nothing to do.
{%- endif %}

{{ seller }}
""",
    ),
    # seller, account, level, token, until
    INVITATION: Template(
        subject="You are invited to {{ account }} at {{ seller }}",
        body="""\
Hello,

you are invited to {{ account }} at {{ seller }}, as {{ level }}.

This key lets you in:

{{ token }}

It is good once, until {{ until }}. If you did not expect it, there is nothing to do.

{{ seller }}
""",
    ),
    # name, seller, tenant (number), token, link (nil: none), minutes
    PASSWORD_RESET: Template(
        subject="A new password for {{ seller }}",
        body="""\
Hello {{ name }},

somebody, perhaps you, asked for a new password for {{ seller }} ({{ tenant }}).
{% if link %}
Set it here:

{{ link }}
{% else %}
This key sets it:

{{ token }}
{% endif %}
It is good once, for {{ minutes }} minutes. If it was not you, there is nothing to do: your password stays.

{{ seller }}
""",
    ),
    # account.name, seller, day, lines (name, number)
    SUBSCRIPTIONS_STOPPED: Template(
        subject="Stopped for lack of funds: {{ lines | map: 'name' | join: ', ' }}",
        body="""\
Hello {{ account.name }},

your balance did not cover the next period of these services, so they stopped on {{ day }}:
{% for line in lines %}
- {{ line.name }} ({{ line.number }})
{%- endfor %}

To use them again, top up your balance and ask {{ seller }} to prolong them.

{{ seller }}
""",
    ),
}

_ENVIRONMENT = Environment(undefined=StrictUndefined)


def rendered(kind: str, values: Mapping[str, object]) -> tuple[str, str]:
    """Subject and body of a mail of this kind. Raises liquid.exceptions.UndefinedError when a value is missing."""
    template = TEMPLATES[kind]
    return (
        _ENVIRONMENT.from_string(template.subject).render(**values).strip(),
        _ENVIRONMENT.from_string(template.body).render(**values),
    )
