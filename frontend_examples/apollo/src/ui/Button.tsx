import type { ComponentProps } from "react";

type Props = ComponentProps<"button"> & { isBusy?: boolean };

/** `aria-disabled` while it is busy: a disabled button would drop the keyboard's focus. */
export function Button({ isBusy = false, className = "", onClick, type = "button", ...rest }: Props) {
  return (
    <button
      {...rest}
      type={type}
      className={`button ${className}`}
      aria-disabled={isBusy || undefined}
      onClick={isBusy ? (event) => event.preventDefault() : onClick}
    />
  );
}
