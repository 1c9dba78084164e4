import { expect, test } from "vitest";
import { timeline } from "./timeline";

function message(id: string, postedAt: string, sender = "alice") {
  return { id, postedAt, sender: { id: sender } };
}

test("messages that follow each other closely stand under one name", () => {
  const rows = timeline([
    message("a", "2026-03-01T12:00:00"),
    message("b", "2026-03-01T12:04:00"),
    message("c", "2026-03-01T12:10:00"),
    message("d", "2026-03-01T12:10:01", "bob"),
  ]);

  expect(rows.map(({ startsGroup }) => startsGroup)).toEqual([true, false, true, true]);
});

test("a day begins with its first message", () => {
  const messages = [message("a", "2026-03-01T23:59:00"), message("b", "2026-03-02T00:01:00"), message("c", "2026-03-02T00:02:00")];

  expect(timeline(messages).map(({ startsDay }) => startsDay)).toEqual([true, true, false]);
});
