// Does what the server answers by closing, and prints what the client makes of it: the close code
// and whether it tried again.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url, token, deed] = process.argv.slice(2);
const codes = [];
let open;

const deeds = {
  forbidden: () => {},
  invalid: () => open.send('{"type": "what?"}'),
  taken: () => {
    const subscribe = { type: 'subscribe', id: '1', payload: { query: 'subscription { userEvents { __typename } }' } };
    for (let times = 0; times < 2; times += 1) open.send(JSON.stringify(subscribe));
  },
  initialised: () => open.send('{"type": "connection_init"}'),
  'signed-out': () => {
    const payload = { query: 'mutation { signOut { __typename } }' };
    open.send(JSON.stringify({ type: 'subscribe', id: 'out', payload }));
  },
};

const client = createClient({
  url,
  webSocketImpl: WebSocket,
  connectionParams: { Authorization: deed === 'forbidden' ? 'Bearer wrong' : `Bearer ${token}` },
  retryAttempts: 1,
  retryWait: async () => {},
  on: {
    connected: (socket) => { open = socket; deeds[deed](); },
    closed: (event) => codes.push(event.code),
  },
});
client.subscribe({ query: 'subscription { userEvents { __typename } }' }, {
  next: () => {},
  error: (why) => console.log(JSON.stringify({ codes, failed: why.code ?? why })),
  complete: () => console.log('"complete"'),
});
