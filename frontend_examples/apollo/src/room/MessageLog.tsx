import { useEffect, useEffectEvent, useMemo } from "react";
import type { PersonFragment } from "../gql/graphql";
import type { Copy, Outbox } from "../outbox/outbox";
import { Button } from "../ui/Button";
import { CopyRow } from "./CopyRow";
import { MessageRow } from "./MessageRow";
import { timeline } from "./timeline";
import { useLogScroll } from "./useLogScroll";
import { useStretch } from "./useStretch";

interface Props {
  roomId: string;
  viewer: PersonFragment;
  outbox: Outbox | null;
  copies: readonly Copy[];
}

export function MessageLog({ roomId, viewer, outbox, copies }: Props) {
  const stretch = useStretch(roomId);
  const { posts, isWhole, hasEarlier, earlier } = stretch;
  const { log, isReadingUp, toEnd, onScroll } = useLogScroll({
    content: useMemo(() => ({ posts, copies }), [posts, copies]),
    isWhole,
    onNearTop: stretch.showEarlier,
    onNearBottom: stretch.showLater,
  });
  if (isReadingUp !== stretch.isHeld) (isReadingUp ? stretch.hold : stretch.release)();

  const written = copies.at(-1)?.id;
  const showWritten = useEffectEvent(toEnd);
  useEffect(() => {
    if (written !== undefined) showWritten();
  }, [written]);

  const unseen = stretch.unseen.filter(({ sender }) => sender.id !== viewer.id).length;
  return (
    <div className="log-frame">
      <div className="log" ref={log} role="log" aria-label="Messages" aria-busy={earlier === "loading"} tabIndex={0} onScroll={onScroll}>
        <div className="log-top">
          {hasEarlier ? (
            <Button className="small quiet" isBusy={earlier === "loading"} onClick={stretch.showEarlier}>
              {earlier === "failed" ? "Earlier messages could not be loaded. Try again" : "Earlier messages"}
            </Button>
          ) : (
            <p className="detail">This is where the conversation begins.</p>
          )}
        </div>
        <ol className="messages">
          {timeline(posts).map(({ message, ...row }) => (
            <MessageRow key={message.id} message={message} isMine={message.sender.id === viewer.id} {...row} />
          ))}
          {outbox && isWhole && copies.map((copy) => <CopyRow key={copy.id} copy={copy} outbox={outbox} />)}
        </ol>
      </div>
      {(unseen > 0 || !isWhole) && (
        <Button className="pill primary small" onClick={toEnd}>
          {unseen > 0 ? `${unseen}${stretch.hasMoreUnseen ? "+" : ""} new ${unseen === 1 ? "message" : "messages"}` : "Newest messages"}{" "}
          <span aria-hidden="true">↓</span>
        </Button>
      )}
    </div>
  );
}
