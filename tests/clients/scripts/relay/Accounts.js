// What a panel in Relay asks for: two lists that go on, one at the root and one in each of its rows, and a mutation that
// puts the new row into the list.
import { graphql } from "relay-runtime";

export const query = graphql`
  query AccountsQuery {
    viewer {
      tenant {
        name
        id
      }
    }
    ...Accounts_list
  }
`;

export const list = graphql`
  fragment Accounts_list on Query
  @refetchable(queryName: "AccountsListQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 10 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    filter: { type: "AccountFilter" }
  ) {
    accounts(first: $first, after: $after, last: $last, before: $before, filter: $filter)
      @connection(key: "Accounts_accounts", filters: ["filter"]) {
      edges {
        node {
          id
          name
          ...Accounts_subscriptions
        }
      }
      totalCount {
        value
        exact
      }
    }
  }
`;

export const subscriptions = graphql`
  fragment Accounts_subscriptions on Account
  @refetchable(queryName: "AccountsSubscriptionsQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 5 }, after: { type: "String" }) {
    subscriptions(first: $first, after: $after) @connection(key: "Accounts_subscriptions") {
      edges {
        node {
          number
          phase
          paidTo
        }
      }
    }
  }
`;

export const create = graphql`
  mutation AccountsCreateMutation($input: CreateAccountInput!, $connections: [ID!]!) {
    createAccount(input: $input) {
      account @appendNode(connections: $connections, edgeTypeName: "AccountEdge") {
        id
        name
      }
      errors {
        __typename
        kind
        code
        message
        ... on InsufficientBalance {
          required {
            amount
          }
        }
      }
    }
  }
`;

export const node = graphql`
  query AccountsNodeQuery($id: ID!) {
    node(id: $id) {
      __typename
      ... on Account {
        name
        balance {
          available {
            amount
            currency
          }
        }
      }
    }
  }
`;
