/**
 * People: what they are called, and the round mark that stands for them.
 */

import { h } from './dom.js';

/** @typedef {import('./types.js').Person} Person */

const HUES = 12;

/**
 * A person as GraphQL gives them.
 *
 * @param {{databaseId: number, username: string, firstName: string, lastName: string}} user
 * @returns {Person}
 */
export function person(user) {
  return { ...user, databaseId: String(user.databaseId) };
}

/**
 * A person as a live frame gives them.
 *
 * @param {{id: string, username?: string, first_name: string, last_name: string}} user
 * @returns {Person}
 */
export function personOfFrame({ id, username = '', first_name, last_name }) {
  return { databaseId: String(id), username, firstName: first_name, lastName: last_name };
}

/** @param {Person} who */
export function displayName({ firstName, lastName, username, databaseId }) {
  return [firstName, lastName].filter(Boolean).join(' ') || username || `Person ${databaseId}`;
}

/**
 * Initials on a colour that a person keeps for good.
 *
 * @param {Person} who
 */
export function avatar(who) {
  const hue = Number(who.databaseId) % HUES;
  return h('span', { class: 'avatar', 'data-hue': hue, 'aria-hidden': 'true' }, initials(who));
}

/**
 * A person in a list: the mark, the name, and a smaller line below it.
 *
 * @param {Person} who
 * @param {string} detail
 */
export function nameplate(who, detail) {
  return h('span', { class: 'nameplate' },
    avatar(who),
    h('span', { class: 'lines' },
      h('span', { class: 'name' }, displayName(who)),
      h('span', { class: 'detail' }, detail)));
}

/** @param {Person} who */
function initials(who) {
  const words = displayName(who).split(/\s+/).filter(Boolean);
  const ends = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return ends.map((word) => [...word][0]).join('').toLocaleUpperCase();
}
