/**
 * What was written and has not yet come back as an event.
 *
 * Every message gets a clientMutationId, and the server makes one message of it however
 * often it is sent. So a send without an answer is simply repeated: after a pause, when the
 * stream is back, or after a reload of the page (unsent messages are kept in sessionStorage).
 * Messages go one at a time, so they arrive in the order in which they were written.
 */

import { ApiError, mutate } from './api.js';
import { SEND_MESSAGE } from './operations.js';

/** @typedef {import('./types.js').Message} Message */
/** @typedef {import('./types.js').Delivery} Delivery */

const RETRY_MS = 4000;

/**
 * @param {object} options
 * @param {string} options.roomId
 * @param {import('./types.js').Person} options.viewer
 * @param {() => void} options.changed  Called after every change.
 * @param {(databaseId: string, postedAt: string) => boolean} options.isKnown
 *   Whether the event of this message has been applied, or will never come because the
 *   message was there before the page asked.
 */
export function outbox({ roomId, viewer, changed, isKnown }) {
  const storageKey = `outbox ${roomId} ${viewer.databaseId}`;
  /** @type {Message[]} */
  let copies = restore();
  let isSending = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** Send everything that waits, oldest first. */
  async function flush() {
    if (isSending) return;
    isSending = true;
    clearTimeout(timer);
    for (let copy = nextToSend(); copy; copy = nextToSend()) {
      if (!(await deliver(copy))) {
        timer = setTimeout(flush, RETRY_MS);
        break;
      }
    }
    isSending = false;
  }

  /** @param {Message} copy  Returns whether the next one may be sent. */
  async function deliver(copy) {
    mark(copy, { state: 'sending' });
    try {
      const input = { roomId, text: copy.text, clientMutationId: copy.key };
      const { sentMessage } = await mutate(SEND_MESSAGE, input);
      if (isKnown(String(sentMessage.databaseId), sentMessage.postedAt)) remove(copy.key);
      else mark(copy, { state: 'sent' }); // until its event comes and gives it its place
      return true;
    } catch (error) {
      const refused = error instanceof ApiError;
      mark(copy, { state: refused ? 'failed' : 'waiting', reason: /** @type {Error} */ (error).message });
      return refused;
    }
  }

  function nextToSend() {
    return copies.find(({ delivery }) => delivery?.state === 'waiting' || delivery?.state === 'sending');
  }

  /** @param {Message} copy @param {Delivery} delivery */
  function mark(copy, delivery) {
    copies = copies.map((other) => (other.key === copy.key ? { ...other, delivery } : other));
    saveAndTell();
  }

  /** @param {string} key */
  function remove(key) {
    copies = copies.filter((copy) => copy.key !== key);
    saveAndTell();
  }

  function saveAndTell() {
    const unsent = copies.filter(({ delivery }) => delivery?.state !== 'sent');
    if (unsent.length) sessionStorage.setItem(storageKey, JSON.stringify(unsent));
    else sessionStorage.removeItem(storageKey);
    changed();
  }

  /** @returns {Message[]} */
  function restore() {
    const unsent = /** @type {Message[]} */ (JSON.parse(sessionStorage.getItem(storageKey) ?? '[]'));
    return unsent.map((copy) => ({ ...copy, delivery: { state: 'waiting' } }));
  }

  return {
    flush,
    remove,
    copies: () => copies,

    /** @param {string} text */
    add(text) {
      copies = [...copies, {
        key: randomId(),
        databaseId: '',
        sender: viewer,
        text,
        postedAt: new Date().toISOString(),
        delivery: { state: 'sending' },
      }];
      saveAndTell();
      flush();
    },

    /** Try a refused or waiting message again, now. @param {Message} copy */
    retry(copy) {
      mark(copy, { state: 'waiting' });
      flush();
    },

    /** The copies that the server has confirmed. A query that starts now shows them all. */
    sentKeys() {
      return copies.filter(({ delivery }) => delivery?.state === 'sent').map(({ key }) => key);
    },
  };
}

/** 128 random bits. `crypto.randomUUID` would need HTTPS. */
function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
