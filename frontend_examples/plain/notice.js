/**
 * Saying something to the person: a notice that passes, and a question that waits.
 * The page has the elements that this uses: #notice, and for questions the dialog #question.
 */

import { byId } from './dom.js';

const NOTICE_MS = 6000;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** Show a sentence for a while, and read it out. @param {string} text */
export function notify(text) {
  const notice = byId('notice');
  notice.textContent = text;
  notice.dataset.shown = '';
  clearTimeout(timer);
  timer = setTimeout(() => delete notice.dataset.shown, NOTICE_MS);
}

/**
 * Do what a button stands for, once at a time; a refusal becomes a notice.
 *
 * @param {HTMLButtonElement} button
 * @param {() => Promise<unknown>} action
 */
export function press(button, action) {
  return oneAtATime(button, () => action().catch((error) => notify(error.message)));
}

/**
 * Submit a form by `action`: once at a time; a refusal is shown in the form's own
 * `.form-error`.
 *
 * @param {HTMLFormElement} form
 * @param {(fields: Record<string, string>) => Promise<unknown>} action
 */
export function onSubmit(form, action) {
  const problem = /** @type {HTMLElement} */ (form.querySelector('.form-error'));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector('[type=submit]'));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const fields = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
    oneAtATime(button, async () => {
      problem.textContent = '';
      await action(fields).catch((error) => (problem.textContent = error.message));
    });
  });
}

/**
 * `aria-disabled`, not `disabled`: a disabled button would drop the keyboard's focus.
 *
 * @param {HTMLButtonElement} button
 * @param {() => Promise<unknown>} action
 */
export async function oneAtATime(button, action) {
  if (button.hasAttribute('aria-disabled')) return;
  button.setAttribute('aria-disabled', 'true');
  await action();
  button.removeAttribute('aria-disabled');
}

/**
 * Ask before something that cannot be undone.
 *
 * @param {{title: string, text: string, action: string}} question
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, action }) {
  const dialog = /** @type {HTMLDialogElement} */ (byId('question'));
  byId('question-title').textContent = title;
  byId('question-text').textContent = text;
  byId('question-action').textContent = action;
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}
