// urql: node urql.mjs URL TOKEN. Prints what came of a query, a mutation and pagination as JSON.
import { Client, cacheExchange, fetchExchange, gql } from "@urql/core";

const [url, token] = process.argv.slice(2);
const client = new Client({
  url,
  exchanges: [cacheExchange, fetchExchange],
  preferGetMethod: true,
  fetchOptions: { headers: { authorization: `Bearer ${token}` } },
});

const ACCOUNTS = gql`
  query Accounts($first: Int!, $after: String) {
    accounts(first: $first, after: $after) {
      nodes { id name }
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
const data = (result) => {
  if (result.error) throw result.error;
  return result.data;
};

const who = data(await client.query("query Who { viewer { tenant { name } } }", {}));

const names = [];
let created;
let requests = 0;
for (let pageInfo = { hasNextPage: true }; pageInfo.hasNextPage; requests++) {
  const { accounts } = data(await client.query(ACCOUNTS, { first: 10, after: pageInfo.endCursor }));
  names.push(...accounts.nodes.map(({ name }) => name));
  pageInfo = accounts.pageInfo;
  created ??= data(await client.mutation(CREATE, { input: { name: "Urql's", email: "till@urql.example" } })).createAccount;
}
const { error } = await client.query(ACCOUNTS, { first: 201 });
const refused = error?.graphQLErrors[0]?.extensions.code;
console.log(JSON.stringify({ who: who.viewer.tenant.name, created, names, requests, refused }));
