"""The operations of the stories."""


def _mutation(text: str) -> str:
    """The text with what every payload is asked for."""
    return text.replace("ERRORS", "errors { kind code message path }")


CREATE_DISTRIBUTOR = _mutation("""mutation ($input: CreateDistributorInput!) {
  createDistributor(input: $input) { distributor { id today clock sandbox } manager { id role } token ERRORS }
}""")
CREATE_RESELLER = _mutation("""mutation ($input: CreateResellerInput!) {
  createReseller(input: $input) { tenant { id name parent { name } } manager { id } token ERRORS }
}""")
CREATE_MANAGER = _mutation("""mutation ($input: CreateManagerInput!) {
  createManager(input: $input) { manager { id role tenant { name } } token ERRORS }
}""")
CREATE_SERVICE_TERM = _mutation("""mutation ($input: CreateServiceTermInput!) {
  createServiceTerm(input: $input) { serviceTerm { id key own } ERRORS }
}""")
CREATE_PLAN = _mutation("""mutation ($input: CreatePlanInput!) {
  createPlan(input: $input) { plan { id number periods { id unit } } ERRORS }
}""")
UPDATE_PLAN = _mutation("""mutation ($input: UpdatePlanInput!) {
  updatePlan(input: $input) { plan { id name } ERRORS }
}""")
DELEGATE_PLAN = _mutation("""mutation ($input: DelegatePlanInput!) {
  delegatePlan(input: $input) { plans { id tenant { name } resources { prices { recurringPerMonth } } } ERRORS }
}""")
CREATE_ACCOUNT = _mutation("""mutation ($input: CreateAccountInput!) {
  createAccount(input: $input) { account { id number } ERRORS }
}""")
TOP_UP = _mutation("""mutation ($input: TopUpInput!) {
  topUp(input: $input) { payment { id state } account { balance { available { amount } } } ERRORS }
}""")
ORDER_SUBSCRIPTION = _mutation("""mutation ($input: OrderSubscriptionInput!) {
  orderSubscription(input: $input) {
    order {
      id number state total { amount currency } paidPeriod { start end lastDay } payment { id state }
      charges { number state quantity amount { amount currency } explanation { rule fraction unrounded rounded text } }
    }
    subscription { id number phase }
    ERRORS
  }
}""")
CHANGE_SUBSCRIPTION = _mutation("""mutation ($input: ChangeSubscriptionInput!) {
  changeSubscription(input: $input) { order { id state total { amount } payment { id } } ERRORS }
}""")
STOP_SUBSCRIPTION = _mutation("""mutation ($input: StopSubscriptionInput!) {
  stopSubscription(input: $input) { subscription { id state } ERRORS }
}""")
COMPLETE_PAYMENT = _mutation("""mutation ($input: CompletePaymentInput!) {
  completePayment(input: $input) { payment { id state order { state } } ERRORS }
}""")
CREATE_RESELLER_DISCOUNT = _mutation("""mutation ($input: CreateResellerDiscountInput!) {
  createResellerDiscount(input: $input) { resellerDiscount { id percent } ERRORS }
}""")
ADVANCE_CLOCK = _mutation("""mutation ($input: AdvanceClockInput!) {
  advanceClock(input: $input) { distributor { clock today } job { id state done total } ERRORS }
}""")

PLAN = """query ($id: ID!) {
  plan(id: $id) {
    id name sku
    parent { name planId plan { id } }
    periods { id unit }
    resources { name key prices { currency recurringPerMonth upstream { recurringPerMonth margin markupPercent } } }
  }
}"""
BALANCE = """query ($id: ID!) {
  account(id: $id) { balance { funds { amount } blocked { amount } available { amount } } }
}"""
CHARGES = """query ($id: ID!) {
  subscription(id: $id) { charges(first: 100) { nodes { state amount { amount } } } }
}"""
SUBSCRIPTION = """query ($id: ID!) {
  subscription(id: $id) { state phase paidTo resources { quantity } }
}"""
RESELLER_CHARGES = """query ($id: ID!) {
  resellerCharges(first: 200, scope: ALL, filter: {subscriptionId: {eq: $id}}) {
    nodes { debtor { name } creditor { name } amount { amount } explanation { fraction text } }
  }
}"""
JOB = "query ($id: ID!) { job(id: $id) { state done total events(first: 100) { nodes { type at subject { id } } } } }"
CLOCK = "query ($id: ID!) { distributor(id: $id) { clock } }"
COUNT_PLANS = "{ plans { totalCount { value exact } } }"
NODE = "query ($id: ID!) { node(id: $id) { id } }"
LISTS = """{
  accounts(scope: ALL) { nodes { id } }
  plans(scope: ALL) { nodes { id } }
  subscriptions(scope: ALL) { nodes { id } }
  orders(scope: ALL) { nodes { id } }
  payments(scope: ALL) { nodes { id } }
  charges(scope: ALL) { nodes { id } }
  resellerCharges(scope: ALL) { nodes { id } }
  resellers { nodes { id } }
}"""
