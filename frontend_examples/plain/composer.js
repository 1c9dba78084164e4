/**
 * Room page: the field in which one writes. Enter sends, Shift+Enter starts a new line.
 */

import { byId } from './dom.js';

const form = /** @type {HTMLFormElement} */ (byId('composer'));
const field = /** @type {HTMLTextAreaElement} */ (byId('text'));

/** @param {(text: string) => void} send */
export function setUpComposer(send) {
  field.addEventListener('input', fit);
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = field.value.trim();
    field.focus();
    if (!text) return;
    field.value = '';
    fit();
    send(text);
  });
}

/** As tall as its text; the style sheet says how tall at most. */
function fit() {
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight}px`;
}
