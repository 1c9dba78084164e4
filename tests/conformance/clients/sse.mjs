// Follows with graphql-sse: prints each result as a line of JSON, and how the stream ended.
import { createClient } from 'graphql-sse';

const [url, token, operation] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}` };
const client = createClient({ url, headers, retryAttempts: 0 });
try {
  for await (const result of client.iterate(JSON.parse(operation))) console.log(JSON.stringify(result));
  console.log('"complete"');
} catch (error) {
  console.log(JSON.stringify({ failure: error.message }));
}
