import type { ComponentProps, MouseEvent } from "react";
import { useApp } from "../app_context";

/** A link to another page of the app; with a modifier key the browser does what it does. */
export function Link({ href, ...rest }: ComponentProps<"a"> & { href: string }) {
  const { go } = useApp();
  function follow(event: MouseEvent): void {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(href);
  }
  return <a {...rest} href={href} onClick={follow} />;
}
