/**
 * Home page: the ways into a room. A list of open rooms to walk into, and a form for a code,
 * which first shows whose door it is and then asks (or, for an open room, enters).
 */

import { roomAddress } from './addresses.js';
import { graphql, mutate, nodes } from './api.js';
import { byId, h, renderList } from './dom.js';
import { joinRequest, preview } from './home_state.js';
import { doorplate, enter } from './home_rooms.js';
import { notify, onSubmit, press } from './notice.js';
import { JOIN_ROOM, OPEN_ROOMS, REQUEST_TO_JOIN, ROOM_PREVIEW } from './operations.js';
import { displayName, nameplate } from './people.js';

/** @typedef {import('./home_state.js').HomeState} HomeState */
/** @typedef {import('./types.js').RoomPreview} RoomPreview */

const SEARCH_PAUSE_MS = 250;

const search = /** @type {HTMLInputElement} */ (byId('open-search'));
const more = /** @type {HTMLButtonElement} */ (byId('more-open-rooms'));

/** @type {RoomPreview[]} */
let openRooms = [];
/** @type {string | null} */
let moreAfter = null;
/** What the code form found, and the code that found it. @type {{room: RoomPreview, code: string} | null} */
let found = null;

/** @param {HomeState} home */
export function setUpDoors(home) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(loadOpenRooms, SEARCH_PAUSE_MS, home);
  });
  more.addEventListener('click', () => press(more, () => fetchOpenRooms(home, moreAfter)));
  onSubmit(byId('join-by-code'), ({ code }) => lookUp(code.trim(), home));
}

/** Load the first page of open rooms, for the words in the search field. @param {HomeState} home */
export function loadOpenRooms(home) {
  return fetchOpenRooms(home, null).catch((error) => notify(error.message));
}

/** An invitation link carries its code behind the `#`, which browsers send to no server. @param {HomeState} home */
export function followInvitation(home) {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (!code) return;
  history.replaceState(null, '', location.pathname);
  /** @type {HTMLInputElement} */ (byId('code')).value = code;
  lookUp(code, home).catch((error) => notify(error.message));
}

/** @param {HomeState} home */
export function renderDoors(home) {
  byId('no-open-rooms').hidden = openRooms.length > 0;
  more.hidden = moreAfter === null;
  renderList(byId('open-rooms'), openRooms, {
    key: (room) => `${room.roomId} ${wayIn(room, home)}`,
    create: (room) => h('li', { class: 'door-row' },
      doorplate(room, displayName(room.owner)),
      wayInButton(room, home, '')),
  });
  renderFound(home);
}

/** @param {HomeState} home @param {string | null} after */
async function fetchOpenRooms(home, after) {
  const words = search.value.trim();
  const answer = await graphql(OPEN_ROOMS, { search: words || null, after });
  if (words !== search.value.trim()) return; // overtaken by a newer search
  const page = nodes(answer.openRooms).map(preview);
  openRooms = after ? [...openRooms, ...page] : page;
  moreAfter = answer.openRooms.pageInfo.hasNextPage ? answer.openRooms.pageInfo.endCursor : null;
  byId('no-open-rooms').textContent = words ? 'No open room by that name.' : 'No open rooms yet.';
  renderDoors(home);
}

/** @param {string} code @param {HomeState} home */
async function lookUp(code, home) {
  found = null;
  renderFound(home);
  const { roomPreview } = await graphql(ROOM_PREVIEW, { joinCode: code });
  if (!roomPreview) throw new Error('No room has this code. Codes change when the owner renews them.');
  found = { room: preview(roomPreview), code };
  renderFound(home);
}

/** @param {HomeState} home */
function renderFound(home) {
  renderList(byId('found-room'), found ? [found] : [], {
    key: ({ room, code }) => `${code} ${wayIn(room, home)}`,
    create: ({ room, code }) => h('div', { class: 'found' },
      doorplate(room, room.access === 'OPEN' ? 'Anyone may enter' : 'The owner decides who enters'),
      nameplate(room.owner, 'owns this room'),
      wayInButton(room, home, code)),
  });
}

/** @param {RoomPreview} room @param {HomeState} home */
function wayIn(room, home) {
  if (home.roomWithId(room.roomId)) return 'enter';
  if (room.access === 'OPEN') return 'join';
  return home.isWaitingFor(room.roomId) ? 'wait' : 'ask';
}

/** @param {RoomPreview} room @param {HomeState} home @param {string} code */
function wayInButton(room, home, code) {
  const way = wayIn(room, home);
  if (way === 'wait') return h('p', { class: 'detail' }, '⏳ You have asked. The owner decides.');
  if (way === 'enter') {
    const path = roomAddress(home.roomWithId(room.roomId)?.databaseId ?? '');
    return h('a', { class: 'button small', href: path, 'aria-label': `Enter ${room.title}` }, 'Enter');
  }
  const label = way === 'join' ? 'Join' : `Ask ${displayName(room.owner)} to let you in`;
  const action = way === 'join' ? () => join(room) : () => ask(code, home);
  const button = h('button', {
    type: 'button',
    class: code ? 'primary' : 'small',
    'aria-label': way === 'join' ? `Join ${room.title}` : null,
    onClick: () => press(button, action),
  }, label);
  return button;
}

/** @param {RoomPreview} room */
async function join({ roomId }) {
  const { room } = await mutate(JOIN_ROOM, { roomId });
  enter(room.databaseId);
}

/** @param {string} code @param {HomeState} home */
async function ask(code, home) {
  const answer = await mutate(REQUEST_TO_JOIN, { joinCode: code });
  home.addRequest(joinRequest(answer.joinRequest));
}
