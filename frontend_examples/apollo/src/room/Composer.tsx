import { type KeyboardEvent, useRef, useState } from "react";
import { Button } from "../ui/Button";

/** The server's default; see CHAT.message_length in its settings. */
const MESSAGE_LENGTH = 2_000;
const TELL_FROM = 1_800;

export function Composer({ isLive, onSend }: { isLive: boolean; onSend: (text: string) => void }) {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const length = Array.from(text.trim()).length;
  const isTooLong = length > MESSAGE_LENGTH;

  function write(value: string): void {
    setText(value);
    const element = field.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${value === "" ? 0 : element.scrollHeight + 2}px`;
  }
  function send(): void {
    field.current?.focus();
    if (length === 0 || isTooLong) return;
    onSend(text.trim());
    write("");
  }
  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  }
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label className="visually-hidden" htmlFor="text">
        Message
      </label>
      <textarea id="text" ref={field} rows={1} value={text} placeholder="Write a message" enterKeyHint="send" autoComplete="off" aria-describedby="hint" aria-invalid={isTooLong} onChange={(event) => write(event.target.value)} onKeyDown={onKeyDown} />
      <Button type="submit" className="primary send" isBusy={isTooLong}>
        Send
      </Button>
      <p className="detail hint" id="hint" data-wrong={isTooLong}>
        {hint(length, isLive)}
      </p>
    </form>
  );
}

function hint(length: number, isLive: boolean): string {
  const left = MESSAGE_LENGTH - length;
  if (left < 0) return `${-left} characters too many`;
  if (length > TELL_FROM) return `${left} characters left`;
  if (!isLive) return "Not connected: what you send now is queued, and sent as soon as it can be";
  return "Enter sends, Shift + Enter starts a new line";
}
