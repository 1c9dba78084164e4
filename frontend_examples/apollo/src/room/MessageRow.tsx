import { memo } from "react";
import type { PostFragment } from "../gql/graphql";
import { Avatar } from "../ui/Avatar";
import { nameOf } from "../ui/people";
import { dayName, exactTime, timeOfDay } from "../ui/times";

interface Props {
  message: PostFragment;
  isMine: boolean;
  startsDay: boolean;
  startsGroup: boolean;
}

/** Drawn once: a message never changes. */
export const MessageRow = memo(function MessageRow({ message, isMine, startsDay, startsGroup }: Props) {
  const { sender, postedAt, text } = message;
  return (
    <li className="message" data-mine={isMine} data-starts={startsGroup} data-id={message.id}>
      {startsDay && (
        <p className="day">
          <span>{dayName(postedAt)}</span>
        </p>
      )}
      {startsGroup && (
        <p className="meta">
          {!isMine && <Avatar person={sender} />}
          <span className="meta-name">{isMine ? "You" : nameOf(sender)}</span>{" "}
          <time dateTime={postedAt}>{timeOfDay(postedAt)}</time>
        </p>
      )}
      <p className="bubble" title={exactTime(postedAt)}>
        {text}
      </p>
    </li>
  );
});
