import { useCallback, useEffect, useState } from "react";

const SHOWN_MS = 6_000;

export function useNotice() {
  const [notice, setNotice] = useState("");
  useEffect(() => {
    if (notice === "") return;
    const timer = setTimeout(() => setNotice(""), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice]);
  return { notice, notify: useCallback((sentence: string) => setNotice(sentence), []) };
}

/** What is said in passing, one sentence at a time. */
export function Notice({ notice }: { notice: string }) {
  return (
    <p className="notice" role="status" data-shown={notice !== ""}>
      {notice}
    </p>
  );
}
