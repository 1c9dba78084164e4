import { useEffectEvent, useLayoutEffect, useRef, useState } from "react";

const NEAR_PX = 80;
const SOON_PX = 4 * NEAR_PX;

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
  const held = useRef<{ row: HTMLElement; top: number; scrollTop: number } | null>(null);
  const [isReadingUp, setIsReadingUp] = useState(false);

  function wantMore(element: HTMLElement): void {
    if (isAtEnd.current) return;
    if (element.scrollTop < SOON_PX) onNearTop();
    else if (!isWhole && below(element) < SOON_PX) onNearBottom();
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
    // A row in the middle is still there when rows have gone at either end.
    const rows = element.querySelectorAll<HTMLElement>("[data-id]");
    const row = rows[rows.length >> 1];
    held.current = row && !isAtEnd.current ? { row, top: row.offsetTop, scrollTop: element.scrollTop } : null;
    // Scrolling alone would not tell that a reader at the very edge still wants more.
    wantMoreNow(element);
  }, [content, isReadingUp]);

  useLayoutEffect(() => {
    const element = log.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      if (isAtEnd.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

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

/** How far the log goes on below what is seen of it, in pixels. */
function below({ scrollHeight, scrollTop, clientHeight }: HTMLElement): number {
  return scrollHeight - scrollTop - clientHeight;
}
