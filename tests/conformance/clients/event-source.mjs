// Follows as a browser does, with EventSource: prints each event, and when the line is cut.
import { EventSource } from 'eventsource';

const [url, token, operation] = process.argv.slice(2);
const { query, variables } = JSON.parse(operation);
const parameters = new URLSearchParams({ query, variables: JSON.stringify(variables) });
const fetchWithToken = (address, options) =>
  fetch(address, { ...options, headers: { ...options.headers, Authorization: `Bearer ${token}` } });
const source = new EventSource(`${url}?${parameters}`, { fetch: fetchWithToken });
const say = (said) => console.log(JSON.stringify(said));

source.addEventListener('next', ({ data }) => say(JSON.parse(data)));
source.addEventListener('error', () => say('cut'));
source.addEventListener('complete', () => {
  say('complete');
  source.close();
});
