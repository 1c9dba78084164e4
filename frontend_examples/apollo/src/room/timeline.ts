/**
 * From messages to rows: a new day has a row before it, and messages that follow each other
 * closely stand under one name.
 */

interface Said {
  id: string;
  postedAt: string;
  sender: { id: string };
}

export interface Row<M extends Said> {
  message: M;
  startsDay: boolean;
  startsGroup: boolean;
}

const GROUP_MS = 5 * 60 * 1000;

export function timeline<M extends Said>(messages: readonly M[]): Row<M>[] {
  return messages.map((message, index) => {
    const before = messages[index - 1];
    const startsDay = before === undefined || dayOf(before.postedAt) !== dayOf(message.postedAt);
    return { message, startsDay, startsGroup: startsDay || !belongTogether(before, message) };
  });
}

function belongTogether(earlier: Said, later: Said): boolean {
  const pause = Date.parse(later.postedAt) - Date.parse(earlier.postedAt);
  return earlier.sender.id === later.sender.id && pause < GROUP_MS;
}

/** Equal for two moments of one calendar day in the reader's time zone. */
function dayOf(iso: string): number {
  return new Date(iso).setHours(0, 0, 0, 0);
}
