/**
 * Moments, the way people say them. The pages are in English; hours and dates follow the
 * reader's own kind of English.
 */

const locale = navigator.languages.find((language) => language.startsWith('en')) ?? 'en-GB';

const clock = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit' });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' });
const dayAndMonth = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' });
const fullDay = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric' });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "14:05". @param {string} iso */
export function timeOfDay(iso) {
  return clock.format(new Date(iso));
}

/** "Sunday, 22 November 2026 at 14:05". @param {string} iso */
export function exactTime(iso) {
  return exact.format(new Date(iso));
}

/** The calendar day in the reader's time zone; equal for two moments of one day. @param {string} iso */
export function dayOf(iso) {
  return new Date(iso).toDateString();
}

/** "Today", "Yesterday", "Friday 20 November", "3 May 2024". @param {string} iso */
export function dayName(iso) {
  const day = new Date(iso);
  const days = Math.round((startOf(day) - startOf(new Date())) / (DAY * 1000));
  if (days === 0 || days === -1) return capitalised(relative.format(days, 'day'));
  const sameYear = day.getFullYear() === new Date().getFullYear();
  return (sameYear ? dayAndMonth : fullDay).format(day);
}

/** "just now", "5 minutes ago", "yesterday", then the date. @param {string} iso */
export function ago(iso) {
  const seconds = (Date.now() - Date.parse(iso)) / 1000;
  if (seconds < MINUTE) return 'just now';
  if (seconds < HOUR) return relative.format(-Math.floor(seconds / MINUTE), 'minute');
  if (seconds < DAY) return relative.format(-Math.floor(seconds / HOUR), 'hour');
  if (seconds < 7 * DAY) return relative.format(-Math.floor(seconds / DAY), 'day');
  return fullDay.format(new Date(iso));
}

/** @param {Date} day */
function startOf(day) {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
}

/** @param {string} text */
function capitalised(text) {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
