"""Changes. Every mutation takes the same three arguments and answers a Payload."""

import strawberry

from resolvers import catalog, customers, people, sales, signing_in, tenants
from resolvers.changing import mutation, open_mutation
from schema import catalog_changes as c
from schema import confirmations as f
from schema import customer_changes as k
from schema import default_markups as b
from schema import discount_changes as d
from schema import exchange_rates as er
from schema import member_changes as m
from schema import people_changes as p
from schema import people_signing_in as i
from schema import plan_changes as g
from schema import price_changes as h
from schema import price_sheet_changes as l
from schema import sales_changes as s
from schema import settings as v
from schema import taxes as x
from schema import tenancy_changes as t
from tenancy.permissions import Permission

__all__ = ["Mutation"]

P = Permission


@strawberry.type
class Mutation:
    """Everything that can be changed, each in a transaction of its own, in the order asked.

    A mutation changes rows of the acting tenant: the viewer's, or with the header Headwater-Act-As one below it; a
    platform operator who acts for nobody gets NOT_FOUND. Besides the codes that are told below, any mutation may answer
    FORBIDDEN, IDEMPOTENCY_MISMATCH, IN_PROGRESS and, for an idempotencyKey that is none, INVALID_INPUT. What needs
    no token, or takes a password, knows no idempotencyKey: every call is done anew.
    """

    create_distributor: t.CreateDistributorPayload | None = mutation(
        tenants.create_distributor, t.CreateDistributorInput, needs=P.DISTRIBUTORS_WRITE
    )
    """Found a distributor. Platform operators only. Codes: INVALID_INPUT."""
    create_reseller: t.CreateResellerPayload | None = mutation(
        tenants.create_reseller, t.CreateResellerInput, needs=P.TENANTS_WRITE, downstream=True
    )
    """Found a reseller below the acting tenant. Codes: NOT_FOUND, ACT_AS_REQUIRED, INVALID_INPUT."""
    rename_tenant: t.TenantPayload | None = mutation(tenants.rename_tenant, t.RenameTenantInput, needs=P.TENANTS_WRITE)
    """Call the acting tenant otherwise. Codes: NOT_FOUND, ACT_AS_REQUIRED, INVALID_INPUT."""
    suspend_tenant: t.TenantPayload | None = mutation(
        tenants.suspend_tenant, t.SuspendTenantInput, needs=P.TENANTS_WRITE, downstream=True, alone=True
    )
    """Shut a tenant out: its people and those of every tenant below it get HTTP 403 with the code TENANT_SUSPENDED,
    from their next request on. Its subscriptions go on and are billed, and those above may act as it. Codes: NOT_FOUND,
    INVALID_INPUT (the acting tenant itself), INVALID_STATE."""
    resume_tenant: t.TenantPayload | None = mutation(
        tenants.resume_tenant, t.ResumeTenantInput, needs=P.TENANTS_WRITE, downstream=True, alone=True
    )
    """Let a suspended tenant in again, and those below it that no other tenant's suspension shuts out. Codes:
    NOT_FOUND, INVALID_INPUT (the acting tenant itself), INVALID_STATE."""
    move_reseller: t.TenantPayload | None = mutation(
        tenants.move_reseller, t.MoveResellerInput, needs=P.TENANTS_WRITE, downstream=True, alone=True
    )
    """Move a reseller with everything below it to another parent of the same distributor; ids and numbers stay. Its
    copies of plans come from the new parent's then, at its prices; what was charged before stays owed to the former
    parent. Codes: NOT_FOUND, INVALID_INPUT (the acting tenant itself, a parent below the reseller, too many levels),
    INVALID_STATE (the new parent lacks a plan, or rows use rules that are not seen from there)."""
    sign_in: i.SignInPayload | None = open_mutation(
        signing_in.sign_in, i.SignInInput, beforehand=signing_in.prove_password, secrets=["password"]
    )
    """Open a session by e-mail address and password. After 10 failures of one person, or 100 from one IP address,
    within 15 minutes nobody signs in so until these are over. Codes: SIGN_IN_REFUSED, LIMIT_EXCEEDED."""
    refresh_session: i.RefreshSessionPayload | None = open_mutation(
        signing_in.refresh_session, i.RefreshSessionInput, secrets=["refreshToken"]
    )
    """Get a session's next tokens. A refresh token that is sent a second time ends its session. Codes:
    SIGN_IN_REFUSED."""
    request_password_reset: i.RequestPasswordResetPayload | None = open_mutation(
        signing_in.request_password_reset, i.RequestPasswordResetInput, beforehand=signing_in.count_reset
    )
    """Have a key mailed to a person that sets a new password. Answers alike whether or not there is such a person;
    three times an hour for each. Codes: INVALID_INPUT, LIMIT_EXCEEDED."""
    reset_password: i.ResetPasswordPayload | None = open_mutation(
        signing_in.reset_password,
        i.ResetPasswordInput,
        beforehand=signing_in.hash_new_password,
        secrets=["token", "newPassword"],
    )
    """Set a password with the key from the mail; all of the person's sessions end. Codes: SIGN_IN_REFUSED,
    INVALID_INPUT, LIMIT_EXCEEDED."""
    change_password: i.ChangePasswordPayload | None = mutation(
        signing_in.change_password,
        i.ChangePasswordInput,
        needs=None,
        beforehand=signing_in.verify_password,
        secrets=["currentPassword", "newPassword"],
    )
    """Set another password for oneself; all sessions but this one end. Wrong ones count like failures to sign in.
    Codes: SIGN_IN_REFUSED, INVALID_INPUT, INVALID_STATE, LIMIT_EXCEEDED."""
    sign_out: i.SignOutPayload | None = mutation(signing_in.sign_out, i.SignOutInput, needs=None)
    """End a session, at once and everywhere. Codes: NOT_FOUND, INVALID_STATE (the token belongs to none),
    ACT_AS_REQUIRED."""
    create_manager: t.CreateManagerPayload | None = mutation(
        people.create_manager, t.CreateManagerInput, needs=P.MANAGERS_WRITE
    )
    """Add a person to the acting tenant. Codes: INVALID_INPUT, NOT_FOUND, ACT_AS_REQUIRED."""
    update_manager: p.UpdateManagerPayload | None = mutation(
        people.update_manager, p.UpdateManagerInput, needs=P.MANAGERS_WRITE
    )
    """Change a person; another role counts at once. INVALID_STATE: it would leave the tenant without an active system
    administrator. Codes: INVALID_INPUT, NOT_FOUND, INVALID_STATE, ACT_AS_REQUIRED."""
    deactivate_manager: p.DeactivateManagerPayload | None = mutation(
        people.deactivate_manager, p.DeactivateManagerInput, needs=P.MANAGERS_WRITE
    )
    """Shut a person out: tokens open nothing at once, sessions end. Codes: NOT_FOUND, INVALID_STATE (the last active
    system administrator), ACT_AS_REQUIRED."""
    reactivate_manager: p.ReactivateManagerPayload | None = mutation(
        people.reactivate_manager, p.ReactivateManagerInput, needs=P.MANAGERS_WRITE
    )
    """Let a person in again, with the tokens that were not revoked. Codes: NOT_FOUND, ACT_AS_REQUIRED."""
    create_custom_role: p.CreateCustomRolePayload | None = mutation(
        people.create_custom_role, p.CreateCustomRoleInput, needs=P.MANAGERS_WRITE
    )
    """Put a role together from permissions. Codes: INVALID_INPUT, KEY_TAKEN, NOT_FOUND."""
    update_custom_role: p.UpdateCustomRolePayload | None = mutation(
        people.update_custom_role, p.UpdateCustomRoleInput, needs=P.MANAGERS_WRITE
    )
    """Rename a role or change what it gives, for all who have it and at once. Codes: INVALID_INPUT, KEY_TAKEN,
    NOT_FOUND, ACT_AS_REQUIRED."""
    delete_custom_role: p.DeleteCustomRolePayload | None = mutation(
        people.delete_custom_role, p.DeleteCustomRoleInput, needs=P.MANAGERS_WRITE
    )
    """Remove a role that nobody has. Codes: NOT_FOUND, INVALID_STATE (somebody has it), ACT_AS_REQUIRED."""
    create_token: p.CreateTokenPayload | None = mutation(people.create_token, p.CreateTokenInput, needs=P.TOKENS_WRITE)
    """Make another token, for oneself or with managers.write for another. Codes: INVALID_INPUT, NOT_FOUND,
    INVALID_STATE, ACT_AS_REQUIRED."""
    revoke_token: p.RevokeTokenPayload | None = mutation(people.revoke_token, p.RevokeTokenInput, needs=P.TOKENS_WRITE)
    """Make a token open nothing any more, at once. Codes: NOT_FOUND, ACT_AS_REQUIRED."""
    create_account: t.CreateAccountPayload | None = mutation(
        tenants.create_account, t.CreateAccountInput, needs=P.ACCOUNTS_WRITE
    )
    """Add a customer to the acting tenant. Codes: INVALID_INPUT, NOT_FOUND, ACT_AS_REQUIRED."""
    set_setting: v.SettingPayload | None = mutation(tenants.set_setting, v.SetSettingInput, needs=P.SETTINGS_WRITE)
    """Decide something for the acting tenant, and for those below who inherit it. Codes: INVALID_INPUT."""
    reset_setting: v.SettingPayload | None = mutation(
        tenants.reset_setting, v.ResetSettingInput, needs=P.SETTINGS_WRITE
    )
    """Let the acting tenant live by what it inherits, else by the default. Codes: INVALID_INPUT."""
    update_account: k.AccountPayload | None = mutation(
        customers.update_account, k.UpdateAccountInput, needs=P.ACCOUNTS_WRITE, customers=True
    )
    """Rename a customer or change what is written about it; open to users of the account. Codes: INVALID_INPUT,
    NOT_FOUND, STALE, ACT_AS_REQUIRED."""
    set_postpay_permission: k.AccountPayload | None = mutation(
        customers.set_postpay_permission, k.SetPostpayPermissionInput, needs=P.ACCOUNT_TERMS_WRITE
    )
    """Allow a customer to pay afterwards, or forbid it. Codes: NOT_FOUND, INVALID_STATE (an order of it waits for the
    decision), ACT_AS_REQUIRED."""
    create_account_class: k.AccountClassPayload | None = mutation(
        customers.create_account_class, k.CreateAccountClassInput, needs=P.ACCOUNT_TERMS_WRITE
    )
    """Add payment rules for customers. Codes: INVALID_INPUT, KEY_TAKEN."""
    update_account_class: k.AccountClassPayload | None = mutation(
        customers.update_account_class, k.UpdateAccountClassInput, needs=P.ACCOUNT_TERMS_WRITE
    )
    """Change payment rules. Codes: INVALID_INPUT, INVALID_STATE, NOT_FOUND."""
    create_account_type: k.AccountTypePayload | None = mutation(
        customers.create_account_type, k.CreateAccountTypeInput, needs=P.ACCOUNT_TERMS_WRITE
    )
    """Add a sort of customer. Codes: INVALID_INPUT, KEY_TAKEN."""
    publish_agreement: k.AgreementPayload | None = mutation(
        customers.publish_agreement, k.PublishAgreementInput, needs=P.AGREEMENTS_WRITE
    )
    """Say what customers have to accept from now on. Codes: INVALID_INPUT."""
    accept_agreements: k.AcceptAgreementsPayload | None = mutation(
        customers.accept_agreements, k.AcceptAgreementsInput, needs=P.ACCOUNTS_OPEN, customers=True
    )
    """Accept legal agreements; for users of customers. Codes: INVALID_INPUT, INVALID_STATE, NOT_FOUND."""
    invite_member: k.InvitationPayload | None = mutation(
        customers.invite_member, k.InviteMemberInput, needs=P.MEMBERS_WRITE, customers=True
    )
    """Invite somebody into an account by mail; open to users of the account. Codes: INVALID_INPUT, INVALID_STATE,
    NOT_FOUND, ACT_AS_REQUIRED."""
    resend_invitation: k.InvitationPayload | None = mutation(
        customers.resend_invitation, k.ResendInvitationInput, needs=P.MEMBERS_WRITE, customers=True
    )
    """Mail an invitation again; open to users of the account. Codes: INVALID_STATE, NOT_FOUND, ACT_AS_REQUIRED."""
    revoke_invitation: k.InvitationPayload | None = mutation(
        customers.revoke_invitation, k.RevokeInvitationInput, needs=P.MEMBERS_WRITE, customers=True
    )
    """Take an invitation back; open to users of the account. Codes: INVALID_STATE, NOT_FOUND, ACT_AS_REQUIRED."""
    accept_invitation: k.AcceptInvitationPayload | None = mutation(
        customers.accept_invitation, k.AcceptInvitationInput, needs=P.INVITATIONS_ACCEPT, customers=True
    )
    """Come into an account, with the mailed token as bearer token. Codes: INVALID_INPUT, INVALID_STATE, NOT_FOUND,
    AGREEMENT_REQUIRED."""
    open_account: k.OpenAccountPayload | None = mutation(
        customers.open_account, k.OpenAccountInput, needs=P.ACCOUNTS_OPEN, customers=True
    )
    """Have an account of one's own; for users of customers. Codes: INVALID_INPUT, AGREEMENT_REQUIRED."""
    order_for_new_account: k.OrderForNewAccountPayload | None = mutation(
        customers.order_for_new_account, k.OrderForNewAccountInput, needs=P.ACCOUNTS_OPEN, customers=True
    )
    """Order a subscription for an account that comes to be with the order; for users of customers. Codes:
    AGREEMENT_REQUIRED, INVALID_INPUT, NOT_FOUND, INVALID_STATE, CURRENCY_MISMATCH, NO_EXCHANGE_RATE,
    PRICE_CHANGED."""
    create_user: m.CreateUserPayload | None = mutation(customers.create_user, m.CreateUserInput, needs=P.MEMBERS_WRITE)
    """Add a person to the acting tenant's customers. Codes: INVALID_INPUT, KEY_TAKEN."""
    create_user_token: m.CreateUserTokenPayload | None = mutation(
        customers.create_user_token, m.CreateUserTokenInput, needs=P.MEMBERS_WRITE
    )
    """Give a user a key to this API. Codes: INVALID_INPUT, NOT_FOUND, ACT_AS_REQUIRED."""
    add_member: m.MembershipPayload | None = mutation(customers.add_member, m.AddMemberInput, needs=P.MEMBERS_WRITE)
    """Let a user work in an account. Codes: INVALID_INPUT, INVALID_STATE, NOT_FOUND, ACT_AS_REQUIRED."""
    change_member: m.MembershipPayload | None = mutation(
        customers.change_member, m.ChangeMemberInput, needs=P.MEMBERS_WRITE, customers=True
    )
    """Give a member another level, or a pause; open to users of the account. Codes: INVALID_INPUT, INVALID_STATE,
    NOT_FOUND, ACT_AS_REQUIRED."""
    transfer_ownership: m.TransferOwnershipPayload | None = mutation(
        customers.transfer_ownership, m.TransferOwnershipInput, needs=P.MEMBERS_WRITE, customers=True
    )
    """Make a member the owner of its account; of an account's users only its owner may. Codes: INVALID_STATE,
    NOT_FOUND, ACT_AS_REQUIRED."""
    remove_member: m.RemoveMemberPayload | None = mutation(
        customers.remove_member, m.RemoveMemberInput, needs=P.MEMBERS_WRITE, customers=True
    )
    """Take a member out of its account; open to users of the account. Codes: INVALID_STATE, NOT_FOUND,
    ACT_AS_REQUIRED."""
    choose_account: m.MembershipPayload | None = mutation(
        customers.choose_account, m.ChooseAccountInput, needs=P.ACCOUNTS_OPEN, customers=True
    )
    """Work in another of one's accounts, with this token; for users of customers. Codes: INVALID_STATE, NOT_FOUND."""
    assign_services: m.MembershipPayload | None = mutation(
        customers.assign_services, m.AssignServicesInput, needs=P.MEMBERS_WRITE, customers=True
    )
    """Say which services a USER sees; open to users of the account. Codes: INVALID_INPUT, INVALID_STATE,
    NOT_FOUND, ACT_AS_REQUIRED."""
    set_entry_points: m.SetEntryPointsPayload | None = mutation(
        customers.set_entry_points, m.SetEntryPointsInput, needs=P.SUBSCRIPTIONS_WRITE
    )
    """Say where a service is entered. Codes: INVALID_INPUT, NOT_FOUND, ACT_AS_REQUIRED."""
    create_service_term: c.CreateServiceTermPayload | None = mutation(
        catalog.create_service_term, c.CreateServiceTermInput, needs=P.CATALOG_WRITE
    )
    """Add rules for plans. Codes: INVALID_INPUT, NOT_FOUND, KEY_TAKEN."""
    update_service_term: c.UpdateServiceTermPayload | None = mutation(
        catalog.update_service_term, c.UpdateServiceTermInput, needs=P.CATALOG_WRITE
    )
    """Change rules for plans, for everybody below too. Codes: INVALID_INPUT, INVALID_STATE, NOT_FOUND,
    READ_ONLY_DELEGATED, ACT_AS_REQUIRED."""
    create_plan: g.CreatePlanPayload | None = mutation(catalog.create_plan, g.CreatePlanInput, needs=P.CATALOG_WRITE)
    """Add a plan, active at once. Codes: INVALID_INPUT, NOT_FOUND."""
    create_product: c.CreateProductPayload | None = mutation(
        catalog.create_product, c.CreateProductInput, needs=P.CATALOG_WRITE
    )
    """Add a product that plans sell. Codes: INVALID_INPUT, KEY_TAKEN."""
    update_product: c.UpdateProductPayload | None = mutation(
        catalog.update_product, c.UpdateProductInput, needs=P.CATALOG_WRITE
    )
    """Change a product; a vendor's change reaches its distributors by a job. Codes: INVALID_INPUT, NOT_FOUND,
    READ_ONLY_DELEGATED, ACT_AS_REQUIRED."""
    accept_vendor: c.AcceptVendorPayload | None = mutation(
        catalog.accept_vendor, c.AcceptVendorInput, needs=P.CATALOG_WRITE
    )
    """Let a vendor publish to the acting distributor, or no longer. Codes: INVALID_INPUT, INVALID_STATE (a
    reseller)."""
    publish_product: c.PublishProductPayload | None = mutation(
        catalog.publish_product, c.PublishProductInput, needs=P.CATALOG_WRITE
    )
    """Let distributors have a vendor's product. Codes: INVALID_INPUT, INVALID_STATE, NOT_FOUND, ACT_AS_REQUIRED."""
    unpublish_product: c.UnpublishProductPayload | None = mutation(
        catalog.unpublish_product, c.UnpublishProductInput, needs=P.CATALOG_WRITE
    )
    """Take a vendor's product back from distributors. Codes: INVALID_INPUT, NOT_FOUND, ACT_AS_REQUIRED."""
    copy_plan: g.CopyPlanPayload | None = mutation(catalog.copy_plan, g.CopyPlanInput, needs=P.CATALOG_WRITE)
    """Add a plan like another one, active at once. Codes: INVALID_INPUT, INVALID_STATE, NOT_FOUND, ACT_AS_REQUIRED."""
    set_plan_links: g.SetPlanLinksPayload | None = mutation(
        catalog.set_plan_links, g.SetPlanLinksInput, needs=P.CATALOG_WRITE
    )
    """Say to which plans one may switch from a plan, and which one needs first. Codes: INVALID_INPUT, NOT_FOUND,
    READ_ONLY_DELEGATED, ACT_AS_REQUIRED."""
    update_plan: g.UpdatePlanPayload | None = mutation(
        catalog.update_plan, g.UpdatePlanInput, needs=P.CATALOG_WRITE, downstream=True
    )
    """Change a plan; names, periods, resources and whatever else is synchronized reach every delegated copy by a job,
    prices at once. Fees and net costs need prices.write besides. Codes: INVALID_INPUT, INVALID_STATE (subscriptions
    have the plan), NOT_FOUND, READ_ONLY_DELEGATED, STALE, ACT_AS_REQUIRED."""
    delegate_plan: g.DelegatePlanPayload | None = mutation(
        catalog.delegate_plan, g.DelegatePlanInput, needs=P.CATALOG_WRITE, downstream=True
    )
    """Give a plan to tenants directly below, who may price it and delegate it further. Codes: INVALID_INPUT,
    INVALID_STATE, NOT_FOUND, KEY_TAKEN, ACT_AS_REQUIRED."""
    undelegate_plan: g.UndelegatePlanPayload | None = mutation(
        catalog.undelegate_plan, g.UndelegatePlanInput, needs=P.CATALOG_WRITE, downstream=True
    )
    """Take a plan back from tenants directly below: nobody below them orders it any more. Codes: INVALID_INPUT,
    INVALID_STATE, NOT_FOUND, ACT_AS_REQUIRED."""
    set_markup: h.SetMarkupPayload | None = mutation(
        catalog.set_markup, h.SetMarkupInput, needs=P.PRICES_WRITE, downstream=True
    )
    """Let a plan's prices follow its net costs; copies below with a markup follow at once. Codes: INVALID_INPUT,
    NOT_FOUND, ACT_AS_REQUIRED."""
    set_markups: h.SetMarkupsPayload | None = mutation(
        catalog.set_markups, h.SetMarkupsInput, needs=P.PRICES_WRITE, downstream=True
    )
    """Let the prices of many plans follow their net costs by one markup. Codes: INVALID_INPUT, NOT_FOUND,
    ACT_AS_REQUIRED."""
    set_prices: h.SetPricesPayload | None = mutation(
        catalog.set_prices, h.SetPricesInput, needs=P.PRICES_WRITE, downstream=True
    )
    """Set fees of a plan's periods and resources by hand, which ends its markup; copies below get new net costs, those
    with a markup new prices, the others a mark. Codes: INVALID_INPUT, NOT_FOUND, READ_ONLY_DELEGATED, STALE,
    ACT_AS_REQUIRED."""
    withdraw_planned_prices: h.WithdrawPlannedPricesPayload | None = mutation(
        catalog.withdraw_planned_prices, h.WithdrawPlannedPricesInput, needs=P.PRICES_WRITE
    )
    """Forget prices or a markup planned for a day. Codes: NOT_FOUND, ACT_AS_REQUIRED."""
    set_default_markup: b.SetDefaultMarkupPayload | None = mutation(
        catalog.set_default_markup, b.SetDefaultMarkupInput, needs=P.PRICES_WRITE
    )
    """Set the markup with which plans of a product or a category come; plans that are there keep theirs. Codes:
    INVALID_INPUT."""
    delete_default_markup: b.DeleteDefaultMarkupPayload | None = mutation(
        catalog.delete_default_markup, b.DeleteDefaultMarkupInput, needs=P.PRICES_WRITE
    )
    """Let plans of a product or a category come without a markup again. Codes: NOT_FOUND, ACT_AS_REQUIRED."""
    deactivate_plan: g.DeactivatePlanPayload | None = mutation(
        catalog.deactivate_plan, g.DeactivatePlanInput, needs=P.CATALOG_WRITE, downstream=True
    )
    """Stop selling a plan and every copy of it. Codes: INVALID_STATE, NOT_FOUND, ACT_AS_REQUIRED."""
    activate_plan: g.ActivatePlanPayload | None = mutation(
        catalog.activate_plan, g.ActivatePlanInput, needs=P.CATALOG_WRITE, downstream=True
    )
    """Sell a plan again, and let those below sell their copies. Codes: INVALID_STATE, NOT_FOUND, ACT_AS_REQUIRED."""
    create_reseller_discount: d.CreateResellerDiscountPayload | None = mutation(
        catalog.create_reseller_discount, d.CreateResellerDiscountInput, needs=P.DISCOUNTS_WRITE
    )
    """Take something off what resellers owe. Codes: INVALID_INPUT, NOT_FOUND."""
    update_reseller_discount: d.UpdateResellerDiscountPayload | None = mutation(
        catalog.update_reseller_discount, d.UpdateResellerDiscountInput, needs=P.DISCOUNTS_WRITE
    )
    """Rename a discount for resellers, end it or begin it again; what is owed already stays. Codes: INVALID_INPUT,
    NOT_FOUND, ACT_AS_REQUIRED."""
    create_discount: d.DiscountPayload | None = mutation(
        catalog.create_discount, d.CreateDiscountInput, needs=P.DISCOUNTS_WRITE
    )
    """Take something off what customers order, by itself or for a promo code. Codes: INVALID_INPUT, NOT_FOUND,
    KEY_TAKEN (the code), ACT_AS_REQUIRED."""
    update_discount: d.DiscountPayload | None = mutation(
        catalog.update_discount, d.UpdateDiscountInput, needs=P.DISCOUNTS_WRITE
    )
    """Rename a discount, end it or let it hold longer; orders that exist keep theirs. Codes: INVALID_INPUT, NOT_FOUND,
    ACT_AS_REQUIRED."""
    set_tax: x.SetTaxPayload | None = mutation(catalog.set_tax, x.SetTaxInput, needs=P.SETTINGS_WRITE)
    """Put a tax on what customers order, or another one on what one of them orders. Codes: INVALID_INPUT, NOT_FOUND,
    ACT_AS_REQUIRED."""
    set_exchange_rate: er.SetExchangeRatePayload | None = mutation(
        catalog.set_exchange_rate, er.SetExchangeRateInput, needs=P.SETTINGS_WRITE
    )
    """Say what a currency is worth in another one, here and below, for what is ordered from a day on. Codes:
    INVALID_INPUT."""
    order_subscription: s.OrderPayload | None = mutation(
        sales.order_subscription, s.OrderSubscriptionInput, needs=P.SUBSCRIPTIONS_WRITE, customers=True
    )
    """Order a subscription; it starts when the order's payment completes. Where a manager has to allow it first, a
    manual operation is made and no order. Codes: AGREEMENT_REQUIRED (customers' users), INVALID_INPUT, NOT_FOUND,
    INVALID_STATE, CURRENCY_MISMATCH, NO_EXCHANGE_RATE, PRICE_CHANGED, ACT_AS_REQUIRED."""
    change_subscription: s.OrderPayload | None = mutation(
        sales.change_subscription, s.ChangeSubscriptionInput, needs=P.SUBSCRIPTIONS_WRITE, customers=True
    )
    """Order other quantities; an order of zero completes at once. Codes: INVALID_INPUT, NOT_FOUND, INVALID_STATE,
    CURRENCY_MISMATCH, PRICE_CHANGED, REFUSED_BY_BILLING_TYPE, STALE, ACT_AS_REQUIRED."""
    switch_subscription: s.OrderPayload | None = mutation(
        sales.switch_subscription, s.SwitchSubscriptionInput, needs=P.SUBSCRIPTIONS_WRITE, customers=True
    )
    """Order another plan for a running subscription. When the order completes, the days used of the present plan are
    closed, and what is unused comes back as its billing type says. Codes: INVALID_INPUT, NOT_FOUND, INVALID_STATE,
    CURRENCY_MISMATCH, NO_EXCHANGE_RATE, PRICE_CHANGED, REFUSED_BY_BILLING_TYPE, STALE, ACT_AS_REQUIRED."""
    update_subscription: s.SubscriptionPayload | None = mutation(
        sales.update_subscription, s.UpdateSubscriptionInput, needs=P.SUBSCRIPTIONS_WRITE, customers=True
    )
    """Rename a subscription, or say whether it renews itself. Codes: INVALID_INPUT, NOT_FOUND, INVALID_STATE, STALE,
    ACT_AS_REQUIRED."""
    set_vendor_data: s.SubscriptionPayload | None = mutation(
        sales.set_vendor_data, s.SetVendorDataInput, needs=P.SUBSCRIPTIONS_WRITE
    )
    """Write down what a service's vendor says of a subscription: its attributes, and how much is in use. Codes:
    INVALID_INPUT, NOT_FOUND, STALE, ACT_AS_REQUIRED."""
    cancel_order: s.OrderPayload | None = mutation(
        sales.cancel_order, s.CancelOrderInput, needs=P.SUBSCRIPTIONS_WRITE, customers=True
    )
    """Cancel an order that is not done; a subscription that was to begin with it is deleted. Codes: NOT_FOUND,
    INVALID_STATE, ACT_AS_REQUIRED."""
    complete_provisioning: s.OrderPayload | None = mutation(
        sales.complete_provisioning, s.CompleteProvisioningInput, needs=P.SUBSCRIPTIONS_WRITE
    )
    """Say that an order's service is set up, where the service term wants that said: the order completes. Codes:
    INVALID_INPUT, NOT_FOUND, INVALID_STATE, INSUFFICIENT_BALANCE (a switch), REFUSED_BY_BILLING_TYPE,
    ACT_AS_REQUIRED."""
    fail_provisioning: s.OrderPayload | None = mutation(
        sales.fail_provisioning, s.FailProvisioningInput, needs=P.SUBSCRIPTIONS_WRITE
    )
    """Say that an order's service could not be set up; retryProvisioning or cancelOrder follows. Codes: INVALID_INPUT,
    NOT_FOUND, INVALID_STATE, ACT_AS_REQUIRED."""
    retry_provisioning: s.OrderPayload | None = mutation(
        sales.retry_provisioning, s.RetryProvisioningInput, needs=P.SUBSCRIPTIONS_WRITE
    )
    """Set up a service after all that could not be. Codes: NOT_FOUND, INVALID_STATE, ACT_AS_REQUIRED."""
    renumber_order: s.OrderPayload | None = mutation(
        sales.renumber_order, s.RenumberOrderInput, needs=P.SUBSCRIPTIONS_WRITE
    )
    """Give an order another number. Codes: INVALID_INPUT, KEY_TAKEN, NOT_FOUND, INVALID_STATE (the tenant's numbers
    are not edited), ACT_AS_REQUIRED."""
    renew_subscription: s.OrderPayload | None = mutation(
        sales.renew_subscription, s.RenewSubscriptionInput, needs=P.SUBSCRIPTIONS_WRITE, customers=True
    )
    """Order another term. Codes: INVALID_INPUT, NOT_FOUND, INVALID_STATE, CURRENCY_MISMATCH, PRICE_CHANGED, STALE,
    ACT_AS_REQUIRED."""
    prolong_subscription: s.OrderPayload | None = mutation(
        sales.prolong_subscription, s.ProlongSubscriptionInput, needs=P.SUBSCRIPTIONS_WRITE, customers=True
    )
    """Pays the next monthly period by hand: when stopped for non-payment, or from paidTo on. Codes: INVALID_INPUT,
    NOT_FOUND, INVALID_STATE, CURRENCY_MISMATCH, PRICE_CHANGED, REFUSED_BY_BILLING_TYPE, STALE,
    ACT_AS_REQUIRED."""
    stop_subscription: s.SubscriptionPayload | None = mutation(
        sales.stop_subscription, s.StopSubscriptionInput, needs=P.SUBSCRIPTIONS_WRITE, customers=True
    )
    """Stop the service today; days used are closed as the billing type says. Codes: INVALID_INPUT, NOT_FOUND,
    INVALID_STATE, REFUSED_BY_BILLING_TYPE, STALE, ACT_AS_REQUIRED."""
    activate_subscription: s.SubscriptionPayload | None = mutation(
        sales.activate_subscription, s.ActivateSubscriptionInput, needs=P.SUBSCRIPTIONS_WRITE, customers=True
    )
    """Start a stopped service again before paidTo; funds are blocked at once. Codes: INVALID_INPUT, NOT_FOUND,
    INVALID_STATE, INSUFFICIENT_BALANCE, STALE, ACT_AS_REQUIRED."""
    delete_subscription: s.SubscriptionPayload | None = mutation(
        sales.delete_subscription, s.DeleteSubscriptionInput, needs=P.SUBSCRIPTIONS_WRITE, customers=True
    )
    """End a subscription for good; days used are closed as the billing type says. Codes: INVALID_INPUT, NOT_FOUND,
    INVALID_STATE, REFUSED_BY_BILLING_TYPE, STALE, ACT_AS_REQUIRED."""
    close_charges: s.CloseChargesPayload | None = mutation(
        sales.close_charges, s.CloseChargesInput, needs=P.SUBSCRIPTIONS_WRITE
    )
    """Write off at once what a subscription has blocked or opened: its recurring charges are deleted, and one closed
    charge for the plan and one for each resource replaces them, one for each price where prices differ. Nothing of it
    is returned by a later stop or deletion; until its days are over, units that are added are closed at once too, and
    quantities do not fall. Codes: NOT_FOUND, INVALID_STATE (nothing to close),
    INSUFFICIENT_BALANCE, STALE, ACT_AS_REQUIRED."""
    approve_manual_operation: f.ManualOperationPayload | None = mutation(
        sales.approve_manual_operation, f.ApproveManualOperationInput, needs=P.SUBSCRIPTIONS_WRITE
    )
    """Agree to what waits for it: a stop, a deletion, a first postpaid order; it is done today. Codes: INVALID_INPUT,
    NOT_FOUND, INVALID_STATE, REFUSED_BY_BILLING_TYPE, ACT_AS_REQUIRED."""
    decline_manual_operation: f.ManualOperationPayload | None = mutation(
        sales.decline_manual_operation, f.DeclineManualOperationInput, needs=P.SUBSCRIPTIONS_WRITE
    )
    """Decline what waits for it: the subscription is as it was before, the account may not pay afterwards. Codes:
    INVALID_INPUT, NOT_FOUND, INVALID_STATE, ACT_AS_REQUIRED."""
    top_up: s.TopUpPayload | None = mutation(sales.top_up, s.TopUpInput, needs=P.PAYMENTS_WRITE, customers=True)
    """Put money on a customer's balance; it pays nothing by itself. Codes: INVALID_INPUT, NOT_FOUND, CURRENCY_MISMATCH,
    ACT_AS_REQUIRED."""
    complete_payment: s.CompletePaymentPayload | None = mutation(
        sales.complete_payment, s.CompletePaymentInput, needs=P.PAYMENTS_WRITE, customers=True
    )
    """Pay from the balance; the order completes. Of a top-up: its money has come. Codes: INVALID_INPUT, NOT_FOUND,
    INVALID_STATE, INSUFFICIENT_BALANCE, REFUSED_BY_BILLING_TYPE, ACT_AS_REQUIRED."""
    import_price_sheet: l.ImportPriceSheetPayload | None = mutation(
        catalog.import_price_sheet, l.ImportPriceSheetInput, needs=P.PRICES_WRITE, downstream=True
    )
    """Make the acting tenant's products and plans what a price sheet says, and carry changed prices down the chain, by
    a job: all rows or none. What is not in the sheet is left as it is. Needs the permissions catalog.write and
    files.read besides. The job fails with INVALID_INPUT for bad rows and with KEY_TAKEN where a tenant below has a
    service term of a key that new plans need; a dry run answers the same at once. Codes: NOT_FOUND, ACT_AS_REQUIRED,
    INVALID_INPUT, KEY_TAKEN, LIMIT_EXCEEDED (a dry run of more than 3,000 lines)."""
    advance_clock: s.AdvanceClockPayload | None = mutation(
        sales.advance_clock, s.AdvanceClockInput, needs=P.CLOCK_ADVANCE
    )
    """Let time pass in a sandbox. Codes: INVALID_INPUT (an earlier time, or too far), INVALID_STATE (no sandbox),
    NOT_FOUND."""
    cancel_job: s.JobPayload | None = mutation(sales.cancel_job, s.CancelJobInput, needs=P.JOBS_WRITE)
    """End a job early. Steps that are done stay done. Codes: NOT_FOUND, INVALID_STATE (it has ended, or its kind cannot
    be left half done), ACT_AS_REQUIRED."""
    retry_job: s.JobPayload | None = mutation(sales.retry_job, s.RetryJobInput, needs=P.JOBS_WRITE)
    """Try a job again that failed or was cancelled; one of many steps goes on where it was. Codes: NOT_FOUND,
    INVALID_STATE (it has not failed), ACT_AS_REQUIRED."""
