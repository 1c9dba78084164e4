/**
 * Stands in for react-style-singleton, by which dialogs keep the page behind them from
 * scrolling: the same rules, as a constructed style sheet instead of a <style> element.
 */
import { useInsertionEffect } from 'react';

export function styleSingleton() {
  return function Style({ styles }: { styles: string }): null {
    useInsertionEffect(() => adopt(styles), [styles]);
    return null;
  };
}

/** Apply `styles` to the page, until the function that this returns is called. */
function adopt(styles: string): () => void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(styles);
  document.adoptedStyleSheets.push(sheet);
  return () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
  };
}
