/**
 * Room page, for the owner: the people who wait at the door, and the code that brought them.
 */

import { invitationAddress } from './addresses.js';
import { globalId, mutate, nodes } from './api.js';
import { byId, h, renderList } from './dom.js';
import { confirmed, notify, press } from './notice.js';
import { ADMIT, DENY, ROTATE_JOIN_CODE } from './operations.js';
import { displayName, nameplate, person, personOfFrame } from './people.js';
import { ago } from './times.js';

/** @typedef {{databaseId: string, createdAt: string, user: import('./types.js').Person}} Waiting */

const code = /** @type {HTMLInputElement} */ (byId('join-code'));

/** @param {string} roomId */
export function door(roomId) {
  /** @type {Map<string, Waiting>} */
  const waiting = new Map();

  onPress('copy-code', () => copy(code.value, 'The code is copied.'));
  onPress('copy-link', () => copy(invitationAddress(code.value), 'The link is copied.'));
  onPress('rotate-code', async () => {
    const yes = await confirmed({
      title: 'Renew the code?',
      text: 'The present code and its link stop working. People who have already asked keep waiting.',
      action: 'Renew',
    });
    if (yes) showCode((await mutate(ROTATE_JOIN_CODE, { roomId })).room.joinCode);
  });

  function render() {
    byId('nobody-waiting').hidden = waiting.size > 0;
    byId('waiting-count').textContent = waiting.size ? String(waiting.size) : '';
    byId('toggle-count').textContent = waiting.size ? `${waiting.size} waiting` : '';
    renderList(byId('waiting'), waiting.values(), {
      key: ({ databaseId }) => databaseId,
      create: row,
      update: (element, { createdAt }) => showDetail(element, `asked ${ago(createdAt)}`),
    });
  }

  /** @param {Waiting} request */
  function row({ databaseId, user }) {
    const name = displayName(user);
    return h('li', { class: 'door-row' },
      nameplate(user, ''),
      h('span', { class: 'buttons' },
        decision('Admit', ADMIT, `Admit ${name}`, databaseId),
        decision('Deny', DENY, `Deny ${name}`, databaseId)));
  }

  /** @param {string} text @param {string} mutation @param {string} label @param {string} databaseId */
  function decision(text, mutation, label, databaseId) {
    const button = h('button', {
      type: 'button',
      class: mutation === ADMIT ? 'small primary' : 'small',
      'aria-label': label,
      onClick: () => press(button, async () => {
        await mutate(mutation, { joinRequestId: globalId('JoinRequest', databaseId) });
        remove(databaseId);
      }),
    }, text);
    return button;
  }

  /** @param {string} databaseId */
  function remove(databaseId) {
    waiting.delete(databaseId);
    render();
  }

  setInterval(render, 60_000); // "asked 5 minutes ago"

  return {
    showCode,

    /** @param {any} room  As the query gives it; without a door when the viewer is not the owner. */
    replace(room) {
      byId('door').hidden = room.viewerRole !== 'OWNER';
      waiting.clear();
      for (const { databaseId, createdAt, user } of nodes(room.joinRequests ?? { edges: [] })) {
        waiting.set(String(databaseId), { databaseId: String(databaseId), createdAt, user: person(user) });
      }
      showCode(room.joinCode ?? '');
      render();
    },

    /** Apply a `did_alter_join_request`. @param {any} kwargs */
    apply({ id, action, requesting_user }) {
      if (action !== 'create') return remove(String(id));
      const user = personOfFrame(requesting_user);
      waiting.set(String(id), { databaseId: String(id), createdAt: new Date().toISOString(), user });
      render();
      notify(`${displayName(user)} is at the door.`);
    },
  };
}

/** @param {HTMLElement} row @param {string} text */
function showDetail(row, text) {
  const detail = row.querySelector('.detail');
  if (detail) detail.textContent = text;
}

/** @param {string} text */
function showCode(text) {
  code.value = text;
}

/** @param {string} id @param {() => Promise<unknown>} action */
function onPress(id, action) {
  const button = /** @type {HTMLButtonElement} */ (byId(id));
  button.addEventListener('click', () => press(button, action));
}

/** @param {string} text @param {string} done */
async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    notify(done);
  } catch {
    code.select(); // browsers allow copying over HTTPS only
    notify('Select the code and copy it.');
  }
}
