// Runs the audits of GraphQL over HTTP: node audits.mjs URL TOKEN. Prints one JSON object a line: id, name, status, reason.
import { serverAudits } from "graphql-http";

const [url, token] = process.argv.slice(2);
const fetchFn = (address, options) =>
  fetch(address, { ...options, headers: { ...options?.headers, authorization: `Bearer ${token}` } });

for (const audit of serverAudits({ url, fetchFn })) {
  const { id, name, status, reason, response } = await audit.fn();
  console.log(JSON.stringify({ id, name, status, reason, http: response?.status }));
}
