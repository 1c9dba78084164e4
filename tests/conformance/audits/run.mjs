// Runs the audits of graphql-http against the address that is given, and says how many pass.
import { serverAudits } from 'graphql-http';

const audits = serverAudits({ url: process.argv[2], fetchFn: fetch });
let passed = 0;
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status === 'ok') passed += 1;
  else console.log(`${audit.id} ${audit.name}: ${result.reason}`);
}
console.log(`${passed}/${audits.length}`);
