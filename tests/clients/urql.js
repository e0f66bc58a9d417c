// urql: HTTP for queries and mutations, a socket for subscriptions.
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import {
  DEPLOYMENT, ERROR, HTTP, MUTATION, QUERY, SOCKET, SUBSCRIPTION, authorization, moveUntil, report,
} from './documents.js';

const socket = createClient({ url: SOCKET, connectionParams: { authorization }, webSocketImpl: WebSocket });
const client = new Client({
  url: HTTP,
  fetchOptions: { headers: { authorization } },
  exchanges: [
    cacheExchange,
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: (request) => ({
        subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...request, query: request.query ?? '' }, sink) }),
      }),
    }),
  ],
});

const { data: query } = await client.query(QUERY, {}).toPromise();

let watching;
const seen = new Promise((resolve, reject) => {
  const events = client.subscription(SUBSCRIPTION, { id: DEPLOYMENT });
  watching = events.subscribe(({ data, error }) => (error ? reject(error) : resolve(data)));
});
const { data: mutation } = await moveUntil(seen, (variables) => client.mutation(MUTATION, variables).toPromise());
const subscription = await seen;
watching.unsubscribe();

const { error: failure } = await client.query(ERROR, {}).toPromise();
const error = failure.graphQLErrors[0]?.extensions.code ?? String(failure);

report({ query, mutation, subscription, error });
await socket.dispose();
