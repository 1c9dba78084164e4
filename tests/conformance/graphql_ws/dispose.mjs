// Ends one of two streams on one socket, and shows that the other goes on.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url, token] = process.argv.slice(2);
const query = 'subscription { userEvents { __typename } }';
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  connectionParams: { Authorization: `Bearer ${token}` },
  retryAttempts: 0,
});
const [one, two] = [client.iterate({ query }), client.iterate({ query })];
const told = [await one.next(), await two.next()].map(({ value }) => value.data.userEvents.__typename);
await one.return();
const title = 'mutation { createRoom(input: {title: "New", access: OPEN}) { __typename } }';
for await (const { data } of client.iterate({ query: title })) told.push(data.createRoom.__typename);
told.push((await two.next()).value.data.userEvents.__typename, (await one.next()).done);
console.log(JSON.stringify(told));
await client.dispose();
