/**
 * Signing in and signing up. One form each, of which one is shown.
 */

import { wayBack } from './addresses.js';
import { mutate } from './api.js';
import { byId } from './dom.js';
import { onSubmit } from './notice.js';
import { SIGN_IN, SIGN_UP } from './operations.js';

/** @param {() => void} signedIn  Called once the session cookie is set. */
export function setUpSignIn(signedIn) {
  onSubmit(byId('sign-in'), async ({ username, password }) => {
    await mutate(SIGN_IN, { username: username.trim(), password });
    finish(signedIn);
  });
  onSubmit(byId('sign-up'), async ({ username, password, firstName, lastName }) => {
    await mutate(SIGN_UP, {
      username: username.trim(),
      password,
      firstName: firstName.trim(),
      lastName: lastName.trim(),
    });
    finish(signedIn);
  });
  byId('to-sign-up').addEventListener('click', () => show('sign-up'));
  byId('to-sign-in').addEventListener('click', () => show('sign-in'));
}

/** @param {'sign-in' | 'sign-up'} form */
function show(form) {
  byId('sign-in').hidden = form !== 'sign-in';
  byId('sign-up').hidden = form !== 'sign-up';
  /** @type {HTMLInputElement} */ (byId(form).querySelector('input')).focus();
}

/** @param {() => void} signedIn */
function finish(signedIn) {
  for (const form of document.querySelectorAll('form')) form.reset();
  const path = wayBack();
  if (path) location.replace(path);
  else signedIn();
}
