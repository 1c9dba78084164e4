/**
 * Home page: the viewer's requests to join, each with its status as it changes.
 */

import { roomAddress } from './addresses.js';
import { mutate } from './api.js';
import { byId, h, renderList } from './dom.js';
import { doorplate } from './home_rooms.js';
import { press } from './notice.js';
import { WITHDRAW } from './operations.js';
import { displayName } from './people.js';
import { ago } from './times.js';

/** @typedef {import('./home_state.js').HomeState} HomeState */
/** @typedef {import('./types.js').JoinRequest} JoinRequest */

/** @type {Record<import('./types.js').RequestStatus, {sign: string, word: string}>} */
const STATUS = {
  PENDING: { sign: '⏳', word: 'Pending' },
  ADMITTED: { sign: '✅', word: 'Admitted' },
  DENIED: { sign: '✖️', word: 'Denied' },
  WITHDRAWN: { sign: '↩️', word: 'Withdrawn' },
};

/** @param {HomeState} home */
export function renderRequests(home) {
  const requests = home.requests();
  byId('no-requests').hidden = requests.length > 0;
  renderList(byId('requests'), requests, {
    key: ({ databaseId }) => databaseId,
    create: ({ room }) => h('li', { class: 'request' },
      doorplate(room, ''),
      h('span', { class: 'request-status' }),
      h('span', { class: 'request-action' })),
    update: (row, request) => fill(row, request, home),
  });
}

/**
 * @param {HTMLElement} row
 * @param {JoinRequest} request
 * @param {HomeState} home
 */
function fill(row, request, home) {
  const [plate, status, action] = row.children;
  const asked = `${displayName(request.room.owner)} · asked ${ago(request.createdAt)}`;
  plate.querySelector('.detail')?.replaceChildren(asked);

  const room = home.roomWithId(request.room.roomId);
  const shown = `${request.status} ${room?.databaseId}`;
  if (row.dataset.shown === shown) return;
  row.dataset.shown = shown;
  row.dataset.status = request.status;
  const { sign, word } = STATUS[request.status];
  status.replaceChildren(h('span', { 'aria-hidden': 'true' }, sign), ` ${word}`);
  action.replaceChildren(...actions(request, home, room));
}

/**
 * @param {JoinRequest} request
 * @param {HomeState} home
 * @param {import('./types.js').Room} [room]
 */
function actions(request, home, room) {
  if (request.status === 'PENDING') return [withdrawButton(request, home)];
  if (request.status === 'ADMITTED' && room) {
    return [h('a', { class: 'button small primary', href: roomAddress(room.databaseId) }, 'Enter')];
  }
  return [];
}

/** @param {JoinRequest} request @param {HomeState} home */
function withdrawButton({ id, databaseId, room }, home) {
  const button = h('button', {
    type: 'button',
    class: 'small',
    'aria-label': `Withdraw the request to join ${room.title}`,
    onClick: () => press(button, async () => {
      await mutate(WITHDRAW, { joinRequestId: id });
      home.settleRequest(databaseId, 'WITHDRAWN');
    }),
  }, 'Withdraw');
  return button;
}
