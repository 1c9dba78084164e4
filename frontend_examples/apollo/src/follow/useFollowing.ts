import { useEffect, useEffectEvent, useState } from "react";
import { useApp } from "../app_context";
import type { Following, Listener, Status } from "./stream";

type Page<E> = Omit<Listener<E>, "onStatus">;

/**
 * Follow something for as long as the page is there, and tell how live it is. The page's
 * functions may be others at each rendering: the newest are called.
 */
export function useFollowing<E>(start: (on: Listener<E>) => Following, page: Page<E>): Status {
  const { socket } = useApp();
  const [status, setStatus] = useState<Status>({ state: "connecting" });
  const begin = useEffectEvent(start);
  const onQuery = useEffectEvent(page.onQuery);
  const onEvents = useEffectEvent(page.onEvents);
  const onEnd = useEffectEvent(page.onEnd);
  useEffect(() => {
    const following = begin({
      onQuery: () => onQuery(),
      onEvents: (events) => onEvents(events),
      onStatus: setStatus,
      onEnd: (reason) => onEnd(reason),
    });
    const listeners = new AbortController();
    const { signal } = listeners;
    // The network is another one now: what was connected over the old one is dead.
    const online = (): void => {
      socket.terminate();
      following.reconnectNow();
    };
    addEventListener("online", online, { signal });
    addEventListener("offline", () => socket.terminate(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden || following.reconnectNow(), { signal });
    return () => {
      listeners.abort();
      following.stop();
    };
  }, [socket]);
  return status;
}
