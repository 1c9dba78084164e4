// Asks with Apollo Client's persisted queries, and prints the answer and what was sent for it.
import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';

const [uri, ...queries] = process.argv.slice(2);
const sent = [];
const fetchAndTell = (address, options) => {
  sent.push('query' in JSON.parse(options.body) ? 'text' : 'hash');
  return fetch(address, options);
};
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const link = ApolloLink.from([new PersistedQueryLink({ sha256 }), new HttpLink({ uri, fetch: fetchAndTell })]);
const client = new ApolloClient({ link, cache: new InMemoryCache() });
for (const query of queries) {
  const { data, error } = await client.query({ query: gql(query), fetchPolicy: 'no-cache', errorPolicy: 'all' });
  console.log(JSON.stringify({ data: data ?? null, error: error?.message ?? null, sent: sent.splice(0) }));
}
