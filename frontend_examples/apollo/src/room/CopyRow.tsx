import type { Copy, Outbox } from "../outbox/outbox";

/** A message on its way, or one that did not make it. */
export function CopyRow({ copy, outbox }: { copy: Copy; outbox: Outbox }) {
  return (
    <li className="message" data-mine="true" data-starts="false" data-state={copy.state}>
      <p className="bubble">{copy.text}</p>
      {copy.state === "waiting" && (
        <p className="delivery">
          {navigator.onLine ? "Not sent yet. It is tried again." : "You are offline. It is sent when you are back."}{" "}
          <button type="button" className="link" onClick={() => outbox.retry(copy.id)}>
            Try now
          </button>
        </p>
      )}
      {copy.state === "failed" && (
        <p className="delivery" role="alert">
          Not sent. {copy.reason}{" "}
          <button type="button" className="link" onClick={() => outbox.retry(copy.id)}>
            Retry
          </button>{" "}
          <button type="button" className="link" onClick={() => outbox.remove(copy.id)}>
            Discard
          </button>
        </p>
      )}
    </li>
  );
}
