// Follows a room with graphql-ws and prints each thing that happens as a line of JSON.
// After a cut the client connects anew and sends its payload again, with the cursor seen last.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url, token, query, room, after] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify(what));
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  connectionParams: { Authorization: `Bearer ${token}` },
  lazy: false,
  retryAttempts: 100,
  shouldRetry: () => true, // a server that is not there is an error, not a close code
  retryWait: () => new Promise((resolve) => setTimeout(resolve, 50)),
  on: { connected: (_, __, again) => say(again ? 'connected again' : 'connected') },
});

const asked = client.iterate({ query: '{ viewer { user { username } } }' });
for await (const answer of asked) say(answer.data.viewer.user.username);

const variables = { room, after };
client.subscribe({ query, variables }, {
  next: ({ data }) => {
    const { cursor, ...event } = data.roomEvents;
    variables.after = cursor ?? variables.after;
    say(event);
  },
  error: (why) => say({ failed: why.code ?? why }),
  complete: () => say('complete'),
});
