// Follows with Apollo Client, over its multipart subscriptions, and says the same as sse.mjs.
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';

const [uri, token, operation] = process.argv.slice(2);
const { query, variables } = JSON.parse(operation);
const link = new HttpLink({ uri, headers: { Authorization: `Bearer ${token}` } });
const client = new ApolloClient({ link, cache: new InMemoryCache() });
client.subscribe({ query: gql(query), variables, fetchPolicy: 'no-cache', errorPolicy: 'all' }).subscribe({
  next: ({ data, error }) => console.log(JSON.stringify(error ? { error: error.message } : { data })),
  error: (error) => console.log(JSON.stringify({ failure: error.message })),
  complete: () => console.log('"complete"'),
});
