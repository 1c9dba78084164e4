/**
 * The home page: signed out, a way to sign in; signed in, the viewer's rooms and requests,
 * kept live by the topic `user.<id>`, and the doors to other rooms.
 */

import { globalId, graphql, mutate, roomId } from './api.js';
import { byId } from './dom.js';
import { keepFocusNear } from './focus.js';
import { followInvitation, loadOpenRooms, renderDoors, setUpDoors } from './home_doors.js';
import { renderRequests } from './home_requests.js';
import { renderRooms, setUpRooms } from './home_rooms.js';
import { homeState, joinRequest } from './home_state.js';
import { follow } from './live.js';
import { notify, press } from './notice.js';
import { HOME, JOIN_REQUEST_BY_ID, SIGN_OUT } from './operations.js';
import { avatar, displayName, personOfFrame } from './people.js';
import { setUpSignIn } from './sign_in.js';
import { statusLine } from './status.js';

/** @type {Record<string, import('./types.js').RequestStatus>} */
const STATUS_AFTER = { admit: 'ADMITTED', deny: 'DENIED', withdraw: 'WITHDRAWN' };

const home = homeState(render);
const showStatus = statusLine(byId('status'));
let stream = start();

keepFocusNear();
setUpSignIn(() => (stream = start()));
setUpRooms(home);
setUpDoors(home);
setInterval(() => home.viewer && renderRequests(home), 60_000); // "asked 5 minutes ago"
addEventListener('hashchange', () => home.viewer && followInvitation(home));

const signOut = /** @type {HTMLButtonElement} */ (byId('sign-out'));
signOut.addEventListener('click', () => press(signOut, async () => {
  const ending = stream;
  await mutate(SIGN_OUT);
  ending.stop();
  if (ending === stream) showWelcome(); // else: signed in again, before the answer came
}));

function start() {
  let isFirst = true;
  return follow({
    onStatus: showStatus,
    apply,
    onEnd: ended,
    async load() {
      const { viewer } = await graphql(HOME);
      if (!viewer) return showWelcome(), null;
      home.replace(viewer);
      showHome();
      if (isFirst) followInvitation(home);
      isFirst = false;
      loadOpenRooms(home);
      return { topic: `user/${viewer.user.databaseId}`, cursor: viewer.eventCursor };
    },
  });
}

/** @param {import('./types.js').Frame} frame */
async function apply({ type, kwargs }) {
  if (type === 'room_joined') home.addRoom(roomOfFrame(kwargs.room));
  if (type === 'room_left') home.removeRoom(String(kwargs.id));
  if (type === 'did_alter_join_request') await applyToRequest(String(kwargs.id), kwargs.action);
}

/**
 * The frame of a new request names neither its room nor its time. A request that was made on
 * this page is known already; one that was made elsewhere is looked up.
 *
 * @param {string} databaseId
 * @param {'create' | 'admit' | 'deny' | 'withdraw'} action
 */
async function applyToRequest(databaseId, action) {
  if (action !== 'create') return settle(databaseId, STATUS_AFTER[action]);
  if (home.knowsRequest(databaseId)) return;
  const { node } = await graphql(JOIN_REQUEST_BY_ID, { id: globalId('JoinRequest', databaseId) });
  if (node?.__typename === 'JoinRequest') home.addRequest(joinRequest(node));
}

/** @param {string} databaseId @param {import('./types.js').RequestStatus} status */
function settle(databaseId, status) {
  const request = home.settleRequest(databaseId, status);
  if (request && status === 'ADMITTED') notify(`You have been let into “${request.room.title}”.`);
  if (request && status === 'DENIED') notify(`You have not been let into “${request.room.title}”.`);
}

/** @param {string} reason */
function ended(reason) {
  if (reason !== 'SIGNED_OUT') return location.reload(); // someone else has signed in meanwhile
  showWelcome();
  notify('You have been signed out.');
}

function render() {
  renderRooms(home);
  renderRequests(home);
  renderDoors(home);
}

function showHome() {
  if (!home.viewer) return;
  byId('viewer').replaceChildren(avatar(home.viewer), displayName(home.viewer));
  const isNew = byId('home').hidden;
  show('home');
  if (isNew) byId('home').querySelector('h1')?.focus({ preventScroll: true });
}

function showWelcome() {
  home.viewer = null;
  show('welcome');
  byId('sign-in').querySelector('input')?.focus();
}

/** @param {'home' | 'welcome'} part */
function show(part) {
  for (const id of ['home', 'account']) byId(id).hidden = part !== 'home';
  byId('welcome').hidden = part !== 'welcome';
}

/** @param {any} room @returns {import('./types.js').Room} */
function roomOfFrame({ id, title, access, owner }) {
  return { id: roomId(id), databaseId: String(id), title, access, owner: personOfFrame(owner) };
}
