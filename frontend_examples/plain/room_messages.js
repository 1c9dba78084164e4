/**
 * Room page: the log of messages. Real ones in the order of their events, then the
 * optimistic copies. It stays at the bottom only if the reader is there; otherwise a pill
 * counts what is new.
 */

import { byId, h, renderList, setAttribute } from './dom.js';
import { oneAtATime } from './notice.js';
import { avatar, displayName } from './people.js';
import { exactTime, timeOfDay } from './times.js';
import { timeline } from './timeline.js';

/** @typedef {import('./types.js').Message} Message */
/** @typedef {{messages: Message[], before: string | null}} Page  `before` is null at the beginning. */

const NEAR_EDGE_PX = 60;

const log = byId('log');
const list = byId('messages');
const pill = /** @type {HTMLButtonElement} */ (byId('new-messages'));
const earlier = /** @type {HTMLButtonElement} */ (byId('earlier'));

/**
 * @param {object} options
 * @param {(before: string) => Promise<Page>} options.loadEarlier
 * @param {(copy: Message) => void} options.retry
 * @param {(copy: Message) => void} options.discard
 */
export function messageLog({ loadEarlier, retry, discard }) {
  /** @type {Message[]} */
  let messages = [];
  /** @type {Message[]} */
  let copies = [];
  /** @type {string | null} */
  let before = null;
  let viewerId = '';
  let unseen = 0;
  let isAtBottom = true;

  log.addEventListener('scroll', () => {
    isAtBottom = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_EDGE_PX;
    if (isAtBottom) showUnseen(0);
    if (log.scrollTop < NEAR_EDGE_PX && log.scrollHeight > log.clientHeight) prependEarlier();
  }, { passive: true });
  new ResizeObserver(() => isAtBottom && toBottom()).observe(log);
  pill.addEventListener('click', toBottom);
  earlier.addEventListener('click', prependEarlier);

  function render() {
    renderList(list, timeline([...messages, ...copies]), {
      key: (row) => row.key,
      create: (row) => (row.kind === 'day' ? dayElement(row.label) : messageElement(row.message, viewerId)),
      update: (element, row) => row.kind === 'message' && updateMessage(element, row, { retry, discard }),
    });
    earlier.hidden = before === null;
    byId('beginning').hidden = before !== null;
    if (isAtBottom) toBottom();
  }

  function toBottom() {
    log.scrollTop = log.scrollHeight;
    isAtBottom = true;
    showUnseen(0);
  }

  /** @param {number} count */
  function showUnseen(count) {
    unseen = count;
    if (count === 0 && document.activeElement === pill) log.focus();
    pill.hidden = count === 0;
    pill.textContent = `${count} new ${count === 1 ? 'message' : 'messages'} ↓`;
  }

  function prependEarlier() {
    const asked = before;
    if (asked !== null) oneAtATime(earlier, async () => prepend(await loadEarlier(asked).catch(() => null), asked));
  }

  /** @param {Page | null} page @param {string} asked */
  function prepend(page, asked) {
    if (!page || before !== asked) return; // unreachable, or all was replaced meanwhile
    before = page.before;
    messages = [...page.messages, ...messages];
    keepingPlace(render);
  }

  return {
    /** Show the newest page in place of everything. @param {Page} page @param {string} viewer */
    replace(page, viewer) {
      viewerId = viewer;
      ({ messages, before } = page);
      render();
    },

    /** Show one more message; one that is there already changes nothing. @param {Message} message */
    append(message) {
      if (this.has(message.databaseId)) return;
      messages = [...messages, message];
      if (!isAtBottom && message.sender.databaseId !== viewerId) showUnseen(unseen + 1);
      render();
    },

    /** @param {Message[]} current */
    showCopies(current) {
      const isNew = current.length > copies.length;
      copies = current;
      if (isNew) isAtBottom = true; // who writes wants to see it
      render();
    },

    /** @param {string} databaseId */
    has(databaseId) {
      return messages.some((message) => message.databaseId === databaseId);
    },

    /** Whether a message of that time is on a page that is not loaded. @param {string} postedAt */
    isBeforeFirst(postedAt) {
      return before !== null && messages.length > 0 && Date.parse(postedAt) < Date.parse(messages[0].postedAt);
    },
  };
}

/** Let the reader go on looking at the same message while others appear above it. @param {() => void} change */
function keepingPlace(change) {
  const fromBottom = log.scrollHeight - log.scrollTop;
  log.setAttribute('aria-busy', 'true'); // old messages are not read out as news
  change();
  log.scrollTop = log.scrollHeight - fromBottom;
  requestAnimationFrame(() => log.removeAttribute('aria-busy'));
}

/** @param {string} label */
function dayElement(label) {
  return h('li', { class: 'day' }, h('span', {}, label));
}

/** @param {Message} message @param {string} viewerId */
function messageElement({ sender, text }, viewerId) {
  const isMine = sender.databaseId === viewerId;
  return h('li', { class: 'message', 'data-mine': isMine },
    isMine ? null : avatar(sender),
    h('p', { class: 'meta' },
      h('span', { class: 'name' }, isMine ? 'You' : displayName(sender)),
      h('time')),
    h('p', { class: 'bubble' }, text),
    h('p', { class: 'delivery' }));
}

/**
 * @param {HTMLElement} element
 * @param {import('./timeline.js').MessageRow} row
 * @param {{retry: (copy: Message) => void, discard: (copy: Message) => void}} actions
 */
function updateMessage(element, { message, startsGroup, endsGroup }, actions) {
  setAttribute(element, 'data-starts', startsGroup);
  setAttribute(element, 'data-ends', endsGroup);
  const time = /** @type {HTMLTimeElement} */ (element.querySelector('time'));
  if (time.dateTime !== message.postedAt) {
    time.dateTime = message.postedAt;
    time.textContent = timeOfDay(message.postedAt);
    element.querySelector('.bubble')?.setAttribute('title', exactTime(message.postedAt));
  }
  const state = message.delivery?.state ?? 'arrived';
  if (element.dataset.state === state) return;
  element.dataset.state = state;
  element.querySelector('.delivery')?.replaceChildren(...deliveryLine(message, actions));
}

/**
 * @param {Message} message
 * @param {{retry: (copy: Message) => void, discard: (copy: Message) => void}} actions
 * @returns {(Node | string)[]}
 */
function deliveryLine(message, { retry, discard }) {
  const state = message.delivery?.state;
  if (state !== 'waiting' && state !== 'failed') return [];
  const words = state === 'waiting' ? 'Not sent yet. It will be tried again.' : `Not sent: ${message.delivery?.reason}`;
  return [words, ' ',
    h('button', { type: 'button', class: 'link', onClick: () => retry(message) }, 'Try now'), ' ',
    ...(state === 'failed'
      ? [h('button', { type: 'button', class: 'link', onClick: () => discard(message) }, 'Discard')]
      : [])];
}
