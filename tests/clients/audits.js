// The audits of graphql-http against a served API, as a caller who may introspect.
// Usage: ARCADIA_TOKEN=… node audits.js http://127.0.0.1:8000/graphql
import { auditServer } from 'graphql-http';

const [url] = process.argv.slice(2);
const authorization = `Bearer ${process.env.ARCADIA_TOKEN}`;

const results = await auditServer({
  url,
  fetchFn: (address, init = {}) => fetch(address, { ...init, headers: { ...init.headers, authorization } }),
});
const failed = results.filter((result) => result.status !== 'ok');
for (const { id, name, reason } of failed) console.log(`${id} ${name}: ${reason}`);
console.log(`${results.length - failed.length} of ${results.length} audits pass`);
process.exitCode = failed.length === 0 ? 0 : 1;
