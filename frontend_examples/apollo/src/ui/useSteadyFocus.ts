import { useEffect } from "react";

/** Where the focus may rest: headings and regions with a `tabindex`. */
const RESTS = "[tabindex]";

/**
 * When what has the focus goes away, because it was pressed or because of an event, the focus
 * goes to the nearest heading or region of the part that it was in, and not to the page's top.
 */
export function useSteadyFocus(): void {
  useEffect(() => {
    let around: Element[] = [];
    const remember = ({ target }: FocusEvent): void => {
      around = target instanceof Element ? [target, ...ancestorsOf(target)] : [];
    };
    const observer = new MutationObserver(() => {
      const isLost = around[0]?.isConnected === false && document.activeElement === document.body;
      if (isLost) restIn(around)?.focus({ preventScroll: true });
    });
    addEventListener("focusin", remember);
    observer.observe(document.body, { childList: true, subtree: true });
    return () => {
      removeEventListener("focusin", remember);
      observer.disconnect();
    };
  }, []);
}

/** From the inside out. */
function ancestorsOf({ parentElement }: Element): Element[] {
  return parentElement ? [parentElement, ...ancestorsOf(parentElement)] : [];
}

function restIn(around: readonly Element[]): HTMLElement | null {
  const parts = around.filter((part) => part.isConnected);
  return parts.map((part) => (part.matches(RESTS) ? part : part.querySelector(RESTS))).find((part) => part instanceof HTMLElement) ?? null;
}
