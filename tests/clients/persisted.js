// urql and Apollo Client asking by the hash of a document: what they send, and what becomes of a miss.
import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { Client, fetchExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { HTTP, authorization, report } from './documents.js';

const QUERIES = ['query First { viewer { subject } }', 'query Second { viewer { subject } }'];
const generateHash = async (text) => createHash('sha256').update(text).digest('hex');

// What was sent of each request: the text, its hash, or both.
function recording(sent) {
  return (url, options) => {
    const { query, extensions } = JSON.parse(options.body);
    sent.push([query && 'text', extensions?.persistedQuery && 'hash'].filter(Boolean).join(' and '));
    return fetch(url, options);
  };
}

async function urql() {
  const sent = [];
  const client = new Client({
    url: HTTP,
    preferGetMethod: false,
    fetch: recording(sent),
    fetchOptions: { headers: { authorization } },
    exchanges: [persistedExchange({ preferGetForPersistedQueries: false, generateHash }), fetchExchange],
  });
  const answers = [];
  for (const query of QUERIES) {
    const { data, error } = await client.query(query, {}).toPromise();
    answers.push(error ? String(error) : data);
  }
  return { sent, answers };
}

async function apollo() {
  const sent = [];
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([
      new PersistedQueryLink({ sha256: generateHash }),
      new HttpLink({ uri: HTTP, headers: { authorization }, fetch: recording(sent) }),
    ]),
  });
  const answers = [];
  for (const query of QUERIES) {
    answers.push(await client.query({ query: gql(query), fetchPolicy: 'no-cache' }).then(({ data }) => data, String));
  }
  return { sent, answers };
}

report({ urql: await urql(), apollo: await apollo() });
