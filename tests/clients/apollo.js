// Apollo Client: HTTP for queries and mutations, a socket for subscriptions.
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import {
  DEPLOYMENT, ERROR, HTTP, MUTATION, QUERY, SOCKET, SUBSCRIPTION, authorization, moveUntil, report,
} from './documents.js';

const socket = createClient({ url: SOCKET, connectionParams: { authorization }, webSocketImpl: WebSocket });
const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: HTTP, headers: { authorization } }),
  ),
});

const { data: query } = await client.query({ query: gql(QUERY) });

let watching;
const seen = new Promise((resolve, reject) => {
  const events = client.subscribe({ query: gql(SUBSCRIPTION), variables: { id: DEPLOYMENT } });
  watching = events.subscribe({ next: ({ data }) => resolve(data), error: reject });
});
const { data: mutation } = await moveUntil(seen, (variables) => client.mutate({ mutation: gql(MUTATION), variables }));
const subscription = await seen;
watching.unsubscribe();

const failure = await client.query({ query: gql(ERROR) }).catch((error) => error);
const error = CombinedGraphQLErrors.is(failure) ? failure.errors[0].extensions.code : String(failure);

report({ query, mutation, subscription, error });
await socket.dispose();
