import { useCallback, useEffect, useState } from "react";
import { placeOf } from "../api/address";

/** The page that the address names, and the way to another. */
export function usePlace() {
  const [pathname, setPathname] = useState(location.pathname);
  useEffect(() => {
    const follow = (): void => setPathname(location.pathname);
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);
  const go = useCallback((path: string) => {
    if (path !== location.pathname) history.pushState(null, "", path);
    setPathname(location.pathname);
    scrollTo(0, 0);
  }, []);
  return { place: placeOf(pathname), go };
}
