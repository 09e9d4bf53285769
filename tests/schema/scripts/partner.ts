// A partner's program: it compiles as long as what it relies on is there, with the types it relies on.
import type { ExpiringSubscriptionsQuery, PlaceOrderMutation, PreviewOrderMutationVariables } from "./operations.ts";
import type { ErrorKind, ServiceSubscription, SubscriptionPhase } from "./schema.ts";

// Closed enums can be branched on without a default: a new value would not compile.
export function next(kind: ErrorKind): string {
  switch (kind) {
    case "FIX_INPUT":
      return "ask the person again";
    case "RETRY":
      return "try again";
    case "CONFLICT":
      return "read again, then decide";
    case "DENIED":
      return "give up";
    case "UPSTREAM":
      return "tell an operator";
  }
}

export const variables: PreviewOrderMutationVariables = {
  input: { accountId: "acc_1", planId: "pln_1", periodId: "per_1", quantities: [{ resourceKey: "a", quantity: "1" }] },
};

export function due(answer: ExpiringSubscriptionsQuery): readonly string[] {
  // @ts-expect-error: a guarded list is null without its permission
  const unguarded = answer.subscriptions.nodes;
  const rows = answer.subscriptions?.nodes ?? unguarded;
  const phases: readonly SubscriptionPhase[] = rows.map((row) => row.phase);
  return rows.map((row, index) => `${row.number} ${phases[index]} ${row.expiresOn ?? "never"}`);
}

export function placed(answer: PlaceOrderMutation): string {
  const payload = answer.orderSubscription;
  const refusal = payload?.errors[0];
  if (refusal) return `${next(refusal.kind)}: ${refusal.message}`;
  // @ts-expect-error: money is a string, not a number to calculate with
  const wrong: number | undefined = payload?.order?.payment?.total.amount;
  return payload?.order?.payment?.total.amount ?? String(wrong);
}

export type Row = Pick<ServiceSubscription, "id" | "number" | "paidTo">;
