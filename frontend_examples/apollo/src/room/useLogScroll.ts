import { type RefObject, useEffectEvent, useLayoutEffect, useRef, useState } from "react";

const NEAR_PX = 80;
const SOON_PX = 4 * NEAR_PX;

/** Where a row was, and what was scrolled then. */
interface Held {
  row: HTMLElement;
  top: number;
  scrollTop: number;
}

interface Log {
  /** Another one after each change of the log. */
  content: unknown;
  /** Whether the log ends where what is drawn of it ends. */
  isWhole: boolean;
  onNearTop: () => void;
  onNearBottom: () => void;
}

/**
 * Where the reader of a log stands. At the end one stays at the end; further up, the rows
 * that one looks at stay where they are, whatever comes or goes above and below them.
 */
export function useLogScroll({ content, isWhole, onNearTop, onNearBottom }: Log) {
  const log = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const held = useRef<Held | null>(null);
  const [isReadingUp, setIsReadingUp] = useState(false);

  function wantMore(element: HTMLElement): void {
    if (isAtEnd.current) return;
    if (element.scrollTop < SOON_PX) onNearTop();
    // A short log is near both of its ends.
    if (!isWhole && below(element) < SOON_PX) onNearBottom();
  }
  const wantMoreNow = useEffectEvent(wantMore);

  function toEnd(): void {
    isAtEnd.current = true;
    setIsReadingUp(false);
    if (log.current) log.current.scrollTop = log.current.scrollHeight;
  }

  useLayoutEffect(() => {
    const element = log.current;
    if (!element) return;
    const before = held.current;
    if (isAtEnd.current) element.scrollTop = element.scrollHeight;
    // Not from where it is now: a log that has become shorter may have moved already.
    else if (before?.row.isConnected) element.scrollTop = before.scrollTop + before.row.offsetTop - before.top;
    held.current = isAtEnd.current ? null : heldIn(element);
    // Scrolling alone would not tell that a reader at the very edge still wants more.
    wantMoreNow(element);
  }, [content, isReadingUp]);

  useEndInSight(log, isAtEnd);

  function onScroll(): void {
    const element = log.current;
    if (!element) return;
    isAtEnd.current = isWhole && below(element) < NEAR_PX;
    if (held.current) held.current.scrollTop = element.scrollTop;
    setIsReadingUp(!isAtEnd.current);
    wantMore(element);
  }

  return { log, isReadingUp, toEnd, onScroll };
}

/** At the end one stays there when the window becomes smaller. */
function useEndInSight(log: RefObject<HTMLElement | null>, isAtEnd: RefObject<boolean>): void {
  useLayoutEffect(() => {
    const element = log.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      if (isAtEnd.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [log, isAtEnd]);
}

/** A row in the middle is still there when rows have gone at either end. */
function heldIn(log: HTMLElement): Held | null {
  const rows = log.querySelectorAll<HTMLElement>("[data-id]");
  const row = rows[rows.length >> 1];
  return row ? { row, top: row.offsetTop, scrollTop: log.scrollTop } : null;
}

/** How far the log goes on below what is seen of it, in pixels. */
function below({ scrollHeight, scrollTop, clientHeight }: HTMLElement): number {
  return scrollHeight - scrollTop - clientHeight;
}
