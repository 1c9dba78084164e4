import { homePath } from "../api/address";
import { Link } from "../ui/Link";
import { usePageTitle } from "../ui/usePageTitle";

export function NowherePage() {
  const heading = usePageTitle("Nothing here");
  return (
    <main className="centred">
      <h1 ref={heading} tabIndex={-1}>
        There is nothing here
      </h1>
      <p className="detail">The address leads nowhere.</p>
      <Link className="button primary" href={homePath}>
        To your rooms
      </Link>
    </main>
  );
}
