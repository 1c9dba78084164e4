import { createGraphiQLFetcher, type Fetcher } from '@graphiql/toolkit';

import { gathered } from './gathered';

const url = new URL('../../graphql', document.baseURI).href;

const send = createGraphiQLFetcher({
  url,
  subscriptionUrl: url.replace(/^http/, 'ws'),
  enableIncrementalDelivery: false,
  fetch: (input: RequestInfo | URL, init: RequestInit = {}) => fetch(input, { ...init, headers: withToken(init.headers) }),
});

/**
 * Queries and mutations by HTTP with the page's cookie, subscriptions over a WebSocket. What the
 * headers editor holds goes along with both: `Authorization` as a header, and as the payload
 * of `connection_init`.
 */
export const fetcher: Fetcher = async (operation, options) => {
  const answer = await send(operation, options);
  return typeof answer === 'object' && Symbol.asyncIterator in answer ? gathered(answer) : answer;
};

/** Django takes a change from a page only with the token that is in the page's cookie. */
function withToken(given: HeadersInit | undefined): Headers {
  const headers = new Headers(given);
  const token = /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1];
  if (token) headers.set('X-CSRFToken', token);
  return headers;
}
