/**
 * From messages to the rows of the log: a row for each day, and messages that follow each
 * other closely grouped under one name. No DOM here.
 */

import { dayName, dayOf } from './times.js';

/** @typedef {import('./types.js').Message} Message */
/** @typedef {{kind: 'day', key: string, label: string}} DayRow */
/** @typedef {{kind: 'message', key: string, message: Message, startsGroup: boolean, endsGroup: boolean}} MessageRow */

const GROUP_MS = 5 * 60 * 1000;

/**
 * @param {Message[]} messages  In order.
 * @returns {(DayRow | MessageRow)[]}
 */
export function timeline(messages) {
  return messages.flatMap((message, index) => {
    const before = messages[index - 1];
    const after = messages[index + 1];
    /** @type {MessageRow} */
    const row = {
      kind: 'message',
      key: message.key,
      message,
      startsGroup: !before || !belongTogether(before, message),
      endsGroup: !after || !belongTogether(message, after),
    };
    return before && dayOf(before.postedAt) === dayOf(message.postedAt) ? [row] : [dayRow(message), row];
  });
}

/** @param {Message} message @returns {DayRow} */
function dayRow({ key, postedAt }) {
  return { kind: 'day', key: `day before ${key}`, label: dayName(postedAt) };
}

/** @param {Message} earlier @param {Message} later */
function belongTogether(earlier, later) {
  return earlier.sender.databaseId === later.sender.databaseId
    && dayOf(earlier.postedAt) === dayOf(later.postedAt)
    && Date.parse(later.postedAt) - Date.parse(earlier.postedAt) < GROUP_MS;
}
