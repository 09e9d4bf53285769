"""Calls that are refused for reasons which changing one place of a sample does not find."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["PROVOCATIONS", "UNPROVOKED", "Provocation"]


@dataclass(frozen=True, slots=True)
class Provocation:
    """Who sends what instead of the sample's fields."""

    who: str
    make: Callable[[Mapping[str, str]], dict[str, Any]]
    """The fields, given the prepared ids."""


_PRICED = [
    Provocation("child", lambda _: {"expectedTotal": {"amount": "1.00", "currency": "EUR"}}),
    Provocation("child", lambda _: {"expectedTotal": {"amount": "1.00", "currency": "USD"}}),
]

_IN_DOLLARS = {"planId": "dollar plan", "periodId": "dollar plan endless"}
"""What nobody can count in euros."""

PROVOCATIONS: dict[str, list[Provocation]] = {
    "acceptAgreements": [
        Provocation("stranger", lambda known: {"agreementIds": [known["old privacy policy"]]}),
        Provocation("stranger", lambda known: {"agreementIds": [known["privacy policy"]] * 1_001}),
    ],
    "activateSubscription": [Provocation("child", lambda known: {"subscriptionId": known["spent"]})],
    "advanceClock": [Provocation("operator", lambda known: {"distributorId": known["real"]})],
    "assignServices": [Provocation("admin", lambda known: {"subscriptionIds": [known["running"]] * 1_001})],
    "changeSubscription": [
        Provocation(
            "child",
            lambda known: {
                "subscriptionId": known["fixed"],
                "expectedTotal": None,
                "quantities": [{"resourceKey": "seats", "quantity": "1"}],
            },
        )
    ],
    "createAccount": [
        Provocation("reseller", lambda known: {"managerId": None, "accountClassId": None, "ownerId": known["stranger"]})
    ],
    "createAccountClass": [Provocation("distributor", lambda _: {"key": "silver"})],
    "createAccountType": [Provocation("distributor", lambda _: {"key": "club"})],
    "createDiscount": [
        Provocation("child", lambda _: {"code": "summer"}),
        Provocation("reseller", lambda known: {"accountIds": [known["account"]]}),
    ],
    "createManager": [
        Provocation("child", lambda known: {"role": "CUSTOM", "customRoleId": known["role"][:-4] + "0000"}),
        Provocation("reseller", lambda known: {"role": "CUSTOM", "customRoleId": known["role"]}),
    ],
    "createServiceTerm": [Provocation("distributor", lambda _: {"key": "monthly"})],
    "importPriceSheet": [
        Provocation("distributor", lambda _: {"coefficient": "0"}),
        Provocation("distributor", lambda known: {"fileId": known["child's sheet"]}),
    ],
    "moveReseller": [
        Provocation("distributor", lambda known: {"resellerId": known["child"], "parentId": known["sibling"]})
    ],
    "openAccount": [Provocation("stranger", lambda _: {})],
    "orderForNewAccount": [
        Provocation("stranger", lambda _: {}),
        Provocation("user", lambda known: {field: known[name] for field, name in _IN_DOLLARS.items()}),
    ],
    "orderSubscription": [
        Provocation("admin", lambda _: {}),
        Provocation("child", lambda known: {field: known[name] for field, name in _IN_DOLLARS.items()}),
    ],
    "prolongSubscription": [*_PRICED, Provocation("child", lambda known: {"subscriptionId": known["lapsed"]})],
    "renewSubscription": _PRICED,
    "resendInvitation": [Provocation("child", lambda known: {"invitationId": known["revoked invitation"]})],
    "revokeInvitation": [Provocation("child", lambda known: {"invitationId": known["revoked invitation"]})],
    "renumberOrder": [Provocation("child", lambda _: {"number": "2027/16"})],
    "retryJob": [Provocation("distributor", lambda known: {"jobId": known["job"]})],
    "undelegatePlan": [Provocation("distributor", lambda known: {"tenantIds": [known["sibling"]]})],
    "copyPlan": [Provocation("reseller", lambda known: {"planId": known["reseller's plan"]})],
    "createProduct": [Provocation("distributor", lambda _: {"key": "suite"})],
    "publishProduct": [
        Provocation("distributor", lambda known: {"productId": known["product"]}),
        Provocation("distributor", lambda known: {"productId": known["child's product"]}),
    ],
    "unpublishProduct": [Provocation("distributor", lambda known: {"productId": known["child's product"]})],
    "updateProduct": [
        Provocation("distributor", lambda known: {"productId": known["received product"]}),
        Provocation("distributor", lambda known: {"productId": known["child's product"]}),
    ],
    "setPlanLinks": [
        Provocation("distributor", lambda known: {"switchablePlanIds": [known["spare plan"]]}),
        Provocation("reseller", lambda known: {"planId": known["reseller's plan"]}),
    ],
    "updateServiceTerm": [
        Provocation("distributor", lambda known: {"serviceTermId": known["term"], "change": {"billingDay": 2}}),
    ],
    "switchSubscription": [
        Provocation("child", lambda known: {field: known[name] for field, name in _IN_DOLLARS.items()}),
    ],
    "updatePlan": [
        Provocation(
            "distributor",
            lambda known: {"planId": known["distributor's plan"], "change": {"billingType": "NEXT_DAY_MONTHLY"}},
        )
    ],
}
"""By the name of the mutation."""

_OFTEN = "more tries than are allowed in a while"
UNPROVOKED: dict[tuple[str, str], str] = {
    ("acceptInvitation", "INVALID_STATE"): "the user belongs to the account already, or is shut out",
    ("cancelJob", "ACT_AS_REQUIRED"): "a job of a tenant below",
    ("changePassword", "INVALID_STATE"): "the token belongs to no person",
    ("changePassword", "LIMIT_EXCEEDED"): _OFTEN,
    ("chooseAccount", "INVALID_STATE"): "the token belongs to no user's session",
    ("closeCharges", "INSUFFICIENT_BALANCE"): "charges that were opened, and a balance that was spent otherwise",
    ("completePayment", "INVALID_INPUT"): "a balance that no column holds: see test_limits",
    ("completePayment", "REFUSED_BY_BILLING_TYPE"): "a decrease that is allowed no longer when it is paid",
    ("completeProvisioning", "INSUFFICIENT_BALANCE"): "a switch, which is paid when it is set up",
    ("completeProvisioning", "REFUSED_BY_BILLING_TYPE"): "a switch that is allowed no longer when it is set up",
    ("createCustomRole", "KEY_TAKEN"): "another role with the name",
    ("createCustomRole", "NOT_FOUND"): "the platform acts for nobody",
    ("createUser", "KEY_TAKEN"): "another user with the address",
    ("deactivateManager", "INVALID_STATE"): "the last active system administrator",
    ("deleteCustomRole", "INVALID_STATE"): "somebody has the role",
    ("importPriceSheet", "KEY_TAKEN"): "a term of a tenant below has a key that the sheet needs",
    ("importPriceSheet", "LIMIT_EXCEEDED"): "a dry run of a long sheet",
    ("prolongSubscription", "INVALID_INPUT"): "a total that no column holds",
    ("renumberOrder", "INVALID_STATE"): "the setting ORDER_NUMBERS_EDITABLE is off",
    ("approveManualOperation", "REFUSED_BY_BILLING_TYPE"): "a type that refused it when it was asked for already",
    ("requestPasswordReset", "LIMIT_EXCEEDED"): _OFTEN,
    ("resetPassword", "LIMIT_EXCEEDED"): _OFTEN,
    ("retryJob", "ACT_AS_REQUIRED"): "a job of a tenant below that has failed",
    ("setPostpayPermission", "INVALID_STATE"): "an account whose first order waits: see test_postpay_permission",
    ("signIn", "LIMIT_EXCEEDED"): _OFTEN,
    ("signOut", "INVALID_STATE"): "the token belongs to no session",
    ("updateCustomRole", "KEY_TAKEN"): "another role with the name",
    ("updateManager", "INVALID_STATE"): "the last active system administrator",
}
"""What takes more than one call to come to, or stands elsewhere: a mutation's code, and when it comes."""
