import { useEffect, useRef } from "react";

/** Name the page, and put the keyboard and the screen reader at its heading when it opens. */
export function usePageTitle(title: string) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = title === "" ? "Anteroom" : `${title} · Anteroom`;
  }, [title]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return heading;
}
