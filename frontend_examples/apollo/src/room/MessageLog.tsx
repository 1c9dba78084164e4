import { useMemo, useState } from "react";
import type { PersonFragment } from "../gql/graphql";
import type { Copy, Outbox } from "../outbox/outbox";
import { Button } from "../ui/Button";
import { CopyRow } from "./CopyRow";
import { MessageRow } from "./MessageRow";
import type { Room } from "./RoomBar";
import { timeline } from "./timeline";
import { useEarlier } from "./useEarlier";
import { useLogScroll } from "./useLogScroll";

/** As many rows are drawn for a reader at the bottom, however long the room has been followed. */
const WINDOW = 150;
const STEP = 100;

interface Props {
  roomId: string;
  messages: Room["messages"];
  viewer: PersonFragment;
  outbox: Outbox | null;
  copies: readonly Copy[];
}

export function MessageLog({ roomId, messages, viewer, outbox, copies }: Props) {
  const { nodes } = messages;
  const earlier = useEarlier(roomId, messages);
  /** The first row of a reader further up, and the last message that they have seen. */
  const [place, setPlace] = useState<{ first: string; seen: string } | null>(null);
  const start = place ? Math.max(0, nodes.findIndex(({ id }) => id === place.first)) : Math.max(0, nodes.length - WINDOW);
  const { log, isReadingUp, toBottom, onScroll } = useLogScroll(useMemo(() => ({ nodes, copies, start }), [nodes, copies, start]), () => showEarlier());

  function showEarlier(): void {
    if (start === 0) earlier.load();
    else hold(Math.max(0, start - STEP));
  }
  function hold(first: number): void {
    const [from, seen] = [nodes[first], place?.seen ?? nodes.at(-1)?.id];
    if (from && seen !== undefined) setPlace({ first: from.id, seen });
  }
  if (isReadingUp && place === null) hold(start);
  if (!isReadingUp && place !== null) setPlace(null);

  const seen = place ? nodes.findLastIndex(({ id }) => id === place.seen) : -1;
  const unseen = seen < 0 ? 0 : nodes.slice(seen + 1).filter(({ sender }) => sender.id !== viewer.id).length;
  return (
    <div className="log-frame">
      <div className="log" ref={log} role="log" aria-label="Messages" aria-busy={earlier.state === "loading"} tabIndex={0} onScroll={onScroll}>
        <div className="log-top">
          {start > 0 || earlier.hasEarlier ? (
            <Button className="small quiet" isBusy={earlier.state === "loading"} onClick={showEarlier}>
              {earlier.state === "failed" ? "Earlier messages could not be loaded. Try again" : "Earlier messages"}
            </Button>
          ) : (
            <p className="detail">This is where the conversation begins.</p>
          )}
        </div>
        <ol className="messages">
          {timeline(nodes, start).map(({ message, ...row }) => (
            <MessageRow key={message.id} message={message} isMine={message.sender.id === viewer.id} {...row} />
          ))}
          {outbox && copies.map((copy) => <CopyRow key={copy.id} copy={copy} outbox={outbox} />)}
        </ol>
      </div>
      {unseen > 0 && (
        <Button className="pill primary small" onClick={toBottom}>
          {unseen} new {unseen === 1 ? "message" : "messages"} <span aria-hidden="true">↓</span>
        </Button>
      )}
    </div>
  );
}
