/**
 * Where to go to sign in for a room, and back: `/?room=7`. A number, not an address, so that
 * no link can use the way back to lead elsewhere.
 */

/** The page that signs in and comes back to this room. @param {string} databaseId */
export function signInAddress(databaseId) {
  return `/?room=${databaseId}`;
}

/** Where the page's own address says to go after signing in, if anywhere. */
export function wayBack() {
  const databaseId = new URLSearchParams(location.search).get('room') ?? '';
  return /^\d+$/.test(databaseId) ? `/room/${databaseId}` : null;
}
