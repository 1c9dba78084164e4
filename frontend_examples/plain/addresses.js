/**
 * Every address that the pages use. None is absolute: these pages are shown at `/plain/`, at
 * `/` too where no other client is built, and a proxy may put all of that below a path.
 */

const root = new URL('../../', import.meta.url); // of the server: this file is /static/plain/addresses.js
const inRoom = /^(.*\/)room\/(\d+)\/?$/.exec(location.pathname);

/** Where these pages are: `/` or `/plain/`. */
export const HOME = inRoom ? inRoom[1] : location.pathname;

/** The room that the page is about, on a room page. */
export const ROOM_ID = inRoom ? inRoom[2] : '';

export const GRAPHQL = new URL('graphql', root);

/** @param {string | number} databaseId */
export function roomAddress(databaseId) {
  return `${HOME}room/${databaseId}`;
}

/** Carries the code behind the `#`, which browsers send to no server. @param {string} code */
export function invitationAddress(code) {
  return new URL(`${HOME}#code=${encodeURIComponent(code)}`, location.href).href;
}

/** The page that signs in and comes back to this room. @param {string} databaseId */
export function signInAddress(databaseId) {
  return `${HOME}?room=${databaseId}`;
}

/**
 * Where the page's own address says to go after signing in, if anywhere. A number, not an
 * address, so that no link can use the way back to lead elsewhere.
 */
export function wayBack() {
  const databaseId = new URLSearchParams(location.search).get('room') ?? '';
  return /^\d+$/.test(databaseId) ? roomAddress(databaseId) : null;
}

/**
 * The socket that brings what happens to `topic`, such as `room/7`, after `cursor`.
 *
 * @param {string} topic
 * @param {string} cursor
 */
export function socketAddress(topic, cursor) {
  const url = new URL(`ws/${topic}`, root);
  url.protocol = url.protocol.replace('http', 'ws');
  url.searchParams.set('after', cursor);
  return url;
}
