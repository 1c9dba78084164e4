/**
 * Follow a topic without gaps. This is the recipe, and all of it:
 *
 *   1. Query. The answer brings the state and `eventCursor`, the position at which that
 *      state is exact. (A socket opened without a cursor would start "now", and what
 *      happened between the query and now would be lost.)
 *   2. Connect with `?after=<cursor>`. The server replays what came since, says
 *      `caught_up`, and goes on live.
 *   3. Apply the frames one after another. After each, remember its cursor.
 *   4. When the connection drops, wait (exponential backoff, full jitter) and go to 2 with
 *      the last cursor. When the cursor has expired, or a frame could not be applied, go to 1.
 *   5. When access ends, stop and say why.
 */

import { socketAddress } from './addresses.js';

/** @typedef {import('./types.js').Frame} Frame */
/** @typedef {{topic: string, cursor: string}} Position  A topic, and where we are in it. */
/** @typedef {{state: 'connecting' | 'replaying' | 'live'} | {state: 'waiting', until: number}} Status */

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
const HANDSHAKE_MS = 10_000;
const LONG_HIDDEN_MS = 60_000;

/** Close codes after which there is nothing to reconnect to. @type {Record<number, string>} */
const FINAL = { 4401: 'SIGNED_OUT', 4403: 'NOT_ALLOWED', 4404: 'NOT_FOUND' };
const BAD_CURSOR = 4400;

/**
 * @param {object} options
 * @param {() => Promise<Position | null>} options.load
 *   Query, replace the page's state, and return the position. Null: there is nothing to follow.
 * @param {(frame: Frame) => void | Promise<void>} options.apply
 *   Change the page's state by one event. The next frame waits until it is done.
 * @param {(status: Status) => void} options.onStatus
 * @param {(reason: string) => void} options.onEnd
 *   Access has ended: a StreamEndReason, NOT_ALLOWED or NOT_FOUND.
 * @returns {{stop: () => void}}
 */
export function follow({ load, apply, onStatus, onEnd }) {
  /** @type {Position | null} */
  let position = null;
  let failures = 0;
  let pausing = false;
  let hurry = false;
  let interrupt = () => {}; // ends what is being waited for: a socket or a pause
  const stopped = new AbortController();

  async function run() {
    while (!stopped.signal.aborted) {
      const ending = await connection();
      if (stopped.signal.aborted || ending === 'NOTHING') return;
      if (ending === 'QUERY_AGAIN') position = null;
      else if (ending !== 'DROPPED') return stop(), onEnd(ending);
      await pause();
    }
  }

  async function connection() {
    onStatus({ state: 'connecting' });
    try {
      position ??= await load();
    } catch (error) {
      console.warn(error);
      return 'DROPPED';
    }
    if (!position) return 'NOTHING';
    return stopped.signal.aborted ? 'DROPPED' : listen(position);
  }

  /**
   * One socket, from its opening to its end.
   *
   * @param {Position} at  Moves with every frame that was applied.
   * @returns {Promise<string>}
   */
  function listen(at) {
    return new Promise((resolve) => {
      const socket = new WebSocket(socketAddress(at.topic, at.cursor));
      /** @type {string | null} */
      let ending = null;
      let work = Promise.resolve();
      const handshake = setTimeout(() => end('DROPPED'), HANDSHAKE_MS);

      /** @param {string} outcome */
      const end = (outcome) => {
        clearTimeout(handshake);
        socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
        socket.close();
        ending ??= outcome;
        work.then(() => resolve(ending ?? outcome));
      };

      /** @param {Frame} frame */
      const receive = async (frame) => {
        if (ending) return; // what follows comes again, after the last applied cursor
        if (frame.type === 'access_revoked') return end(frame.kwargs.reason);
        if (frame.type === 'cursor_expired') return end('QUERY_AGAIN');
        if (frame.type === 'caught_up') caughtUp();
        else await apply(frame);
        at.cursor = frame.cursor ?? at.cursor;
      };

      interrupt = () => end('DROPPED');
      socket.onopen = () => {
        clearTimeout(handshake);
        onStatus({ state: 'replaying' });
      };
      socket.onmessage = ({ data }) => {
        work = work.then(() => receive(JSON.parse(data))).catch((error) => {
          console.error(error);
          end('QUERY_AGAIN');
        });
      };
      // After an error browsers say close as well, other programs do not always; `end` ends once.
      socket.onclose = socket.onerror = (event) => {
        const code = 'code' in event ? event.code : 0;
        // The frames before the close come first: one of them may say why.
        work = work.then(() => end(FINAL[code] ?? (code === BAD_CURSOR ? 'QUERY_AGAIN' : 'DROPPED')));
      };
    });
  }

  function caughtUp() {
    failures = 0;
    onStatus({ state: 'live' });
  }

  async function pause() {
    if (hurry) return void (hurry = false);
    const delay = Math.random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures++);
    onStatus({ state: 'waiting', until: Date.now() + delay });
    pausing = true;
    await new Promise((resolve) => {
      setTimeout(resolve, delay);
      interrupt = () => resolve(null);
    });
    pausing = hurry = false;
  }

  function reconnectNow() {
    hurry = true;
    failures = 0;
    interrupt();
  }

  function stop() {
    stopped.abort();
    interrupt();
  }

  addEventListener('online', reconnectNow, { signal: stopped.signal });
  whenShown((hiddenMs) => {
    if (pausing || hiddenMs > LONG_HIDDEN_MS) reconnectNow();
  }, stopped.signal);
  run();
  return { stop };
}

/**
 * Call back when the page is shown again. After a long sleep a socket that looks open may be
 * dead; opening a new one loses nothing.
 *
 * @param {(hiddenMs: number) => void} callback
 * @param {AbortSignal} signal
 */
function whenShown(callback, signal) {
  let hiddenAt = Date.now();
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) hiddenAt = Date.now();
    else callback(Date.now() - hiddenAt);
  }, { signal });
}
