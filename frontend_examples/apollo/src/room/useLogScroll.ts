import { useEffectEvent, useLayoutEffect, useRef, useState } from "react";

const NEAR_PX = 80;

/**
 * Where the reader of a log stands. At the bottom one stays at the bottom; further up, the
 * row that one looks at stays where it is, whatever comes above or below it.
 *
 * `content` is anything that is another one after each change of the log.
 */
export function useLogScroll(content: unknown, onNearTop: () => void) {
  const log = useRef<HTMLDivElement>(null);
  const isAtBottom = useRef(true);
  const held = useRef<{ row: HTMLElement; top: number } | null>(null);
  const [isReadingUp, setIsReadingUp] = useState(false);

  const wantMore = useEffectEvent(onNearTop);

  function isNearTop({ scrollTop }: HTMLElement): boolean {
    return scrollTop < NEAR_PX * 4 && !isAtBottom.current;
  }

  function hold(element: HTMLElement): void {
    const row = element.querySelector<HTMLElement>("[data-id]");
    held.current = row && { row, top: row.offsetTop };
  }

  function toBottom(): void {
    isAtBottom.current = true;
    setIsReadingUp(false);
    if (log.current) log.current.scrollTop = log.current.scrollHeight;
  }

  useLayoutEffect(() => {
    const element = log.current;
    if (!element) return;
    const before = held.current;
    if (isAtBottom.current) element.scrollTop = element.scrollHeight;
    else if (before?.row.isConnected) element.scrollTop += before.row.offsetTop - before.top;
    hold(element);
    // At the very top no scrolling tells that the reader still wants more.
    if (isNearTop(element)) wantMore();
  }, [content]);

  useLayoutEffect(() => {
    const element = log.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      if (isAtBottom.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  function onScroll(): void {
    const element = log.current;
    if (!element) return;
    isAtBottom.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
    setIsReadingUp(!isAtBottom.current);
    if (isNearTop(element)) onNearTop();
  }

  return { log, isReadingUp, toBottom, onScroll };
}
