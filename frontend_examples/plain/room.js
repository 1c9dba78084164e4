/**
 * The page of one room, kept live by the topic `room.<id>`.
 *
 * The query gives the state and the cursor at which it is exact; `follow` (live.js) brings
 * every change after it, once and in order; `APPLY` says what each change does to the page.
 */

import { HOME, ROOM_ID, signInAddress } from './addresses.js';
import { graphql, nodes, roomId } from './api.js';
import { setUpComposer } from './composer.js';
import { byId } from './dom.js';
import { keepFocusNear } from './focus.js';
import { follow } from './live.js';
import { EARLIER_MESSAGES, ROOM_PAGE } from './operations.js';
import { outbox } from './outbox.js';
import { displayName, person, personOfFrame } from './people.js';
import { door } from './room_door.js';
import { members } from './room_members.js';
import { messageLog } from './room_messages.js';
import { setUpPanel, setUpSettings, showSettings, showTitleField } from './room_settings.js';
import { statusLine } from './status.js';

/** @typedef {import('./types.js').Message} Message */

/** Why a stream ended, in words. @type {Record<string, string>} */
const FAREWELLS = {
  REMOVED: 'The owner has removed you from this room.',
  LEFT: 'You have left this room.',
  ROOM_DELETED: 'The owner has deleted this room.',
  NOT_FOUND: 'There is no such room, or you are not in it.',
  NOT_ALLOWED: 'There is no such room, or you are not in it.',
};

const databaseId = ROOM_ID;
const id = roomId(databaseId);
const showStatus = statusLine(byId('status'));
keepFocusNear();

/** @type {ReturnType<typeof outbox> | undefined} */
let outgoing;
let isOwner = false;
let title = '';
let unread = 0;

const log = messageLog({
  loadEarlier,
  retry: (copy) => outgoing?.retry(copy),
  discard: (copy) => outgoing?.remove(copy.key),
});
const waiting = door(id);
const people = members(id);

/** What each kind of frame does. A kind that is not here is no concern of this page. @type {Record<string, (kwargs: any) => void>} */
const APPLY = {
  chat_message_created: receive,
  did_alter_join_request: waiting.apply,
  member_joined: ({ user }) => people.add(personOfFrame(user)),
  member_left: ({ user }) => people.remove(String(user.id)),
  room_renamed: (room) => rename(room.title),
  join_code_rotated: ({ join_code }) => waiting.showCode(join_code),
  room_deleted: () => end('ROOM_DELETED'),
};

const stream = follow({
  load,
  apply: ({ type, kwargs }) => APPLY[type]?.(kwargs),
  onStatus(status) {
    showStatus(status);
    if (status.state === 'live') outgoing?.flush();
  },
  onEnd: end,
});

setUpComposer((text) => outgoing?.add(text));
setUpSettings({ roomId: id, renamed: rename, gone: goHome });
setUpPanel();
document.addEventListener('visibilitychange', () => countUnread(0));

async function load() {
  const confirmed = outgoing?.sentKeys() ?? [];
  const { viewer, room } = await graphql(ROOM_PAGE, { id });
  if (!viewer) return end('SIGNED_OUT'), null;
  if (!room) return end('NOT_FOUND'), null;

  show(room, person(viewer.user));
  confirmed.forEach((key) => outgoing?.remove(key));
  return { topic: `room/${databaseId}`, cursor: room.eventCursor };
}

/** @param {any} room @param {import('./types.js').Person} viewer */
function show(room, viewer) {
  isOwner = room.viewerRole === 'OWNER';
  rename(room.title);
  byId('subtitle').textContent = isOwner ? 'Your room' : `${displayName(person(room.owner))}’s room`;
  showSettings(isOwner);
  waiting.replace(room);
  people.replace(room, viewer.databaseId);
  log.replace(page(room.messages), viewer.databaseId);
  outgoing ??= outbox({
    roomId: id,
    viewer,
    changed: () => log.showCopies(outgoing?.copies() ?? []),
    isKnown: (message, postedAt) => log.has(message) || log.isBeforeFirst(postedAt),
  });
  log.showCopies(outgoing.copies());
  document.body.removeAttribute('data-loading');
}

/** @param {any} kwargs  Of a `chat_message_created`. */
function receive({ id: messageId, message, sender, posted_at, client_mutation_id }) {
  const isMine = outgoing?.copies().some(({ key }) => key === client_mutation_id);
  log.append({
    key: isMine ? client_mutation_id : messageId,
    databaseId: String(messageId),
    sender: personOfFrame(sender),
    text: message,
    postedAt: posted_at,
  });
  if (isMine) outgoing?.remove(client_mutation_id);
  else if (document.hidden) countUnread(unread + 1);
}

/** @param {string} before */
async function loadEarlier(before) {
  const { room } = await graphql(EARLIER_MESSAGES, { id, before });
  return room ? page(room.messages) : { messages: [], before: null };
}

/** @param {any} connection @returns {import('./room_messages.js').Page} */
function page(connection) {
  const { hasPreviousPage, startCursor } = connection.pageInfo;
  return { messages: nodes(connection).map(message), before: hasPreviousPage ? startCursor : null };
}

/** A message as GraphQL gives it. @param {any} node @returns {Message} */
function message(node) {
  const key = String(node.databaseId);
  return { ...node, key, databaseId: key, sender: person(node.sender) };
}

/** @param {string} text */
function rename(text) {
  title = text;
  byId('title').textContent = text;
  showTitleField(text);
  countUnread(unread);
}

/** @param {number} count */
function countUnread(count) {
  unread = count;
  document.title = `${count ? `(${count}) ` : ''}${title} · Anteroom`;
}

/** The room is no longer the viewer's to see. @param {string} reason */
function end(reason) {
  stream?.stop();
  if (reason === 'SIGNED_OUT') return location.replace(signInAddress(databaseId));
  if (reason === 'LEFT' || (reason === 'ROOM_DELETED' && isOwner)) return goHome();
  byId('farewell-text').textContent = FAREWELLS[reason] ?? 'You can no longer see this room.';
  byId('farewell').hidden = false;
  byId('room').hidden = true;
  document.body.removeAttribute('data-loading');
  byId('farewell-home').focus();
}

function goHome() {
  stream.stop();
  location.assign(HOME);
}
