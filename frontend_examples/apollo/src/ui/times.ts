/** Moments, the way people say them: in English, with the reader's own kind of clock. */

const locale = navigator.languages.find((language) => language.startsWith("en")) ?? "en-GB";

const clock = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" });
const weekday = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
const date = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "14:05" */
export function timeOfDay(iso: string): string {
  return clock.format(new Date(iso));
}

/** "Sunday, 22 November 2026 at 14:05" */
export function exactTime(iso: string): string {
  return exact.format(new Date(iso));
}

/** "Today", "Yesterday", "Friday 20 November", "3 May 2024" */
export function dayName(iso: string): string {
  const day = new Date(iso);
  const days = Math.round((midnight(day) - midnight(new Date())) / (DAY * 1000));
  if (days === 0) return "Today";
  if (days === -1) return "Yesterday";
  return (day.getFullYear() === new Date().getFullYear() ? weekday : date).format(day);
}

/** "just now", "5 minutes ago", "yesterday", then the date */
export function ago(iso: string): string {
  const seconds = (Date.now() - Date.parse(iso)) / 1000;
  if (seconds < MINUTE) return "just now";
  if (seconds < HOUR) return relative.format(-Math.floor(seconds / MINUTE), "minute");
  if (seconds < DAY) return relative.format(-Math.floor(seconds / HOUR), "hour");
  if (seconds < 7 * DAY) return relative.format(-Math.floor(seconds / DAY), "day");
  return date.format(new Date(iso));
}

function midnight(day: Date): number {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
}
