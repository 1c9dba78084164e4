/** Grey shapes where something will be. */
export function Spinner({ label, isLate }: { label: string; isLate: boolean }) {
  return (
    <div className="skeleton" role="status">
      <span className={isLate ? "detail" : "visually-hidden"}>
        {isLate ? "The server cannot be reached right now. It is tried again." : label}
      </span>
      <span className="bone" aria-hidden="true" />
      <span className="bone" aria-hidden="true" />
      <span className="bone" aria-hidden="true" />
    </div>
  );
}
