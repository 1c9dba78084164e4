/**
 * When what has the focus goes away, because it was pressed or because of an event, the focus
 * goes to the nearest heading or region with a `tabindex`, and not to the page's top.
 */

const RESTS = '[tabindex]';

/** @type {Element[]} What has the focus, and from the inside out what that is in. */
let around = [];

export function keepFocusNear() {
  addEventListener('focusin', ({ target }) => {
    around = target instanceof Element ? [target, ...ancestorsOf(target)] : [];
  });
  new MutationObserver(() => {
    const isLost = around.length > 0 && !around[0].isConnected && document.activeElement === document.body;
    if (isLost) restInside()?.focus({ preventScroll: true });
  }).observe(document.body, { childList: true, subtree: true });
}

/** @returns {HTMLElement | null | undefined} */
function restInside() {
  return around.filter((part) => part.isConnected)
    .map((part) => /** @type {HTMLElement | null} */ (part.matches(RESTS) ? part : part.querySelector(RESTS)))
    .find((rest) => rest !== null);
}

/** @param {Element} element @returns {Element[]} */
function ancestorsOf({ parentElement }) {
  return parentElement ? [parentElement, ...ancestorsOf(parentElement)] : [];
}
