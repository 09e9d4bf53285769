// PostGraphile as its documentation sets it up: the Amber preset, grafserv on Node's own HTTP server, the settings of
// row-level security in every request's context.
//
// Environment: DATABASE_URL, POOL_SIZE, PORT.

import { createHash } from "node:crypto";
import { createServer } from "node:http";

import pg from "pg";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { jsonPgSmartTags } from "postgraphile/utils";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: Number(process.env.POOL_SIZE) });

// `Subscription` is GraphQL's own root type.
const tags = jsonPgSmartTags({
  version: 1,
  config: { class: { subscriptions: { tags: { name: "service_subscriptions" } } } },
});

// A token is looked up once and then believed, as a signed one would be: in PostGraphile's favour.
const settings = new Map();

async function settingsOf(authorization) {
  const token = (authorization ?? "").replace(/^Bearer /, "");
  const known = settings.get(token);
  if (known) return known;
  const hash = createHash("sha256").update(token).digest();
  const { rows } = await pool.query("SELECT tenant_path FROM app_authenticate($1)", [hash]);
  if (rows.length === 0) throw new Error("Unauthorized");
  const path = rows[0].tenant_path;
  const ancestors = [];
  for (let end = 6; end < path.length; end += 6) ancestors.push(path.slice(0, end));
  const found = { "app.lo": path, "app.hi": `${path}~`, "app.ancestors": ancestors.join(",") };
  settings.set(token, found);
  return found;
}

const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [tags],
  schema: { defaultBehavior: "+list" },
  pgServices: [makePgService({ pool, schemas: ["public"] })],
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false },
  grafast: {
    async context({ node }) {
      return { pgSettings: await settingsOf(node?.req.headers.authorization) };
    },
  },
};

const server = createServer();
const served = postgraphile(preset).createServ(grafserv);
await served.addTo(server);
server.listen(Number(process.env.PORT), "127.0.0.1");
