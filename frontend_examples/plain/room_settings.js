/**
 * Room page: what is done to the room as a whole. The owner renames or deletes it, a member
 * leaves it. And the side panel that holds all this, which is folded away on narrow screens.
 */

import { mutate } from './api.js';
import { byId } from './dom.js';
import { confirmed, onSubmit, press } from './notice.js';
import { DELETE_ROOM, LEAVE_ROOM, RENAME_ROOM } from './operations.js';

const title = /** @type {HTMLInputElement} */ (byId('new-title'));

/**
 * @param {object} options
 * @param {string} options.roomId
 * @param {(title: string) => void} options.renamed
 * @param {() => void} options.gone  The viewer has left or deleted the room.
 */
export function setUpSettings({ roomId, renamed, gone }) {
  onSubmit(byId('rename'), async (fields) => {
    const { room } = await mutate(RENAME_ROOM, { roomId, title: fields.title.trim() });
    renamed(room.title);
  });
  ask('delete-room', DELETE_ROOM, {
    title: 'Delete this room?',
    text: 'Everyone leaves it, and its messages are gone for good.',
    action: 'Delete room',
  });
  ask('leave-room', LEAVE_ROOM, {
    title: 'Leave this room?',
    text: 'To come back you have to enter by its door again.',
    action: 'Leave',
  });

  /** @param {string} id @param {string} mutation @param {Parameters<typeof confirmed>[0]} question */
  function ask(id, mutation, question) {
    const button = /** @type {HTMLButtonElement} */ (byId(id));
    button.addEventListener('click', () => press(button, async () => {
      if (!(await confirmed(question))) return;
      await mutate(mutation, { roomId });
      gone();
    }));
  }
}

/** @param {boolean} isOwner */
export function showSettings(isOwner) {
  byId('rename').hidden = byId('delete-room').hidden = !isOwner;
  byId('leave-room').hidden = isOwner;
}

/** Keep the field's text in step, unless the owner is writing in it. @param {string} text */
export function showTitleField(text) {
  if (document.activeElement !== title) title.value = text;
}

/** The panel's button, and Escape. */
export function setUpPanel() {
  const toggle = byId('panel-toggle');
  /** @param {boolean} isOpen */
  const show = (isOpen) => {
    toggle.setAttribute('aria-expanded', String(isOpen));
    document.body.toggleAttribute('data-panel', isOpen);
  };
  toggle.addEventListener('click', () => show(!document.body.hasAttribute('data-panel')));
  byId('panel').addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !document.body.hasAttribute('data-panel')) return;
    show(false);
    toggle.focus();
  });
}
