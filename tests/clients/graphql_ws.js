// graphql-ws: everything over one socket.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import {
  DEPLOYMENT, ERROR, MUTATION, QUERY, SOCKET, SUBSCRIPTION, authorization, moveUntil, report,
} from './documents.js';

const client = createClient({ url: SOCKET, connectionParams: { authorization }, webSocketImpl: WebSocket });

async function first(query, variables) {
  for await (const { data } of client.iterate({ query, variables })) return data;
  throw new Error('nothing was answered');
}

const query = await first(QUERY);
const seen = first(SUBSCRIPTION, { id: DEPLOYMENT });
const mutation = await moveUntil(seen, (variables) => first(MUTATION, variables));
const subscription = await seen;
const error = await first(ERROR).catch(([failure]) => failure.extensions.code);

report({ query, mutation, subscription, error });
await client.dispose();
