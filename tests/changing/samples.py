"""One valid call of every mutation, in the prepared world. A new mutation needs an entry here, and nothing more."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from db import ids
from tests.changing.world import PASSWORD, World

__all__ = ["SAMPLES", "Sample"]

Row = dict[str, Any]
UNKNOWN = ids.uuid7()


@dataclass(frozen=True, slots=True)
class Sample:
    """Who sends what, and which other value of one field is refused."""

    who: str
    make: Callable[[Mapping[str, str]], Row]
    """The input, given the prepared ids."""
    refused: Row
    """Fields with which it is refused."""
    other: Row
    """Fields with which it is another input, no matter whether a good one."""

    def input(self, world: World) -> Row:
        """What is sent."""
        return self.make(world.ids)


PREFIXES = {
    "subscriptionId": "sub",
    "paymentId": "pay",
    "accountId": "acc",
    "defaultMarkupId": "dmk",
    "discountId": "dct",
    "resellerDiscountId": "dsc",
    "manualOperationId": "mop",
    "planId": "pln",
    "orderId": "ord",
    "jobId": "job",
    "tenantId": "rsl",
    "membershipId": "mbr",
    "invitationId": "ivn",
    "resellerId": "rsl",
    "managerId": "mgr",
    "customRoleId": "rol",
    "tokenId": "key",
}


def _of_id(who: str, name: str, prepared: str, **more: Any) -> Sample:
    """A mutation of one prepared row, named by the field `name`."""
    prefix = PREFIXES[name]
    unknown = ids.encode(prefix, UNKNOWN)
    return Sample(who, lambda known: {name: known[prepared], **more}, {name: unknown}, {name: unknown})


def _in_a_month() -> str:
    """Real time: tokens expire by it, also in a sandbox. The same for a whole day, so that two calls are alike."""
    return f"{date.today() + timedelta(days=30)}T00:00:00Z"  # noqa: DTZ011 - any day near will do


def _named(who: str, make: Callable[[Mapping[str, str]], Row]) -> Sample:
    """A mutation that makes something with a name."""
    return Sample(who, make, {"name": ""}, {"name": "Another name"})


SAMPLES: dict[str, Sample] = {
    "createDistributor": _named(
        "operator",
        lambda _: {
            "name": "Estuary",
            "currency": "JPY",
            "adminEmail": "admin@estuary.example",
            "sandbox": True,
            "clock": "2027-03-01T00:00:00Z",
            "timeZone": "Asia/Tokyo",
            "vendor": True,
        },
    ),
    "createReseller": _named(
        "reseller",
        lambda known: {
            "parentId": known["reseller"],
            "name": "Burn",
            "currency": "EUR",
            "adminEmail": "admin@burn.example",
        },
    ),
    "renameTenant": _named("child", lambda known: {"tenantId": known["child"], "name": "Brook & Sons"}),
    "suspendTenant": _of_id("distributor", "tenantId", "sibling"),
    "resumeTenant": _of_id("distributor", "tenantId", "suspended"),
    "moveReseller": Sample(
        "distributor",
        lambda known: {"resellerId": known["cousin"], "parentId": known["reseller"]},
        {"parentId": ids.encode("rsl", UNKNOWN)},
        {"parentId": ids.encode("rsl", UNKNOWN)},
    ),
    "createManager": _named(
        "child",
        lambda known: {"name": "Ada", "email": "ada@brook.example", "role": "CUSTOM", "customRoleId": known["role"]},
    ),
    "updateManager": Sample(
        "child",
        lambda known: {
            "managerId": known["bob"],
            "change": {
                "name": "Robert",
                "email": "robert@brook.example",
                "role": "CUSTOM",
                "customRoleId": known["role"],
            },
        },
        {"change": {"name": ""}},
        {"change": {"name": "Bert"}},
    ),
    "deactivateManager": _of_id("child", "managerId", "bob"),
    "reactivateManager": _of_id("child", "managerId", "carl"),
    "createCustomRole": _named("child", lambda _: {"name": "Cashier", "permissions": ["payments.write"]}),
    "updateCustomRole": Sample(
        "child",
        lambda known: {
            "customRoleId": known["role"],
            "change": {"name": "Clerks", "permissions": ["accounts.read", "payments.read"]},
        },
        {"change": {"permissions": ["distributors.write"]}},
        {"change": {"name": "Another name"}},
    ),
    "deleteCustomRole": _of_id("child", "customRoleId", "role"),
    "createToken": _named(
        "child", lambda known: {"managerId": known["bob"], "name": "Shop", "expiresAt": "2199-01-01T00:00:00Z"}
    ),
    "revokeToken": _of_id("child", "tokenId", "token"),
    "signIn": Sample(
        "nobody",
        lambda known: {
            "tenant": known["child's number"],
            "kind": "MANAGER",
            "email": "Admin@brook.example",
            "password": PASSWORD,
        },
        {"password": "a brook runs uphill"},
        {"email": "bob@brook.example"},
    ),
    "refreshSession": Sample(
        "nobody",
        lambda known: {"refreshToken": known["refresh token"]},
        {"refreshToken": "hw_another"},
        {"refreshToken": "hw_another"},
    ),
    "requestPasswordReset": Sample(
        "nobody",
        lambda known: {"tenant": known["child"], "kind": "MANAGER", "email": "bob@brook.example"},
        {"email": "bob"},
        {"email": "admin@brook.example"},
    ),
    "resetPassword": Sample(
        "nobody",
        lambda known: {"token": known["reset key"], "newPassword": "bob has a boat"},
        {"newPassword": "bob"},
        {"newPassword": "bob has another boat"},
    ),
    "changePassword": Sample(
        "child",
        lambda _: {"currentPassword": PASSWORD, "newPassword": "it runs uphill now"},
        {"currentPassword": "a brook runs uphill"},
        {"newPassword": "it runs downhill now"},
    ),
    "signOut": Sample(
        "session",
        lambda known: {"sessionId": known["session"], "everywhere": False},
        {"sessionId": ids.encode("ses", UNKNOWN)},
        {"everywhere": True},
    ),
    "createAccount": _named(
        "child",
        lambda known: {
            "name": "Hill Farm",
            "email": "till@hill.example",
            "paymentModel": "POSTPAY",
            "externalId": "hill-1",
            "kind": "CUSTOM",
            "accountTypeId": known["type"],
            "accountClassId": known["class"],
            "managerId": known["bob"],
            "microsoft": True,
            "ownerId": known["stranger"],
            "contactName": "Hal",
            "country": "AT",
        },
    ),
    "setSetting": Sample(
        "child",
        lambda _: {"key": "ORDER_NUMBERS", "text": "B-{0000}"},
        {"text": "B-1"},
        {"text": "C-{0000}"},
    ),
    "resetSetting": Sample(
        "child", lambda _: {"key": "PLAN_NUMBERS"}, {"key": "COMPANY_NAME_DOMAINS"}, {"key": "LOCALE"}
    ),
    "updateAccount": Sample(
        "child",
        lambda known: {
            "accountId": known["account"],
            "change": {
                "name": "Meadow Bakery & Café",
                "kind": "CUSTOM",
                "accountTypeId": known["type"],
                "accountClassId": known["class"],
                "managerId": known["bob"],
                "microsoft": True,
                "email": "office@meadow.example",
                "contactName": "Olga",
                "contactEmail": "olga@meadow.example",
                "contactPhone": "+49 30 7654321",
                "signerName": "Sarah",
                "signerEmail": "sarah@meadow.example",
                "country": "DE",
                "region": "Berlin",
                "city": "Berlin",
                "postalCode": "10115",
                "street": "Mill Lane 1",
                "taxNumber": "DE123456789",
                "externalId": None,
            },
        },
        {"ifVersion": 99},
        {"change": {"name": "Another name"}},
    ),
    "createAccountClass": _named(
        "distributor",
        lambda _: {
            "key": "gold",
            "name": "Gold",
            "default": True,
            "terms": {
                "paymentModel": "POSTPAY",
                "stop": "MANUAL",
                "delete": "MANUAL",
                "threshold": "200",
                "paysBelowZero": True,
                "subzeroDays": -1,
                "cancelUnpaidDays": 7,
                "creditLimit": "500.00",
                "paymentExpirationDays": 30,
                "guaranteedLimit": "100",
                "guaranteedDays": 5,
            },
        },
    ),
    "updateAccountClass": _named(
        "distributor",
        lambda known: {
            "accountClassId": known["class"],
            "name": "Silver plus",
            "default": True,
            "terms": {"threshold": "10"},
        },
    ),
    "createAccountType": _named("distributor", lambda _: {"key": "school", "name": "School", "company": False}),
    "publishAgreement": Sample(
        "distributor",
        lambda _: {
            "kind": "TERMS_AND_CONDITIONS",
            "title": "Terms of sale",
            "url": "https://delta.example/terms",
            "required": False,
        },
        {"title": ""},
        {"title": "Another title"},
    ),
    "acceptAgreements": Sample(
        "stranger",
        lambda known: {"agreementIds": [known["privacy policy"]]},
        {"agreementIds": [ids.encode("agr", UNKNOWN)]},
        {"agreementIds": []},
    ),
    "inviteMember": Sample(
        "admin",
        lambda known: {"accountId": known["account"], "email": "fay@meadow.example", "level": "FINANCE"},
        {"level": "OWNER"},
        {"level": "USER"},
    ),
    "resendInvitation": _of_id("child", "invitationId", "invitation"),
    "revokeInvitation": _of_id("owner", "invitationId", "invitation"),
    "acceptInvitation": Sample(
        "invited",
        lambda known: {"name": "Gus", "agreementIds": [known["privacy policy"]]},
        {"agreementIds": []},
        {"name": "Another name"},
    ),
    "openAccount": Sample(
        "user", lambda _: {"name": "Mine", "email": "me@mine.example"}, {"name": ""}, {"name": "Yours"}
    ),
    "orderForNewAccount": Sample(
        "user",
        lambda known: {
            "accountName": "Mine",
            "accountEmail": "me@mine.example",
            "planId": known["child's plan"],
            "periodId": known["plan endless"],
            "quantities": [{"resourceKey": "seats", "quantity": "3"}],
            "name": "Till",
            "autoRenew": False,
            "expectedTotal": {"amount": "11.00", "currency": "EUR"},
        },
        {"expectedTotal": {"amount": "12.00", "currency": "EUR"}},
        {"name": "Another name"},
    ),
    "createUser": _named("child", lambda _: {"name": "Ida", "email": "ida@hill.example", "phone": "+49 30 1234567"}),
    "createUserToken": Sample(
        "child",
        lambda known: {"userId": known["user"], "expiresAt": _in_a_month()},
        {"expiresAt": "2020-01-01T00:00:00Z"},
        {"expiresAt": None},
    ),
    "addMember": Sample(
        "child",
        lambda known: {"accountId": known["account"], "userId": known["stranger"], "level": "FINANCE"},
        {"level": "OWNER"},
        {"level": "ADMIN"},
    ),
    "changeMember": Sample(
        "owner",
        lambda known: {"membershipId": known["user's membership"], "level": "TECHNICAL", "active": False},
        {"level": "OWNER"},
        {"level": "ADMIN"},
    ),
    "transferOwnership": _of_id("owner", "membershipId", "admin's membership"),
    "removeMember": _of_id("admin", "membershipId", "user's membership"),
    "chooseAccount": _of_id("owner", "membershipId", "owner's other membership"),
    "assignServices": Sample(
        "admin",
        lambda known: {"membershipId": known["user's membership"], "subscriptionIds": [known["running"]]},
        {"subscriptionIds": [ids.encode("sub", UNKNOWN)]},
        {"subscriptionIds": []},
    ),
    "setEntryPoints": Sample(
        "child",
        lambda known: {
            "subscriptionId": known["running"],
            "entryPoints": [{"label": "Mail", "url": "https://mail.example/inbox"}],
        },
        {"entryPoints": [{"label": "Mail", "url": "http://mail.example"}]},
        {"entryPoints": []},
    ),
    "createServiceTerm": _named(
        "distributor",
        lambda known: {
            "name": "Fifteenth",
            "key": "fifteenth",
            "billingDay": 15,
            "autoRenewPointDays": 3,
            "manualRenewPointDays": 30,
            "manualSwitchPointDays": 60,
            "gracePeriodDays": 5,
            "graceOnProlongation": True,
            "stopPeriodDays": 10,
            "deletionWindowDays": 7,
            "expiredRenewal": "SHIFTED",
            "stop": "MANUAL",
            "delete": "MANUAL",
            "provisioning": "MANUAL",
            "accountKinds": ["BUSINESS", "CUSTOM"],
            "accountTypeIds": [known["type"]],
        },
    ),
    "updateServiceTerm": Sample(
        "distributor",
        lambda known: {
            "serviceTermId": known["other term"],
            "change": {
                "name": "Every month",
                "billingDay": 15,
                "autoRenewPointDays": 3,
                "manualRenewPointDays": 30,
                "manualSwitchPointDays": 60,
                "gracePeriodDays": 5,
                "graceOnProlongation": True,
                "stopPeriodDays": 10,
                "deletionWindowDays": 7,
                "expiredRenewal": "SHIFTED",
                "stop": "MANUAL",
                "delete": "MANUAL",
                "provisioning": "MANUAL",
                "accountKinds": ["BUSINESS", "CUSTOM"],
                "accountTypeIds": [known["type"]],
            },
        },
        {"change": {"name": ""}},
        {"change": {"name": "Another name"}},
    ),
    "createPlan": _named(
        "distributor",
        lambda known: {
            "name": "Mailboxes",
            "sku": "MB-1",
            "serviceTermId": known["term"],
            "billingType": "CSP_MONTHLY",
            "fixedPrice": False,
            "currency": "EUR",
            "freePeriod": False,
            "priceProtectionMonths": 3,
            "expiredRenewal": "CONSTANT",
            "singleton": True,
            "productId": known["product"],
            "public": True,
            "attributes": [{"key": "shelf", "value": "B 12"}],
            "periods": [
                {
                    "unit": "ENDLESS",
                    "fees": {"setup": "0", "transfer": "0"},
                    "netCost": {"setup": "4.00", "transfer": "1.50"},
                },
                {"unit": "YEAR", "duration": 1, "trial": False, "public": False},
            ],
            "resources": [
                {
                    "key": "boxes",
                    "name": "Boxes",
                    "unit": "box",
                    "unitKind": "UNIT",
                    "priority": 1,
                    "included": "1",
                    "minimum": "1",
                    "maximum": "100",
                    "public": True,
                    "fees": {"setup": "0", "recurringPerMonth": "2.50", "renewal": "0", "overuse": "0"},
                    "netCost": {"recurringPerMonth": "2.00"},
                }
            ],
        },
    ),
    "createProduct": _named(
        "distributor",
        lambda _: {"key": "office", "name": "Office", "categoryKey": "tools", "categoryName": "Tools"},
    ),
    "updateProduct": Sample(
        "distributor",
        lambda known: {
            "productId": known["product"],
            "change": {"name": "Suite", "categoryKey": "tools", "categoryName": "Tools"},
        },
        {"change": {"name": ""}},
        {"change": {"name": "Another name"}},
    ),
    "acceptVendor": Sample(
        "distributor",
        lambda _: {"vendorNumber": "D4711", "accepted": True},
        {"vendorNumber": ""},
        {"vendorNumber": "D4712"},
    ),
    "unpublishProduct": Sample(
        "vendor",
        lambda known: {
            "productId": known["published product"],
            "distributorNumbers": [known["distributor's number"]],
        },
        {"distributorNumbers": []},
        {"distributorNumbers": ["D0"]},
    ),
    "publishProduct": Sample(
        "vendor",
        lambda known: {
            "productId": known["vendor's product"],
            "distributorNumbers": [known["distributor's number"]],
        },
        {"distributorNumbers": []},
        {"distributorNumbers": ["D0"]},
    ),
    "copyPlan": _named(
        "distributor",
        lambda known: {
            "planId": known["distributor's plan"],
            "name": "Another plan",
            "zeroPrices": True,
            "public": True,
        },
    ),
    "setPlanLinks": Sample(
        "distributor",
        lambda known: {
            "planId": known["spare plan"],
            "switchablePlanIds": [known["distributor's plan"]],
            "prerequisitePlanIds": [known["distributor's dear plan"]],
        },
        {"switchablePlanIds": [ids.encode("pln", UNKNOWN)]},
        {"switchablePlanIds": []},
    ),
    "updatePlan": Sample(
        "distributor",
        lambda known: {
            "planId": known["distributor's plan"],
            "change": {
                "name": "Better plan",
                "sku": "BP-1",
                "public": False,
                "description": "Two\nlines",
                "attributes": [{"key": "shelf", "value": "B 12"}],
                "singleton": True,
                "fixedPrice": True,
                "billingType": "CSP_MONTHLY",
                "currency": "EUR",
                "serviceTermId": known["term"],
                "periods": [{"key": "ENDLESS", "public": False}],
                "resources": [
                    {
                        "key": "seats",
                        "name": "Chairs",
                        "unit": "chair",
                        "unitKind": "UNIT",
                        "priority": 2,
                        "public": False,
                        "included": "1",
                        "minimum": "2",
                        "maximum": "50",
                        "fees": {"recurringPerMonth": "11.00"},
                        "netCost": {"recurringPerMonth": "9.00"},
                    }
                ],
                "newPeriods": [{"unit": "MONTH", "duration": 6, "public": False}],
                "newResources": [{"key": "rooms", "name": "Rooms", "fees": {"recurringPerMonth": "1.00"}}],
            },
        },
        {"ifVersion": 99},
        {"change": {"name": "Another name"}},
    ),
    "delegatePlan": Sample(
        "distributor",
        lambda known: {
            "planId": known["spare plan"],
            "tenantIds": [known["reseller"], known["sibling"]],
            "markupPercent": "12.5",
        },
        {"markupPercent": "-100"},
        {"markupPercent": "13"},
    ),
    "withdrawPlannedPrices": Sample(
        "child",
        lambda known: {"planId": known["child's plan"], "validFrom": "2028-01-01"},
        {"validFrom": "2028-01-02"},
        {"validFrom": "2028-01-03"},
    ),
    "setDefaultMarkup": Sample(
        "child",
        lambda _: {"productKey": "suite", "markupPercent": "20"},
        {"categoryKey": "default"},
        {"markupPercent": "21"},
    ),
    "deleteDefaultMarkup": _of_id("child", "defaultMarkupId", "default markup"),
    "setMarkups": Sample(
        "child",
        lambda known: {"planIds": [known["child's plan"], known["child's annual plan"]], "markupPercent": "20"},
        {"categoryKey": "default"},
        {"markupPercent": "21"},
    ),
    "setMarkup": Sample(
        "child",
        lambda known: {"planId": known["child's plan"], "markupPercent": "20"},
        {"markupPercent": "-100"},
        {"markupPercent": "21"},
    ),
    "setPrices": Sample(
        "distributor",
        lambda known: {
            "planId": known["distributor's plan"],
            "ifVersion": 1,
            "periods": [{"key": "ENDLESS", "netCost": {"recurringPerMonth": "0.50"}}],
            "resources": [
                {"key": "seats", "fees": {"recurringPerMonth": "12.00"}, "netCost": {"recurringPerMonth": "9.00"}}
            ],
        },
        {"ifVersion": 99},
        {"resources": [{"key": "seats", "fees": {"recurringPerMonth": "13.00"}}]},
    ),
    "undelegatePlan": Sample(
        "distributor",
        lambda known: {"planId": known["distributor's plan"], "tenantIds": [known["reseller"]]},
        {"tenantIds": []},
        {"tenantIds": [ids.encode("rsl", UNKNOWN)]},
    ),
    "activatePlan": _of_id("distributor", "planId", "distributor's old plan"),
    "deactivatePlan": _of_id("distributor", "planId", "distributor's plan"),
    "createResellerDiscount": _named(
        "distributor",
        lambda known: {
            "name": "Spring",
            "percent": "7.5",
            "tenantIds": [known["reseller"]],
            "subscriptionIds": [known["running"]],
            "accountIds": [known["account"]],
            "planIds": [known["distributor's plan"]],
        },
    ),
    "createDiscount": _named(
        "child",
        lambda known: {
            "name": "Autumn",
            "percent": "12.5",
            "code": "Autumn-27",
            "validFrom": "2027-09-01",
            "validUntil": "2027-11-30",
            "subscriptionLimit": 100,
            "accountIds": [known["account"]],
            "planIds": [known["child's plan"]],
            "subscriptionIds": [known["running"]],
        },
    ),
    "setTax": Sample(
        "child",
        lambda known: {"accountId": known["account"], "name": "VAT", "percent": "19"},
        {"percent": "101"},
        {"percent": "7"},
    ),
    "setExchangeRate": Sample(
        "child",
        lambda _: {"fromCurrency": "USD", "toCurrency": "EUR", "rate": "0.92", "validFrom": "2027-10-01"},
        {"rate": "0"},
        {"rate": "0.93"},
    ),
    "updateResellerDiscount": Sample(
        "reseller",
        lambda known: {
            "resellerDiscountId": known["reseller discount"],
            "change": {"name": "Late spring", "active": False},
        },
        {"change": {"name": ""}},
        {"change": {"name": "Another name"}},
    ),
    "updateDiscount": Sample(
        "child",
        lambda known: {
            "discountId": known["discount"],
            "change": {"name": "Late summer", "active": False, "validUntil": "2027-10-31"},
        },
        {"change": {"name": ""}},
        {"change": {"name": "Another name"}},
    ),
    "orderSubscription": Sample(
        "child",
        lambda known: {
            "externalId": "order-1",
            "expectedTotal": {"amount": "11.00", "currency": "EUR"},
            "accountId": known["account"],
            "planId": known["child's plan"],
            "periodId": known["plan endless"],
            "quantities": [{"resourceKey": "seats", "quantity": "3"}],
            "name": "Shop floor",
            "autoRenew": True,
        },
        {"expectedTotal": {"amount": "12.00", "currency": "EUR"}},
        {"name": "Another name"},
    ),
    "changeSubscription": Sample(
        "child",
        lambda known: {
            "subscriptionId": known["running"],
            "expectedTotal": {"amount": "11.00", "currency": "EUR"},
            "quantities": [{"resourceKey": "seats", "quantity": "8"}],
        },
        {"ifVersion": 99},
        {"quantities": [{"resourceKey": "seats", "quantity": "9"}]},
    ),
    "switchSubscription": Sample(
        "child",
        lambda known: {
            "subscriptionId": known["running"],
            "expectedTotal": {"amount": "4.89", "currency": "EUR"},
            "planId": known["child's annual plan"],
            "periodId": known["annual plan month"],
            "quantities": [{"resourceKey": "seats", "quantity": "5"}],
        },
        {"ifVersion": 99},
        {"quantities": [{"resourceKey": "seats", "quantity": "9"}]},
    ),
    "updateSubscription": Sample(
        "child",
        lambda known: {
            "subscriptionId": known["annual"],
            "change": {"name": "Back office", "autoRenew": False, "externalId": "till-7"},
        },
        {"ifVersion": 99},
        {"change": {"name": "Another name"}},
    ),
    "setVendorData": Sample(
        "child",
        lambda known: {
            "subscriptionId": known["running"],
            "attributes": [{"key": "tenant-id", "value": "4711"}],
            "used": [{"resourceKey": "seats", "quantity": "3"}],
        },
        {"ifVersion": 99},
        {"attributes": []},
    ),
    "cancelOrder": _of_id("child", "orderId", "waiting order"),
    "renumberOrder": Sample(
        "child",
        lambda known: {"orderId": known["waiting order"], "number": "2027/17"},
        {"number": ""},
        {"number": "2027/18"},
    ),
    "renewSubscription": _of_id("child", "subscriptionId", "annual"),
    "prolongSubscription": _of_id("child", "subscriptionId", "late"),
    "stopSubscription": _of_id("child", "subscriptionId", "to stop", reason="The customer asked"),
    "activateSubscription": _of_id("child", "subscriptionId", "stopped", reason="The customer paid"),
    "deleteSubscription": _of_id("child", "subscriptionId", "to delete", reason="The customer left"),
    "closeCharges": _of_id("child", "subscriptionId", "running"),
    "completeProvisioning": Sample(
        "child",
        lambda known: {
            "orderId": known["being set up"],
            "attributes": [{"key": "tenant-id", "value": "4711"}],
        },
        {"orderId": ids.encode("ord", UNKNOWN)},
        {"orderId": ids.encode("ord", UNKNOWN)},
    ),
    "failProvisioning": _of_id("child", "orderId", "being set up", reason="The vendor is away"),
    "retryProvisioning": _of_id("child", "orderId", "not set up"),
    "setPostpayPermission": _of_id("child", "accountId", "account", allowed=True),
    "approveManualOperation": _of_id("child", "manualOperationId", "asked to stop", reason="Agreed"),
    "declineManualOperation": _of_id("child", "manualOperationId", "asked to delete", reason="Not yet"),
    "topUp": Sample(
        "child",
        lambda known: {
            "accountId": known["account"],
            "amount": {"amount": "10.00", "currency": "EUR"},
            "externalId": "bank-1",
            "comment": "By bank",
            "received": True,
        },
        {"amount": {"amount": "0", "currency": "EUR"}},
        {"amount": {"amount": "11.00", "currency": "EUR"}},
    ),
    "completePayment": _of_id("child", "paymentId", "payment"),
    "importPriceSheet": Sample(
        "distributor",
        lambda known: {"fileId": known["distributor's sheet"], "currency": "EUR", "coefficient": "1.1"},
        {"fileId": ids.encode("fil", UNKNOWN)},
        {"coefficient": "1.2"},
    ),
    "advanceClock": Sample(
        "distributor",
        lambda known: {"distributorId": known["distributor"], "to": "2027-09-21T09:00:00Z", "wait": 0},
        {"to": "2027-09-01T09:00:00Z"},
        {"to": "2027-09-22T09:00:00Z"},
    ),
    "cancelJob": _of_id("distributor", "jobId", "job"),
    "retryJob": _of_id("distributor", "jobId", "cancelled job"),
}
"""By the name of the mutation."""
