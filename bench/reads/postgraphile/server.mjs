// PostGraphile 5 over the benchmark's database, as its documentation sets it up for production: no watching, no GraphiQL,
// no swallowed errors, the pool's and the caches' defaults, JWTs verified in grafast.context and handed on as pgSettings.
import cluster from "node:cluster";
import { createServer } from "node:http";

import { PgSimplifyInflectionPreset } from "@graphile/simplify-inflection";
import jsonwebtoken from "jsonwebtoken";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { jsonPgSmartTags } from "postgraphile/utils";

import smartTags from "./smart-tags.mjs";

const { DATABASE_URL, POOL_SIZE, JWT_SECRET, JWT_ISSUER, JWT_AUDIENCE, PORT, PROCESSES } = process.env;

// A verified token is remembered, as ours is; jsonwebtoken's verification would be 2 to 3 % of a request.
const REMEMBERED_TOKENS = Number(process.env.REMEMBERED_TOKENS);
const remembered = new Map();

function settingsOf(authorization) {
  const known = remembered.get(authorization);
  if (known !== undefined && known.endsAt > Date.now()) return known.settings;
  const [scheme, token] = (authorization ?? "").split(" ");
  if (scheme.toLowerCase() !== "bearer" || !token) throw new Error("Sign in: this API needs a bearer token.");
  const claims = jsonwebtoken.verify(token, JWT_SECRET, {
    algorithms: ["HS256"],
    issuer: JWT_ISSUER,
    audience: JWT_AUDIENCE,
  });
  const settings = { role: "arcadia_tenant", "app.tenant_id": claims.tenant_id };
  remembered.set(authorization, { settings, endsAt: claims.exp * 1000 });
  if (remembered.size > REMEMBERED_TOKENS) remembered.delete(remembered.keys().next().value);
  return settings;
}

const preset = {
  extends: [PostGraphileAmberPreset, PgSimplifyInflectionPreset],
  plugins: [jsonPgSmartTags(smartTags)],
  pgServices: [
    makePgService({
      connectionString: DATABASE_URL,
      schemas: ["public"],
      pubsub: false,
      poolConfig: { max: Number(POOL_SIZE) },
    }),
  ],
  gather: { installWatchFixtures: false },
  schema: { dontSwallowErrors: true },
  grafast: {
    explain: false,
    context: (request) => ({ pgSettings: settingsOf(request.node?.req.headers.authorization) }),
  },
  grafserv: { watch: false, graphiql: false, websockets: false, outputDataAsString: true },
};

if (cluster.isPrimary && Number(PROCESSES) > 1) {
  for (let worker = 0; worker < Number(PROCESSES); worker++) cluster.fork();
  cluster.on("exit", () => process.exit(1));
} else {
  const instance = postgraphile(preset);
  const server = createServer();
  server.on("error", (error) => {
    console.error(error);
    process.exit(1);
  });
  await instance.getSchema();
  await instance.createServ(grafserv).addTo(server);
  server.listen(Number(PORT), "127.0.0.1");
}
