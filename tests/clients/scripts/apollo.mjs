// Apollo Client: node apollo.mjs URL TOKEN. Prints what came of a query, a mutation and pagination as JSON.
// Every operation goes by its hash first, as Apollo's persisted queries do, and by its text when that is not known.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client/core";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { relayStylePagination } from "@apollo/client/utilities";
import { filter, firstValueFrom } from "rxjs";

const [uri, token] = process.argv.slice(2);
const client = new ApolloClient({
  link: ApolloLink.from([
    new PersistedQueryLink({ sha256: (text) => createHash("sha256").update(text).digest("hex") }),
    new HttpLink({ uri, headers: { authorization: `Bearer ${token}` } }),
  ]),
  cache: new InMemoryCache({ typePolicies: { Query: { fields: { accounts: relayStylePagination(["sort"]) } } } }),
});

const WHO = gql`
  query Who {
    viewer { tenant { name } }
  }
`;
const ACCOUNTS = gql`
  query Accounts($first: Int!, $after: String) {
    accounts(first: $first, after: $after) {
      edges { cursor node { id name } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;
const CREATE = gql`
  mutation Create($input: CreateAccountInput!) {
    createAccount(input: $input) {
      account { id name balance { available { amount currency } } }
      errors { kind code message path }
    }
  }
`;

const who = await client.query({ query: WHO });

const pages = client.watchQuery({ query: ACCOUNTS, variables: { first: 10 } });
const subscription = pages.subscribe({});
await firstValueFrom(pages.pipe(filter(({ dataState }) => dataState === "complete")));
const created = await client.mutate({
  mutation: CREATE,
  variables: { input: { name: "Apollo's", email: "till@apollo.example" } },
});
let requests = 1;
for (let { pageInfo } = pages.getCurrentResult().data.accounts; pageInfo.hasNextPage; requests++) {
  ({ pageInfo } = (await pages.fetchMore({ variables: { after: pageInfo.endCursor } })).data.accounts);
}
const { accounts } = client.readQuery({ query: ACCOUNTS, variables: { first: 10 } });
const names = accounts.edges.map(({ node }) => node.name);
subscription.unsubscribe();

let refused;
try {
  await client.query({ query: ACCOUNTS, variables: { first: 201 }, fetchPolicy: "network-only" });
} catch (error) {
  refused = CombinedGraphQLErrors.is(error) ? error.errors[0].extensions.code : String(error);
}
console.log(JSON.stringify({ who: who.data.viewer.tenant.name, created: created.data.createAccount, names, requests, refused }));
client.stop();
