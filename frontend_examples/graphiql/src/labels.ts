/**
 * Names for the text areas that CodeMirror hides behind its editors: a screen reader is told which
 * of the editors the cursor is in.
 */
export function nameEditors(page: HTMLElement): void {
  new MutationObserver(() => {
    for (const area of page.querySelectorAll('.CodeMirror textarea:not([aria-label])')) {
      const name = area.closest('[aria-label]')?.getAttribute('aria-label');
      if (name) area.setAttribute('aria-label', name);
    }
  }).observe(page, { childList: true, subtree: true });
}
