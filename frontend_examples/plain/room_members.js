/**
 * Room page: who is in the room. The owner can remove the others.
 */

import { globalId, graphql, mutate, nodes } from './api.js';
import { byId, h, renderList } from './dom.js';
import { confirmed, press } from './notice.js';
import { MORE_MEMBERS, REMOVE_MEMBER } from './operations.js';
import { displayName, nameplate, person } from './people.js';

/** @typedef {import('./types.js').Person} Person */

const more = /** @type {HTMLButtonElement} */ (byId('more-members'));

/** @param {string} roomId */
export function members(roomId) {
  /** @type {Map<string, Person>} */
  const people = new Map();
  /** @type {string | null} */
  let moreAfter = null;
  let ownerId = '';
  let viewerId = '';

  more.addEventListener('click', () => press(more, async () => {
    const { room } = await graphql(MORE_MEMBERS, { id: roomId, after: moreAfter });
    if (room) addPage(room.members);
  }));

  /** @param {any} connection */
  function addPage(connection) {
    for (const someone of nodes(connection).map(person)) people.set(someone.databaseId, someone);
    moreAfter = connection.pageInfo.hasNextPage ? connection.pageInfo.endCursor : null;
    render();
  }

  function render() {
    byId('member-count').textContent = `${people.size}${moreAfter ? '+' : ''}`;
    more.hidden = moreAfter === null;
    renderList(byId('members'), inOrder(), { key: ({ databaseId }) => databaseId, create: row });
  }

  /** The owner, then by name. */
  function inOrder() {
    return [...people.values()].sort((a, b) =>
      Number(b.databaseId === ownerId) - Number(a.databaseId === ownerId)
      || displayName(a).localeCompare(displayName(b)));
  }

  /** @param {Person} who */
  function row(who) {
    const isOwner = who.databaseId === ownerId;
    const marks = [who.username && `@${who.username}`, isOwner && 'owner', who.databaseId === viewerId && 'you'];
    return h('li', { class: 'door-row' },
      nameplate(who, marks.filter(Boolean).join(' · ')),
      viewerId === ownerId && !isOwner ? removeButton(who) : null);
  }

  /** @param {Person} who */
  function removeButton(who) {
    const name = displayName(who);
    const button = h('button', {
      type: 'button',
      class: 'small quiet',
      'aria-label': `Remove ${name} from the room`,
      onClick: () => press(button, async () => {
        const yes = await confirmed({
          title: `Remove ${name}?`,
          text: 'They leave the room at once and can no longer read it.',
          action: 'Remove',
        });
        if (!yes) return;
        await mutate(REMOVE_MEMBER, { roomId, userId: globalId('User', who.databaseId) });
        remove(who.databaseId);
      }),
    }, 'Remove');
    return button;
  }

  /** @param {string} databaseId */
  function remove(databaseId) {
    people.delete(databaseId);
    render();
  }

  return {
    remove,

    /** @param {any} room  As the query gives it. @param {string} viewer */
    replace(room, viewer) {
      ownerId = String(room.owner.databaseId);
      viewerId = viewer;
      people.clear();
      addPage(room.members);
    },

    /** @param {Person} who */
    add(who) {
      people.set(who.databaseId, who);
      render();
    },
  };
}
