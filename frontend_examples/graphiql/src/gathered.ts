const AT_MOST = 100;

/**
 * A stream's results so far, the newest first: GraphiQL by itself shows the last one only, and what
 * is replayed comes faster than anybody reads.
 *
 * Not a generator: while one waits for the next result it cannot be ended.
 */
export function gathered(stream: AsyncIterable<unknown>): AsyncIterableIterator<object> {
  const results = stream[Symbol.asyncIterator]();
  let seen: unknown[] = [];
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const { done, value } = await results.next();
      if (done) return { done, value: undefined };
      seen = [value, ...seen].slice(0, AT_MOST);
      return { done: false, value: { 'newest first': seen } };
    },
    async return() {
      await results.return?.();
      return { done: true, value: undefined };
    },
  };
}
