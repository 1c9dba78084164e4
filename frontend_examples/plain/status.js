/**
 * The quiet line that says how live the page is.
 */

/** @typedef {import('./live.js').Status} Status */

const CAUGHT_UP_MS = 2500;

/**
 * @param {HTMLElement} element
 * @returns {(status: Status) => void}
 */
export function statusLine(element) {
  let wasLive = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @param {string} state @param {string} text @param {string} [countdown] */
  function show(state, text, countdown = '') {
    element.dataset.state = state;
    element.dataset.countdown = countdown; // shown by the style sheet: not read out every second
    if (element.textContent !== text) element.textContent = text;
  }

  /** @param {number} until */
  function countDown(until) {
    const seconds = Math.ceil((until - Date.now()) / 1000);
    show('waiting', 'Reconnecting', seconds > 0 ? ` in ${seconds} s` : '');
    if (seconds > 0) timer = setTimeout(countDown, 200, until);
  }

  return (status) => {
    clearTimeout(timer);
    if (status.state === 'waiting') countDown(status.until);
    if (status.state === 'connecting') show('connecting', wasLive ? 'Reconnecting' : 'Connecting');
    if (status.state === 'replaying') show('connecting', 'Catching up');
    if (status.state === 'live') {
      show('live', wasLive ? 'Caught up' : 'Live');
      if (wasLive) timer = setTimeout(show, CAUGHT_UP_MS, 'live', 'Live');
      wasLive = true;
    }
  };
}
