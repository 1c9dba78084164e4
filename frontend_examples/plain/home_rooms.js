/**
 * Home page: the rooms that the viewer is in, and the form that makes another.
 */

import { roomAddress } from './addresses.js';
import { graphql, mutate } from './api.js';
import { byId, h, renderList } from './dom.js';
import { onSubmit, press } from './notice.js';
import { CREATE_ROOM, MORE_ROOMS } from './operations.js';
import { displayName } from './people.js';

/** @typedef {import('./home_state.js').HomeState} HomeState */
/** @typedef {import('./types.js').Room} Room */

const more = /** @type {HTMLButtonElement} */ (byId('more-rooms'));

/** @param {HomeState} home */
export function setUpRooms(home) {
  onSubmit(byId('create-room'), async ({ title, access }) => {
    const { room } = await mutate(CREATE_ROOM, { title: title.trim(), access });
    enter(room.databaseId);
  });
  more.addEventListener('click', () => press(more, async () => {
    const { viewer } = await graphql(MORE_ROOMS, { after: home.moreRoomsAfter });
    home.addRooms(viewer.rooms);
  }));
}

/** @param {HomeState} home */
export function renderRooms(home) {
  const rooms = home.rooms();
  byId('no-rooms').hidden = rooms.length > 0;
  more.hidden = home.moreRoomsAfter === null;
  renderList(byId('rooms'), rooms, {
    key: (room) => `${room.databaseId} ${room.title}`,
    create: (room) => roomRow(room, home),
  });
}

/** Go to the room's page. @param {string | number} databaseId */
export function enter(databaseId) {
  location.assign(roomAddress(databaseId));
}

/**
 * A room in a list: its door, its title, and a smaller line below it.
 *
 * @param {{title: string, access: import('./types.js').Access}} room
 * @param {string} detail
 */
export function doorplate({ title, access }, detail) {
  return h('span', { class: 'nameplate' },
    h('span', { class: 'door', 'data-access': access, 'aria-hidden': 'true' }),
    h('span', { class: 'lines' },
      h('span', { class: 'name' }, title),
      h('span', { class: 'detail' }, detail)));
}

/** @param {import('./types.js').Access} access */
function accessName(access) {
  return access === 'OPEN' ? 'Open' : 'By request';
}

/** @param {Room} room @param {HomeState} home */
function roomRow(room, home) {
  const isOwner = room.owner.databaseId === home.viewer?.databaseId;
  return h('li', {},
    h('a', { class: 'room-link', href: roomAddress(room.databaseId) },
      doorplate(room, `${isOwner ? 'Yours' : displayName(room.owner)} · ${accessName(room.access)}`),
      h('span', { class: 'chevron', 'aria-hidden': 'true' }, '›')));
}
