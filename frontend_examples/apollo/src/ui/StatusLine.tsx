import { useEffect, useState } from "react";
import type { Status } from "../follow/stream";

const CAUGHT_UP_MS = 2_500;

/** The quiet line that says how live the page is. */
export function StatusLine({ status }: { status: Status }) {
  const { wasLive, isNews } = useHistory(status.state);
  return (
    <p className="status" data-state={status.state}>
      <span role="status">{words(status.state, wasLive, isNews)}</span>
      {status.state === "waiting" && <Countdown key={status.until} until={status.until} />}
    </p>
  );
}

function words(state: Status["state"], wasLive: boolean, isNews: boolean): string {
  if (state === "live") return isNews ? "Caught up" : "Connected";
  if (state === "replaying") return "Catching up";
  if (!navigator.onLine) return "You are offline";
  return wasLive || state === "waiting" ? "Reconnecting" : "Connecting";
}

/** Whether the page has been live before, and whether it has just become so again. */
function useHistory(state: Status["state"]) {
  const [history, setHistory] = useState({ state, wasLive: state === "live", isNews: false });
  if (history.state !== state) {
    const isLive = state === "live";
    setHistory({ state, wasLive: history.wasLive || isLive, isNews: isLive && history.wasLive });
  }
  useEffect(() => {
    if (!history.isNews) return;
    const timer = setTimeout(() => setHistory((now) => ({ ...now, isNews: false })), CAUGHT_UP_MS);
    return () => clearTimeout(timer);
  }, [history.isNews]);
  return history;
}

/** Seen, and not read out every second. */
function Countdown({ until }: { until: number }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.ceil((until - now) / 1000);
  return <span aria-hidden="true">{seconds > 0 ? ` in ${seconds} s` : ""}</span>;
}
